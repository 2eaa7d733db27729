"""What can be trained: rows of data, backbones, and the weights they start from."""

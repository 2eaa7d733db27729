"""Dataset folder → batches: the same ones for any number of workers, from any place on."""

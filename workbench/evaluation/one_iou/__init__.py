"""What can be told where a match is an IoU of 0.5: curves, scores, confusion, errors."""

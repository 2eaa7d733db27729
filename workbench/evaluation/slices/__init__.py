"""The same numbers for a part of the images."""

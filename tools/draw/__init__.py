"""Draws the sample photographs and their labels; `python -m tools.draw` makes them all again."""

"""Runs against each other, and against what more labels would bring."""

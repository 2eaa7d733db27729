"""Mutated files, in masses: a small share in the suite, the whole by hand."""

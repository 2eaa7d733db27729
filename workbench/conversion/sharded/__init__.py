"""Conversion by many jobs that share one list of annotations; the bytes are those of one command alone."""

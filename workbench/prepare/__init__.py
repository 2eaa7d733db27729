"""Annotations to a dataset: pure functions that open no file."""

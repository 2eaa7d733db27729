"""Rows, networks and weights."""

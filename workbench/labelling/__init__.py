"""Labelme on a project: how it is started, and what a person changed in it."""

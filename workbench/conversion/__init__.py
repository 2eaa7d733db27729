"""Labelme folders and projects become dataset files; the rooms below do the thinking, this one does the files."""

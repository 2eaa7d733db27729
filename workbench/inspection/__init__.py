"""Folders, projects and COCO files are looked at whole; the rules are in prepare, this room does the files."""

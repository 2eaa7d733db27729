"""Trainings that belong together: what differs between them, where their runs are, and which is best."""

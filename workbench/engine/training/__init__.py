"""The loop, its checkpoints, and how it goes on."""

"""A model's answers: streamed to disk, then scored."""

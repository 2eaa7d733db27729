"""The nouns of the flow; standard library only at import."""

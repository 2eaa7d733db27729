"""What `launch` does, a module a step; other verbs that make jobs use the same."""

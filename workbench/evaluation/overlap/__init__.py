"""What overlaps what, and what that makes a match."""

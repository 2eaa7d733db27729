"""What is derived from the data, why, and what the person typed."""

"""What `compare` tells, as text and as json."""

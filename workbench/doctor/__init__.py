"""What is on this machine, part by part: facts, and for each that is wrong the command that mends it."""

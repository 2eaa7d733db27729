"""Jobs as a file for a cluster that has its own queue: the same command lines, described in its words."""

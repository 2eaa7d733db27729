"""The sections of a report, one module each, from its material to blocks."""

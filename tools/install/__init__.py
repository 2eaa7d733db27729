"""What a fresh machine needs, step by step; standard library only. `python3 -m tools.install --help`."""

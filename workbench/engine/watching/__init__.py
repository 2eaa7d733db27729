"""What a person sees of a run: numbers, bars, curves, pictures."""

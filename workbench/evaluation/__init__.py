"""Predictions and truths → numbers; never torch."""

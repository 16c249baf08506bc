"""Measurements: what the engine does a second, as ratios to what the same database does without it."""

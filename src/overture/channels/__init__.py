"""Platforms: the port every channel implements, and the channels."""

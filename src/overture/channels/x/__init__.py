"""X, reached through its API v2."""

"""A stand-alone platform that speaks X API v2: everything can be run against it."""

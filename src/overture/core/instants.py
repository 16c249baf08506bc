"""Instants as clients read them."""

from datetime import UTC, datetime


def written(instant: datetime) -> str:
    """Write an instant as ISO 8601 in UTC with milliseconds and `Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

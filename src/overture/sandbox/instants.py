"""Instants of the platform: whole milliseconds since 1970 inside, ISO 8601 with milliseconds outside."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(instant: datetime) -> int:
    """Turn an instant into milliseconds since 1970; anything finer is cut off.

    Raises:
        ValueError: the instant carries no time zone.
    """
    if instant.utcoffset() is None:
        raise ValueError("an instant needs a time zone, as in 2026-01-05T09:00:00Z")
    return (instant - _EPOCH) // _MILLISECOND


def parse(text: str) -> int:
    """Read an ISO 8601 instant with a time zone.

    Raises:
        ValueError: the text is no such instant.
    """
    return milliseconds(datetime.fromisoformat(text))


def text_of(moment: int) -> str:
    """Write an instant as X does: UTC, milliseconds, `Z`."""
    instant = _EPOCH + moment * _MILLISECOND
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}Z"


def machine() -> int:
    """Return the machine's present instant."""
    return milliseconds(datetime.now(UTC))

"""Addresses of e-mail: how they are cleaned and compared, not whether a letter would arrive."""

import re

from overture.core import names

LONGEST = 254
_FORM = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+")


def clean(email: str) -> str | None:
    """Return an address as it is kept; None for what is none."""
    cleaned = names.clean(email)
    return cleaned if len(cleaned) <= LONGEST and _FORM.fullmatch(cleaned) else None


def key(email: str) -> str:
    """Return what two spellings of the same address share."""
    return names.clean(email).casefold()

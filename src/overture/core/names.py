"""Names that people type again: compared without case, accents and outer spaces."""

import re
import unicodedata

LONGEST = 255
"""Characters a name may have."""

_NO_LETTER = re.compile(r"[^a-z0-9]+")


def slug(name: str) -> str:
    """Return the lower-case letters and digits of a name with hyphens between; empty where it has none."""
    return _NO_LETTER.sub("-", name.lower()).strip("-")


def clean(name: str) -> str:
    """Return `name` in composed form without spaces around it."""
    return unicodedata.normalize("NFC", name).strip()


def key(name: str) -> str:
    """Return what two spellings of the same name share."""
    cleaned = clean(name)
    decomposed = unicodedata.normalize("NFKD", cleaned.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return letters.casefold().strip() or cleaned

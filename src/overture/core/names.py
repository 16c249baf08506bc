"""Names that people type again: compared without case, accents and outer spaces."""

import unicodedata

LONGEST = 255
"""Characters a name may have."""


def clean(name: str) -> str:
    """Return `name` in composed form without spaces around it."""
    return unicodedata.normalize("NFC", name).strip()


def key(name: str) -> str:
    """Return what two spellings of the same name share."""
    cleaned = clean(name)
    decomposed = unicodedata.normalize("NFKD", cleaned.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return letters.casefold().strip() or cleaned

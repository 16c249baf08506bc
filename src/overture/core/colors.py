"""The palette for statuses and tags. A colour is a palette name or any `#rrggbb`."""

import re
from collections.abc import Mapping

PALETTE: Mapping[str, str] = {
    "blue": "#228be6",
    "green": "#40c057",
    "gray": "#868e96",
    "yellow": "#fab005",
    "red": "#fa5252",
    "violet": "#7950f2",
    "teal": "#12b886",
    "orange": "#fd7e14",
    "pink": "#e64980",
    "cyan": "#15aabf",
    "lime": "#82c91e",
    "indigo": "#4c6ef5",
    "grape": "#be4bdb",
}
_HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})")


def parse(text: str) -> str | None:
    """Return the colour as lower-case `#rrggbb`; None when `text` is no colour of ours."""
    lowered = text.strip().lower()
    if lowered in PALETTE:
        return PALETTE[lowered]
    if _HEX.fullmatch(lowered) is None:
        return None
    return lowered if len(lowered) == 7 else "#" + "".join(digit * 2 for digit in lowered[1:])


def nth(number: int) -> str:
    """Return a colour for the `number`-th thing that was given none."""
    values = list(PALETTE.values())
    return values[number % len(values)]

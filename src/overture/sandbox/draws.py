"""Seeded draws: the same key gives the same numbers on every machine and after every restart."""

import hashlib
import struct
from collections.abc import Sequence
from typing import TypeVar

_NUMBERS = struct.Struct("<16I")
_RANGE = 2**32
_Option = TypeVar("_Option")


class Draws:
    """A stream of numbers that is a pure function of its key."""

    __slots__ = ("_block", "_key", "_numbers", "_position")

    def __init__(self, *key: object) -> None:
        self._key = ":".join(map(str, key)).encode()
        self._block = 0
        self._numbers: tuple[int, ...] = ()
        self._position = 0

    def number(self) -> int:
        """Draw a whole number from 0 to 2³² - 1."""
        if self._position == len(self._numbers):
            digest = hashlib.blake2b(self._key, digest_size=64, salt=self._block.to_bytes(8, "little")).digest()
            self._numbers = _NUMBERS.unpack(digest)
            self._block += 1
            self._position = 0
        drawn = self._numbers[self._position]
        self._position += 1
        return drawn

    def fraction(self) -> float:
        """Draw a number from 0 (included) to 1 (excluded)."""
        return self.number() / _RANGE

    def below(self, bound: int) -> int:
        """Draw a whole number from 0 to `bound` - 1; `bound` may be as large as 2⁶⁴."""
        if bound <= _RANGE:
            return self.number() * bound >> 32
        return ((self.number() << 32) | self.number()) * bound >> 64

    def chance(self, share: float) -> bool:
        """Tell yes with probability `share`."""
        return self.fraction() < share

    def choice(self, options: Sequence[_Option]) -> _Option:
        """Draw one of `options`, each equally likely."""
        return options[self.below(len(options))]

    def weighted(self, options: Sequence[tuple[_Option, float]]) -> _Option:
        """Draw one of `options`, pairs of a value and its share; the shares add up to 1."""
        drawn = self.fraction()
        for value, share in options:
            drawn -= share
            if drawn < 0:
                return value
        return options[-1][0]

"""Passwords: kept as argon2id hashes, which cost time and memory to try."""

import functools

import argon2

SHORTEST = 12
LONGEST = 200

_hasher = argon2.PasswordHasher()


def hashed(password: str) -> str:
    """Return what is stored of a password. Takes a good part of a second: not for the event loop."""
    return _hasher.hash(password)


def fits(password: str, stored: str | None) -> bool:
    """Tell whether a password is the one of which `stored` is kept; takes as long where there is none."""
    try:
        return _hasher.verify(stored or _nobodys(), password) and stored is not None
    except argon2.exceptions.VerifyMismatchError:
        return False


@functools.cache
def _nobodys() -> str:
    return _hasher.hash("nobody's password")

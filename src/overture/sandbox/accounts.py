"""The sending accounts of the platform: those whose tokens open its API."""

import hashlib
from dataclasses import dataclass

FIRST_ID = 1_900_000_000_000_000_000
_SPAN = 99_999_999_999_999_999


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account that may call the API."""

    id: str
    username: str
    name: str

    @property
    def token(self) -> str:
        """Return the bearer token of this account: fixed, so that a set-up can be written down."""
        return f"sandbox-{self.username}"

    @property
    def key(self) -> str:
        """Return its access token of OAuth 1.0a, which begins with its id as X's do."""
        return f"{self.id}-sandbox-{self.username}"

    @property
    def key_secret(self) -> str:
        """Return the secret of that token."""
        return f"sandbox-secret-{self.username}"


def named(username: str, name: str | None = None) -> Account:
    """Make an account whose id follows from its username (1 to 15 letters, digits and underscores)."""
    digest = hashlib.blake2b(username.lower().encode(), digest_size=8).digest()
    number = FIRST_ID + int.from_bytes(digest, "big") % _SPAN
    return Account(id=str(number), username=username, name=name or username.capitalize())


DEFAULT = (named("ana", "Ana Ruiz"), named("ben", "Ben Okafor"), named("chloe", "Chloé Martin"))

"""Grants: what an account of a platform has let Overture do, as tokens, and when they end."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

EARLY = timedelta(minutes=2)
"""So long before its end an access token is renewed, that no call outlives it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """What signs calls beside an access token of OAuth 1.0a: the key and secret of its app, and the token's secret."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What lets Overture act as an account. Instants are wall time.

    `refresh_token` serves once and brings the next grant; None: the access token is all there is, and is replaced by a
    person. `ends_at`: None where nobody has said. `granted_at`: None for a token a person brought. `keys`: None where
    the access token opens by itself.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    ends_at: datetime | None = None
    granted_at: datetime | None = None
    scopes: Sequence[str] | None = None
    keys: Keys | None = field(default=None, repr=False)

    def is_ending(self, wall_now: datetime) -> bool:
        """Whether the access token should be renewed before it is used."""
        return self.refresh_token is not None and self.ends_at is not None and self.ends_at - EARLY <= wall_now


def written(grant: Grant) -> str:
    """Write a grant down; a token alone stays as it is."""
    if grant == Grant(access_token=grant.access_token) and not grant.access_token.startswith("{"):
        return grant.access_token
    told = {
        "accessToken": grant.access_token,
        "refreshToken": grant.refresh_token,
        "endsAt": None if grant.ends_at is None else grant.ends_at.isoformat(),
        "grantedAt": None if grant.granted_at is None else grant.granted_at.isoformat(),
        "scopes": None if grant.scopes is None else list(grant.scopes),
        "keys": None if grant.keys is None else asdict(grant.keys),
    }
    return json.dumps(told, separators=(",", ":"))


def read(text: str) -> Grant:
    """Read what was written down."""
    if not text.startswith("{"):
        return Grant(access_token=text)
    told = json.loads(text)
    return Grant(
        access_token=told["accessToken"],
        refresh_token=told["refreshToken"],
        ends_at=_instant(told["endsAt"]),
        granted_at=_instant(told["grantedAt"]),
        scopes=None if told["scopes"] is None else tuple(told["scopes"]),
        # Grants of former releases know of no keys.
        keys=None if told.get("keys") is None else Keys(**told["keys"]),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

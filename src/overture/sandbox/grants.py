"""Grants of the platform's OAuth 2.0: apps, codes, access tokens and refresh tokens that serve once.

Tokens are signed and hold all that is to be known of them, so that they outlive a restart; which refresh tokens are
spent is forgotten with the process.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from overture.sandbox.accounts import Account
from overture.sandbox.limits import Endpoint

CODE_SECONDS = 30
ACCESS_SECONDS = 7_200
OFFLINE = "offline.access"
SCOPES = frozenset(
    {
        *("dm.read", "dm.write", "tweet.read", "users.read", "follows.read", "like.read", "like.write", "media.write"),
        OFFLINE,
    }
)
_READS = frozenset({"tweet.read", "users.read"})
NEEDED = {
    Endpoint.SEND: _READS | {"dm.write"},
    Endpoint.EVENTS: _READS | {"dm.read"},
    Endpoint.CONVERSATION_EVENTS: _READS | {"dm.read"},
    Endpoint.USERS_BY_IDS: _READS,
    Endpoint.USERS_BY_NAMES: _READS,
    Endpoint.ME: _READS,
    Endpoint.FOLLOWERS: _READS | {"follows.read"},
    Endpoint.FOLLOWING: _READS | {"follows.read"},
    Endpoint.LIKING_USERS: _READS | {"like.read"},
    Endpoint.POSTS: _READS,
    Endpoint.LIKE: _READS | {"like.write"},
    Endpoint.PUSH: _READS | {"dm.read"},
}
"""The scopes each call needs."""

_BEGINNING = "oauth2."


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """An app of a developer; one without a secret is public, such as a program on a person's machine."""

    client_id: str
    secret: str | None


DEFAULT = (
    App(client_id="sandbox-client", secret="sandbox-secret"),  # noqa: S106 - for everybody to know
    App(client_id="sandbox-public", secret=None),
)


class Denied(Exception):
    """A token request that is refused; `code` is that of OAuth 2.0."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """For whom a token speaks, and what it may; None of `scopes` for tokens that may all."""

    account: Account
    scopes: frozenset[str] | None

    def may(self, endpoint: Endpoint) -> bool:
        """Tell whether the token covers a call."""
        return self.scopes is None or self.scopes >= NEEDED[endpoint]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What an app asks for, and who gave it."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    is_hashed: bool


class Grants:
    """Hands out codes and tokens.

    Args:
        accounts: who may grant something.
        apps: who may ask.
        seed: what tokens are signed with.
        clock: seconds since 1970; tokens age by the machine's clock also where the platform's own is moved.
    """

    def __init__(
        self,
        *,
        accounts: Sequence[Account],
        apps: Sequence[App] = DEFAULT,
        seed: int = 1,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = {account.id: account for account in accounts}
        self._apps = {app.client_id: app for app in apps}
        self._key = hashlib.blake2b(f"grants:{seed}".encode(), digest_size=32).digest()
        self._clock = clock
        self._codes: dict[str, tuple[Asked, str, float]] = {}
        self._spent: set[str] = set()
        self._revoked: set[str] = set()
        self._ended: dict[str, float] = {}

    def knows(self, client_id: str) -> bool:
        """Tell whether there is such an app."""
        return client_id in self._apps

    def grant(self, asked: Asked, account: Account) -> str:
        """Let an account grant what is asked; return the code for it."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = (asked, account.id, self._clock())
        return code

    def authenticate(self, client_id: str, secret: str | None) -> App:
        """Return the app that proves to be one.

        Raises:
            Denied: unknown, or the secret is not its own.
        """
        app = self._apps.get(client_id)
        if app is None or not hmac.compare_digest(app.secret or "", secret or ""):
            raise Denied("unauthorized_client", "Missing valid authorization header", 401)
        return app

    def exchange(self, app: App, *, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """Turn a code into tokens, once.

        Raises:
            Denied: the code is spent, too old, of another app or address, or the verifier is not its own.
        """
        asked, account_id, granted_at = self._codes.pop(code, (None, "", 0.0))
        if asked is None or self._clock() - granted_at > CODE_SECONDS:
            raise Denied("invalid_request", "Value passed for the authorization code was invalid.")
        if asked.client_id != app.client_id or asked.redirect_uri != redirect_uri:
            raise Denied("invalid_request", "Value passed for the redirect uri did not match the uri of the code.")
        if not hmac.compare_digest(_challenge(verifier) if asked.is_hashed else verifier, asked.challenge):
            raise Denied("invalid_request", "Value passed for the code verifier did not match the code challenge.")
        return self._tokens(app, account_id, asked.scopes, family=secrets.token_hex(8))

    def refresh(self, app: App, token: str) -> dict[str, Any]:
        """Turn a refresh token into new tokens, once; one that is used again ends all that came of its grant.

        Raises:
            Denied: it is none, or spent.
        """
        told = self._read(token, "refresh")
        if told is None or told["client"] != app.client_id:
            raise Denied("invalid_request", "Value passed for the token was invalid.")
        if told["serial"] in self._spent:
            self._revoked.add(told["family"])
            raise Denied("invalid_request", "Value passed for the token was invalid.")
        self._spent.add(told["serial"])
        return self._tokens(app, told["account"], tuple(told["scopes"]), family=told["family"])

    def revoke(self, token: str) -> None:
        """End all that came of the grant a token belongs to; an unknown token is no error."""
        told = self._read(token, "access", may_be_old=True) or self._read(token, "refresh")
        if told is not None:
            self._revoked.add(told["family"])

    def end(self, account_id: str) -> None:
        """Take back all an account has granted until now, as its holder does in the settings of the platform."""
        self._ended[account_id] = self._clock()

    def holder(self, token: str) -> Holder | None:
        """Return for whom an access token speaks; None for one that opens nothing any more."""
        told = self._read(token, "access")
        if told is None:
            return None
        return Holder(account=self._accounts[told["account"]], scopes=frozenset(told["scopes"]))

    def _tokens(self, app: App, account_id: str, scopes: Sequence[str], *, family: str) -> dict[str, Any]:
        told = {"client": app.client_id, "account": account_id, "scopes": list(scopes), "family": family}
        answer = {
            "token_type": "bearer",
            "expires_in": ACCESS_SECONDS,
            "access_token": self._signed("access", told),
            "scope": " ".join(scopes),
        }
        return answer | ({"refresh_token": self._signed("refresh", told)} if OFFLINE in scopes else {})

    def _signed(self, kind: str, told: dict[str, Any]) -> str:
        whole = {**told, "kind": kind, "serial": secrets.token_hex(8), "at": self._clock()}
        payload = base64.urlsafe_b64encode(json.dumps(whole, separators=(",", ":")).encode()).decode().rstrip("=")
        return f"{_BEGINNING}{payload}.{self._seal(payload)}"

    def _seal(self, payload: str) -> str:
        return hashlib.blake2b(payload.encode(), key=self._key, digest_size=16).hexdigest()

    def _read(self, token: str, kind: str, *, may_be_old: bool = False) -> dict[str, Any] | None:
        payload, _, seal = token.removeprefix(_BEGINNING).partition(".")
        if not token.startswith(_BEGINNING) or not hmac.compare_digest(self._seal(payload).encode(), seal.encode()):
            return None
        told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        is_old = kind == "access" and self._clock() - told["at"] > ACCESS_SECONDS and not may_be_old
        is_here = told["account"] in self._accounts
        if told["kind"] != kind or is_old or not is_here or told["family"] in self._revoked:
            return None
        if told["at"] <= self._ended.get(told["account"], 0.0):
            return None
        return told


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")

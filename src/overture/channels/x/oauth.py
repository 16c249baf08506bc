"""OAuth 2.0 of X: with PKCE, by authorization code, with refresh tokens that serve once.

https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from overture import clock as clocks
from overture.channels.port import App, ChannelError
from overture.channels.x.client import CallFailed, Client
from overture.core import rights
from overture.core.grants import Grant
from overture.core.rights import Scope
from overture.core.words import Capability

_SEND = frozenset({Capability.MESSAGE_SEND})
_FOLLOWS = frozenset({Capability.IMPORT_FOLLOWERS, Capability.IMPORT_FOLLOWING})
_LIKES = frozenset({Capability.IMPORT_LIKES})

SCOPES = (
    Scope(name="dm.read", costs="answers cannot be read", opens=_SEND),
    Scope(name="dm.write", costs="it cannot send messages", opens=_SEND),
    Scope(name="tweet.read", costs="it cannot call X at all", opens=frozenset(Capability)),
    Scope(name="users.read", costs="it cannot find out who can be reached", opens=frozenset(Capability)),
    Scope(name="offline.access", costs="it would have to be linked again every two hours"),
    Scope(
        name="follows.read",
        costs="nobody's followers and followed accounts can be imported through it",
        is_needed=False,
        opens=_FOLLOWS,
    ),
    Scope(name="like.read", costs="who liked a post cannot be imported through it", is_needed=False, opens=_LIKES),
)
"""What is asked for: messages, who people are, and for imports who follows whom and who likes what."""

LIKE = Scope(
    name="like.write",
    costs="like steps are passed over",
    is_needed=False,
    opens=frozenset({Capability.POST_LIKE}),
)
"""What is asked for besides where the operator says that the app may like."""

_AUTHORIZE = "/i/oauth2/authorize"
_TOKEN = "/2/oauth2/token"  # noqa: S105 - a path
_REVOKE = "/2/oauth2/revoke"
_API_HOST, _PAGE_HOST = "api.x.com", "x.com"
_LEAST_SECONDS, _MOST_SECONDS = 60, 366 * 86_400


class Authority:
    """Links accounts through X's own pages."""

    def __init__(self, client: Client, *, asks_to_like: bool = False) -> None:
        self._client = client
        self.scopes: Sequence[Scope] = (*SCOPES, LIKE) if asks_to_like else SCOPES

    def authorize_url(self, app: App, *, redirect_uri: str, state: str, verifier: str) -> str:
        """Return the page on which a person lets the app act for an account.

        `verifier` is kept secret until the code is exchanged; the page is told its hash.
        """
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scope.name for scope in self.scopes),
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        address = urlsplit(app.base_url)
        host = address.netloc if address.hostname != _API_HOST else _PAGE_HOST
        return f"{address.scheme}://{host}{_AUTHORIZE}?{urlencode(query)}"

    async def exchange(self, app: App, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Turn the code of the page into a grant; a code lives for 30 seconds and serves once.

        Raises:
            ChannelError: `authLost` where the code or the app is refused, or less was granted than is needed; else no
                usable answer came.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        grant = _grant(await _post(self._client, app, _TOKEN, form))
        needed = [scope for scope in SCOPES if scope.is_needed]
        lacking = rights.missing(needed, grant.scopes)
        if lacking:
            raise ChannelError("authLost", f"the account did not grant all that is needed: {rights.told(lacking)}")
        return grant

    async def renew(self, app: App, grant: Grant) -> Grant:
        """Trade the refresh token of a grant for the next grant; whoever trades it a second time loses both.

        Raises:
            ChannelError: `authLost` where it is spent or was taken back; else no usable answer came.
        """
        if grant.refresh_token is None:
            raise ChannelError("authLost", "there is no refresh token")
        form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
        renewed = _grant(await _post(self._client, app, _TOKEN, form))
        if renewed.refresh_token is None:
            raise ChannelError("authLost", "X gave no further refresh token")
        return renewed

    async def revoke(self, app: App, grant: Grant) -> None:
        """Give a grant back.

        Raises:
            ChannelError: X did not take it.
        """
        token = grant.refresh_token or grant.access_token
        await _post(self._client, app, _REVOKE, {"token": token})


async def _post(client: Client, app: App, path: str, form: Mapping[str, str]) -> Mapping[str, Any]:
    authorisation = None
    if app.client_secret is None:
        form = {**form, "client_id": app.client_id}
    else:
        authorisation = httpx.BasicAuth(app.client_id, app.client_secret)
    try:
        answer = await client.post_form(app.base_url, path, form, authorisation)
    except CallFailed as failure:
        raise ChannelError("unavailable", str(failure)) from failure
    if answer.is_success and answer.body is not None:
        return answer.body
    words = json.dumps(dict(answer.body)) if answer.body is not None else answer.text
    detail = f"HTTP {answer.status}: {words}"[:500]
    # Whoever is refused by name is refused; everything else may pass.
    is_refused = answer.status in {400, 401, 403} and answer.body is not None
    if is_refused:
        raise ChannelError("authLost", detail, reason="grantRefused")
    raise ChannelError("unavailable", detail)


def _grant(body: Mapping[str, Any]) -> Grant:
    access, refresh, seconds = body.get("access_token"), body.get("refresh_token"), body.get("expires_in")
    scope = body.get("scope")
    if not isinstance(access, str) or not access or not isinstance(refresh, str | None):
        raise ChannelError("unavailable", "X answered without a token")
    now = clocks.wall_now()
    ends_at = None
    if isinstance(seconds, int) and not isinstance(seconds, bool):
        ends_at = now + timedelta(seconds=min(max(seconds, _LEAST_SECONDS), _MOST_SECONDS))
    return Grant(
        access_token=access,
        refresh_token=refresh,
        ends_at=ends_at,
        granted_at=now,
        scopes=tuple(scope.split()) if isinstance(scope, str) else None,
    )

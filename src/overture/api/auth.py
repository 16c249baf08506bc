"""Tokens and sessions: which team a request acts for."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from overture import secrets
from overture.actions import sessions
from overture.actions.context import Actor, Context, holder
from overture.api import rates, session_cookie
from overture.errors import Unauthorized
from overture.store import quotas
from overture.store.tokens import Token

_LONGEST_TOKEN = 512
_scheme = HTTPBearer(auto_error=False, description="A token of the team, as `Authorization: Bearer <token>`.")


async def authenticate(request: Request, *, is_urgent: bool = False) -> Actor:
    """Return whom the request's token or session stands for, and remember it on the request; a token goes first.

    Raises:
        Unauthorized: no token, a malformed one, or one that opens nothing.
        Forbidden: a session, used by a page of somebody else.
        RateLimited: the team has made as many calls as it may; never where the call `is_urgent`.
    """
    headers = request.headers.getlist("authorization")
    cookie = None if headers else session_cookie.read(request)
    found = await (_token(request, headers, is_urgent) if cookie is None else _session(request, cookie, is_urgent))
    actor = holder(found)
    request.state.actor = actor
    request.state.session_ends_at = found.ends_at
    return actor


async def _token(request: Request, headers: list[str], is_urgent: bool) -> Token:
    secret = _presented(headers)
    found = await rates.count(request, digest=secrets.token_hash(secret), is_urgent=is_urgent)
    if found is None:
        raise Unauthorized("The token opens nothing: it is wrong or was revoked. Use another, or create one.")
    return found


async def _session(request: Request, secret: str, is_urgent: bool) -> Token:
    session_cookie.require_own_page(request)
    digest = secrets.token_hash(secret)
    found = await rates.count(request, digest=digest, bucket=quotas.SESSION, is_urgent=is_urgent)
    if found is None:
        raise Unauthorized("The session has ended. Sign in again.")
    await sessions.prolong(request.app.state.context, found)
    return found


async def _actor(request: Request, _: Annotated[object, Depends(_scheme)]) -> Actor:
    actor: Actor = request.state.actor
    return actor


async def _context(request: Request) -> Context:
    # A keyed call brings a context of its own.
    context: Context = getattr(request.state, "context", request.app.state.context)
    return context


CurrentActor = Annotated[Actor, Depends(_actor)]
"""Whom the request acts for. The route has checked the token before anything of the request was read."""

CurrentContext = Annotated[Context, Depends(_context)]
"""What actions work with."""


def _presented(headers: list[str]) -> str:
    if not headers:
        raise Unauthorized("This call needs a token: send `Authorization: Bearer <token>`.")
    scheme, _, token = headers[0].strip().partition(" ")
    token = token.strip()
    is_readable = 0 < len(token) <= _LONGEST_TOKEN and all("!" <= character <= "~" for character in token)
    if len(headers) > 1 or scheme.lower() != "bearer" or not is_readable:
        raise Unauthorized("The Authorization header must be one `Bearer <token>`.")
    return token

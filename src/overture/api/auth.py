"""Bearer tokens: which team a request acts for."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from overture import secrets
from overture.actions.context import Actor, Context
from overture.api import rates
from overture.core.words import MemberRole
from overture.errors import Unauthorized

_LONGEST_TOKEN = 512
_scheme = HTTPBearer(auto_error=False, description="A token of the team, as `Authorization: Bearer <token>`.")


async def authenticate(request: Request, *, is_urgent: bool = False) -> Actor:
    """Return whom the request's token stands for, and remember it on the request.

    Raises:
        Unauthorized: no token, a malformed one, or one that opens nothing.
        RateLimited: the team has made as many calls as it may; never where the call `is_urgent`.
    """
    token = _presented(request.headers.getlist("authorization"))
    found = await rates.count(request, digest=secrets.token_hash(token), is_urgent=is_urgent)
    if found is None:
        raise Unauthorized("The token opens nothing: it is wrong or was revoked. Use another, or create one.")
    actor = Actor(
        team_id=found.team_id,
        token_id=found.id,
        name=found.name,
        member_id=found.member_id,
        role=MemberRole(found.role or MemberRole.USER),
    )
    request.state.actor = actor
    return actor


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

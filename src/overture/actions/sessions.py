"""Sessions: members sign in with their address and password, and out again."""

import asyncio
import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture import ids, passwords, secrets
from overture.actions import audit
from overture.actions.context import Actor, Context, holder
from overture.clock import wall_now
from overture.core import emails, instants
from overture.core.words import AuditAction, ObjectType
from overture.errors import Forbidden, InvalidRequest, RateLimited, Unauthorized
from overture.store import members, sessions, sign_in_tries, sign_ins, teams, tokens
from overture.store.members import Member
from overture.store.pool import Connection
from overture.store.sign_ins import SignIn
from overture.store.teams import Team
from overture.store.tokens import Token

IDLE = timedelta(days=7)
"""How long a session may go unused."""

LONGEST = timedelta(days=30)
"""How long a session lasts at most; then the member signs in again."""

_PROLONGED_AFTER = timedelta(hours=1)
_TRIES_AT_ONE = 10
_TRIES_FROM_ONE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """Who has signed in, in which team, until when at most (wall time); a bare token has no end, maybe no member."""

    team: Team
    member: Member | None
    ends_at: datetime | None


async def sign_in(context: Context, *, email: str, password: str, origin: str) -> tuple[Session, str]:
    """Begin a session; return it with its secret.

    Args:
        context: what actions work with; not that of a keyed call, as tries are counted also where they fail.
        email: the address of the member.
        password: the password.
        origin: the network address the call comes from.

    Raises:
        Unauthorized: nobody has this address and password.
        RateLimited: too many tries at this address, or from this network address.
    """
    at_one = _try_key("at", emails.key(email))
    await count_try(context, {at_one: _TRIES_AT_ONE, _try_key("from", origin): _TRIES_FROM_ONE})
    async with context.pool.acquire() as connection:
        found = await sign_ins.find(connection, email_key=emails.key(email))
    stored = None if found is None else found.password_hash
    if not await asyncio.to_thread(passwords.fits, password, stored) or found is None:
        raise Unauthorized("This address and password do not belong together. Check both.")
    async with context.pool.acquire() as connection, connection.transaction():
        now = await context.clock.now()
        await members.hold(connection, team_id=found.team_id, member_id=found.member_id)
        # Chosen anew meanwhile, the password may be another.
        if await sign_ins.lock(connection, team_id=found.team_id, member_id=found.member_id) != found:
            raise Unauthorized("The password was changed at this moment. Sign in with the new one.")
        await sign_in_tries.forget(connection, key=at_one)
        return await begin(connection, team_id=found.team_id, member_id=found.member_id, now=now)


async def begin(connection: Connection, *, team_id: str, member_id: str, now: datetime) -> tuple[Session, str]:
    """Begin a session of a member who has shown who they are; for other actions too."""
    member = await members.read(connection, team_id=team_id, member_id=member_id)
    team = await teams.read(connection, team_id=team_id)
    assert member is not None and team is not None
    begun, secret = wall_now(), secrets.new_token()
    token = Token(
        team_id=team_id,
        id=ids.new("k"),
        name=member.name,
        member_id=member_id,
        role=member.role,
        created_at=now,
        revoked_at=None,
        idle_until=begun + IDLE,
        ends_at=begun + LONGEST,
    )
    await sessions.insert(connection, session=token, digest=secrets.token_hash(secret))
    await _record(connection, holder(token), AuditAction.MEMBER_SIGNED_IN, now)
    return Session(team=team, member=member, ends_at=token.ends_at), secret


async def read(context: Context, actor: Actor, *, ends_at: datetime | None) -> Session:
    """Return who asks; `ends_at` is what the session of the call was read with."""
    async with context.pool.acquire() as connection:
        team = await teams.read(connection, team_id=actor.team_id)
        member = None
        if actor.member_id is not None:
            member = await members.read(connection, team_id=actor.team_id, member_id=actor.member_id)
    assert team is not None
    return Session(team=team, member=member, ends_at=ends_at)


async def prolong(context: Context, token: Token) -> None:
    """Let a session that is used go on; written down once an hour at most."""
    assert token.idle_until is not None and token.ends_at is not None
    idle_until = min(wall_now() + IDLE, token.ends_at)
    if idle_until - token.idle_until >= _PROLONGED_AFTER:
        async with context.pool.acquire() as connection:
            await sessions.prolong(connection, team_id=token.team_id, token_id=token.id, idle_until=idle_until)


async def sign_out(context: Context, actor: Actor) -> None:
    """End the session of whoever asks.

    Raises:
        Forbidden: a token asks.
    """
    _require_session(actor)
    assert actor.token_id is not None
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await tokens.revoke(connection, team_id=actor.team_id, token_id=actor.token_id, now=now)
        await _record(connection, actor, AuditAction.MEMBER_SIGNED_OUT, now)


async def change_password(context: Context, actor: Actor, *, current: str, new: str) -> None:
    """Choose another password; all other sessions of the member end.

    Raises:
        Forbidden: a token asks, or the current password is another.
        InvalidRequest: the new one is too short or too long.
        RateLimited: too many tries.
        Unauthorized: the member was removed at this moment.
    """
    _require_session(actor)
    assert actor.member_id is not None
    require_usable(new, "newPassword")
    at_one = _try_key("of", actor.member_id)
    await count_try(context, {at_one: _TRIES_AT_ONE})
    async with context.pool.acquire() as connection:
        found = await sign_ins.lock(connection, team_id=actor.team_id, member_id=actor.member_id)
    if found is None or not await asyncio.to_thread(passwords.fits, current, found.password_hash):
        raise Forbidden("`currentPassword` is not your password. Check it, or ask for an invitation to choose anew.")
    made = await asyncio.to_thread(passwords.hashed, new)
    async with context.pool.acquire() as connection, connection.transaction():
        if await members.hold(connection, team_id=actor.team_id, member_id=actor.member_id) is None:
            raise Unauthorized("The session has ended, as you were removed from the team.")
        await sign_in_tries.forget(connection, key=at_one)
        await choose(connection, actor, email_key=found.email_key, password_hash=made, now=await context.clock.now())


async def choose(connection: Connection, actor: Actor, *, email_key: str, password_hash: str, now: datetime) -> None:
    """Keep what a member signs in with from now on, and end their other sessions; for other actions too."""
    assert actor.member_id is not None
    made = SignIn(email_key=email_key, team_id=actor.team_id, member_id=actor.member_id, password_hash=password_hash)
    await sign_ins.keep(connection, sign_in=made, wall_now=wall_now())
    await sessions.end_of_member(
        connection, team_id=actor.team_id, member_id=actor.member_id, but=actor.token_id, now=now
    )
    await _record(connection, actor, AuditAction.PASSWORD_CHOSEN, now)


def require_usable(password: str, field: str) -> None:
    """Refuse a password that is too short or too long.

    Raises:
        InvalidRequest: it is.
    """
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        wanted = f"Must have {passwords.SHORTEST} to {passwords.LONGEST} characters."
        raise InvalidRequest([((field,), wanted)])


async def count_try(context: Context, most: dict[bytes, int]) -> None:
    """Count a try at something that could be guessed.

    Raises:
        RateLimited: one too many.
    """
    now = wall_now()
    async with context.pool.acquire() as connection:
        free_at = await sign_in_tries.count(connection, most=most, wall_now=now)
    if free_at is not None:
        seconds = max(1, math.ceil((free_at - now).total_seconds()))
        raise RateLimited(
            f"Too many tries. Go on in {seconds} s, or have an invitation made to choose a password anew.",
            details={"window": "quarter hour", "limit": max(most.values()), "resetAt": instants.written(free_at)},
            retry_after_seconds=seconds,
        )


def origin_key(origin: str) -> dict[bytes, int]:
    """Return under which key tries from a network address count, and how many there may be."""
    return {_try_key("from", origin): _TRIES_FROM_ONE}


def _try_key(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{kind}:{value}".encode()).digest()


def _require_session(actor: Actor) -> None:
    if not actor.is_session:
        raise Forbidden("This is for members who have signed in; a token has no session and no password.")


async def _record(connection: Connection, actor: Actor, action: AuditAction, now: datetime) -> None:
    assert actor.member_id is not None
    await audit.record(
        connection, actor, action=action, object_type=ObjectType.MEMBER, object_id=actor.member_id, now=now
    )

"""Invitations: one-time addresses at which a member, new or without the password, chooses with what to sign in."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from overture import passwords, secrets
from overture.actions import audit, sessions
from overture.actions.context import Actor, Context
from overture.actions.sessions import Session
from overture.clock import wall_now
from overture.core import emails, roles
from overture.core.words import AuditAction, MemberRole, ObjectType
from overture.errors import Conflict, Forbidden, InvalidRequest, NotFound
from overture.store import invitations, members, sign_ins
from overture.store.members import Member
from overture.store.pool import Connection

PATH = "/welcome"
"""Where the page takes an invitation, which follows after `#`: browsers tell no server of that part."""

KEPT = timedelta(days=3)
"""How long an invitation opens something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """A secret, shown this once, and until when (wall time) it lets its member in."""

    secret: str
    ends_at: datetime


async def invite(context: Context, actor: Actor, *, member_id: str) -> Invitation:
    """Make an invitation of a member; the one before opens nothing any more.

    Raises:
        NotFound: `memberNotFound`.
        Forbidden: whoever asks may not act for that member.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        member = await members.hold(connection, team_id=actor.team_id, member_id=member_id)
        if member is None:
            raise NotFound("member", member_id)
        if member.id != actor.member_id and not roles.may_act_for(actor.role, MemberRole(member.role)):
            raise Forbidden(f"A member of the role {actor.role} may not invite this one; ask an owner of the team.")
        return await issue(connection, actor, member, now)


async def issue(connection: Connection, actor: Actor, member: Member, now: datetime) -> Invitation:
    """Make an invitation of a member; for other actions too."""
    made = Invitation(secret=secrets.new_token(), ends_at=wall_now() + KEPT)
    await invitations.keep(
        connection,
        team_id=actor.team_id,
        member_id=member.id,
        digest=secrets.token_hash(made.secret),
        ends_at=made.ends_at,
    )
    await audit.record(
        connection,
        actor,
        action=AuditAction.MEMBER_INVITED,
        object_type=ObjectType.MEMBER,
        object_id=member.id,
        now=now,
    )
    return made


async def invite_first(context: Context, actor: Actor) -> Invitation | None:
    """Make an invitation of the team's first owner, as long as nobody of the team can sign in; else None."""
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        if await sign_ins.is_any(connection, team_id=actor.team_id):
            return None
        owner = await members.first_owner(connection, team_id=actor.team_id)
        assert owner is not None
        return await issue(connection, actor, owner, now)


async def accept(
    context: Context, *, invitation: str, email: str | None, password: str, origin: str
) -> tuple[Session, str]:
    """Choose an address and a password by an invitation, which serves once; return the session with its secret.

    Args:
        context: what actions work with; not that of a keyed call.
        invitation: the secret.
        email: the address to sign in with; None for the one the team knows of the member.
        password: the password.
        origin: the network address the call comes from.

    Raises:
        NotFound: `invitationNotFound`: it was used, replaced, or is too old.
        InvalidRequest: the address or the password will not do.
        Conflict: `emailTaken`.
        RateLimited: too many tries.
    """
    sessions.require_usable(password, "password")
    if email is not None and emails.clean(email) is None:
        raise InvalidRequest([(("email",), "Must be an address of e-mail, as in ana@example.com.")])
    await sessions.count_try(context, sessions.origin_key(origin))
    now = await context.clock.now()
    try:
        async with context.pool.acquire() as connection, connection.transaction():
            team_id, member = await _take(connection, secrets.token_hash(invitation))
            chosen = emails.clean(email or member.email or "")
            if chosen is None:
                raise InvalidRequest([(("email",), "This is required, as no address of the member is known; add it.")])
            made = await asyncio.to_thread(passwords.hashed, password)
            await members.set_email(connection, team_id=team_id, member_id=member.id, email=chosen)
            actor = Actor(
                team_id=team_id,
                token_id=None,
                name=member.name,
                member_id=member.id,
                role=MemberRole(member.role),
                is_session=True,
            )
            await sessions.choose(connection, actor, email_key=emails.key(chosen), password_hash=made, now=now)
            return await sessions.begin(connection, team_id=team_id, member_id=member.id, now=now)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(
            "Somebody signs in with this address already; use another.", code="emailTaken", details={"email": email}
        ) from error


async def _take(connection: Connection, digest: bytes) -> tuple[str, Member]:
    """Take an invitation; return the team and the member whom it lets in."""
    found = await invitations.find(connection, digest=digest, wall_now=wall_now())
    if found is not None:
        member = await members.hold(connection, team_id=found.team_id, member_id=found.member_id)
        if member is not None and await invitations.take(connection, digest=digest):
            return found.team_id, member
    raise NotFound(
        "invitation",
        place="program",
        hint="It serves once, and for three days; `overture password` on the server makes another.",
    )

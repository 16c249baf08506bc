"""Tokens of the API: each opens one team and acts for one of its members."""

from datetime import datetime

from overture import ids, secrets
from overture.actions import audit
from overture.actions.context import Actor, Context
from overture.core import names, roles
from overture.core.words import AuditAction, MemberRole, ObjectType
from overture.errors import Forbidden, InvalidRequest, NotFound
from overture.store import members, tokens
from overture.store.pool import Connection
from overture.store.tokens import Token


async def create(context: Context, actor: Actor, *, name: str, member_id: str | None = None) -> tuple[Token, str]:
    """Make a token; return it with its secret, which is shown this once.

    Args:
        name: what it is for.
        member_id: whom it acts for; without it whoever asks, or the team's owner where the operator does.

    Raises:
        NotFound: `memberNotFound`.
        Forbidden: whoever asks may not act for that member.
        InvalidRequest: the name is empty or longer than 255 characters.
    """
    cleaned = names.clean(name)
    if not 1 <= len(cleaned) <= names.LONGEST:
        raise InvalidRequest([(("name",), f"Must have 1 to {names.LONGEST} characters.")])
    token_id, secret, now = ids.new("k"), secrets.new_token(), await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        member = await _member(connection, actor, member_id)
        token = Token(
            team_id=actor.team_id,
            id=token_id,
            name=cleaned,
            member_id=None if member is None else member.id,
            role=None if member is None else member.role,
            created_at=now,
            revoked_at=None,
        )
        await tokens.insert(
            connection,
            team_id=actor.team_id,
            token_id=token_id,
            name=cleaned,
            member_id=token.member_id,
            digest=secrets.token_hash(secret),
            now=now,
        )
        await _record(connection, actor, AuditAction.TOKEN_CREATED, token, now)
    return token, secret


async def read_page(context: Context, actor: Actor, *, after: str | None, limit: int) -> list[Token]:
    """Return the team's tokens, oldest first, revoked ones too."""
    async with context.pool.acquire() as connection:
        return await tokens.page(connection, team_id=actor.team_id, after=after, limit=limit)


async def read_all(context: Context, *, team_id: str) -> list[Token]:
    """Return all tokens of a team, revoked ones too: for the operator."""
    async with context.pool.acquire() as connection:
        return await tokens.read_all(connection, team_id=team_id)


async def revoke(context: Context, actor: Actor, *, token_id: str) -> None:
    """Make a token open nothing from now on; revoking it again changes nothing.

    Raises:
        NotFound: the team has no such token.
        Forbidden: it acts for somebody whose tokens whoever asks may not revoke.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        token = await tokens.lock(connection, team_id=actor.team_id, token_id=token_id)
        if token is None:
            raise NotFound("token", token_id)
        _require(actor, token.member_id, MemberRole(token.role or MemberRole.USER))
        if token.revoked_at is None:
            await tokens.revoke(connection, team_id=actor.team_id, token_id=token_id, now=now)
            await _record(connection, actor, AuditAction.TOKEN_REVOKED, token, now)


async def _member(connection: Connection, actor: Actor, member_id: str | None) -> members.Member | None:
    if member_id is None and actor.token_id is None:
        return await members.first_owner(connection, team_id=actor.team_id)
    wanted = member_id or actor.member_id
    if wanted is None:
        return None
    member = await members.hold(connection, team_id=actor.team_id, member_id=wanted)
    if member is None:
        raise NotFound("member", wanted)
    _require(actor, member.id, MemberRole(member.role))
    return member


def _require(actor: Actor, member_id: str | None, role: MemberRole) -> None:
    if member_id != actor.member_id and not roles.may_act_for(actor.role, role):
        raise Forbidden(
            f"A token of the role {actor.role} may not make or revoke tokens of this member; "
            "use a token of an owner of the team."
        )


async def _record(connection: Connection, actor: Actor, action: AuditAction, token: Token, now: datetime) -> None:
    state = {"name": token.name, "memberId": token.member_id}
    is_new = action is AuditAction.TOKEN_CREATED
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.TOKEN,
        object_id=token.id,
        now=now,
        before=None if is_new else state,
        after=state if is_new else None,
    )

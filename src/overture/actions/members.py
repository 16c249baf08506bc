"""Members: the people of a team."""

from overture import ids
from overture.actions import audit, invitations
from overture.actions.context import Actor, Context
from overture.actions.invitations import Invitation
from overture.core import emails, names, roles
from overture.core.words import AuditAction, MemberRole, ObjectType
from overture.errors import Forbidden, InvalidRequest, NotFound
from overture.store import members, sign_ins
from overture.store.members import Member


async def read_page(context: Context, actor: Actor, *, after: str | None, limit: int) -> list[Member]:
    """Return members, oldest first."""
    async with context.pool.acquire() as connection:
        return await members.page(connection, team_id=actor.team_id, after=after, limit=limit)


async def get(context: Context, actor: Actor, *, member_id: str) -> Member:
    """Return a member.

    Raises:
        NotFound: there is none.
    """
    async with context.pool.acquire() as connection:
        found = await members.read(connection, team_id=actor.team_id, member_id=member_id)
    if found is None:
        raise NotFound("member", member_id)
    return found


async def named(context: Context, actor: Actor, *, reference: str | None) -> Member:
    """Return a member by id or by the address they sign in with; the first owner where none is named.

    Raises:
        NotFound: there is none.
    """
    async with context.pool.acquire() as connection:
        if reference is None:
            found = await members.first_owner(connection, team_id=actor.team_id)
        else:
            sign_in = await sign_ins.find(connection, email_key=emails.key(reference))
            is_ours = sign_in is not None and sign_in.team_id == actor.team_id
            member_id = sign_in.member_id if sign_in is not None and is_ours else reference
            found = await members.read(connection, team_id=actor.team_id, member_id=member_id)
    if found is None:
        raise NotFound("member", reference)
    return found


async def add(
    context: Context, actor: Actor, *, name: str, email: str | None, role: MemberRole
) -> tuple[Member, Invitation]:
    """Add somebody to the team, with an invitation to choose a password.

    Raises:
        Forbidden: whoever asks may not act for members of this role.
        InvalidRequest: the name or the address will not do.
    """
    if not roles.may_act_for(actor.role, role):
        raise Forbidden(f"A member of the role {actor.role} may not add one of the role {role}; ask an owner.")
    cleaned, address = names.clean(name), None if email is None else emails.clean(email)
    if not 1 <= len(cleaned) <= names.LONGEST:
        raise InvalidRequest([(("name",), f"Must have 1 to {names.LONGEST} characters.")])
    if email is not None and address is None:
        raise InvalidRequest([(("email",), "Must be an address of e-mail, as in ana@example.com.")])
    now = await context.clock.now()
    made = Member(id=ids.new("m"), name=cleaned, email=address, role=role, created_at=now)
    async with context.pool.acquire() as connection, connection.transaction():
        await members.insert(connection, team_id=actor.team_id, member=made)
        await audit.record(
            connection,
            actor,
            action=AuditAction.MEMBER_ADDED,
            object_type=ObjectType.MEMBER,
            object_id=made.id,
            now=now,
            after=audit.state(made, "name", "email", "role"),
        )
        return made, await invitations.issue(connection, actor, made, now)

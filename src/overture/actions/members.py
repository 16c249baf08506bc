"""Members: the people of a team."""

from dataclasses import replace
from datetime import datetime

from overture import ids
from overture.actions import audit, invitations
from overture.actions.context import Actor, Context
from overture.actions.invitations import Invitation
from overture.core import emails, names, roles
from overture.core.words import AuditAction, MemberRole, ObjectType
from overture.errors import Conflict, Forbidden, InvalidRequest, NotFound
from overture.store import automations, contacts, conversations, members, outbox, sign_ins, tokens
from overture.store import invitations as stored_invitations
from overture.store.members import Member
from overture.store.pool import Connection


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


async def change_role(context: Context, actor: Actor, *, member_id: str, role: MemberRole) -> Member:
    """Give a member another role, as an owner; sessions and tokens have it from their next call on.

    Whoever becomes an owner loses the tokens and the invitation from before: admins may know their secrets.

    Raises:
        Forbidden: whoever asks does not act for an owner.
        NotFound: there is no such member.
        Conflict: `lastOwner`.
    """
    _require_owner(actor)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        member = await _lock(connection, actor, member_id, left_as=role)
        if member.role == role:
            return member
        before = audit.state(member, "role")
        if role is MemberRole.OWNER:
            before["tokenIds"] = await _lock_out(connection, actor, member, sessions_too=False, now=now)
        await members.set_role(connection, team_id=actor.team_id, member_id=member.id, role=role)
        changed = replace(member, role=role)
        await audit.record(
            connection,
            actor,
            action=AuditAction.MEMBER_ROLE_CHANGED,
            object_type=ObjectType.MEMBER,
            object_id=member.id,
            now=now,
            before=before,
            after=audit.state(changed, "role"),
        )
        return changed


async def remove(context: Context, actor: Actor, *, member_id: str) -> None:
    """Take a member out of the team, as an owner, with every way in; what they looked after is nobody's.

    Automations that give people to them are switched off. Their name stays beside what they did.

    Raises:
        Forbidden: whoever asks does not act for an owner.
        NotFound: there is no such member.
        Conflict: `lastOwner`.
    """
    _require_owner(actor)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        member = await _lock(connection, actor, member_id, left_as=None)
        token_ids = await _lock_out(connection, actor, member, sessions_too=True, now=now)
        await members.remove(connection, team_id=actor.team_id, member_id=member.id, now=now)
        automation_ids = await automations.switch_off_assigning(connection, team_id=actor.team_id, member_id=member.id)
        thread_ids = await conversations.unassign(connection, team_id=actor.team_id, member_id=member.id)
        contact_ids = await contacts.unassign(connection, team_id=actor.team_id, now=now, member_id=member.id)
        await audit.record(
            connection,
            actor,
            action=AuditAction.MEMBER_REMOVED,
            object_type=ObjectType.MEMBER,
            object_id=member.id,
            now=now,
            before=audit.state(member, "name", "email", "role")
            | {"tokenIds": token_ids, "automationIds": automation_ids}
            | {"contactsCount": len(contact_ids), "threadsCount": len(thread_ids)},
        )
        assignees = await conversations.assignees(connection, team_id=actor.team_id, thread_ids=thread_ids)
        events = [_left(contact_id) for contact_id in contact_ids]
        events += [_handed(thread_id, assignees[thread_id]) for thread_id in thread_ids]
        await outbox.append(connection, team_id=actor.team_id, now=now, events=events)


def _require_owner(actor: Actor) -> None:
    if actor.role is not MemberRole.OWNER:
        raise Forbidden("Only an owner of the team may change roles and remove members; use a token of an owner.")


async def _lock(connection: Connection, actor: Actor, member_id: str, *, left_as: MemberRole | None) -> Member:
    """Return a member to be left in a role, or to be removed; the team keeps an owner."""
    member, other_owners = await members.lock(connection, team_id=actor.team_id, member_id=member_id)
    if member is None:
        raise NotFound("member", member_id)
    if member.role == MemberRole.OWNER and left_as is not MemberRole.OWNER and other_owners == 0:
        raise Conflict(
            f"{member.name} is the only owner of the team, which needs one. Make somebody else an owner first.",
            code="lastOwner",
            details={"id": member.id},
        )
    return member


async def _lock_out(
    connection: Connection, actor: Actor, member: Member, *, sessions_too: bool, now: datetime
) -> list[str]:
    """End a locked member's tokens and invitation, and maybe what they sign in with; return the tokens' ids."""
    keys = {"team_id": actor.team_id, "member_id": member.id}
    await stored_invitations.void(connection, **keys)
    if sessions_too:
        await sign_ins.forget(connection, **keys)
    return await tokens.revoke_of_member(connection, **keys, sessions_too=sessions_too, now=now)


def _left(contact_id: str) -> outbox.NewEvent:
    return outbox.NewEvent(
        type="contact.assigneeChanged", object_type="contact", object_id=contact_id, data={"assigneeId": None}
    )


def _handed(thread_id: str, assignee_id: str | None) -> outbox.NewEvent:
    kind = "thread.unassigned" if assignee_id is None else "thread.assigned"
    return outbox.NewEvent(type=kind, object_type="thread", object_id=thread_id, data={"assigneeId": assignee_id})

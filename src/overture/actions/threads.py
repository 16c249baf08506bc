"""Threads: the conversations of a team, found again, put away and shared out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NoReturn, TypedDict, cast

from overture.actions import audit, capabilities, contacts, statuses, tags
from overture.actions.contacts import View as ContactView
from overture.actions.context import Actor, Context
from overture.core.words import AuditAction, ObjectType
from overture.errors import NotFound
from overture.store import accounts, automations, conversations, folders, members, outbox, people
from overture.store import contacts as stored_contacts
from overture.store.accounts import Account
from overture.store.conversations import Thread
from overture.store.folders import Filters, Place
from overture.store.members import Member
from overture.store.people import Profile
from overture.store.pool import Connection

_AUDITED = ("archived", "unread", "own_assignee_id", "typing_indicators")


class ThreadExpansion(StrEnum):
    """What may be shown beside its id."""

    ACCOUNT_LINK = "accountLink"
    PROFILE = "profile"
    CONTACT = "contact"
    ASSIGNEE = "assignee"


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A thread with what was asked to be shown beside its ids; None where it was not, or there is none."""

    thread: Thread
    account: Account | None
    profile: Profile | None
    contact: ContactView | None
    assignee: Member | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which threads are asked for, as a client names them: contacts by id, tags and statuses by id or by name."""

    filters: Filters
    contact_ids: Sequence[str] = ()
    tags: Sequence[str] = ()
    statuses: Sequence[str] = ()


class ThreadChanges(TypedDict, total=False):
    """What to change; what is absent stays. Without an assignee of its own a thread has its contact's."""

    archived: bool
    unread: bool
    assignee_id: str | None
    typing_indicators: str


async def page(
    context: Context,
    actor: Actor,
    *,
    wanted: Wanted,
    descending: bool,
    expand: Collection[ThreadExpansion],
    after: Place | None,
    limit: int,
) -> tuple[list[View], list[Place]]:
    """Return threads in the order of what was said last, and their places. What nobody has lets nothing through."""
    async with context.pool.acquire() as connection:
        filters = await _resolved(connection, actor, wanted)
        places = await folders.page(
            connection, team_id=actor.team_id, filters=filters, descending=descending, after=after, limit=limit
        )
        rows = await conversations.read(connection, team_id=actor.team_id, thread_ids=[place.id for place in places])
        return await views(connection, actor, rows, expand), places


async def get(context: Context, actor: Actor, *, thread_id: str, expand: Collection[ThreadExpansion] = ()) -> View:
    """Return a thread.

    Raises:
        NotFound: there is none.
    """
    async with context.pool.acquire() as connection:
        (view,) = await views(connection, actor, [await read(connection, actor, thread_id)], expand)
    return view


async def change(context: Context, actor: Actor, *, thread_id: str, changes: ThreadChanges) -> View:
    """Archive a thread or bring it back, mark it, or give it to a member.

    Raises:
        NotFound: no such thread or member.
    """
    if not changes:
        return await get(context, actor, thread_id=thread_id)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await _require_member(connection, actor, changes.get("assignee_id"))
        before = await _lock(connection, actor, thread_id)
        values: dict[str, Any] = dict(changes)
        if "assignee_id" in values:
            values["own_assignee_id"] = values.pop("assignee_id")
        after = replace(before, **values)
        if after != before:
            await conversations.save(connection, team_id=actor.team_id, thread=after)
            old, new = audit.differences(audit.state(before, *_AUDITED), audit.state(after, *_AUDITED))
            await audit.record(
                connection,
                actor,
                action=AuditAction.THREAD_CHANGED,
                object_type=ObjectType.THREAD,
                object_id=thread_id,
                now=now,
                before=_named(old),
                after=_named(new),
            )
            after = await read(connection, actor, thread_id)
            await outbox.append(connection, team_id=actor.team_id, now=now, events=_events(before, after))
        (view,) = await views(connection, actor, [after], ())
    return view


async def delete(context: Context, actor: Actor, *, thread_id: str) -> None:
    """Take a thread out of sight; when somebody writes in it again it is back.

    Raises:
        NotFound: there is none.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        found = await _lock(connection, actor, thread_id)
        await conversations.delete(connection, team_id=actor.team_id, thread_id=thread_id, at=now)
        told = {"accountLinkId": found.account_id, "platform": found.platform}
        await audit.record(
            connection,
            actor,
            action=AuditAction.THREAD_DELETED,
            object_type=ObjectType.THREAD,
            object_id=thread_id,
            now=now,
            before={**told, "profileId": found.profile_id},
        )
        await outbox.append(
            connection, team_id=actor.team_id, now=now, events=[_event("thread.deleted", thread_id, told)]
        )


async def show_typing(context: Context, actor: Actor, *, thread_id: str) -> NoReturn:
    """Refuse to show that somebody types: no platform here can.

    Raises:
        NotFound: no such thread.
        Unprocessable: `capabilityNotSupported`.
    """
    async with context.pool.acquire() as connection:
        found = await read(connection, actor, thread_id)
    capabilities.refuse(found.platform, "thread:typing:send")


async def read(connection: Connection, actor: Actor, thread_id: str) -> Thread:
    """Return a thread, for other actions too.

    Raises:
        NotFound: there is none.
    """
    found = await conversations.read(connection, team_id=actor.team_id, thread_ids=[thread_id])
    if not found:
        raise NotFound("thread", thread_id)
    return found[0]


async def views(
    connection: Connection, actor: Actor, rows: Sequence[Thread], expand: Collection[ThreadExpansion]
) -> list[View]:
    """Put beside each thread what was asked for, in one statement for each kind."""
    team_id = actor.team_id
    known_accounts: dict[str, Account] = {}
    known_profiles: dict[str, Profile] = {}
    known_contacts: dict[str, ContactView] = {}
    known_members: dict[str, Member] = {}
    if ThreadExpansion.ACCOUNT_LINK in expand:
        account_ids = [row.account_id for row in rows]
        known_accounts = await accounts.of_ids(connection, team_id=team_id, account_ids=account_ids)
    if ThreadExpansion.PROFILE in expand:
        known_profiles = await people.of_ids(connection, team_id=team_id, profile_ids=[row.profile_id for row in rows])
    if ThreadExpansion.CONTACT in expand:
        noted = await stored_contacts.read(
            connection, team_id=team_id, contact_ids=sorted({row.contact_id for row in rows})
        )
        known_contacts = {view.contact.id: view for view in await contacts.views(connection, actor, noted, ())}
    if ThreadExpansion.ASSIGNEE in expand:
        wanted = [row.assignee_id for row in rows if row.assignee_id is not None]
        known_members = await members.of_ids(connection, team_id=team_id, member_ids=wanted)
    return [
        View(
            thread=row,
            account=known_accounts.get(row.account_id),
            profile=known_profiles.get(row.profile_id),
            contact=known_contacts.get(row.contact_id),
            assignee=known_members.get(row.assignee_id or ""),
        )
        for row in rows
    ]


async def _resolved(connection: Connection, actor: Actor, wanted: Wanted) -> Filters:
    """Put ids in the place of names; what there is not is left out, and may leave nothing."""
    filters, team_id = wanted.filters, actor.team_id
    if wanted.contact_ids:
        profile_ids = await stored_contacts.profiles_of(
            connection, team_id=team_id, contact_ids=list(wanted.contact_ids)
        )
        filters = replace(filters, profile_ids=profile_ids)
    if wanted.tags:
        filters = replace(filters, tag_ids=await _known(connection, team_id, wanted.tags, tags.find))
    if wanted.statuses:
        filters = replace(filters, status_ids=await _known(connection, team_id, wanted.statuses, statuses.find))
    return filters


async def _known(connection: Connection, team_id: str, references: Sequence[str], find: Any) -> list[str]:
    found = []
    for reference in references:
        try:
            found.append(cast(str, (await find(connection, team_id, reference)).id))
        except NotFound:
            continue
    return found


async def _lock(connection: Connection, actor: Actor, thread_id: str) -> Thread:
    if not await conversations.lock(connection, team_id=actor.team_id, thread_id=thread_id):
        raise NotFound("thread", thread_id)
    return await read(connection, actor, thread_id)


async def _require_member(connection: Connection, actor: Actor, member_id: str | None) -> None:
    if member_id is not None and not await automations.known(
        connection, team_id=actor.team_id, table="member", identifiers=[member_id]
    ):
        raise NotFound("member", member_id)


def _named(state: dict[str, Any]) -> dict[str, Any]:
    """Call the thread's own assignee what the API calls it."""
    return {"assigneeId" if name == "ownAssigneeId" else name: value for name, value in state.items()}


def _events(before: Thread, after: Thread) -> list[outbox.NewEvent]:
    events = []
    if before.archived != after.archived:
        events.append(_event("thread.archived" if after.archived else "thread.unarchived", after.id, {}))
    if before.assignee_id != after.assignee_id:
        kind = "thread.unassigned" if after.assignee_id is None else "thread.assigned"
        events.append(_event(kind, after.id, {"assigneeId": after.assignee_id}))
    return events


def _event(kind: str, thread_id: str, data: dict[str, Any]) -> outbox.NewEvent:
    return outbox.NewEvent(type=kind, object_type="thread", object_id=thread_id, data=data)

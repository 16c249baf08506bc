"""Tags: create, find, order, change, delete."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from overture import ids
from overture.actions import audit, labels
from overture.actions.context import Actor, Context
from overture.core import colors, names
from overture.core.words import AuditAction, ObjectType
from overture.errors import NotFound, Unprocessable
from overture.store import outbox, tags, teams
from overture.store.pool import Connection
from overture.store.tags import Tag

MOST = 1000
"""How many tags a team may have."""


async def create(context: Context, actor: Actor, *, name: str, color: str | None) -> Tag:
    """Add a tag.

    Raises:
        InvalidRequest: no usable name, or no colour of ours.
        Conflict: `nameTaken`.
        Unprocessable: `tagLimitReached`.
    """
    name, parsed = labels.checked_name(name), labels.checked_color(color)
    now = await context.clock.now()
    try:
        async with context.pool.acquire() as connection, connection.transaction():
            # Two calls at once must not count the same.
            await teams.lock(connection, team_id=actor.team_id)
            present = await tags.count(connection, team_id=actor.team_id)
            if present >= MOST:
                raise Unprocessable(
                    f"The team has {present} tags, and may have {MOST}. Delete one that is not needed.",
                    code="tagLimitReached",
                    details={"max": MOST},
                )
            made = Tag(
                id=ids.new("h"),
                name=name,
                name_key=names.key(name),
                color=parsed or colors.nth(present),
                created_at=now,
            )
            await tags.insert(connection, team_id=actor.team_id, tag=made)
            await _tell(connection, actor, "tag.created", made.id, now)
            await audit.record(
                connection,
                actor,
                action=AuditAction.TAG_CREATED,
                object_type=ObjectType.TAG,
                object_id=made.id,
                now=now,
                after=audit.state(made, "name", "color"),
            )
    except asyncpg.UniqueViolationError as error:
        raise labels.name_taken("tag", name) from error
    return made


async def get(context: Context, actor: Actor, *, reference: str) -> Tag:
    """Return a tag by id or by name.

    Raises:
        NotFound: there is none.
    """
    async with context.pool.acquire() as connection:
        return await find(connection, actor.team_id, reference)


async def find(connection: Connection, team_id: str, reference: str) -> Tag:
    """Return a tag by id or by name, the id first; for other actions too.

    Raises:
        NotFound: there is none.
    """
    found = await tags.find(connection, team_id=team_id, reference=reference, name_key=names.key(reference))
    if found is None:
        raise NotFound("tag", reference, hint="Check the id or the name.")
    return found


async def read_page(context: Context, actor: Actor, *, after: tuple[int, str] | None, limit: int) -> Sequence[Tag]:
    """Return tags in the team's order."""
    async with context.pool.acquire() as connection:
        return await tags.page(connection, team_id=actor.team_id, after=after, limit=limit)


async def order(context: Context, actor: Actor, *, tag_ids: Sequence[str]) -> Sequence[Tag]:
    """Put all tags of the team in another order; return them in it.

    Raises:
        InvalidRequest: one is named twice or not at all.
        NotFound: there is none with an id.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        present = await tags.lock_all(connection, team_id=actor.team_id)
        before = [one.id for one in present]
        labels.check_order("tag", tag_ids, before)
        if list(tag_ids) != before:
            await tags.place(connection, team_id=actor.team_id, tag_ids=tag_ids)
            was, now_is = labels.moved(before, tag_ids)
            await audit.record(
                connection,
                actor,
                action=AuditAction.TAGS_ORDERED,
                object_type=ObjectType.TEAM,
                object_id=actor.team_id,
                now=now,
                before={"ids": was},
                after={"ids": now_is},
            )
    by_id = {one.id: one for one in present}
    return [by_id[one] for one in tag_ids]


async def change(context: Context, actor: Actor, *, reference: str, name: str | None, color: str | None) -> Tag:
    """Rename or recolour a tag; None leaves as it is.

    Raises:
        NotFound: there is none.
        InvalidRequest: no usable name, or no colour of ours.
        Conflict: `nameTaken`.
    """
    new_name = None if name is None else labels.checked_name(name)
    new_color = labels.checked_color(color)
    now = await context.clock.now()
    try:
        async with context.pool.acquire() as connection, connection.transaction():
            found = await _lock(connection, actor, reference)
            wanted_name = new_name or found.name
            changed = replace(found, name=wanted_name, name_key=names.key(wanted_name), color=new_color or found.color)
            if changed != found:
                await tags.update(connection, team_id=actor.team_id, tag=changed)
                await _tell(connection, actor, "tag.updated", found.id, now)
                await audit.record(
                    connection,
                    actor,
                    action=AuditAction.TAG_CHANGED,
                    object_type=ObjectType.TAG,
                    object_id=found.id,
                    now=now,
                    before=audit.state(found, "name", "color"),
                    after=audit.state(changed, "name", "color"),
                )
    except asyncpg.UniqueViolationError as error:
        raise labels.name_taken("tag", new_name or "") from error
    return changed


async def delete(context: Context, actor: Actor, *, reference: str) -> None:
    """Delete a tag: no contact has it any more, and automations that use it are switched off.

    Raises:
        NotFound: there is none.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        found = await _lock(connection, actor, reference)
        await tags.delete(connection, team_id=actor.team_id, tag_id=found.id)
        was = {"name": found.name, "color": found.color}
        await _tell(connection, actor, "tag.deleted", found.id, now, was)
        await audit.record(
            connection,
            actor,
            action=AuditAction.TAG_DELETED,
            object_type=ObjectType.TAG,
            object_id=found.id,
            now=now,
            before=audit.state(found, "name", "color"),
        )


async def _lock(connection: Connection, actor: Actor, reference: str) -> Tag:
    found = await find(connection, actor.team_id, reference)
    locked = await tags.lock(connection, team_id=actor.team_id, tag_id=found.id)
    if locked is None:
        raise NotFound("tag", reference, hint="Check the id or the name.")
    return locked


async def _tell(
    connection: Connection, actor: Actor, kind: str, tag_id: str, now: datetime, was: Mapping[str, Any] | None = None
) -> None:
    event = outbox.NewEvent(type=kind, object_type="tag", object_id=tag_id, data=was or {})
    await outbox.append(connection, team_id=actor.team_id, now=now, events=[event])

"""Statuses of the pipeline: create, find, order, change, delete."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from overture import ids
from overture.actions import audit, labels
from overture.actions.context import Actor, Context
from overture.core import colors, instants, names
from overture.core.words import AuditAction, ObjectType
from overture.errors import NotFound
from overture.store import outbox, statuses
from overture.store.pool import Connection
from overture.store.statuses import Status

DEFAULTS = (
    ("New", "blue"),
    ("Interested", "green"),
    ("Not interested", "gray"),
    ("Won", "violet"),
    ("Lost", "red"),
)


async def insert_defaults(connection: Connection, *, team_id: str, now: datetime) -> None:
    """Give a new team the pipeline it starts with."""
    made = [
        Status(
            id=status_id,
            name=name,
            name_key=names.key(name),
            color=colors.PALETTE[color],
            position=position,
            created_at=now,
        )
        for position, (status_id, (name, color)) in enumerate(zip(ids.many("w", len(DEFAULTS)), DEFAULTS, strict=True))
    ]
    await statuses.insert(connection, team_id=team_id, statuses=made)


async def create(context: Context, actor: Actor, *, name: str, color: str | None) -> Status:
    """Add a status at the end of the board.

    Raises:
        InvalidRequest: no usable name, or no colour of ours.
        Conflict: `nameTaken`.
    """
    name, parsed = labels.checked_name(name), labels.checked_color(color)
    now = await context.clock.now()
    try:
        async with context.pool.acquire() as connection, connection.transaction():
            position = await statuses.next_position(connection, team_id=actor.team_id)
            made = Status(
                id=ids.new("w"),
                name=name,
                name_key=names.key(name),
                color=parsed or colors.nth(position),
                position=position,
                created_at=now,
            )
            await statuses.insert(connection, team_id=actor.team_id, statuses=[made])
            await _tell(connection, actor, "status.created", made.id, now)
            await audit.record(
                connection,
                actor,
                action=AuditAction.STATUS_CREATED,
                object_type=ObjectType.STATUS,
                object_id=made.id,
                now=now,
                after=audit.state(made, "name", "color"),
            )
    except asyncpg.UniqueViolationError as error:
        raise labels.name_taken("status", name) from error
    return made


async def get(context: Context, actor: Actor, *, reference: str) -> Status:
    """Return a status by id or by name.

    Raises:
        NotFound: there is none.
    """
    async with context.pool.acquire() as connection:
        return await find(connection, actor.team_id, reference)


async def find(connection: Connection, team_id: str, reference: str) -> Status:
    """Return a status by id or by name, the id first; for other actions too.

    Raises:
        NotFound: there is none.
    """
    found = await statuses.find(connection, team_id=team_id, reference=reference, name_key=names.key(reference))
    if found is None:
        raise NotFound("status", reference)
    return found


async def read_page(context: Context, actor: Actor, *, after: tuple[int, str] | None, count: int) -> Sequence[Status]:
    """Return statuses in the order of the board."""
    async with context.pool.acquire() as connection:
        return await statuses.read_page(connection, team_id=actor.team_id, after=after, count=count)


async def order(context: Context, actor: Actor, *, status_ids: Sequence[str]) -> Sequence[Status]:
    """Put all statuses of the team in another order; return them in it.

    Raises:
        InvalidRequest: one is named twice or not at all.
        NotFound: there is none with an id.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        present = await statuses.lock_all(connection, team_id=actor.team_id)
        before = [one.id for one in present]
        labels.check_order("status", status_ids, before)
        if list(status_ids) != before:
            await statuses.place(connection, team_id=actor.team_id, status_ids=status_ids)
            was, now_is = labels.moved(before, status_ids)
            await audit.record(
                connection,
                actor,
                action=AuditAction.STATUSES_ORDERED,
                object_type=ObjectType.TEAM,
                object_id=actor.team_id,
                now=now,
                before={"ids": was},
                after={"ids": now_is},
            )
    by_id = {one.id: one for one in present}
    return [by_id[one] for one in status_ids]


async def change(context: Context, actor: Actor, *, reference: str, name: str | None, color: str | None) -> Status:
    """Rename or recolour a status; None leaves as it is.

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
            found = await find(connection, actor.team_id, reference)
            wanted_name = new_name or found.name
            changed = replace(found, name=wanted_name, name_key=names.key(wanted_name), color=new_color or found.color)
            if changed != found:
                await statuses.update(
                    connection,
                    team_id=actor.team_id,
                    status_id=found.id,
                    name=changed.name,
                    name_key=changed.name_key,
                    color=changed.color,
                )
                await _tell(connection, actor, "status.updated", found.id, now)
                await audit.record(
                    connection,
                    actor,
                    action=AuditAction.STATUS_CHANGED,
                    object_type=ObjectType.STATUS,
                    object_id=found.id,
                    now=now,
                    before=audit.state(found, "name", "color"),
                    after=audit.state(changed, "name", "color"),
                )
    except asyncpg.UniqueViolationError as error:
        raise labels.name_taken("status", new_name or "") from error
    return changed


async def delete(context: Context, actor: Actor, *, reference: str) -> None:
    """Delete a status: contacts that have it have none, automations that set it are switched off.

    Raises:
        NotFound: there is none.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        found = await find(connection, actor.team_id, reference)
        await statuses.delete(connection, team_id=actor.team_id, status_id=found.id)
        was = {"name": found.name, "color": found.color, "createdAt": instants.written(found.created_at)}
        await _tell(connection, actor, "status.deleted", found.id, now, was)
        await audit.record(
            connection,
            actor,
            action=AuditAction.STATUS_DELETED,
            object_type=ObjectType.STATUS,
            object_id=found.id,
            now=now,
            before=audit.state(found, "name", "color"),
        )


async def _tell(
    connection: Connection, actor: Actor, kind: str, status_id: str, now: datetime, was: Mapping[str, Any] | None = None
) -> None:
    event = outbox.NewEvent(type=kind, object_type="status", object_id=status_id, data=was or {})
    await outbox.append(connection, team_id=actor.team_id, now=now, events=[event])

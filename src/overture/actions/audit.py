"""The audit: who did what when, written in the transaction of the act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from overture import ids
from overture.actions.context import Actor, Context
from overture.core.words import AuditAction, ObjectType
from overture.store import audits
from overture.store.audits import Entry, Filters
from overture.store.pool import Connection

MOST_NAMED = 100
"""How many of the people an act concerns it names; it counts all."""

State = Mapping[str, Any]


async def record(
    connection: Connection,
    actor: Actor,
    *,
    action: AuditAction,
    object_type: ObjectType,
    object_id: str,
    now: datetime,
    before: State | None = None,
    after: State | None = None,
) -> None:
    """Write down an act in its own transaction: it stands if the act stands.

    Args:
        connection: the connection of the act.
        actor: who acts.
        action: what is done.
        object_type: what kind of thing it is done to.
        object_id: the id of that thing.
        now: engine time of the act.
        before: what the act changes, as it was, in the names of the API; never a secret.
        after: the same as it is now.
    """
    entry = Entry(
        id=ids.new("y"),
        at=now,
        actor_type=actor.type,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        object_type=object_type,
        object_id=object_id,
        before=before,
        after=after,
    )
    await audits.insert(connection, team_id=actor.team_id, entry=entry)


def differences(before: State, after: State) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs between two states of the same thing, as it was and as it is."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def state(thing: object, *names: str) -> dict[str, Any]:
    """Return these fields of a thing under their names of the API."""
    return {_camel(name): getattr(thing, name) for name in names}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


async def page(
    context: Context, actor: Actor, *, filters: Filters, after: tuple[datetime, str] | None, limit: int
) -> list[Entry]:
    """Return the team's acts, newest first."""
    async with context.pool.acquire() as connection:
        return await audits.page(connection, team_id=actor.team_id, filters=filters, after=after, limit=limit)

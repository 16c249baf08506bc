"""The custom columns of a campaign: add, change, remove."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from overture import ids
from overture.actions import audit, campaign_access
from overture.actions.context import Actor, Context
from overture.core import names
from overture.core.words import AuditAction, ColumnType, ObjectType
from overture.errors import Conflict, InvalidRequest, NotFound, Path
from overture.store import campaign_columns, campaign_rules, campaigns
from overture.store.campaign_columns import Column
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class NewColumn:
    """A column to add."""

    name: str
    description: str | None = None
    type: ColumnType = ColumnType.TEXT


_AUDITED_OF_COLUMN = ("id", "name", "description", "type")


class ColumnChanges(TypedDict, total=False):
    """What to change of a column; what is absent stays. Its type never changes: values of it are stored."""

    name: str
    description: str | None


async def insert(
    connection: Connection,
    actor: Actor,
    *,
    campaign_id: str,
    new: Sequence[NewColumn],
    now: datetime,
    path: Path | None = None,
) -> list[Column]:
    """Insert columns; `path` leads to their array in the request, None where there is no array.

    Raises:
        InvalidRequest: a name of nothing but spaces.
    """
    made = [
        Column(
            id="custom_" + column_id,
            name=checked_name(column.name, () if path is None else (*path, number)),
            description=column.description,
            type=column.type,
            created_at=now,
            updated_at=now,
        )
        for number, (column_id, column) in enumerate(zip(ids.many("f", len(new)), new, strict=True))
    ]
    await campaign_columns.insert(connection, team_id=actor.team_id, campaign_id=campaign_id, columns=made)
    return made


async def page(context: Context, actor: Actor, *, campaign_id: str, after: str | None, limit: int) -> list[Column]:
    """Return columns of a campaign, oldest first.

    Raises:
        NotFound: no such campaign.
    """
    async with context.pool.acquire() as connection:
        await campaign_access.require(connection, actor, campaign_id=campaign_id)
        return await campaign_columns.page(
            connection, team_id=actor.team_id, campaign_id=campaign_id, after=after, limit=limit
        )


async def every(context: Context, actor: Actor, *, campaign_id: str) -> list[Column]:
    """Return all columns of a campaign, oldest first.

    Raises:
        NotFound: no such campaign.
    """
    async with context.pool.acquire() as connection:
        await campaign_access.require(connection, actor, campaign_id=campaign_id)
        return await campaign_columns.all_of(connection, team_id=actor.team_id, campaign_id=campaign_id)


async def create(context: Context, actor: Actor, *, campaign_id: str, new: NewColumn) -> Column:
    """Add a column.

    Raises:
        NotFound: no such campaign.
        InvalidRequest: a name of nothing but spaces.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock(connection, actor, campaign_id=campaign_id)
        (made,) = await insert(connection, actor, campaign_id=campaign_id, new=[new], now=now)
        await audit.record(
            connection,
            actor,
            action=AuditAction.COLUMN_CREATED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            after=audit.state(made, *_AUDITED_OF_COLUMN),
        )
        await campaigns.touch(connection, team_id=actor.team_id, campaign_id=campaign_id, now=now)
    return made


async def change(context: Context, actor: Actor, *, campaign_id: str, column_id: str, changes: ColumnChanges) -> Column:
    """Rename or describe a column.

    Raises:
        NotFound: no such campaign or column.
        InvalidRequest: a name of nothing but spaces.
    """
    if "name" in changes:
        changes = {**changes, "name": checked_name(changes["name"], ())}
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock(connection, actor, campaign_id=campaign_id)
        found = await _find(connection, actor, campaign_id, column_id)
        changed = replace(found, **changes)
        if changed == found:
            return found
        changed = replace(changed, updated_at=now)
        await campaign_columns.update(connection, team_id=actor.team_id, campaign_id=campaign_id, column=changed)
        await audit.record(
            connection,
            actor,
            action=AuditAction.COLUMN_CHANGED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            before=audit.state(found, *_AUDITED_OF_COLUMN),
            after=audit.state(changed, *_AUDITED_OF_COLUMN),
        )
        await campaigns.touch(connection, team_id=actor.team_id, campaign_id=campaign_id, now=now)
    return changed


async def delete(context: Context, actor: Actor, *, campaign_id: str, column_id: str) -> None:
    """Remove a column with its values and mappings.

    Raises:
        NotFound: no such campaign or column.
        Conflict: `columnInUse`: steps use it.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        found = await _find(connection, actor, campaign_id, column_id)
        keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
        uses = await campaign_columns.uses(connection, **keys, column_id=column_id)
        if uses:
            listed = ", ".join(f"{use.rank} of version {use.version}" for use in uses)
            raise Conflict(
                f"The column {found.name!r} is used by step {listed}. Take it out of the text first.",
                code="columnInUse",
                details={"steps": [{"id": use.step_id, "rank": use.rank, "version": use.version} for use in uses]},
            )
        await campaign_rules.drop_column(connection, **keys, column_id=column_id)
        await campaign_columns.delete(connection, **keys, column_id=column_id)
        await audit.record(
            connection,
            actor,
            action=AuditAction.COLUMN_DELETED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            before=audit.state(found, *_AUDITED_OF_COLUMN),
        )
        await campaigns.touch(connection, **keys, now=now)


def checked_name(name: str, path: Path) -> str:
    """Return a column's name without outer spaces.

    Raises:
        InvalidRequest: nothing is left.
    """
    cleaned = names.clean(name)
    if not cleaned:
        raise InvalidRequest([((*path, "name"), "Must have at least one character that is not a space.")])
    return cleaned


def by_name(columns: Sequence[Column]) -> tuple[dict[str, str], set[str]]:
    """Return the ids of columns by their names, and the names that more than one of them has."""
    ids_of: dict[str, str] = {}
    unclear: set[str] = set()
    for column in columns:
        if column.name in ids_of:
            unclear.add(column.name)
        ids_of[column.name] = column.id
    return {name: column_id for name, column_id in ids_of.items() if name not in unclear}, unclear


def ambiguous(name: str) -> str:
    """Say that a name does not tell which column is meant."""
    return f"More than one column is called {name!r}: give them names of their own."


async def _find(connection: Connection, actor: Actor, campaign_id: str, column_id: str) -> Column:
    present = await campaign_columns.all_of(connection, team_id=actor.team_id, campaign_id=campaign_id)
    found = next((column for column in present if column.id == column_id), None)
    if found is None:
        raise NotFound("column", column_id)
    return found

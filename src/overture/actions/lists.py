"""Lists and their columns: create, change, delete."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from overture import ids
from overture.actions import audit
from overture.actions.context import Actor, Context
from overture.core.words import AuditAction, ColumnType, ObjectType
from overture.errors import Conflict, NotFound
from overture.store import lists
from overture.store.lists import Column, LeadList
from overture.store.pool import Connection

USER = "user"
_AUDITED = ("name", "description")
_AUDITED_OF_COLUMN = ("id", "name", "description", "type")


async def create(context: Context, actor: Actor, *, name: str, description: str | None) -> LeadList:
    """Make an empty list."""
    now = await context.clock.now()
    made = LeadList(
        id=ids.new("l"),
        kind=USER,
        name=name,
        description=description,
        leads_count=0,
        created_at=now,
        updated_at=now,
    )
    async with context.pool.acquire() as connection, connection.transaction():
        await lists.insert(connection, team_id=actor.team_id, made=made)
        await audit.record(
            connection,
            actor,
            action=AuditAction.LIST_CREATED,
            object_type=ObjectType.LIST,
            object_id=made.id,
            now=now,
            after=audit.state(made, *_AUDITED),
        )
    return made


async def get(context: Context, actor: Actor, *, list_id: str) -> LeadList:
    """Return a list, system lists too.

    Raises:
        NotFound: the team has none with this id.
    """
    async with context.pool.acquire() as connection:
        return await require(connection, actor, list_id)


async def read_page(context: Context, actor: Actor, *, after: str | None, count: int) -> list[LeadList]:
    """Return lists, system lists first."""
    async with context.pool.acquire() as connection:
        return await lists.read_page(connection, team_id=actor.team_id, after=after, count=count)


async def change(context: Context, actor: Actor, *, list_id: str, changes: Mapping[str, Any]) -> LeadList:
    """Change `name` or `description`; what is not in `changes` stays.

    Raises:
        NotFound: the team has none with this id.
        Conflict: `listNotWritable`, a system list.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await lock(connection, actor, list_id)
        before = await require(connection, actor, list_id)
        after = replace(before, **changes)
        if after == before:
            return before
        await lists.update(
            connection,
            team_id=actor.team_id,
            list_id=list_id,
            name=after.name,
            description=after.description,
            now=now,
        )
        old, new = audit.differences(audit.state(before, *_AUDITED), audit.state(after, *_AUDITED))
        await audit.record(
            connection,
            actor,
            action=AuditAction.LIST_CHANGED,
            object_type=ObjectType.LIST,
            object_id=list_id,
            now=now,
            before=old,
            after=new,
        )
    return replace(after, updated_at=now)


async def delete(context: Context, actor: Actor, *, list_id: str) -> None:
    """Delete a list with its columns, leads and import jobs; profiles stay.

    Raises:
        NotFound: the team has none with this id.
        Conflict: `listNotWritable`, a system list; `listInUse`, a campaign syncs or excludes it.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        using = await lists.lock_for_deletion(connection, team_id=actor.team_id, list_id=list_id)
        await lock(connection, actor, list_id)
        if using:
            raise Conflict(
                "Campaigns sync or exclude this list: take it out of their rules first.",
                code="listInUse",
                details={"campaignIds": using},
            )
        gone = await require(connection, actor, list_id)
        await lists.delete(connection, team_id=actor.team_id, list_id=list_id)
        await audit.record(
            connection,
            actor,
            action=AuditAction.LIST_DELETED,
            object_type=ObjectType.LIST,
            object_id=list_id,
            now=now,
            before=audit.state(gone, *_AUDITED, "leads_count"),
        )


async def require(connection: Connection, actor: Actor, list_id: str) -> LeadList:
    """Return a list; for other actions too.

    Raises:
        NotFound: the team has none with this id.
    """
    found = await lists.read(connection, team_id=actor.team_id, list_id=list_id)
    if found is None:
        raise NotFound("list", list_id)
    return found


async def lock(connection: Connection, actor: Actor, list_id: str) -> None:
    """Lock a list for writing, the first lock of its transaction.

    Raises:
        NotFound: the team has none with this id.
        Conflict: `listNotWritable`, a system list.
    """
    kind = await lists.lock(connection, team_id=actor.team_id, list_id=list_id)
    if kind is None:
        raise NotFound("list", list_id)
    _check_kind(kind)


async def require_writable(connection: Connection, actor: Actor, list_id: str) -> None:
    """Check, without a lock, that a list can be written: to refuse early what `lock` would refuse later.

    Raises:
        NotFound: the team has none with this id.
        Conflict: `listNotWritable`, a system list.
    """
    _check_kind((await require(connection, actor, list_id)).kind)


def _check_kind(kind: str) -> None:
    if kind != USER:
        raise Conflict(
            "Overture keeps this list itself; it cannot be written. Make a list of your own.",
            code="listNotWritable",
            details={"kind": kind},
        )


async def create_column(
    context: Context, actor: Actor, *, list_id: str, name: str, description: str | None, kind: ColumnType
) -> Column:
    """Add a column to a list.

    Raises:
        NotFound: the team has no such list.
        Conflict: `listNotWritable`, a system list.
    """
    now = await context.clock.now()
    column = Column(
        id="custom_" + ids.new("f"),
        name=name,
        description=description,
        type=kind,
        created_at=now,
        updated_at=now,
    )
    async with context.pool.acquire() as connection, connection.transaction():
        await lock(connection, actor, list_id)
        await lists.insert_column(connection, team_id=actor.team_id, list_id=list_id, column=column)
        await audit.record(
            connection,
            actor,
            action=AuditAction.COLUMN_CREATED,
            object_type=ObjectType.LIST,
            object_id=list_id,
            now=now,
            after=audit.state(column, *_AUDITED_OF_COLUMN),
        )
    return column


async def read_column_page(
    context: Context, actor: Actor, *, list_id: str, after: str | None, count: int
) -> list[Column]:
    """Return columns of a list, oldest first.

    Raises:
        NotFound: the team has no such list.
    """
    async with context.pool.acquire() as connection:
        await require(connection, actor, list_id)
        return await lists.read_column_page(
            connection, team_id=actor.team_id, list_id=list_id, after=after, count=count
        )


async def every_column(context: Context, actor: Actor, *, list_id: str) -> list[Column]:
    """Return all columns of a list, oldest first.

    Raises:
        NotFound: the team has no such list.
    """
    async with context.pool.acquire() as connection:
        await require(connection, actor, list_id)
        return await lists.read_columns(connection, team_id=actor.team_id, list_id=list_id)


async def change_column(
    context: Context, actor: Actor, *, list_id: str, column_id: str, changes: Mapping[str, Any]
) -> Column:
    """Change `name` or `description` of a column; its type stays, for values of it are stored.

    Raises:
        NotFound: the team has no such list or column.
        Conflict: `listNotWritable`, a system list.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await lock(connection, actor, list_id)
        before = await _require_column(connection, actor, list_id, column_id)
        after = replace(before, **changes)
        if after == before:
            return before
        after = replace(after, updated_at=now)
        await lists.update_column(connection, team_id=actor.team_id, list_id=list_id, column=after)
        await audit.record(
            connection,
            actor,
            action=AuditAction.COLUMN_CHANGED,
            object_type=ObjectType.LIST,
            object_id=list_id,
            now=now,
            before=audit.state(before, *_AUDITED_OF_COLUMN),
            after=audit.state(after, *_AUDITED_OF_COLUMN),
        )
    return after


async def delete_column(context: Context, actor: Actor, *, list_id: str, column_id: str) -> None:
    """Delete a column with its values.

    Raises:
        NotFound: the team has no such list or column.
        Conflict: `listNotWritable`, a system list; `columnInUse`, campaigns fill columns of theirs from it.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await lock(connection, actor, list_id)
        found = await _require_column(connection, actor, list_id, column_id)
        using = await lists.campaigns_mapping(connection, team_id=actor.team_id, list_id=list_id, column_id=column_id)
        if using:
            raise Conflict(
                f"Campaigns fill columns of theirs from the column {found.name!r}: take it out of their column mappings"
                " first.",
                code="columnInUse",
                details={"campaignIds": using},
            )
        await lists.delete_column(connection, team_id=actor.team_id, list_id=list_id, column_id=column_id)
        await audit.record(
            connection,
            actor,
            action=AuditAction.COLUMN_DELETED,
            object_type=ObjectType.LIST,
            object_id=list_id,
            now=now,
            before=audit.state(found, *_AUDITED_OF_COLUMN),
        )


async def _require_column(connection: Connection, actor: Actor, list_id: str, column_id: str) -> Column:
    for column in await lists.read_columns(connection, team_id=actor.team_id, list_id=list_id):
        if column.id == column_id:
            return column
    raise NotFound("column", column_id)

"""The audit: who did what, and when. Rows are added and never changed; the database refuses anything else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One act. `actor_id` is the token's; None for the operator at the command line."""

    id: str
    at: datetime
    actor_type: str
    actor_id: str | None
    actor_name: str
    action: str
    object_type: str
    object_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which acts to show: empty or None for all; `since` is part of the span, `until` is not."""

    actions: Sequence[str] = ()
    object_type: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_COLUMNS = "id, at, actor_type, actor_id, actor_name, action, object_type, object_id, before, after"


async def insert(connection: Connection, *, team_id: str, entry: Entry) -> None:
    """Add an act."""
    await connection.execute(
        f"INSERT INTO audit_entry (team_id, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        team_id,
        entry.id,
        entry.at,
        entry.actor_type,
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.before,
        entry.after,
    )


async def page(
    connection: Connection, *, team_id: str, filters: Filters, after: tuple[datetime, str] | None, limit: int
) -> list[Entry]:
    """Return up to `limit` acts, newest first, after the one at (instant, id)."""
    at, entry_id = after or (None, None)
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM audit_entry
         WHERE team_id = $1
           AND (cardinality($2::text[]) = 0 OR action = ANY($2::text[]))
           AND ($3::text IS NULL OR object_type = $3)
           AND ($4::text IS NULL OR object_id = $4)
           AND ($5::timestamptz IS NULL OR at >= $5)
           AND ($6::timestamptz IS NULL OR at < $6)
           AND ($7::timestamptz IS NULL OR (at, id) < ($7, $8::text))
         ORDER BY at DESC, id DESC LIMIT $9
        """,
        team_id,
        list(filters.actions),
        filters.object_type,
        filters.object_id,
        filters.since,
        filters.until,
        at,
        entry_id,
        limit,
    )
    return [Entry(**row) for row in rows]

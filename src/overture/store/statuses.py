"""Statuses: the columns of a team's pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """One status. `name_key` is the name without case and accents, unique in the team."""

    id: str
    name: str
    name_key: str
    color: str
    position: int
    created_at: datetime


_COLUMNS = "id, name, name_key, color, position, created_at"


async def insert(connection: Connection, *, team_id: str, statuses: Sequence[Status]) -> None:
    """Insert new statuses.

    Raises:
        asyncpg.UniqueViolationError: a name is taken.
    """
    await connection.executemany(
        f"INSERT INTO status (team_id, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [(team_id, one.id, one.name, one.name_key, one.color, one.position, one.created_at) for one in statuses],
    )


async def next_position(connection: Connection, *, team_id: str) -> int:
    """Return the position behind the last status."""
    position: int = await connection.fetchval(
        "SELECT coalesce(max(position) + 1, 0) FROM status WHERE team_id = $1", team_id
    )
    return position


async def find(connection: Connection, *, team_id: str, reference: str, name_key: str) -> Status | None:
    """Return the status with the id `reference`, else the one with this name."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM status WHERE team_id = $1 AND (id::text = $2 OR name_key = $3)"
        " ORDER BY id::text <> $2 LIMIT 1",
        team_id,
        reference,
        name_key,
    )
    return None if row is None else Status(**row)


async def read_page(connection: Connection, *, team_id: str, after: tuple[int, str] | None, count: int) -> list[Status]:
    """Return up to `count` statuses in the order of the board, after the one at (position, id)."""
    position, status_id = after or (-1, "")
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM status WHERE team_id = $1 AND (position, id::text) > ($2, $3)"
        " ORDER BY position, id::text LIMIT $4",
        team_id,
        position,
        status_id,
        count,
    )
    return [Status(**row) for row in rows]


async def lock_all(connection: Connection, *, team_id: str) -> list[Status]:
    """Return all statuses in the order of the board; none is deleted or moved until the transaction ends."""
    rows = await connection.fetch(
        f"""
        WITH locked AS MATERIALIZED (
            SELECT {_COLUMNS} FROM status WHERE team_id = $1 ORDER BY id FOR NO KEY UPDATE
        )
        SELECT {_COLUMNS} FROM locked ORDER BY position, id::text
        """,
        team_id,
    )
    return [Status(**row) for row in rows]


async def place(connection: Connection, *, team_id: str, status_ids: Sequence[str]) -> None:
    """Put locked statuses in this order on the board."""
    await connection.execute(
        """
        UPDATE status s SET position = v.n - 1
          FROM unnest($2::text[]) WITH ORDINALITY AS v (id, n)
         WHERE s.team_id = $1 AND s.id = v.id AND s.position <> v.n - 1
        """,
        team_id,
        list(status_ids),
    )


async def update(connection: Connection, *, team_id: str, status_id: str, name: str, name_key: str, color: str) -> None:
    """Change name and colour.

    Raises:
        asyncpg.UniqueViolationError: the name is taken.
    """
    await connection.execute(
        "UPDATE status SET name = $3, name_key = $4, color = $5 WHERE team_id = $1 AND id = $2",
        team_id,
        status_id,
        name,
        name_key,
        color,
    )


async def delete(connection: Connection, *, team_id: str, status_id: str) -> None:
    """Delete a status, take it off the contacts that have it, and switch off the automations that set it."""
    # Locked before the contacts, as by whoever sets it.
    await connection.execute("SELECT FROM status WHERE team_id = $1 AND id = $2 FOR UPDATE", team_id, status_id)
    await connection.execute(
        """
        UPDATE automation SET enabled = false
         WHERE team_id = $1 AND action = 'setStatus' AND action_data ->> 'statusId' = $2
        """,
        team_id,
        status_id,
    )
    await connection.execute(
        """
        WITH concerned AS (
            SELECT id FROM contact WHERE team_id = $1 AND status_id = $2 ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE contact c SET status_id = NULL FROM concerned WHERE c.team_id = $1 AND c.id = concerned.id
        """,
        team_id,
        status_id,
    )
    await connection.execute("DELETE FROM status WHERE team_id = $1 AND id = $2", team_id, status_id)


async def of_ids(connection: Connection, *, team_id: str, status_ids: Sequence[str]) -> dict[str, Status]:
    """Return those of these statuses that there are, by id."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM status WHERE team_id = $1 AND id = ANY($2::text[])", team_id, list(status_ids)
    )
    return {row["id"]: Status(**row) for row in rows}

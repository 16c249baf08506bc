"""Lists and their columns."""

from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadList:
    """One list. `kind` is `user`, or `contacted` or `mutual` for those Overture keeps."""

    id: str
    kind: str
    name: str
    description: str | None
    leads_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A custom column of a list."""

    id: str
    name: str
    description: str | None
    type: str
    created_at: datetime
    updated_at: datetime


SYSTEM_MEMBERS = {
    "contacted": "first_contacted_at IS NOT NULL",
    "mutual": "first_contacted_at IS NOT NULL AND last_inbound_at IS NOT NULL",
}
"""Who is on a system list, as a condition on `person`."""

# System lists are views of `person`; triggers there keep their sizes, a few rows to add up.
_LIST = """
    SELECT l.id, l.kind, l.name, l.description,
           CASE l.kind
               WHEN 'contacted' THEN (SELECT coalesce(sum(k.contacted), 0)::bigint FROM person_counter k
                                       WHERE k.team_id = l.team_id)
               WHEN 'mutual' THEN (SELECT coalesce(sum(k.mutual), 0)::bigint FROM person_counter k
                                    WHERE k.team_id = l.team_id)
               ELSE l.leads_count END AS leads_count,
           l.created_at, l.updated_at
      FROM list l
"""
_COLUMN = "id, name, description, type, created_at, updated_at"


async def insert(connection: Connection, *, team_id: str, made: LeadList) -> None:
    """Insert a list."""
    await connection.execute(
        """
        INSERT INTO list (team_id, id, kind, name, description, leads_count, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        team_id,
        made.id,
        made.kind,
        made.name,
        made.description,
        made.leads_count,
        made.created_at,
        made.updated_at,
    )


async def read(connection: Connection, *, team_id: str, list_id: str) -> LeadList | None:
    """Return a list."""
    row = await connection.fetchrow(_LIST + " WHERE l.team_id = $1 AND l.id = $2", team_id, list_id)
    return None if row is None else LeadList(**row)


async def read_page(connection: Connection, *, team_id: str, after: str | None, count: int) -> list[LeadList]:
    """Return up to `count` lists by id, after the id `after`."""
    rows = await connection.fetch(
        _LIST + " WHERE l.team_id = $1 AND l.id > $2 ORDER BY l.id LIMIT $3", team_id, after or "", count
    )
    return [LeadList(**row) for row in rows]


async def lock(connection: Connection, *, team_id: str, list_id: str) -> str | None:
    """Keep others from changing a list or its leads until the transaction ends; return its kind."""
    kind: str | None = await connection.fetchval(
        "SELECT kind FROM list WHERE team_id = $1 AND id = $2 FOR NO KEY UPDATE", team_id, list_id
    )
    return kind


async def update(
    connection: Connection,
    *,
    team_id: str,
    list_id: str,
    name: str,
    description: str | None,
    now: datetime,
) -> None:
    """Change a list's name and description."""
    await connection.execute(
        "UPDATE list SET name = $3, description = $4, updated_at = $5 WHERE team_id = $1 AND id = $2",
        team_id,
        list_id,
        name,
        description,
        now,
    )


async def lock_for_deletion(connection: Connection, *, team_id: str, list_id: str) -> list[str]:
    """Keep campaigns from taking up a list until the transaction ends; return those that use it."""
    await connection.execute("SELECT FROM list WHERE team_id = $1 AND id = $2 FOR UPDATE", team_id, list_id)
    rows = await connection.fetch(
        """
        SELECT DISTINCT c.id
          FROM campaign_list l JOIN campaign c ON c.team_id = l.team_id AND c.id = l.campaign_id
         WHERE l.team_id = $1 AND l.list_id = $2 AND c.deleted_at IS NULL
         ORDER BY c.id
        """,
        team_id,
        list_id,
    )
    return [row["id"] for row in rows]


async def delete(connection: Connection, *, team_id: str, list_id: str) -> None:
    """Delete a list with everything in it. Only deleted campaigns may still name it; they forget it."""
    for statement in (
        "DELETE FROM campaign_list WHERE team_id = $1 AND list_id = $2",
        """
        DELETE FROM import_chunk c USING import_job j
         WHERE j.team_id = $1 AND j.list_id = $2 AND c.team_id = j.team_id AND c.job_id = j.id
        """,
        """
        DELETE FROM import_reject r USING import_job j
         WHERE j.team_id = $1 AND j.list_id = $2 AND r.team_id = j.team_id AND r.job_id = j.id
        """,
        """
        DELETE FROM import_lead l USING import_job j
         WHERE j.team_id = $1 AND j.list_id = $2 AND l.team_id = j.team_id AND l.job_id = j.id
        """,
        """
        DELETE FROM import_met m USING import_job j
         WHERE j.team_id = $1 AND j.list_id = $2 AND m.team_id = j.team_id AND m.job_id = j.id
        """,
        "DELETE FROM import_job WHERE team_id = $1 AND list_id = $2",
        "DELETE FROM list_change WHERE team_id = $1 AND list_id = $2",
        "DELETE FROM list_lead WHERE team_id = $1 AND list_id = $2",
        "DELETE FROM list WHERE team_id = $1 AND id = $2",
    ):
        await connection.execute(statement, team_id, list_id)


async def insert_column(connection: Connection, *, team_id: str, list_id: str, column: Column) -> None:
    """Insert a column."""
    await connection.execute(
        f"INSERT INTO list_column (team_id, list_id, {_COLUMN}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        team_id,
        list_id,
        column.id,
        column.name,
        column.description,
        column.type,
        column.created_at,
        column.updated_at,
    )


async def read_columns(connection: Connection, *, team_id: str, list_id: str) -> list[Column]:
    """Return every column of a list, oldest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMN} FROM list_column WHERE team_id = $1 AND list_id = $2 ORDER BY id", team_id, list_id
    )
    return [Column(**row) for row in rows]


async def read_column_page(
    connection: Connection, *, team_id: str, list_id: str, after: str | None, count: int
) -> list[Column]:
    """Return up to `count` columns by id, after the id `after`."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMN} FROM list_column
         WHERE team_id = $1 AND list_id = $2 AND id > $3 ORDER BY id LIMIT $4
        """,
        team_id,
        list_id,
        after or "",
        count,
    )
    return [Column(**row) for row in rows]


async def update_column(connection: Connection, *, team_id: str, list_id: str, column: Column) -> None:
    """Change a column's name and description."""
    await connection.execute(
        """
        UPDATE list_column SET name = $4, description = $5, updated_at = $6
         WHERE team_id = $1 AND list_id = $2 AND id = $3
        """,
        team_id,
        list_id,
        column.id,
        column.name,
        column.description,
        column.updated_at,
    )


async def delete_column(connection: Connection, *, team_id: str, list_id: str, column_id: str) -> None:
    """Delete a column and its values. No campaign maps it."""
    await connection.execute(
        "DELETE FROM list_column WHERE team_id = $1 AND list_id = $2 AND id = $3", team_id, list_id, column_id
    )
    await connection.execute(
        "UPDATE list_lead SET data = data - $3::text WHERE team_id = $1 AND list_id = $2 AND data ? $3::text",
        team_id,
        list_id,
        column_id,
    )


async def campaigns_mapping(connection: Connection, *, team_id: str, list_id: str, column_id: str) -> list[str]:
    """Return the campaigns that fill a column of theirs from this one."""
    rows = await connection.fetch(
        """
        SELECT campaign_id FROM campaign_list
         WHERE team_id = $1 AND list_id = $2 AND column_mapping ? $3::text ORDER BY campaign_id
        """,
        team_id,
        list_id,
        column_id,
    )
    return [row["campaign_id"] for row in rows]

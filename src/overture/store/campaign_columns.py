"""The custom columns of campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A custom column of one campaign."""

    id: str
    name: str
    description: str | None
    type: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """A step that uses a column: its place in the current sequence, or in one that leads under way still follow."""

    step_id: str
    version: int
    rank: int


async def all_of(connection: Connection, *, team_id: str, campaign_id: str) -> list[Column]:
    """Return every column of a campaign, oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, name, description, type, created_at, updated_at FROM campaign_column
         WHERE team_id = $1 AND campaign_id = $2 ORDER BY created_at, id
        """,
        team_id,
        campaign_id,
    )
    return [Column(**row) for row in rows]


async def page(
    connection: Connection, *, team_id: str, campaign_id: str, after: str | None, limit: int
) -> list[Column]:
    """Return up to `limit` columns after the id `after`, oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, name, description, type, created_at, updated_at FROM campaign_column
         WHERE team_id = $1 AND campaign_id = $2 AND ($3::text IS NULL OR id > $3::text) ORDER BY id LIMIT $4
        """,
        team_id,
        campaign_id,
        after,
        limit,
    )
    return [Column(**row) for row in rows]


async def insert(connection: Connection, *, team_id: str, campaign_id: str, columns: Sequence[Column]) -> None:
    """Insert new columns."""
    await connection.execute(
        """
        INSERT INTO campaign_column (team_id, campaign_id, id, name, description, type, created_at, updated_at)
        SELECT $1, $2, v.* FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                                       $8::timestamptz[]) AS v
        """,
        team_id,
        campaign_id,
        [column.id for column in columns],
        [column.name for column in columns],
        [column.description for column in columns],
        [column.type for column in columns],
        [column.created_at for column in columns],
        [column.updated_at for column in columns],
    )


async def update(connection: Connection, *, team_id: str, campaign_id: str, column: Column) -> None:
    """Store what an edit may change of a column."""
    await connection.execute(
        """
        UPDATE campaign_column SET name = $4, description = $5, updated_at = $6
         WHERE team_id = $1 AND campaign_id = $2 AND id = $3
        """,
        team_id,
        campaign_id,
        column.id,
        column.name,
        column.description,
        column.updated_at,
    )


async def delete(connection: Connection, *, team_id: str, campaign_id: str, column_id: str) -> None:
    """Delete a column and the values leads have in it."""
    await connection.execute(
        "DELETE FROM campaign_column WHERE team_id = $1 AND campaign_id = $2 AND id = $3",
        team_id,
        campaign_id,
        column_id,
    )
    await connection.execute(
        """
        WITH filled AS (
            SELECT id FROM lead WHERE team_id = $1 AND campaign_id = $2 AND data ? $3 ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE lead l SET data = l.data - $3 FROM filled WHERE l.team_id = $1 AND l.id = filled.id
        """,
        team_id,
        campaign_id,
        column_id,
    )


async def uses(connection: Connection, *, team_id: str, campaign_id: str, column_id: str) -> list[Use]:
    """Return the steps that still need a column: of the current version, and of older ones leads are pinned to."""
    rows = await connection.fetch(
        """
        SELECT s.id AS step_id, s.version, s.rank
          FROM sequence_step s
          JOIN campaign c ON c.team_id = s.team_id AND c.id = s.campaign_id
         WHERE s.team_id = $1 AND s.campaign_id = $2 AND s.type = 'message'
           AND s.data @> jsonb_build_object('segments', jsonb_build_array(
                   jsonb_build_object('type', 'variable', 'name', $3::text)))
           AND (s.version = c.sequence_version
                OR EXISTS (SELECT FROM lead l WHERE l.team_id = $1 AND l.campaign_id = $2
                              AND l.sequence_version = s.version
                              AND l.state NOT IN ('finished', 'replied', 'failed')))
         ORDER BY s.version DESC, s.rank
        """,
        team_id,
        campaign_id,
        column_id,
    )
    return [Use(**row) for row in rows]

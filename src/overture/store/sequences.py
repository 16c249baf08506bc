"""Sequences: every version of a campaign's steps, and where leads stand in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version of a sequence; steps in wire form, by rank."""

    version: int
    steps: Sequence[dict[str, Any]]
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Affected:
    """How many leads stand where: not begun yet, under way, ended."""

    ready: int
    in_sequence: int
    ended: int


async def insert(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    version: int,
    steps: Sequence[dict[str, Any]],
    now: datetime,
) -> None:
    """Store a version with its steps in wire form and make it the campaign's current one."""
    await connection.execute(
        "INSERT INTO sequence_version (team_id, campaign_id, version, created_at) VALUES ($1, $2, $3, $4)",
        team_id,
        campaign_id,
        version,
        now,
    )
    await connection.execute(
        """
        INSERT INTO sequence_step (team_id, campaign_id, version, rank, id, type, data)
        SELECT $1, $2, $3, v.* FROM unnest($4::int[], $5::text[], $6::text[], $7::jsonb[]) AS v
        """,
        team_id,
        campaign_id,
        version,
        [step["rank"] for step in steps],
        [step["id"] for step in steps],
        [step["type"] for step in steps],
        [step["data"] for step in steps],
    )
    await connection.execute(
        "UPDATE campaign SET sequence_version = $3, updated_at = $4 WHERE team_id = $1 AND id = $2",
        team_id,
        campaign_id,
        version,
        now,
    )


async def steps(connection: Connection, *, team_id: str, campaign_id: str, version: int) -> list[dict[str, Any]]:
    """Return the steps of a version in wire form, by rank."""
    rows = await connection.fetch(
        """
        SELECT id, rank, type, data FROM sequence_step
         WHERE team_id = $1 AND campaign_id = $2 AND version = $3 ORDER BY rank
        """,
        team_id,
        campaign_id,
        version,
    )
    return [dict(row) for row in rows]


async def page(
    connection: Connection, *, team_id: str, campaign_id: str, before: int | None, limit: int
) -> list[Version]:
    """Return up to `limit` versions older than `before`, newest first."""
    rows = await connection.fetch(
        """
        SELECT v.version, v.created_at,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'rank', s.rank, 'type', s.type,
                                          'data', s.data) ORDER BY s.rank), '[]')
                  FROM sequence_step s WHERE s.team_id = v.team_id AND s.campaign_id = v.campaign_id
                   AND s.version = v.version) AS steps
          FROM sequence_version v
         WHERE v.team_id = $1 AND v.campaign_id = $2 AND ($3::int IS NULL OR v.version < $3::int)
         ORDER BY v.version DESC LIMIT $4
        """,
        team_id,
        campaign_id,
        before,
        limit,
    )
    return [Version(**row) for row in rows]


async def affected(connection: Connection, *, team_id: str, campaign_id: str) -> Affected:
    """Count the leads that a new version concerns, from the counters."""
    row = await connection.fetchrow(
        """
        SELECT coalesce(sum(ready), 0)::bigint AS ready, coalesce(sum(in_sequence), 0)::bigint AS in_sequence,
               coalesce(sum(finished + replied + failed), 0)::bigint AS ended
          FROM campaign_counter WHERE team_id = $1 AND campaign_id = $2
        """,
        team_id,
        campaign_id,
    )
    assert row is not None
    return Affected(**row)


# Under way: somebody was written to, or is being written to at this moment. Who has not begun follows the current
# version without a row being touched; who has ended keeps the version it ended with.
_UNDER_WAY = """
    l.team_id = $1 AND l.campaign_id = $2 AND l.first_intent_at IS NOT NULL
    AND l.state NOT IN ('finished', 'replied', 'failed')
"""


async def pin(connection: Connection, *, team_id: str, campaign_id: str, version: int) -> None:
    """Leave every lead under way that follows the current version on `version`."""
    await connection.execute(
        f"""
        WITH pinned AS (
            SELECT l.id FROM lead l WHERE {_UNDER_WAY} AND l.sequence_version IS NULL
             ORDER BY l.id FOR NO KEY UPDATE
        )
        UPDATE lead l SET sequence_version = $3 FROM pinned WHERE l.team_id = $1 AND l.id = pinned.id
        """,
        team_id,
        campaign_id,
        version,
    )


async def carry_over(connection: Connection, *, team_id: str, campaign_id: str, before: int, after: int) -> None:
    """Move every lead under way to version `after`: to where its step went, or on its rank where the step is gone.

    `before`: the version that was current until now, which leads without one of their own followed.
    """
    await connection.execute(
        f"""
        WITH moved AS (
            SELECT l.id, coalesce(n.rank, l.rank) AS rank
              FROM lead l
              LEFT JOIN sequence_step o ON o.team_id = $1 AND o.campaign_id = $2
                   AND o.version = coalesce(l.sequence_version, $3) AND o.rank = l.rank
              LEFT JOIN sequence_step n ON n.team_id = $1 AND n.campaign_id = $2 AND n.version = $4 AND n.id = o.id
             WHERE {_UNDER_WAY} AND (l.sequence_version IS NOT NULL OR n.rank <> l.rank)
             ORDER BY l.id FOR NO KEY UPDATE OF l
        )
        UPDATE lead l SET rank = moved.rank, sequence_version = NULL
          FROM moved WHERE l.team_id = $1 AND l.id = moved.id
        """,
        team_id,
        campaign_id,
        before,
        after,
    )


async def reschedule(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    waits: Sequence[tuple[int, int | None]],
    now: datetime,
) -> None:
    """Move planned follow-ups to when the current version has them due.

    `waits`: for each rank the seconds from the message before to the next one; None past the last message: the lead
    is due at once, so that it finishes.
    """
    await connection.execute(
        """
        WITH due AS (
            SELECT l.id, CASE WHEN w.seconds IS NULL THEN $5
                              ELSE coalesce(l.since, $5) + make_interval(secs => w.seconds) END AS due_at
              FROM lead l
              LEFT JOIN unnest($3::int[], $4::int[]) AS w (rank, seconds) ON w.rank = l.rank
             WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.state = 'inSequence' AND l.sequence_version IS NULL
             ORDER BY l.id FOR NO KEY UPDATE OF l
        )
        UPDATE lead_due d SET due_at = due.due_at
          FROM due WHERE d.team_id = $1 AND d.lead_id = due.id AND NOT d.is_first AND d.due_at <> due.due_at
        """,
        team_id,
        campaign_id,
        [rank for rank, _ in waits],
        [seconds for _, seconds in waits],
        now,
    )

"""Held leads, and how a person's decision lets them go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store import assess_queue
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A held lead. `tried_by` is the account of a message whose outcome nobody could tell."""

    lead_id: str
    profile_id: str
    reason: str | None
    account_id: str | None
    tried_by: str | None
    is_under_way: bool
    version: int
    rank: int
    since: datetime | None
    is_contacted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """Where a held lead goes on: from which step, counted since when, and due when, on which account if any."""

    lead_id: str
    account_id: str | None
    rank: int
    since: datetime
    due_at: datetime


async def lock(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> list[Held]:
    """Lock leads in key order and return those that are held."""
    rows = await connection.fetch(
        """
        WITH locked AS MATERIALIZED (
            SELECT * FROM lead
             WHERE team_id = $1 AND id = ANY($2::text[]) AND state = 'held' ORDER BY id FOR NO KEY UPDATE
        )
        SELECT l.id AS lead_id, l.profile_id, l.reason, l.account_id,
               (SELECT t.account_id FROM attempt t WHERE t.team_id = $1 AND t.lead_id = l.id AND t.state = 'unknown'
                 LIMIT 1) AS tried_by,
               EXISTS (SELECT FROM attempt t WHERE t.team_id = $1 AND t.lead_id = l.id
                          AND t.state = 'intent') AS is_under_way,
               coalesce(l.sequence_version, c.sequence_version) AS version, l.rank, l.since,
               l.contacted_at IS NOT NULL AS is_contacted
          FROM locked l JOIN campaign c ON c.team_id = $1 AND c.id = l.campaign_id
        """,
        team_id,
        list(lead_ids),
    )
    return [Held(**row) for row in rows]


async def decide_attempts(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> None:
    """Close the attempts nobody could settle: a person has taken the decision, and the step may be tried again."""
    await connection.execute(
        """
        UPDATE attempt SET state = 'held' WHERE team_id = $1 AND lead_id = ANY($2::text[]) AND state = 'unknown'
        """,
        team_id,
        list(lead_ids),
    )


async def go_on(connection: Connection, *, team_id: str, campaign_id: str, moves: Sequence[Move]) -> None:
    """Let held leads go on: in sequence, planned on the account that tried, or back to their queues."""
    await connection.execute(
        f"""
        WITH moved AS (
            SELECT * FROM unnest($3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::timestamptz[])
                AS v (lead_id, account_id, rank, since, due_at)
        ), changed AS (
            UPDATE lead l
               SET state = CASE WHEN l.contacted_at IS NOT NULL THEN 'inSequence'
                                WHEN l.reach_id IS NULL THEN 'assessing' ELSE 'ready' END,
                   reason = NULL, rank = moved.rank, since = moved.since
              FROM moved WHERE l.team_id = $1 AND l.id = moved.lead_id
            RETURNING l.id, l.profile_id, l.state, l.reach_id, moved.account_id, moved.due_at
        ), due AS (
            INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
            SELECT $1, account_id, $2, state = 'ready', due_at, id FROM changed
             WHERE state <> 'assessing' AND account_id IS NOT NULL
            ON CONFLICT (team_id, lead_id) DO NOTHING
        ), planned AS (
            INSERT INTO plan_queue (team_id, campaign_id, lead_id, reach_id)
            SELECT $1, $2, id, reach_id FROM changed WHERE state = 'ready' AND account_id IS NULL
            ON CONFLICT DO NOTHING
        )
        INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
        SELECT $1, $2, id, profile_id FROM changed WHERE state = 'assessing' ORDER BY id {assess_queue.ANEW}
        """,
        team_id,
        campaign_id,
        [move.lead_id for move in moves],
        [move.account_id for move in moves],
        [move.rank for move in moves],
        [move.since for move in moves],
        [move.due_at for move in moves],
    )


async def hold_again(connection: Connection, *, team_id: str, campaign_id: str, at: datetime) -> list[str]:
    """Hold leads that came back while nobody can tell whether a message reached them; return them."""
    rows = await connection.fetch(
        """
        WITH untold AS MATERIALIZED (
            SELECT lead_id FROM attempt
             WHERE team_id = $1 AND campaign_id = $2 AND state = 'unknown' AND reason = 'notFound'
        ), back AS (
            SELECT l.id FROM lead l
             WHERE l.team_id = $1 AND l.id IN (SELECT lead_id FROM untold)
               AND l.state IN ('assessing', 'ready', 'inSequence')
             ORDER BY l.id FOR NO KEY UPDATE
        ), changed AS (
            UPDATE lead l SET state = 'held', reason = 'notFound' FROM back WHERE l.team_id = $1 AND l.id = back.id
            RETURNING l.id, l.state, l.reason
        ), turned AS (
            INSERT INTO lead_turn (team_id, lead_id, at, state, reason) SELECT $1, id, $3, state, reason FROM changed
        )
        SELECT id FROM changed
        """,
        team_id,
        campaign_id,
        at,
    )
    return [row["id"] for row in rows]

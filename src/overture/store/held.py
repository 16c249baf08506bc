"""Held leads, and how a person's decision lets them go on."""

from dataclasses import dataclass
from datetime import datetime

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
    reach_id: int | None


async def lock(connection: Connection, *, team_id: str, lead_id: str) -> Held | None:
    """Lock a lead and return it if it is held."""
    row = await connection.fetchrow(
        """
        SELECT l.id AS lead_id, l.profile_id, l.reason, l.account_id,
               (SELECT t.account_id FROM attempt t WHERE t.team_id = $1 AND t.lead_id = l.id AND t.state = 'unknown'
                 LIMIT 1) AS tried_by,
               EXISTS (SELECT FROM attempt t WHERE t.team_id = $1 AND t.lead_id = l.id
                          AND t.state = 'intent') AS is_under_way,
               coalesce(l.sequence_version, c.sequence_version) AS version, l.rank, l.since,
               l.contacted_at IS NOT NULL AS is_contacted, l.reach_id
          FROM lead l JOIN campaign c ON c.team_id = $1 AND c.id = l.campaign_id
         WHERE l.team_id = $1 AND l.id = $2 AND l.state = 'held' FOR NO KEY UPDATE OF l
        """,
        team_id,
        lead_id,
    )
    return None if row is None else Held(**row)


async def decide_attempts(connection: Connection, *, team_id: str, lead_id: str) -> None:
    """Close the attempts nobody could settle: a person has taken the decision, and the step may be tried again."""
    await connection.execute(
        "UPDATE attempt SET state = 'held' WHERE team_id = $1 AND lead_id = $2 AND state = 'unknown'", team_id, lead_id
    )


async def go_on(
    connection: Connection, *, team_id: str, campaign_id: str, held: Held, rank: int, since: datetime, due_at: datetime
) -> None:
    """Let a held lead go on from `rank`: in sequence, planned on the account that tried, or back to its queue."""
    account_id = held.account_id or held.tried_by
    state = "inSequence" if held.is_contacted else "assessing" if held.reach_id is None else "ready"
    await connection.execute(
        "UPDATE lead SET state = $3, reason = NULL, rank = $4, since = $5 WHERE team_id = $1 AND id = $2",
        team_id,
        held.lead_id,
        state,
        rank,
        since,
    )
    if state != "assessing" and account_id is not None:
        await connection.execute(
            """
            INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (team_id, lead_id) DO NOTHING
            """,
            team_id,
            account_id,
            campaign_id,
            not held.is_contacted,
            due_at,
            held.lead_id,
        )
    elif state == "ready":
        await connection.execute(
            """
            INSERT INTO plan_queue (team_id, campaign_id, lead_id, reach_id) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING
            """,
            team_id,
            campaign_id,
            held.lead_id,
            held.reach_id,
        )
    else:
        await connection.execute(
            """
            INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING
            """,
            team_id,
            campaign_id,
            held.lead_id,
            held.profile_id,
        )


async def hold_again(connection: Connection, *, team_id: str, campaign_id: str) -> list[str]:
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
        )
        UPDATE lead l SET state = 'held', reason = 'notFound' FROM back WHERE l.team_id = $1 AND l.id = back.id
        RETURNING l.id
        """,
        team_id,
        campaign_id,
    )
    return [row["id"] for row in rows]

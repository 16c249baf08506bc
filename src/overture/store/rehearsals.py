"""What a rehearsal starts from: accounts and their pace, the leads they have before them, and who gets nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.store.lead_filters import KIND
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account as a rehearsal finds it; `free_at`: it, or its app, rests until then; `last_end` is of any attempt."""

    account_id: str
    app_id: str
    can_send: bool
    hourly_limit: int
    daily_limit: int
    free_at: datetime
    last_end: datetime
    app_daily_cap: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """The pace of an account in a campaign, and the settings it follows from; `hours` in wire form."""

    account_id: str
    campaign_id: str
    draw: float
    opening_draw: float
    last_end: datetime | None
    served_at: datetime
    rate: int
    zone: str
    hours: Mapping[str, Mapping[str, int]]
    started_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """Leads of one account and campaign that are alike.

    `reach_id` is None of follow-ups. `due_at` is None while their message is under way: `rank` is then that of the step
    after it.
    """

    account_id: str
    campaign_id: str
    is_first: bool
    due_at: datetime | None
    version: int
    rank: int
    reach_id: int | None
    count: int


async def accounts(connection: Connection, *, team_id: str, account_ids: Sequence[str]) -> list[Account]:
    """Return those of the accounts that are linked, in the order of their ids."""
    rows = await connection.fetch(
        """
        SELECT a.id AS account_id, a.app_id, a.status = 'active' AS can_send, a.hourly_limit, a.daily_limit,
               greatest(p.rest_until, b.paused_until, b.rest_until) AS free_at, p.last_end,
               b.daily_cap AS app_daily_cap
          FROM account_link a
          JOIN account_pace p ON p.team_id = $1 AND p.account_id = a.id
          JOIN app_budget b ON b.team_id = $1 AND b.app_id = a.app_id
         WHERE a.team_id = $1 AND a.id = ANY($2::text[]) AND a.deleted_at IS NULL ORDER BY a.id
        """,
        team_id,
        list(account_ids),
    )
    return [Account(**row) for row in rows]


async def pairs(connection: Connection, *, team_id: str, campaign_id: str, account_ids: Sequence[str]) -> list[Pair]:
    """Return what these accounts do for the campaign, whether it runs or not, and for others that run."""
    rows = await connection.fetch(
        """
        SELECT p.account_id, p.campaign_id, p.draw, p.opening_draw, p.last_end, p.served_at,
               c.hourly_message_rate AS rate, c.schedule_timezone AS zone, c.schedule_hours AS hours,
               c.last_started_at AS started_at
          FROM campaign_account p
          JOIN campaign c ON c.team_id = $1 AND c.id = p.campaign_id AND (c.status = 'active' OR c.id = $2)
         WHERE p.team_id = $1 AND p.account_id = ANY($3::text[]) ORDER BY p.account_id, p.campaign_id
        """,
        team_id,
        campaign_id,
        list(account_ids),
    )
    return [Pair(**row) for row in rows]


async def planned(
    connection: Connection, *, team_id: str, campaign_id: str, account_ids: Sequence[str], now: datetime
) -> list[Planned]:
    """Count what these accounts have before them, in the campaign and in others that run; what is due is due at `now`.

    First messages of another campaign count only where the account still sends for it.
    """
    rows = await connection.fetch(
        """
        WITH pair AS MATERIALIZED (
            SELECT p.account_id, p.campaign_id, p.is_member OR c.id = $2 AS may_begin, c.sequence_version
              FROM campaign_account p
              JOIN campaign c ON c.team_id = $1 AND c.id = p.campaign_id AND (c.status = 'active' OR c.id = $2)
             WHERE p.team_id = $1 AND p.account_id = ANY($3::text[])
        )
        SELECT p.account_id, p.campaign_id, d.is_first, greatest(d.due_at, $4) AS due_at,
               coalesce(l.sequence_version, p.sequence_version) AS version, l.rank,
               CASE WHEN d.is_first THEN l.reach_id END AS reach_id, count(*) AS count
          FROM pair p
          JOIN lead_due d ON d.team_id = $1 AND d.account_id = p.account_id AND d.campaign_id = p.campaign_id
               AND (p.may_begin OR NOT d.is_first)
          JOIN lead l ON l.team_id = $1 AND l.id = d.lead_id
         GROUP BY 1, 2, 3, 4, 5, 6, 7
        UNION ALL
        SELECT p.account_id, p.campaign_id, false, NULL, t.sequence_version, t.rank + 1, NULL, count(*)
          FROM pair p
          JOIN attempt t ON t.team_id = $1 AND t.account_id = p.account_id AND t.campaign_id = p.campaign_id
               AND t.state IN ('intent', 'unknown')
         GROUP BY 1, 2, 5, 6
        """,
        team_id,
        campaign_id,
        list(account_ids),
        now,
    )
    return [Planned(**row) for row in rows]


async def serving(connection: Connection, *, team_id: str, campaign_id: str) -> list[str]:
    """Return the accounts that have leads of the campaign before them, whether they still belong to it or not."""
    rows = await connection.fetch(
        """
        SELECT p.account_id FROM campaign_account p
         WHERE p.team_id = $1 AND p.campaign_id = $2
           AND (EXISTS (SELECT FROM lead_due d
                         WHERE d.team_id = $1 AND d.account_id = p.account_id AND d.campaign_id = $2)
                OR EXISTS (SELECT FROM attempt t
                            WHERE t.team_id = $1 AND t.account_id = p.account_id AND t.campaign_id = $2
                              AND t.state IN ('intent', 'unknown')))
         ORDER BY p.account_id
        """,
        team_id,
        campaign_id,
    )
    return [row["account_id"] for row in rows]


async def queued(connection: Connection, *, team_id: str, campaign_id: str) -> dict[int, int]:
    """Count the leads that wait for the plan by the number of their reach set."""
    rows = await connection.fetch(
        """
        SELECT reach_id, count(*) AS count FROM plan_queue
         WHERE team_id = $1 AND campaign_id = $2 GROUP BY reach_id ORDER BY reach_id
        """,
        team_id,
        campaign_id,
    )
    return {row["reach_id"]: row["count"] for row in rows}


async def unreached(connection: Connection, *, team_id: str, campaign_id: str) -> list[dict[str, Any]]:
    """Count leads never contacted that get nothing as things stand, by state and kind of reason.

    Those whose person another campaign is writing to are ready and wait for the `otherCampaign`.
    """
    rows = await connection.fetch(
        f"""
        SELECT l.state, {KIND} AS reason, count(*) AS count FROM lead l
         WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.contacted_at IS NULL
           AND l.state IN ('held', 'failed', 'canceled', 'unreachable', 'excluded')
         GROUP BY 1, 2
        UNION ALL
        SELECT 'ready', 'otherCampaign', count(*) FROM lead_parked
         WHERE team_id = $1 AND campaign_id = $2 HAVING count(*) > 0
         ORDER BY 3 DESC, 1, 2
        """,
        team_id,
        campaign_id,
    )
    return [dict(row) for row in rows]

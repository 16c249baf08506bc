"""Heads: whom each account writes to next in a campaign, and all that decides when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection

MOST = 100
"""So many accounts of a campaign are looked at, those that may send first: who sends next is among them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """Whom an account writes to next in a campaign, and what its pace, limits and app allow.

    A room of 0 tells that the ledger has to be counted. `wake_at`: when the engine looks at the account next.
    `daily_cap` is that of the app, None where it has none; `last_end` is of the account, `pair_last_end` of the pair.
    Nothing is sent before `soonest`, what is stored; what has to be counted and the hours may make it later.
    """

    campaign_id: str
    account_id: str
    username: str | None
    status: str
    lead_id: str
    due_at: datetime
    next_at: datetime
    draw: float
    opening_draw: float
    pair_last_end: datetime | None
    wake_at: datetime
    rest_until: datetime
    last_end: datetime
    waits_for_inbox: bool
    hourly_limit: int
    daily_limit: int
    hourly_room: int
    daily_room: int
    pair_room: int
    app_id: str
    daily_cap: int | None
    app_room: int
    app_paused_until: datetime
    app_rest_until: datetime
    app_pause_code: str | None
    soonest: datetime


async def read(
    connection: Connection,
    *,
    team_id: str,
    campaign_ids: Sequence[str],
    account_ids: Sequence[str] | None = None,
    most: int = MOST,
    now: datetime,
) -> list[Head]:
    """Return whom each account writes to next in each campaign: follow-ups first, oldest due first.

    Of `account_ids` (None: of all) up to `most` for each campaign, those that may send soonest first.
    """
    rows = await connection.fetch(
        """
        SELECT x.* FROM unnest($2::text[]) AS c (id) CROSS JOIN LATERAL (
        SELECT p.campaign_id, p.account_id, k.username, k.status, d.lead_id, d.due_at, p.next_at, p.draw,
               p.opening_draw, p.last_end AS pair_last_end, e.wake_at, e.rest_until, e.last_end, e.waits_for_inbox,
               k.hourly_limit, k.daily_limit, e.hourly_room, e.daily_room, p.room AS pair_room, k.app_id, b.daily_cap,
               b.room AS app_room, b.paused_until AS app_paused_until, b.rest_until AS app_rest_until,
               b.pause_code AS app_pause_code,
               greatest(d.due_at, p.next_at, e.rest_until, e.wake_at, b.paused_until, b.rest_until) AS soonest
          FROM campaign_account p
          JOIN account_link k ON k.team_id = p.team_id AND k.id = p.account_id
          JOIN app_budget b ON b.team_id = p.team_id AND b.app_id = k.app_id
          JOIN account_pace e ON e.team_id = p.team_id AND e.account_id = p.account_id
         CROSS JOIN LATERAL (
            SELECT lead_id, due_at FROM (
            (SELECT lead_id, due_at, is_first FROM lead_due
              WHERE team_id = p.team_id AND account_id = p.account_id AND campaign_id = p.campaign_id
                AND is_first = false ORDER BY due_at, lead_id LIMIT 1)
            UNION ALL
            (SELECT lead_id, due_at, is_first FROM lead_due
              WHERE team_id = p.team_id AND account_id = p.account_id AND campaign_id = p.campaign_id
                AND is_first = true AND p.is_member ORDER BY due_at, lead_id LIMIT 1)
            ) first ORDER BY greatest(due_at, $4, p.next_at, e.rest_until), is_first, due_at LIMIT 1
         ) d
         WHERE p.team_id = $1 AND p.campaign_id = c.id AND ($3::text[] IS NULL OR p.account_id = ANY($3::text[]))
         ORDER BY k.status <> 'active', soonest, p.account_id
         LIMIT $5
        ) x
        """,
        team_id,
        list(campaign_ids),
        None if account_ids is None else list(account_ids),
        now,
        most,
    )
    return [Head(**row) for row in rows]

"""Heads: whom each account writes to next in a campaign, and all that decides when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """Whom an account writes to next in a campaign, and what its pace, limits and app allow.

    A room of 0 tells that the ledger has to be counted. `wake_at`: when the engine looks at the account next, by what
    it was told until now.
    `daily_cap` is that of the app, None where it has none; `last_end` is of the account, `pair_last_end` of the pair.
    By what is stored the account sends nothing in the campaign before `free_at`, nor this before `soonest`; what has to
    be counted and the hours may make it later. `looked`: how many accounts of the campaign were looked at.
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
    free_at: datetime
    soonest: datetime
    looked: int


async def read(
    connection: Connection,
    *,
    team_id: str,
    campaign_ids: Sequence[str],
    account_ids: Sequence[str] | None = None,
    most: int | None = None,
    now: datetime,
) -> list[Head]:
    """Return whom each account writes to next in each campaign: follow-ups first, oldest due first.

    Of `account_ids` (None: of all) up to `most` accounts of each campaign are looked at, those that are free soonest
    (None: all); those who send soonest come first.
    """
    rows = await connection.fetch(
        """
        SELECT f.*, d.lead_id, d.due_at, greatest(d.due_at, f.free_at) AS soonest
          -- Of a set whose size is guessed alike whatever it holds, so that the plan can be kept.
          FROM jsonb_array_elements_text($2::jsonb) AS c (id)
         CROSS JOIN LATERAL (
            SELECT a.*, count(*) OVER () AS looked FROM (
                SELECT p.campaign_id, p.account_id, p.is_member, k.username, k.status, p.next_at, p.draw,
                       p.opening_draw, p.last_end AS pair_last_end, w.wake_at, e.rest_until, e.last_end,
                       e.waits_for_inbox, k.hourly_limit, k.daily_limit, e.hourly_room, e.daily_room,
                       p.room AS pair_room, k.app_id, b.daily_cap, b.room AS app_room,
                       b.paused_until AS app_paused_until, b.rest_until AS app_rest_until,
                       b.pause_code AS app_pause_code,
                       greatest(p.next_at, e.rest_until, w.wake_at, b.paused_until, b.rest_until) AS free_at
                  FROM campaign_account p
                  JOIN account_link k ON k.team_id = p.team_id AND k.id = p.account_id
                  JOIN app_budget b ON b.team_id = p.team_id AND b.app_id = k.app_id
                  JOIN account_pace e ON e.team_id = p.team_id AND e.account_id = p.account_id
                 CROSS JOIN LATERAL (SELECT least(e.wake_at, min(at)) AS wake_at FROM wake_up
                                      WHERE team_id = p.team_id AND account_id = p.account_id) w
                 WHERE p.team_id = $1 AND p.campaign_id = c.id AND ($3::text[] IS NULL OR p.account_id = ANY($3))
                 ORDER BY k.status <> 'active', free_at, p.account_id
                 LIMIT $5
            ) a
         ) f
         CROSS JOIN LATERAL (
            SELECT lead_id, due_at FROM (
                (SELECT lead_id, due_at, is_first FROM lead_due
                  WHERE team_id = $1 AND account_id = f.account_id AND campaign_id = f.campaign_id
                    AND is_first = false ORDER BY due_at, lead_id LIMIT 1)
                UNION ALL
                (SELECT lead_id, due_at, is_first FROM lead_due
                  WHERE team_id = $1 AND account_id = f.account_id AND campaign_id = f.campaign_id
                    AND is_first = true AND f.is_member ORDER BY due_at, lead_id LIMIT 1)
            ) first ORDER BY greatest(due_at, $4, f.next_at, f.rest_until), is_first, due_at LIMIT 1
         ) d
         ORDER BY f.campaign_id, f.status <> 'active', soonest, f.account_id
        """,
        team_id,
        list(campaign_ids),
        None if account_ids is None else list(account_ids),
        now,
        most,
    )
    return [Head(**{name: row[name] for name in Head.__dataclass_fields__}) for row in rows]

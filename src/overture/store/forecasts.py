"""Forecasts: what decides when running campaigns have sent everything, without a look at their leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Senders:
    """Accounts of a campaign that are alike; `campaigns`: how many active ones each of them serves.

    `is_member` is false of accounts that only finish what they began. `can_send`: they are active, their app is not
    paused, and takes as much in a day as all its accounts may send. `last_follow_up_at`: when the last follow-up that
    is planned on them falls due.
    """

    campaign_id: str
    is_member: bool
    can_send: bool
    hourly_limit: int
    daily_limit: int
    campaigns: int
    count: int
    last_follow_up_at: datetime | None


async def senders(connection: Connection, *, team_id: str, campaign_ids: Sequence[str], now: datetime) -> list[Senders]:
    """Return the accounts of each campaign, those that are alike together."""
    rows = await connection.fetch(
        """
        WITH app AS MATERIALIZED (
            SELECT b.app_id,
                   b.paused_until <= $3 AND (b.daily_cap IS NULL OR sum(k.daily_limit) <= b.daily_cap) AS is_free
              FROM account_link k JOIN app_budget b ON b.team_id = k.team_id AND b.app_id = k.app_id
             WHERE k.team_id = $1 AND k.deleted_at IS NULL
             GROUP BY b.app_id, b.paused_until, b.daily_cap
        )
        SELECT p.campaign_id, p.is_member, k.status = 'active' AND coalesce(b.is_free, false) AS can_send,
               k.hourly_limit, k.daily_limit, s.campaigns, count(*) AS count, max(f.due_at) AS last_follow_up_at
          FROM jsonb_array_elements_text($2::jsonb) AS c (id)
          JOIN campaign_account p ON p.team_id = $1 AND p.campaign_id = c.id
          JOIN account_link k ON k.team_id = p.team_id AND k.id = p.account_id
          LEFT JOIN app b ON b.app_id = k.app_id
         CROSS JOIN LATERAL (
            SELECT count(*) AS campaigns FROM campaign_account o
              JOIN campaign a ON a.team_id = o.team_id AND a.id = o.campaign_id AND a.status = 'active'
             WHERE o.team_id = p.team_id AND o.account_id = p.account_id
         ) s
          LEFT JOIN LATERAL (
            SELECT d.due_at FROM lead_due d
             WHERE d.team_id = p.team_id AND d.account_id = p.account_id AND d.campaign_id = p.campaign_id
               AND d.is_first = false ORDER BY d.due_at DESC, d.lead_id DESC LIMIT 1
         ) f ON true
         WHERE p.is_member OR f.due_at IS NOT NULL
         GROUP BY p.campaign_id, p.is_member, can_send, k.hourly_limit, k.daily_limit, s.campaigns
        """,
        team_id,
        list(campaign_ids),
        now,
    )
    return [Senders(**row) for row in rows]

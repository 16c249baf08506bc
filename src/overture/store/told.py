"""Campaigns as events tell of them, also those that were deleted since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldCampaign:
    """A campaign with its counters, all of one instant."""

    id: str
    name: str
    description: str | None
    status: str
    dry_run: bool
    targets: int
    contacted: int
    contacted_open: int
    answered: int
    created_at: datetime
    updated_at: datetime
    paused_at: datetime | None
    completed_at: datetime | None
    last_started_at: datetime | None


async def campaigns(connection: Connection, *, team_id: str, campaign_ids: Sequence[str]) -> dict[str, ToldCampaign]:
    """Return those of these campaigns that there are or were, by id."""
    rows = await connection.fetch(
        """
        SELECT c.id, c.name, c.description, c.status, c.dry_run, n.*, c.created_at, c.updated_at, c.paused_at,
               c.completed_at, c.last_started_at
          FROM campaign c
         CROSS JOIN LATERAL (
            SELECT coalesce(sum(k.targets), 0)::bigint AS targets, coalesce(sum(k.contacted), 0)::bigint AS contacted,
                   coalesce(sum(k.contacted_open), 0)::bigint AS contacted_open,
                   coalesce(sum(k.answered), 0)::bigint AS answered
              FROM campaign_counter k WHERE k.team_id = c.team_id AND k.campaign_id = c.id) n
         WHERE c.team_id = $1 AND c.id = ANY($2::text[])
        """,
        team_id,
        list(campaign_ids),
    )
    return {row["id"]: ToldCampaign(**row) for row in rows}

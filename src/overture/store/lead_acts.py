"""Acts on leads: what people decided about single leads, kept for their timelines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture import ids
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """What somebody did with a lead, and where it stood before."""

    lead_id: str
    state: str
    reason: str | None


async def record(
    connection: Connection,
    *,
    team_id: str,
    act: str,
    decision: str | None,
    by: str,
    at: datetime,
    leads: Sequence[Act],
) -> None:
    """Write down one act on all these leads."""
    await connection.execute(
        """
        INSERT INTO lead_act (team_id, lead_id, id, at, act, decision, before_state, before_reason, actor_name)
        SELECT $1, v.lead_id, v.id, $2, $3, $4, v.state, v.reason, $5
          FROM unnest($6::text[], $7::text[], $8::text[], $9::text[]) AS v (lead_id, id, state, reason)
         ORDER BY v.lead_id
        """,
        team_id,
        at,
        act,
        decision,
        by,
        [lead.lead_id for lead in leads],
        ids.many("y", len(leads)),
        [lead.state for lead in leads],
        [lead.reason for lead in leads],
    )

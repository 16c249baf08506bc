"""Exits: leads that people take out of a campaign."""

from collections.abc import Sequence
from dataclasses import dataclass

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Exit:
    """A lead that was taken out, and where it stood. `was_tried`: it was written to, or a message is on its way."""

    lead_id: str
    profile_id: str
    state: str
    reason: str | None
    was_tried: bool


_NAMED = """
    WITH named AS (
        SELECT l.id, l.state, l.reason, l.contacted_at IS NOT NULL
                  OR EXISTS (SELECT FROM attempt t WHERE t.team_id = $1 AND t.lead_id = l.id
                                AND t.state IN ('intent', 'unknown')) AS was_tried
          FROM lead l
         WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.id = ANY($3::text[])
           AND l.state IN ('assessing', 'ready', 'inSequence', 'held', 'unreachable', 'excluded')
         ORDER BY l.id FOR NO KEY UPDATE OF l
    )
"""


async def remove(connection: Connection, *, team_id: str, campaign_id: str, lead_ids: Sequence[str]) -> list[Exit]:
    """Take leads out for good: no list brings them back. One that has ended keeps its end; return those taken out."""
    rows = await connection.fetch(
        f"""{_NAMED}
        UPDATE lead l SET state = 'removed', reason = 'deletedByHand', is_deleted_by_hand = true, is_direct = false
          FROM named WHERE l.team_id = $1 AND l.id = named.id
        RETURNING l.id AS lead_id, l.profile_id, named.state, named.reason, named.was_tried
        """,
        team_id,
        campaign_id,
        list(lead_ids),
    )
    await connection.execute(
        """
        WITH left_before AS (
            SELECT id FROM lead
             WHERE team_id = $1 AND campaign_id = $2 AND id = ANY($3::text[])
               AND state = 'removed' AND NOT is_deleted_by_hand
             ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE lead l SET reason = 'deletedByHand', is_deleted_by_hand = true, is_direct = false
          FROM left_before WHERE l.team_id = $1 AND l.id = left_before.id
        """,
        team_id,
        campaign_id,
        list(lead_ids),
    )
    return [Exit(**row) for row in rows]


async def cancel(connection: Connection, *, team_id: str, campaign_id: str, lead_ids: Sequence[str]) -> list[Exit]:
    """Stop leads for which something is, or might come, to happen; return those stopped."""
    rows = await connection.fetch(
        f"""{_NAMED}
        UPDATE lead l SET state = 'canceled', reason = 'stopped'
          FROM named WHERE l.team_id = $1 AND l.id = named.id
        RETURNING l.id AS lead_id, l.profile_id, named.state, named.reason, named.was_tried
        """,
        team_id,
        campaign_id,
        list(lead_ids),
    )
    return [Exit(**row) for row in rows]

"""Likes: what became of the like steps that leads have passed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Like:
    """A like step of a lead, and the post that was liked for it, or the reason why none was."""

    lead_id: str
    account_id: str
    step_id: str
    version: int
    rank: int
    at: datetime
    post_id: str | None
    reason: str | None


async def keep(connection: Connection, *, team_id: str, likes: Sequence[Like]) -> None:
    """Keep what became of like steps; a post that was liked stays what the step came to."""
    if not likes:
        return
    rows = sorted(likes, key=lambda like: (like.lead_id, like.step_id))
    await connection.execute(
        """
        INSERT INTO lead_like AS k (team_id, lead_id, step_id, version, rank, account_id, at, post_id, reason)
        SELECT $1, v.* FROM unnest($2::text[], $3::text[], $4::integer[], $5::integer[], $6::text[],
                                   $7::timestamptz[], $8::text[], $9::text[]) AS v
        ON CONFLICT (team_id, lead_id, step_id) DO UPDATE
           SET version = excluded.version, rank = excluded.rank, account_id = excluded.account_id, at = excluded.at,
               post_id = excluded.post_id, reason = excluded.reason
         WHERE k.post_id IS NULL
        """,
        team_id,
        [like.lead_id for like in rows],
        [like.step_id for like in rows],
        [like.version for like in rows],
        [like.rank for like in rows],
        [like.account_id for like in rows],
        [like.at for like in rows],
        [like.post_id for like in rows],
        [like.reason for like in rows],
    )

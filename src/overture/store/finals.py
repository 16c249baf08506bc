"""Completion of campaigns, decided by their counters."""

from datetime import datetime

from overture.store.pool import Connection

_OPEN = """
    coalesce((SELECT sum(k.assessing + k.ready + k.in_sequence + k.held) FROM campaign_counter k
               WHERE k.team_id = c.team_id AND k.campaign_id = c.id), 0)
"""
_CONTACTED = """
    coalesce((SELECT sum(k.contacted) FROM campaign_counter k
               WHERE k.team_id = c.team_id AND k.campaign_id = c.id), 0)
"""


async def is_through(connection: Connection, *, team_id: str, campaign_id: str) -> bool:
    """Tell whether a campaign looks complete, without locking anything."""
    found: bool | None = await connection.fetchval(
        f"""
        SELECT c.status = 'active' AND {_CONTACTED} > 0 AND {_OPEN} = 0
          FROM campaign c WHERE c.team_id = $1 AND c.id = $2
        """,
        team_id,
        campaign_id,
    )
    return found is True


async def lock(connection: Connection, *, team_id: str, campaign_id: str) -> None:
    """Wait for edits of a campaign under way: the next statement sees what they brought."""
    await connection.execute(
        "SELECT FROM campaign WHERE team_id = $1 AND id = $2 FOR NO KEY UPDATE", team_id, campaign_id
    )


async def complete(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> datetime | None:
    """Complete an active campaign that has contacted somebody and in which nothing is left to happen; return when.

    Never before its last message was begun: whoever completes it may have been held up since it looked at its clock.
    """
    completed_at: datetime | None = await connection.fetchval(
        f"""
        UPDATE campaign c SET status = 'completed', completed_at = e.at, updated_at = e.at
          FROM (SELECT greatest($3, max(served_at)) AS at FROM campaign_account
                 WHERE team_id = $1 AND campaign_id = $2) e
         WHERE c.team_id = $1 AND c.id = $2 AND c.status = 'active' AND {_CONTACTED} > 0 AND {_OPEN} = 0
        RETURNING c.completed_at
        """,
        team_id,
        campaign_id,
        now,
    )
    return completed_at


async def reopen(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> bool:
    """Make a completed campaign active if something is to happen in it."""
    found: bool | None = await connection.fetchval(
        f"""
        UPDATE campaign c SET status = 'active', completed_at = NULL, last_started_at = $3, updated_at = $3
         WHERE c.team_id = $1 AND c.id = $2 AND c.status = 'completed' AND c.enabled AND {_OPEN} > 0
        RETURNING true
        """,
        team_id,
        campaign_id,
        now,
    )
    return found is True


async def active_campaigns(connection: Connection) -> list[tuple[str, str]]:
    """Return (team, campaign) of all active campaigns: a net that looks whether any should have been completed."""
    rows = await connection.fetch("SELECT team_id, id FROM campaign WHERE status = 'active'")
    return [(row["team_id"], row["id"]) for row in rows]

"""What monitoring watches, over all teams; each number is one statement."""

from datetime import datetime

from overture.store.pool import Connection


async def oldest_due(connection: Connection, *, now: datetime) -> datetime | None:
    """Return since when the account that has waited longest could have been served; None when none waits."""
    instant: datetime | None = await connection.fetchval(
        "SELECT wake_at FROM account_pace WHERE wake_at <= $1 ORDER BY wake_at LIMIT 1", now
    )
    return instant


async def held_leads(connection: Connection) -> int:
    """Return how many leads wait for a person's decision, deleted campaigns left out."""
    count: int = await connection.fetchval(
        """
        SELECT coalesce(sum(n.held), 0)::bigint
          FROM campaign_counter n JOIN campaign c ON c.team_id = n.team_id AND c.id = n.campaign_id
         WHERE c.deleted_at IS NULL
        """
    )
    return count


async def oldest_inbox(connection: Connection) -> datetime | None:
    """Return when the inbox of the active account that was not read for longest was read; None without accounts."""
    instant: datetime | None = await connection.fetchval(
        """
        SELECT min(greatest(p.read_at, a.created_at))
          FROM account_link a JOIN account_pace p ON p.team_id = a.team_id AND p.account_id = a.id
         WHERE a.status = 'active' AND a.deleted_at IS NULL
        """
    )
    return instant

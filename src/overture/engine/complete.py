"""Complete: end a campaign when every lead is processed, and take it up again when new ones come."""

from collections.abc import Iterable
from datetime import datetime

from overture.engine import pacemaker
from overture.store import duties, finals, gates, outbox
from overture.store.pool import Connection, Pool


async def check(pool: Pool, *, team_id: str, campaign_ids: Iterable[str], now: datetime) -> list[str]:
    """Complete those of the campaigns in which nothing is left to happen; return them.

    Run it in a transaction of its own after the one that ended a lead: only then is every other end visible.
    """
    completed = []
    for campaign_id in campaign_ids:
        async with pool.acquire() as connection, connection.transaction():
            if not await finals.is_through(connection, team_id=team_id, campaign_id=campaign_id):
                continue
            await finals.lock(connection, team_id=team_id, campaign_id=campaign_id)
            if await duties.pending(connection, team_id=team_id, kind="sync", keys=[campaign_id]):
                continue
            at = await finals.complete(connection, team_id=team_id, campaign_id=campaign_id, now=now)
            if at is None:
                continue
            await gates.change_campaign(connection, team_id=team_id, campaign_id=campaign_id, is_open=False, now=at)
            await _announce(connection, team_id, campaign_id, at, "campaign.completed")
            completed.append(campaign_id)
    return completed


async def reopen(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Take a completed campaign up again if it has something to do: it is still enabled."""
    if not await finals.reopen(connection, team_id=team_id, campaign_id=campaign_id, now=now):
        return
    await pacemaker.refresh_campaign(connection, team_id=team_id, campaign_id=campaign_id, now=now)
    await gates.change_campaign(connection, team_id=team_id, campaign_id=campaign_id, is_open=True, now=now)
    await _announce(connection, team_id, campaign_id, now, "campaign.started")


async def _announce(connection: Connection, team_id: str, campaign_id: str, now: datetime, kind: str) -> None:
    event = outbox.NewEvent(type=kind, object_type="campaign", object_id=campaign_id, data={})
    await outbox.append(connection, team_id=team_id, now=now, events=[event])


async def sweep(pool: Pool, *, now: datetime) -> None:
    """A net: look at every active campaign, in case a worker died between a last end and the look."""
    async with pool.acquire() as connection:
        active = await finals.active_campaigns(connection)
    for team_id, campaign_id in active:
        await check(pool, team_id=team_id, campaign_ids=[campaign_id], now=now)

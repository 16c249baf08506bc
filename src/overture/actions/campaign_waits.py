"""What campaigns wait for: what keeps the account of each that sends next, by the facts that decide it."""

from collections.abc import Sequence
from datetime import datetime

from overture.actions import account_waits, waiting
from overture.actions.account_waits import Counted
from overture.actions.context import Actor, Context
from overture.actions.waiting import Wait
from overture.core.words import CampaignStatus
from overture.store import heads
from overture.store.campaigns import Campaign
from overture.store.heads import Head
from overture.store.pool import Connection


async def told(context: Context, actor: Actor, *, campaigns: Sequence[Campaign]) -> dict[str, Wait | None]:
    """Return what each of the team's campaigns waits for now, by its id."""
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        return await read(connection, team_id=actor.team_id, campaigns=campaigns, now=now)


async def read(
    connection: Connection, *, team_id: str, campaigns: Sequence[Campaign], now: datetime
) -> dict[str, Wait | None]:
    """Return what each campaign waits for at `now` (engine time), by its id; their heads are read by one statement."""
    sending = [campaign.id for campaign in campaigns if campaign.status == CampaignStatus.ACTIVE]
    found = await heads.read(connection, team_id=team_id, campaign_ids=sending, now=now) if sending else []
    counted = await account_waits.count(connection, team_id=team_id, found=found, now=now)
    by_campaign: dict[str, list[Head]] = {}
    for head in found:
        by_campaign.setdefault(head.campaign_id, []).append(head)
    return {
        campaign.id: waiting.of_campaign(
            campaign, account=_of_first(campaign, by_campaign.get(campaign.id, []), counted, now)
        )
        for campaign in campaigns
    }


def _of_first(campaign: Campaign, found: Sequence[Head], counted: Counted, now: datetime) -> Wait | None:
    """What keeps the account that sends next; where none does, what keeps the one that could be the first again."""
    instants = [(account_waits.next_send(campaign, head, counted, now), head) for head in found]
    known = [(instant, head) for instant, head in instants if instant is not None]
    if known:
        instant, head = min(known, key=lambda one: one[0])
        if instant <= now:
            return None
        return account_waits.of_head(campaign, head, counted, now) or waiting.pace(campaign, instant)
    return account_waits.of_head(campaign, found[0], counted, now) if found else None

"""What campaigns wait for, and when each sends next: by the account that sends next and the facts that decide it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.actions import account_waits, waiting
from overture.actions.account_waits import Counted
from overture.actions.context import Actor, Context
from overture.actions.waiting import Wait
from overture.core.words import AccountStatus, CampaignStatus
from overture.store import heads, ledger
from overture.store.campaigns import Campaign
from overture.store.heads import Head
from overture.store.pool import Connection

LOOKS = (5, 100, None)
"""So many accounts of a campaign are looked at first, those that may send soonest; then so many, and then all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class First:
    """What keeps the account that sends next, and when it sends; None where there is none.

    `is_sure`: none of the accounts that were not looked at could send before it.
    """

    account: Wait | None
    at: datetime | None
    is_sure: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Prospect:
    """What a campaign waits for, and when its next message leaves if nothing changes; None where none is planned."""

    wait: Wait | None
    next_send_at: datetime | None


async def told(context: Context, actor: Actor, *, campaigns: Sequence[Campaign]) -> dict[str, Prospect]:
    """Return what each of the team's campaigns waits for now and when it sends next, by its id."""
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        return await read(connection, team_id=actor.team_id, campaigns=campaigns, now=now)


async def read(
    connection: Connection, *, team_id: str, campaigns: Sequence[Campaign], now: datetime
) -> dict[str, Prospect]:
    """Return the prospect of each campaign at `now` (engine time), by its id; their heads are read by one statement.

    Mostly a few accounts tell who sends next; campaigns where they do not are looked at once more, and further.
    """
    nobody = First(account=None, at=None, is_sure=False)
    firsts = dict.fromkeys((campaign.id for campaign in campaigns), nobody)
    unsure = [campaign for campaign in campaigns if campaign.status == CampaignStatus.ACTIVE]
    for most in LOOKS:
        firsts |= await _look(connection, team_id, unsure, most=most, now=now)
        unsure = [campaign for campaign in unsure if not firsts[campaign.id].is_sure]
    idle = [one.id for one in campaigns if one.status == CampaignStatus.ACTIVE and firsts[one.id].at is None]
    open_attempts = await ledger.open_in_campaigns(connection, team_id=team_id, campaign_ids=idle) if idle else {}
    return {
        campaign.id: _prospect(campaign, firsts[campaign.id], open_attempts.get(campaign.id, 0), now)
        for campaign in campaigns
    }


def _prospect(campaign: Campaign, first: First, open_attempts: int, now: datetime) -> Prospect:
    is_due = first.at is not None
    wait = waiting.of_campaign(campaign, account=first.account, is_due=is_due, open_attempts=open_attempts)
    return Prospect(wait=wait, next_send_at=None if first.at is None else max(first.at, now))


async def _look(
    connection: Connection, team_id: str, campaigns: Sequence[Campaign], *, most: int | None, now: datetime
) -> dict[str, First]:
    if not campaigns:
        return {}
    campaign_ids = [campaign.id for campaign in campaigns]
    found = await heads.read(connection, team_id=team_id, campaign_ids=campaign_ids, most=most, now=now)
    counted = await account_waits.count(connection, team_id=team_id, found=found, now=now)
    by_campaign: dict[str, list[Head]] = {campaign_id: [] for campaign_id in campaign_ids}
    for head in found:
        by_campaign[head.campaign_id].append(head)
    return {
        campaign.id: _first(campaign, by_campaign[campaign.id], counted, now=now, most=most) for campaign in campaigns
    }


def _first(campaign: Campaign, found: Sequence[Head], counted: Counted, *, now: datetime, most: int | None) -> First:
    """What keeps the account that sends next; where none does, what keeps the one that could be the first again."""
    best: tuple[datetime, Head] | None = None
    for head in found:
        if best is not None and head.soonest >= best[0]:
            break
        instant = account_waits.next_send(campaign, head, counted, now)
        if instant is not None and (best is None or instant < best[0]):
            best = instant, head
    if best is None:
        account = account_waits.of_head(campaign, found[0], counted, now) if found else None
        return First(account=account, at=None, is_sure=_is_all(found, most))
    instant, head = best
    wait = None
    if instant > now:
        wait = account_waits.of_head(campaign, head, counted, now) or waiting.pace(campaign, instant)
    is_first = instant <= max(now, *(head.free_at for head in found))
    return First(account=wait, at=instant, is_sure=is_first or _is_all(found, most))


def _is_all(found: Sequence[Head], most: int | None) -> bool:
    """Whether no other account of the campaign could send: they come last that may not."""
    return most is None or any(head.looked < most or head.status != AccountStatus.ACTIVE for head in found)

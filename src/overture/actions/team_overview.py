"""The team at a glance: what needs attention, and what goes out next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.actions import account_waits, webhooks
from overture.actions.context import Actor, Context
from overture.core.words import CampaignStatus
from overture.store import attention, campaign_order, campaigns, heads, people
from overture.store.attention import Finding
from overture.store.campaigns import Campaign
from overture.store.heads import Head
from overture.store.people import Profile
from overture.store.pool import Connection

MOST_FINDINGS = 100
MOST_UPCOMING = 20
MOST_CAMPAIGNS = 100
_FAILED = timedelta(days=7)
_PARTS = 5
_LONG_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class Upcoming:
    """A message that goes out next on its account, if nothing else happens before."""

    at: datetime
    campaign_id: str
    campaign_name: str
    account_id: str
    username: str | None
    profile: Profile


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What needs attention, the most pressing first; what goes out next, the soonest first."""

    findings: Sequence[Finding]
    total: int
    upcoming: Sequence[Upcoming]


async def read(context: Context, actor: Actor) -> Overview:
    """Return the team at a glance."""
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        findings = await attention.read(
            connection,
            team_id=actor.team_id,
            now=now,
            failed_since=now - _FAILED,
            parts=_PARTS,
            long_seconds=_LONG_SECONDS,
            by_hand=webhooks.BY_HAND,
            most=MOST_FINDINGS,
        )
        upcoming = await _upcoming(connection, actor, now)
    return Overview(findings=findings, total=findings[0].total if findings else 0, upcoming=upcoming)


async def _upcoming(connection: Connection, actor: Actor, now: datetime) -> list[Upcoming]:
    """Return the next message of each account, of all active campaigns: an account writes to one person at a time."""
    active = await campaigns.page(
        connection,
        team_id=actor.team_id,
        statuses=[CampaignStatus.ACTIVE],
        text=None,
        order=campaign_order.NEWEST_FIRST,
        after=None,
        limit=MOST_CAMPAIGNS,
    )
    by_id = {campaign.id: campaign for campaign in active}
    found = await heads.read(connection, team_id=actor.team_id, campaign_ids=list(by_id), most=MOST_UPCOMING, now=now)
    counted = await account_waits.count(connection, team_id=actor.team_id, found=found, now=now)
    first: dict[str, tuple[datetime, Head, Campaign]] = {}
    for head in found:
        campaign = by_id[head.campaign_id]
        at = account_waits.next_send(campaign, head, counted, now)
        if at is not None and (head.account_id not in first or at < first[head.account_id][0]):
            first[head.account_id] = (at, head, campaign)
    soonest = sorted(first.values(), key=lambda one: (one[0], one[1].account_id))[:MOST_UPCOMING]
    profiles = await people.of_leads(
        connection, team_id=actor.team_id, lead_ids=[head.lead_id for _, head, _ in soonest]
    )
    return [
        Upcoming(
            at=max(at, now),
            campaign_id=campaign.id,
            campaign_name=campaign.settings.name,
            account_id=head.account_id,
            username=head.username,
            profile=profiles[head.lead_id],
        )
        for at, head, campaign in soonest
    ]

"""About when running campaigns have sent everything: told only where the soonest and the latest are near each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.actions import estimate
from overture.actions.context import Actor, Context
from overture.core import sequence, window
from overture.core.words import CampaignStatus
from overture.store import forecasts
from overture.store.campaigns import Campaign
from overture.store.forecasts import Senders

NEAR = timedelta(hours=12)
"""So near each other the soonest and the latest are as good as one, however little is left."""

SHARE = 0.25
"""By so much of what is left the latest may lie behind the soonest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Left:
    """What a campaign still sends: first messages, all messages at least and at most, and the delays between them."""

    firsts: int
    least: int
    most: int
    delays: timedelta
    first_delay: timedelta


async def told(context: Context, actor: Actor, *, campaigns: Sequence[Campaign]) -> dict[str, datetime]:
    """Return about when the last message of each campaign leaves if nobody answers, where that can be told."""
    running = [campaign for campaign in campaigns if _is_running(campaign)]
    if not running:
        return {}
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        found = await forecasts.senders(
            connection, team_id=actor.team_id, campaign_ids=[one.id for one in running], now=now
        )
    by_campaign: dict[str, list[Senders]] = {campaign.id: [] for campaign in running}
    for senders in found:
        by_campaign[senders.campaign_id].append(senders)
    about = {campaign.id: finish(campaign, by_campaign[campaign.id], now) for campaign in running}
    return {campaign_id: at for campaign_id, at in about.items() if at is not None}


def _is_running(campaign: Campaign) -> bool:
    """Whether it sends, and all that it sends is known: nobody is being assessed or brought in."""
    counts, prospect = campaign.counts, campaign.prospect
    is_held_back = prospect.stopped_at is not None or prospect.restored_from is not None
    is_known = not counts.assessing and not campaign.is_syncing
    return campaign.status == CampaignStatus.ACTIVE and not is_held_back and is_known


def finish(campaign: Campaign, senders: Sequence[Senders], now: datetime) -> datetime | None:
    """Return about when the last message leaves; None where nothing is left, or nobody can tell."""
    left = _left(campaign)
    members = [one for one in senders if one.is_member]
    if left is None or not members or not all(one.can_send for one in senders):
        return None
    hours = window.Hours.parse(campaign.settings.zone, campaign.settings.hours)
    last_due = max((one.last_follow_up_at for one in senders if one.last_follow_up_at is not None), default=None)

    def sent(messages: int, *, is_shared: bool) -> datetime | None:
        return estimate.sent(hours, messages, lambda length: _capacity(campaign, members, length, is_shared), now)

    soonest, latest = sent(left.least, is_shared=False), sent(left.most, is_shared=True)
    if soonest is None or latest is None:
        return None
    if left.firsts:
        begun = sent(left.firsts, is_shared=False)
        soonest = max(soonest, *_opens(hours, begun, left.delays))
        latest = max(latest, *_opens(hours, latest, left.delays), *_opens(hours, last_due, left.delays))
    elif last_due is None:
        return None
    else:
        soonest = max(soonest, *_opens(hours, last_due, timedelta()))
        latest = max(latest, *_opens(hours, last_due, left.delays - left.first_delay))
    is_near = latest - soonest <= max(NEAR, SHARE * (soonest - now))
    return latest if is_near else None


def _left(campaign: Campaign) -> _Left | None:
    counts = campaign.counts
    steps = [sequence.parse_step(step) for step in campaign.steps]
    messages = sum(isinstance(step, sequence.MessageStep) for step in steps)
    delays = [timedelta(seconds=step.delay_seconds) for step in steps if isinstance(step, sequence.DelayStep)]
    if not messages or not counts.ready + counts.in_sequence:
        return None
    begun = counts.ready * messages
    return _Left(
        firsts=counts.ready,
        least=begun + counts.in_sequence,
        most=begun + counts.in_sequence * max(messages - 1, 1),
        delays=sum(delays, timedelta()),
        first_delay=delays[0] if delays else timedelta(),
    )


def _capacity(campaign: Campaign, members: Iterable[Senders], length: timedelta, is_shared: bool) -> float:
    """How many messages leave within an open stretch; `is_shared`: as if all campaigns of an account had as many."""
    total = 0.0
    for one in members:
        shares = one.campaigns if is_shared else 1
        rate = min(campaign.settings.hourly_message_rate, one.hourly_limit / shares)
        total += one.count * min(rate * (length / timedelta(hours=1)), one.daily_limit / shares)
    return total


def _opens(hours: window.Hours, at: datetime | None, delay: timedelta) -> list[datetime]:
    opened = None if at is None else window.next_open(hours, at + delay)
    return [] if opened is None else [opened]

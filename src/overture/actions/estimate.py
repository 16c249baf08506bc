"""A quick estimate of what a campaign would send and by when; the rehearsal tells it exactly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from overture.core import sequence, window
from overture.core.costs import FREE, PriceList
from overture.core.words import AccountStatus, CostKind
from overture.store.campaign_accounts import Member
from overture.store.campaigns import Campaign
from overture.store.preflight import Remaining

_LONGEST = timedelta(days=3 * 366)
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What look-ups, sends and reading the inboxes cost."""

    currency: str
    look_ups: Decimal
    sends: Decimal
    readings: Decimal

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.look_ups + self.sends + self.readings


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Messages to send if nobody answers, accounts that send, and when the last message leaves.

    `finishes_at` is None where nothing is to be sent, nothing can be sent, or it would take more than three years.
    `look_ups` are the profiles still to be looked up; `cost` is what all of it costs at most, by the dearest price list
    of the accounts' platforms.
    """

    messages: int
    accounts: int
    finishes_at: datetime | None
    look_ups: int
    cost: Cost


def make(
    campaign: Campaign,
    steps: Sequence[sequence.Step],
    members: Sequence[Member],
    remaining: Sequence[Remaining],
    price_lists: Sequence[PriceList],
    now: datetime,
) -> Estimate:
    """Estimate from how many leads stand at which rank: rates, limits, hours and delays, but no answers."""
    to_come = [(rank, sum(step.rank >= rank for step in _messages(steps))) for rank in range(len(steps))]
    counts = {entry.rank: entry.count for entry in remaining}
    messages = sum(counts.get(rank, 0) * left for rank, left in to_come)
    senders = [member for member in members if member.status != AccountStatus.OFFLINE]
    finishes_at = _finish(campaign, senders, messages, now)
    last_begins = _finish(campaign, senders, counts.get(0, 0), now)
    if finishes_at is not None and last_begins is not None:
        # Whoever begins last still has all delays before them.
        hours = window.Hours.parse(campaign.settings.zone, campaign.settings.hours)
        finishes_at = max(finishes_at, window.next_open(hours, last_begins + _delays(steps)) or finishes_at)
    look_ups = campaign.counts.assessing
    cost = _cost(price_lists, look_ups=look_ups, messages=messages, leads=sum(counts.values()))
    return Estimate(messages=messages, accounts=len(senders), finishes_at=finishes_at, look_ups=look_ups, cost=cost)


def _cost(price_lists: Sequence[PriceList], *, look_ups: int, messages: int, leads: int) -> Cost:
    """Price it all; inboxes show what was sent, too, and one answer of each lead is reckoned with."""
    units = {CostKind.PROFILE_READ: look_ups, CostKind.MESSAGE_SENT: messages, CostKind.MESSAGE_READ: messages + leads}
    dearest = max(price_lists, key=lambda one: one.cost(units), default=FREE)
    return Cost(
        currency=dearest.currency,
        look_ups=dearest.cost({CostKind.PROFILE_READ: look_ups}),
        sends=dearest.cost({CostKind.MESSAGE_SENT: messages}),
        readings=dearest.cost({CostKind.MESSAGE_READ: messages + leads}),
    )


def _messages(steps: Sequence[sequence.Step]) -> list[sequence.MessageStep]:
    return [step for step in steps if isinstance(step, sequence.MessageStep)]


def _delays(steps: Sequence[sequence.Step]) -> timedelta:
    return timedelta(seconds=sum(step.delay_seconds for step in steps if isinstance(step, sequence.DelayStep)))


def _finish(campaign: Campaign, senders: Sequence[Member], messages: int, now: datetime) -> datetime | None:
    """When `messages` have left if every account sends at its rate through every open hour."""
    if not messages or not senders or not campaign.settings.hours:
        return None
    hours = window.Hours.parse(campaign.settings.zone, campaign.settings.hours)
    return sent(hours, messages, lambda length: sum(_sends(campaign, member, length) for member in senders), now)


def sent(hours: window.Hours, messages: int, capacity: Callable[[timedelta], float], now: datetime) -> datetime | None:
    """When `messages` have left; `capacity` tells how many leave within an open stretch of at most a day."""
    left = float(messages)
    at = window.next_open(hours, now)
    while at is not None and at < now + _LONGEST:
        closes = window.closing(hours, at) or at + _DAY
        length = min(closes - at, _DAY)
        possible = capacity(length)
        if possible >= left:
            return at + length * (left / possible)
        left -= possible
        at = window.next_open(hours, at + length)
    return None


def _sends(campaign: Campaign, member: Member, length: timedelta) -> float:
    rate = min(campaign.settings.hourly_message_rate, member.hourly_limit)
    return min(rate * (length / timedelta(hours=1)), float(member.daily_limit))

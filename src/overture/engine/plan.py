"""Plan: spread a campaign's ready leads over its accounts, and mend the plan when the accounts change."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from overture.core import assign
from overture.store import assess_queue, duties, plans, scopes, wakeups
from overture.store.pool import Connection, Pool

_DAYS = 7

WORTHWHILE = Fraction(1, 10)
"""By which part the largest load must become smaller for leads to be asked about through further accounts."""

FRESH = timedelta(days=30)
"""How long a verdict serves unless an event contradicts it."""


class Loads:
    """What each account of a campaign has to do, for choosing the one with the least."""

    def __init__(self, counts: Mapping[str, int], capacity: Mapping[str, Fraction]) -> None:
        self._counts = dict(counts)
        self._capacity = capacity

    def lightest(self, account_ids: Sequence[str]) -> str:
        """Return the account that would be through first with one lead more."""
        return min(account_ids, key=lambda account_id: (self._load(account_id), account_id))

    def add(self, account_id: str) -> None:
        """Count one lead more."""
        self._counts[account_id] = self._counts.get(account_id, 0) + 1

    def _load(self, account_id: str) -> Fraction | float:
        capacity = self._capacity.get(account_id)
        return (self._counts.get(account_id, 0) + 1) / capacity if capacity else float("inf")


async def loads(connection: Connection, *, team_id: str, campaign_id: str) -> Loads:
    """Return what each account of the campaign has to do now."""
    settings = await plans.settings(connection, team_id=team_id, campaign_id=campaign_id)
    senders = await plans.senders(connection, team_id=team_id, campaign_id=campaign_id)
    counts = await plans.loads(connection, team_id=team_id, campaign_id=campaign_id)
    capacity = {sender.account_id: daily(sender, settings) for sender in senders} if settings is not None else {}
    return Loads(counts, capacity)


async def step(pool: Pool, *, team_id: str, campaign_id: str, now: datetime) -> int:
    """Plan what waits and move what must move; return how many leads were given an account.

    One snapshot serves the counting and the writing; what is wanted of others, who may want it too, comes after.
    """
    async with (
        pool.acquire() as connection,
        scopes.alone(connection, campaign_id=campaign_id),
        connection.transaction(isolation="repeatable_read"),
    ):
        accounts, placed, asked = await _plan(connection, team_id=team_id, campaign_id=campaign_id, now=now)
        await wakeups.give(connection, team_id=team_id, account_ids=accounts, at=now)
    async with pool.acquire() as connection:
        if asked:
            await duties.want(connection, team_id=team_id, kind="assess", key=campaign_id, due_at=now)
        else:
            # A run that ended right here has put its leads into the queue, and this one, in its place, finds none.
            await assess_queue.want_forgotten(connection, team_id=team_id, campaign_id=campaign_id, due_at=now)
    return placed


async def _plan(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> tuple[list[str], int, int]:
    settings = await plans.settings(connection, team_id=team_id, campaign_id=campaign_id)
    if settings is None:
        return [], 0, 0
    senders = await plans.senders(connection, team_id=team_id, campaign_id=campaign_id)
    capacity = {sender.account_id: daily(sender, settings) for sender in senders if sender.can_send}
    reach = await plans.reach_sets(connection, team_id=team_id, campaign_id=campaign_id)
    counts = await plans.counts(connection, team_id=team_id, campaign_id=campaign_id)
    groups = [
        assign.Group(reach=reach[count.reach_id], current=count.account_id, count=count.count) for count in counts
    ]
    shares = assign.assign(groups, capacity)
    slices = [
        plans.Slice(
            reach_id=counts[share.group].reach_id,
            source=counts[share.group].account_id,
            account_id=share.account,
            count=share.count,
        )
        for share in shares
    ]
    asked = 0
    stranded = _stranded(counts, reach, capacity)
    if stranded:
        # First: it locks leads, and whoever takes leads out locks them before their places in the plan.
        asked = await plans.ask_again(connection, team_id=team_id, campaign_id=campaign_id, reach_ids=stranded, at=now)
    placed = await plans.place(connection, team_id=team_id, campaign_id=campaign_id, now=now, slices=slices)
    await plans.move(connection, team_id=team_id, campaign_id=campaign_id, slices=slices, at=now)
    if settings["is_active"]:
        asked += await plans.ask_further(
            connection,
            team_id=team_id,
            campaign_id=campaign_id,
            slices=_worth_asking(slices, reach, capacity),
            fresh_since=now - FRESH,
        )
    return sorted(capacity), placed, asked


def _worth_asking(
    slices: Sequence[plans.Slice], reach: Mapping[int, frozenset[str]], capacity: Mapping[str, Fraction]
) -> list[plans.Slice]:
    """Say about which leads other accounts should be asked: the plan would be through sooner if they reached them.

    Only where it would be sooner by a good part: a look-up costs time, budget and money.
    """
    groups = [
        assign.Group(reach=reach[part.reach_id].union(capacity), current=part.account_id, count=part.count)
        for part in slices
    ]
    shares = assign.assign(groups, capacity)
    now = _largest_load(((part.account_id, part.count) for part in slices), capacity)
    then = _largest_load(((share.account, share.count) for share in shares), capacity)
    if then > now * (1 - WORTHWHILE):
        return []
    return [
        plans.Slice(
            reach_id=slices[share.group].reach_id,
            source=slices[share.group].account_id,
            account_id=share.account,
            count=share.count,
        )
        for share in shares
        if share.account not in reach[slices[share.group].reach_id]
    ]


def _largest_load(counts: Iterable[tuple[str, int]], capacity: Mapping[str, Fraction]) -> Fraction:
    totals: Counter[str] = Counter()
    for account_id, count in counts:
        totals[account_id] += count
    return max((total / capacity[account_id] for account_id, total in totals.items()), default=Fraction(0))


def daily(sender: plans.Sender, settings: Mapping[str, Any]) -> Fraction:
    """Return how many messages a day this account may send for this campaign, over an average week."""
    minutes = sum(day["end"] - day["start"] for day in settings["hours"].values())
    by_rate = Fraction(minutes * min(settings["rate"], sender.hourly_limit), 60 * _DAYS)
    open_days = Fraction(len(settings["hours"]), _DAYS)
    return min(by_rate, open_days * sender.daily_limit)


def _stranded(
    counts: Sequence[plans.Count], reach: Mapping[int, frozenset[str]], capacity: Mapping[str, Fraction]
) -> list[int]:
    """Reach sets none of whose accounts can send: their leads have to be asked about through others."""
    return sorted({count.reach_id for count in counts if not reach[count.reach_id] & capacity.keys()})

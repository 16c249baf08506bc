"""Rehearsal: campaigns sent in virtual time, by the rules of pace, hours and limits that the engine sends by.

What the engine draws only when it sends is drawn here from the given draws: the next message of an account leaves when
the engine will send it, those after it at a like pace.
"""

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from overture.core import pacing, window

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)

_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leads:
    """`count` leads whose next message falls due at the same instant.

    is_first: the message is their first, so it yields to follow-ups.
    waits: how long after each message the one after it falls due; empty if the next is their last.
    """

    due_at: datetime
    count: int
    is_first: bool
    waits: tuple[timedelta, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """What one account sends for one campaign, and at what pace: the facts `pacing.next_at` asks for.

    ends: ends of the attempts of the last hour, ascending.
    served_at: when it last sent; the campaign served longest ago goes first.
    """

    campaign_id: str
    hours: window.Hours
    rate_per_hour: int
    draw: float
    opening_draw: float
    last_end: datetime | None
    started_at: datetime
    served_at: datetime
    ends: Sequence[datetime]
    leads: Sequence[Leads]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """An account with its own limits over all its campaigns.

    free_at: it sends nothing before, for it rests, or its app does.
    last_end: end of its latest attempt.
    ends: ends of the attempts of the last 24 hours, by hand or not, ascending.
    """

    account_id: str
    app_id: str
    hourly_limit: int
    daily_limit: int
    free_at: datetime
    last_end: datetime
    ends: Sequence[datetime]
    pairs: Sequence[Pair]


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """What an app may send in 24 hours over all its accounts, None for no ceiling; `ends` as of a sender."""

    id: str
    daily_cap: int | None
    ends: Sequence[datetime]


class Draws(Protocol):
    """Where chance comes from, as `random.Random` gives it."""

    def random(self) -> float:
        """Return a number in [0, 1)."""
        ...

    def uniform(self, a: float, b: float, /) -> float:
        """Return a number between two."""
        ...

    def randrange(self, stop: int, /) -> int:
        """Return a whole number in [0, stop)."""
        ...


class Send(NamedTuple):
    """A message that leaves; `is_last`: the person gets nothing further, `is_answered`: for they answer it."""

    at: datetime
    account_id: str
    campaign_id: str
    is_first: bool
    is_last: bool
    is_answered: bool


def run(
    senders: Sequence[Sender], apps: Sequence[App], *, now: datetime, reply_rate: float, draws: Draws
) -> Iterator[Send]:
    """Yield what is sent from `now` on, in the order in which it is sent, until nothing is left to send.

    Args:
        senders: every account with all its campaigns; what an account cannot send is not sent.
        apps: the apps of the senders.
        now: the instant to begin at.
        reply_rate: the share of people who answer, in [0, 1], each of their messages as likely as another.
        draws: two for each message in the order in which they leave, as the engine's; more where people answer.

    Raises:
        ValueError: the reply rate is not a share.
    """
    if not 0 <= reply_rate <= 1:
        raise ValueError(f"a reply rate lies between 0 and 1, not at {reply_rate}")
    budgets = {app.id: _Rolling(app.ends, app.daily_cap, DAY) for app in apps}
    lanes = [_Lane(sender, now, draws, reply_rate) for sender in senders]
    queue = [(at, position) for position, lane in enumerate(lanes) if (at := lane.next_at()) is not None]
    heapq.heapify(queue)
    while queue:
        at, position = queue[0]
        lane = lanes[position]
        budget = budgets[lane.app_id]
        if budget.free_at > at:
            lane.rest(budget.free_at)
        else:
            budget.count(at)
            yield lane.send(at)
        later = lane.next_at()
        if later is None:
            heapq.heappop(queue)
        else:
            heapq.heapreplace(queue, (later, position))


class _Rolling:
    """A rolling limit that attempts run into one after another; the same law as `pacing.rolling_free_at`."""

    def __init__(self, ends: Sequence[datetime], limit: int | None, span: timedelta) -> None:
        self._ends = deque(ends, maxlen=limit)
        self._limit = limit
        self._span = span
        self.free_at = pacing.FREE_ALWAYS
        self._look()

    def count(self, end: datetime) -> None:
        if self._limit is not None:
            self._ends.append(end)
            self._look()

    def _look(self) -> None:
        if len(self._ends) == self._limit:
            self.free_at = self._ends[0] + self._span


class _Way(NamedTuple):
    """What is before a lead after its next message; `is_answered` is None until it is drawn."""

    waits: tuple[timedelta, ...]
    is_answered: bool | None


class _Course:
    """A pair under way."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.draw = pair.draw
        self.opening_draw = pair.opening_draw
        self.last_end = pair.last_end
        self.served_at = pair.served_at
        self.limit = _Rolling(pair.ends, pair.rate_per_hour, HOUR)
        self.at: datetime | None = None
        self.is_stale = True
        firsts = sorted((leads for leads in pair.leads if leads.is_first and leads.count), key=lambda one: one.due_at)
        self._firsts = deque(firsts)
        self._left = firsts[0].count if firsts else 0
        self._number = 0
        self._follow_ups: list[tuple[datetime, int, _Way]] = []
        for leads in pair.leads:
            if not leads.is_first:
                for _ in range(leads.count):
                    self.put(leads.due_at, _Way(leads.waits, None))

    def put(self, due_at: datetime, way: _Way) -> None:
        """Plan a follow-up."""
        self._number += 1
        heapq.heappush(self._follow_ups, (due_at, self._number, way))

    def due_at(self) -> datetime | None:
        """The instant from which something is due."""
        soonest = self._follow_ups[0][0] if self._follow_ups else None
        if self._firsts and (soonest is None or self._firsts[0].due_at < soonest):
            return self._firsts[0].due_at
        return soonest

    def take(self, at: datetime) -> tuple[bool, _Way]:
        """Take the lead that is served at this instant: follow-ups before first messages, oldest due first."""
        if self._follow_ups and self._follow_ups[0][0] <= at:
            return False, heapq.heappop(self._follow_ups)[2]
        way = _Way(self._firsts[0].waits, None)
        self._left -= 1
        if not self._left:
            self._firsts.popleft()
            self._left = self._firsts[0].count if self._firsts else 0
        return True, way

    def look(self, free_at: datetime) -> None:
        """Find when it may send next, no earlier than its account may."""
        due_at = self.due_at()
        self.is_stale = False
        if due_at is None:
            self.at = None
            return
        pair = self.pair
        self.at = pacing.next_at(
            hours=pair.hours,
            rate_per_hour=pair.rate_per_hour,
            draw=self.draw,
            opening_draw=self.opening_draw,
            last_end=self.last_end,
            started_at=pair.started_at,
            not_before=max(due_at, free_at, self.limit.free_at),
        )


class _Lane:
    """An account under way."""

    def __init__(self, sender: Sender, now: datetime, draws: Draws, reply_rate: float) -> None:
        self.app_id = sender.app_id
        self._account_id = sender.account_id
        self._gap = pacing.minimum_gap(sender.hourly_limit)
        self._limits = (
            _Rolling(sender.ends, sender.hourly_limit, HOUR),
            _Rolling(sender.ends, sender.daily_limit, DAY),
        )
        self._free_at = max(now, sender.free_at, sender.last_end + self._gap)
        self._courses = [_Course(pair) for pair in sender.pairs]
        self._draws = draws
        self._reply_rate = reply_rate
        self._next: _Course | None = None

    def next_at(self) -> datetime | None:
        """When the account sends next; None if never."""
        free_at = max(self._free_at, self._limits[0].free_at, self._limits[1].free_at)
        if free_at == _LAST:
            return None
        chosen: _Course | None = None
        for course in self._courses:
            if course.is_stale or (course.at is not None and course.at < free_at):
                course.look(free_at)
            if course.at is not None and (chosen is None or _goes_before(course, chosen)):
                chosen = course
        self._next = chosen
        return None if chosen is None else chosen.at

    def rest(self, until: datetime) -> None:
        """Send nothing before an instant."""
        self._free_at = max(self._free_at, until)

    def send(self, at: datetime) -> Send:
        """Send what `next_at` has found."""
        course = self._next
        assert course is not None
        is_first, way = course.take(at)
        course.draw = self._draws.uniform(pacing.DRAW_LOW, pacing.DRAW_HIGH)
        course.opening_draw = self._draws.random()
        course.last_end = course.served_at = at
        course.limit.count(at)
        course.is_stale = True
        for limit in self._limits:
            limit.count(at)
        self._free_at = at + self._gap
        waits, is_answered = self._draw_answer(way) if way.is_answered is None else (way.waits, way.is_answered)
        if waits:
            course.put(at + waits[0], _Way(waits[1:], is_answered))
        return Send(at, self._account_id, course.pair.campaign_id, is_first, not waits, is_answered and not waits)

    def _draw_answer(self, way: _Way) -> tuple[tuple[timedelta, ...], bool]:
        """Draw whether a person answers, and which message: what is left to wait for, and if it ends in an answer."""
        if not self._reply_rate or self._draws.random() >= self._reply_rate:
            return way.waits, False
        return way.waits[: self._draws.randrange(len(way.waits) + 1)], True


def _goes_before(one: _Course, other: _Course) -> bool:
    assert one.at is not None
    assert other.at is not None
    return (one.at, one.served_at, one.pair.campaign_id) < (other.at, other.served_at, other.pair.campaign_id)

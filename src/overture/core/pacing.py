"""Pace: the first instant at which the next attempt may begin, from stored facts alone.

Nothing here knows what time it is. The same facts always give the same instant, so a next-send time that is
shown to a person does not move because somebody looked at it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from overture.core import window

DRAW_LOW = 0.75
"""Least value of the draw that stretches a gap; also the share of a gap that an account always keeps."""

DRAW_HIGH = 1.25
"""Greatest value of the draw that stretches a gap."""

CALL_TIMEOUT = timedelta(seconds=10)
"""How long one call to a platform may last; no attempt begins later than this before the hours close."""

FREE_ALWAYS = datetime.min.replace(tzinfo=UTC)
"""What `rolling_free_at` answers when the limit holds nothing back."""

_SECONDS_PER_HOUR = 3600


def gap(rate_per_hour: float, draw: float) -> timedelta:
    """The time between two messages of one account in one campaign.

    Args:
        rate_per_hour: messages an hour for each account, above 0.
        draw: the stored draw, uniform in [`DRAW_LOW`, `DRAW_HIGH`]. It stays when the rate is edited.

    Raises:
        ValueError: the rate is not above 0.
    """
    if rate_per_hour <= 0:
        raise ValueError(f"a rate must be above 0 messages an hour, not {rate_per_hour}")
    return timedelta(seconds=draw * _SECONDS_PER_HOUR / rate_per_hour)


@lru_cache(maxsize=1024)
def minimum_gap(hourly_limit: float) -> timedelta:
    """The least time between any two messages of one account, over all its campaigns.

    Args:
        hourly_limit: the account's own limit in messages an hour, above 0.

    Raises:
        ValueError: the limit is not above 0.
    """
    return gap(hourly_limit, DRAW_LOW)


def next_at(
    *,
    hours: window.Hours,
    rate_per_hour: float,
    draw: float,
    opening_draw: float,
    last_end: datetime | None,
    started_at: datetime,
    not_before: datetime | None = None,
) -> datetime | None:
    """The first instant at which a campaign may begin an attempt from an account, by gap and hours alone.

    The gap runs from the end of the attempt before. In a stretch of sending hours that opened after both that
    end and the start, the account begins at opening + `opening_draw` · gap. Where the stretch is shorter than
    the gap, the draw spreads over what the stretch offers instead, so that short hours cannot starve a slow
    campaign.

    Args:
        hours: the campaign's sending hours.
        rate_per_hour: messages an hour for each account, above 0.
        draw: stored draw for the gap, in [`DRAW_LOW`, `DRAW_HIGH`].
        opening_draw: stored draw for the start after an opening, in [0, 1].
        last_end: end of the pair's latest attempt, None before the first.
        started_at: when the campaign most recently started, resumed or reopened.
        not_before: an instant before which nothing can go: a limit held, or it passed with nothing due.
            The answer is no earlier; the rules of gap and opening stay those of the stored facts.

    Returns:
        The instant in UTC, which may lie in the past; None if the hours never open.

    Raises:
        ValueError: the rate is not above 0.
    """
    pause = gap(rate_per_hour, draw)
    earliest = started_at if last_end is None else max(started_at, last_end + pause)
    if not_before is not None:
        earliest = max(earliest, not_before)
    stretch = window.stretch_from(hours, earliest)
    while stretch is not None:
        begin = max(stretch.opens, earliest)
        latest = None if stretch.closes is None else stretch.closes - CALL_TIMEOUT
        # After an attempt inside this stretch its gap, already in `earliest`, outlasts the opening's delay.
        if stretch.opens > started_at and begin < stretch.opens + pause:
            room = pause if latest is None else min(pause, max(latest - stretch.opens, timedelta()))
            begin = max(begin, stretch.opens + opening_draw * room)
        if stretch.closes is None or latest is None or begin <= latest:
            return begin.astimezone(UTC)
        stretch = window.stretch_from(hours, stretch.closes)
    return None


def rolling_free_at(ends: Sequence[datetime], limit: int, span: timedelta) -> datetime | None:
    """The first instant from which a rolling limit allows one more attempt, if nothing else begins meanwhile.

    The law: at instant t fewer than `limit` attempts have an end later than t − span.

    Args:
        ends: ends of the attempts that count, in any order; `datetime.max` in UTC for one still open.
        limit: how many attempts a span may hold.
        span: length of the rolling span, such as one hour.

    Returns:
        `FREE_ALWAYS` if there are fewer than `limit` attempts at all; None if no instant can be named,
        because the answer depends on an attempt still open, or the limit allows nothing.
    """
    if limit < 1:
        return None
    if len(ends) < limit:
        return FREE_ALWAYS
    deciding = sorted(ends, reverse=True)[limit - 1]
    if deciding == datetime.max.replace(tzinfo=UTC):
        return None
    return deciding + span

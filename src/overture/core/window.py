"""Sending hours: which instants are open, when they open next, and when they close.

Everything is computed on whole seconds since 1970 in UTC. A zone is a row of spans with one UTC offset each,
and inside a span wall clock and instant differ by that constant; so a skipped hour has no instants, a
repeated hour is open both times, and a change may come at any wall-clock time and of any size without a
special case. Meant for instants from 1970 on.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

MINUTES_PER_DAY = 1440

OPEN_FOREVER = datetime.min.replace(tzinfo=UTC)
"""What `opening` answers for hours that never close."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400
_BLOCK_DAYS = 28  # unit of caching: large enough to be rare, small enough to cost well under a millisecond
_BLOCK = _BLOCK_DAYS * _DAY
_EPOCH_WEEKDAY = 4  # 1 January 1970 was a Thursday; 0 is Sunday
# Not names of the IANA database: the host's own zone, and a placeholder for "not set".
_NOT_ZONES = frozenset({"localtime", "Factory"})

_Seconds = tuple[int, int]
_Week = tuple[_Seconds, ...]


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones()) - _NOT_ZONES


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """Sending hours of a week, as the wall clock in a zone shows them. Hashable.

    Args:
        zone: IANA zone, spelled as in the zone database.
        days: for each open weekday, 0 = Sunday, the minutes of the day `(start, end)` with
            `0 <= start < end <= 1440`; `end` is the first closed minute. A missing day is closed.

    Raises:
        ValueError: the zone is not known, or a day or its minutes are out of range.
    """

    zone: str
    days: Mapping[int, tuple[int, int]]
    _week: _Week = field(init=False, repr=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.zone not in _zone_names():
            raise ValueError(f"{self.zone!r} is not a time zone of the IANA database")
        for day, minutes in self.days.items():
            _check_day(day, minutes)
        days = {day: (self.days[day][0], self.days[day][1]) for day in sorted(self.days)}
        minutes_of = [days.get(day, (0, 0)) for day in range(7)]
        week = tuple((start * 60, end * 60) for start, end in minutes_of)
        object.__setattr__(self, "days", days)
        object.__setattr__(self, "_week", week)
        # Every look-up hashes the hours: once is enough. From numbers alone, so that pickled hours keep it.
        object.__setattr__(self, "_hash", hash((*self.zone.encode(), week)))

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def parse(cls, zone: str, days: Mapping[str, Mapping[str, Any]]) -> "Hours":
        """Read the wire form `{"1": {"start": 540, "end": 1020}, ...}`.

        Raises:
            ValueError: a key is not "0".."6", a day does not hold exactly start and end, or as for `Hours`.
        """
        parsed: dict[int, tuple[int, int]] = {}
        for key, minutes in days.items():
            if key not in {"0", "1", "2", "3", "4", "5", "6"}:
                raise ValueError(f'{key!r} is not a weekday; use "0" (Sunday) to "6" (Saturday)')
            if set(minutes) != {"start", "end"}:
                raise ValueError(f"weekday {key} needs exactly start and end")
            parsed[int(key)] = (minutes["start"], minutes["end"])
        return cls(zone=zone, days=parsed)

    def as_json(self) -> dict[str, dict[str, int]]:
        """The wire form of the days; the zone travels beside it."""
        return {str(day): {"start": start, "end": end} for day, (start, end) in self.days.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """An unbroken run of open instants, `opens <= instant < closes`, in UTC.

    Days that touch, such as a Monday until 1440 and a Tuesday from 0, are one stretch. Hours that never close
    are one from `OPEN_FOREVER` on, and `closes` is None.
    """

    opens: datetime
    closes: datetime | None


def stretch_from(hours: Hours, instant: datetime) -> Stretch | None:
    """The open stretch that holds this instant, else the first one after it; None for empty hours."""
    if not hours.days:
        return None
    block = (instant - _EPOCH).days // _BLOCK_DAYS
    while True:
        closings, stretches = _block(hours, block)
        position = bisect_right(closings, instant)
        if position < len(stretches):
            return stretches[position]
        block += 1


def is_open(hours: Hours, instant: datetime) -> bool:
    """Whether the wall clock shows an open weekday and minute at this instant."""
    stretch = stretch_from(hours, instant)
    return stretch is not None and stretch.opens <= instant


def next_open(hours: Hours, instant: datetime) -> datetime | None:
    """The instant itself if it is open, else the first open one after it, in UTC; None for empty hours."""
    stretch = stretch_from(hours, instant)
    return None if stretch is None else max(stretch.opens, instant.astimezone(UTC))


def opening(hours: Hours, instant: datetime) -> datetime:
    """The first instant of the open stretch that holds this open instant; `OPEN_FOREVER` if it never closes.

    Raises:
        ValueError: the instant is not open.
    """
    return _require_stretch(hours, instant).opens


def closing(hours: Hours, instant: datetime) -> datetime | None:
    """The first closed instant after this open one; None if the hours never close.

    Raises:
        ValueError: the instant is not open.
    """
    return _require_stretch(hours, instant).closes


def _check_day(day: object, minutes: tuple[object, object]) -> None:
    if type(day) is not int or not 0 <= day <= 6:
        raise ValueError(f"{day!r} is not a weekday; use 0 (Sunday) to 6 (Saturday)")
    start, end = minutes
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= MINUTES_PER_DAY:
        raise ValueError(f"weekday {day} must have whole minutes with 0 <= start < end <= {MINUTES_PER_DAY}")


def _never_closes(hours: Hours) -> bool:
    # A closed minute of the week comes round within two weeks in every zone: nothing else is open for ever.
    return len(hours.days) == 7 and all(minutes == (0, MINUTES_PER_DAY) for minutes in hours.days.values())


def _instant(second: int) -> datetime:
    return _EPOCH + timedelta(seconds=second)


def _require_stretch(hours: Hours, instant: datetime) -> Stretch:
    stretch = stretch_from(hours, instant)
    if stretch is None or stretch.opens > instant:
        raise ValueError(f"{instant.isoformat()} is outside the sending hours")
    return stretch


@lru_cache(maxsize=16_384)
def _block(hours: Hours, block: int) -> tuple[tuple[datetime, ...], tuple[Stretch, ...]]:
    """The closings, for bisection, and the stretches that reach into a block, whole where they leave it."""
    if _never_closes(hours):
        return (datetime.max.replace(tzinfo=UTC),), (Stretch(opens=OPEN_FOREVER, closes=None),)
    found: list[Stretch] = []
    closings: list[datetime] = []
    for start, end in _open_in_block(hours, block):
        opens, closes = _reach_back(hours, block, start), _instant(_reach_on(hours, block, end))
        found.append(Stretch(opens=_instant(opens), closes=closes))
        closings.append(closes)
    return tuple(closings), tuple(found)


def _reach_back(hours: Hours, block: int, start: int) -> int:
    while start == block * _BLOCK:
        block -= 1
        before = _open_in_block(hours, block)
        if not before or before[-1][1] != start:
            break
        start = before[-1][0]
    return start


def _reach_on(hours: Hours, block: int, end: int) -> int:
    while end == (block + 1) * _BLOCK:
        block += 1
        after = _open_in_block(hours, block)
        if not after or after[0][0] != end:
            break
        end = after[0][1]
    return end


@lru_cache(maxsize=1_024)
def _open_in_block(hours: Hours, block: int) -> tuple[_Seconds, ...]:
    """What is open within a block, ascending, those that touch joined."""
    joined: list[_Seconds] = []
    for start, end, offset in _spans(hours.zone, block):
        for opens, closes in _open_between(hours._week, start + offset, end + offset):
            if joined and joined[-1][1] == opens - offset:
                joined[-1] = (joined[-1][0], closes - offset)
            else:
                joined.append((opens - offset, closes - offset))
    return tuple(joined)


def _open_between(week: _Week, start: int, end: int) -> Iterator[_Seconds]:
    """Open stretches of an unbroken run of the wall clock, in wall-clock seconds, one for each day."""
    for day in range(start // _DAY, (end - 1) // _DAY + 1):
        opens, closes = week[(day + _EPOCH_WEEKDAY) % 7]
        opens, closes = max(start, day * _DAY + opens), min(end, day * _DAY + closes)
        if opens < closes:
            yield opens, closes


@lru_cache(maxsize=8_192)
def _spans(zone: str, block: int) -> tuple[tuple[int, int, int], ...]:
    """The block cut at the zone's clock changes: `(start, end, UTC offset)`.

    One look a day finds every change: since 1970 no zone has changed its offset twice within six days.
    """
    clock = ZoneInfo(zone)
    spans: list[tuple[int, int, int]] = []
    start = block * _BLOCK
    offset = _offset(clock, start)
    for day_end in range(start + _DAY, start + _BLOCK + 1, _DAY):
        if _offset(clock, day_end - 1) != offset:
            change = _change(clock, offset, max(start, day_end - _DAY), day_end - 1)
            spans.append((start, change, offset))
            start, offset = change, _offset(clock, change)
    spans.append((start, (block + 1) * _BLOCK, offset))
    return tuple(spans)


def _change(clock: ZoneInfo, before: int, low: int, high: int) -> int:
    """The first second after `low`, at most `high`, at which the offset is no longer `before`."""
    if _offset(clock, low) != before:
        return low
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(clock, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(clock: ZoneInfo, second: int) -> int:
    offset = _instant(second).astimezone(clock).utcoffset()
    assert offset is not None
    return offset.days * _DAY + offset.seconds

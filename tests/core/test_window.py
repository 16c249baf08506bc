"""Sending hours against a minute-by-minute reading of the wall clock, above all where clocks change."""

import pickle
import struct
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from overture.core import window
from overture.core.window import Hours

MINUTE = timedelta(minutes=1)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
OFFICE = dict.fromkeys(range(1, 6), (540, 1020))
CHEAP = settings(max_examples=30, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@cache
def offset_changes(zone: str) -> tuple[datetime, ...]:
    """The instants since 1973 at which the zone's offset changes, from the compiled zone file (RFC 8536)."""
    data = resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()

    def counts(start: int) -> tuple[int, ...]:
        return struct.unpack(">6l", data[start + 20 : start + 44])

    ut, std, leaps, times, types, letters = counts(0)
    start = 44 + times * 5 + types * 6 + letters + leaps * 8 + std + ut
    _, _, _, times, types, _ = counts(start)
    seconds = struct.unpack(f">{times}q", data[start + 44 : start + 44 + 8 * times])
    kinds = data[start + 44 + 8 * times : start + 44 + 9 * times]
    rows = data[start + 44 + 9 * times : start + 44 + 9 * times + 6 * types]
    offsets = [struct.unpack(">l", rows[6 * kind : 6 * kind + 4])[0] for kind in kinds]
    changed = [
        datetime.fromtimestamp(second, UTC)
        for second, offset, before in zip(seconds[1:], offsets[1:], offsets, strict=False)
        if offset != before and second >= 0
    ]
    return tuple(change for change in changed if change.year >= 1973)


def clock_is_open(hours: Hours, instant: datetime) -> bool:
    """The definition, read off the wall clock."""
    wall = instant.astimezone(ZoneInfo(hours.zone))
    start, end = hours.days.get(wall.isoweekday() % 7, (0, 0))
    return start <= wall.hour * 60 + wall.minute < end


def scan(hours: Hours, instant: datetime, step: timedelta, wanted: bool) -> datetime | None:
    """The first instant from here, minute by minute, that is open, or closed, for at most 16 days."""
    for _ in range(16 * 1440):
        if clock_is_open(hours, instant) is wanted:
            return instant
        instant += step
    return None


@st.composite
def minutes_of_day(draw: st.DrawFn) -> tuple[int, int]:
    edges = st.one_of(st.integers(0, 1440), st.sampled_from([0, 30, 60, 90, 120, 180, 1380, 1440]))
    start, end = sorted(draw(st.lists(edges, min_size=2, max_size=2, unique=True)))
    return start, end


@st.composite
def hours_near_a_change(draw: st.DrawFn) -> tuple[Hours, datetime]:
    zone = draw(st.sampled_from(ZONES))
    days = draw(st.dictionaries(st.integers(0, 6), minutes_of_day(), max_size=7))
    changes = offset_changes(zone)
    somewhere = st.datetimes(datetime(1973, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis takes bounds without a zone
    near = st.sampled_from(changes) if changes else somewhere
    instant = draw(st.one_of(near, near, somewhere)) + timedelta(minutes=draw(st.integers(-2880, 2880)))
    return Hours(zone=zone, days=days), instant.replace(second=0, microsecond=0)


@CHEAP
@given(hours_near_a_change())
@example((Hours(zone="Australia/Lord_Howe", days={0: (90, 150)}), at("2024-04-06T14:00")))
@example((Hours(zone="America/Havana", days={0: (0, 60), 6: (1380, 1440)}), at("2024-03-10T05:00")))
@example((Hours(zone="Asia/Beirut", days={0: (0, 1440)}), at("2022-03-26T22:00")))
@example((Hours(zone="Africa/Cairo", days={4: (1380, 1440), 5: (0, 30)}), at("2023-10-26T21:00")))
@example((Hours(zone="Pacific/Apia", days={4: (0, 1440), 6: (0, 1440)}), at("2011-12-30T10:00")))
@example((Hours(zone="America/New_York", days={0: (75, 105)}), at("2024-11-03T05:00")))
def test_open_minutes_are_those_the_wall_clock_shows(drawn: tuple[Hours, datetime]) -> None:
    hours, instant = drawn
    for minute in range(-300, 300):
        moment = instant + minute * MINUTE
        assert window.is_open(hours, moment) is clock_is_open(hours, moment), moment


@CHEAP
@given(hours_near_a_change(), st.timedeltas(timedelta(), MINUTE - timedelta(microseconds=1)))
@example((Hours(zone="Pacific/Apia", days={5: (0, 1440)}), at("2011-12-29T12:00")), timedelta())
@example((Hours(zone="Europe/Berlin", days={0: (120, 180)}), at("2025-03-29T12:00")), timedelta())
def test_next_open_is_the_instant_itself_or_the_first_open_minute_after_it(
    drawn: tuple[Hours, datetime], within: timedelta
) -> None:
    hours, instant = drawn
    moment = instant + within
    expected = scan(hours, instant, MINUTE, wanted=True)
    assert window.next_open(hours, moment) == (moment if expected == instant else expected)


@CHEAP
@given(hours_near_a_change())
@example((Hours(zone="America/New_York", days={0: (60, 120)}), at("2024-11-03T05:10")))
@example((Hours(zone="Pacific/Apia", days={4: (600, 1440), 6: (0, 60)}), at("2011-12-30T09:00")))
def test_a_stretch_reaches_from_its_first_open_minute_to_the_next_closed_one(
    drawn: tuple[Hours, datetime],
) -> None:
    hours, instant = drawn
    moment = window.next_open(hours, instant)
    if moment is None:
        assert hours.days == {}
        return
    closed = scan(hours, moment, MINUTE, wanted=False)
    last_closed = scan(hours, moment, -MINUTE, wanted=False)
    assert window.closing(hours, moment) == closed
    assert window.opening(hours, moment) == (window.OPEN_FOREVER if last_closed is None else last_closed + MINUTE)


def test_no_zone_changes_its_clock_twice_within_two_days() -> None:
    gaps = [
        later - earlier
        for zone in ZONES
        for earlier, later in zip(offset_changes(zone), offset_changes(zone)[1:], strict=False)
    ]
    assert len(gaps) > 10_000
    assert min(gaps) > timedelta(days=2)  # window looks at each zone once a day


def test_a_skipped_hour_has_no_instants() -> None:
    hours = Hours(zone="Europe/Berlin", days={0: (120, 180)})
    assert window.next_open(hours, at("2025-03-24T00:00")) == at("2025-04-06T02:00", "Europe/Berlin")


def test_hours_that_begin_in_a_skipped_hour_open_when_the_clock_has_jumped() -> None:
    hours = Hours(zone="Europe/Berlin", days={0: (150, 240)})
    assert window.next_open(hours, at("2025-03-30T00:00")) == at("2025-03-30T01:00")
    assert window.closing(hours, at("2025-03-30T01:00")) == at("2025-03-30T02:00")


def test_a_repeated_hour_is_open_both_times() -> None:
    hours = Hours(zone="America/New_York", days={0: (75, 105)})
    first, second = at("2024-11-03T01:15", "America/New_York"), at("2024-11-03T01:15", "America/New_York", 1)
    assert second - first == timedelta(hours=1)
    assert window.closing(hours, first) == first + timedelta(minutes=30)
    assert window.next_open(hours, first + timedelta(minutes=30)) == second


def test_hours_that_end_in_a_repeated_hour_reopen_when_the_clock_goes_back() -> None:
    hours = Hours(zone="America/New_York", days={0: (30, 90)})
    opened = at("2024-11-03T00:30", "America/New_York")
    back = at("2024-11-03T01:00", "America/New_York", 1)
    assert window.closing(hours, opened) == opened + timedelta(hours=1)
    assert window.next_open(hours, opened + timedelta(hours=1)) == back
    assert window.opening(hours, back + 5 * MINUTE) == back


def test_a_day_that_a_zone_left_out_is_not_there() -> None:
    hours = Hours(zone="Pacific/Apia", days={5: (540, 1020)})
    assert window.next_open(hours, at("2011-12-25T00:00")) == at("2012-01-06T09:00", "Pacific/Apia")


def test_a_change_at_midnight_utc_counts_from_its_first_second() -> None:
    hours = Hours(zone="Africa/Casablanca", days={0: (60, 120)})
    assert window.next_open(hours, at("2008-05-31T12:00")) == at("2008-06-01T00:00")


def test_offsets_with_seconds_are_kept_exactly() -> None:
    hours = Hours(zone="Africa/Monrovia", days={1: (600, 660)})
    assert window.next_open(hours, at("1971-06-06T00:00")) == at("1971-06-07T10:44:30")


def test_days_that_touch_are_one_stretch_and_others_are_not() -> None:
    hours = Hours(zone="Europe/Berlin", days={1: (600, 1440), 2: (0, 60), 3: (1, 60)})
    assert window.opening(hours, at("2025-06-10T00:30", "Europe/Berlin")) == at("2025-06-09T10:00", "Europe/Berlin")
    assert window.closing(hours, at("2025-06-09T12:00", "Europe/Berlin")) == at("2025-06-10T01:00", "Europe/Berlin")


def test_a_stretch_is_whole_wherever_in_it_one_asks() -> None:
    hours = Hours(zone="UTC", days=dict.fromkeys(range(1, 7), (0, 1440)))
    sunday = at("2025-01-05T00:00")
    for hour in range(24 * 7 * 12):
        week, hour_of_week = divmod(hour, 24 * 7)
        moment = sunday + timedelta(hours=hour)
        if hour_of_week >= 24:
            assert window.opening(hours, moment) == sunday + timedelta(days=7 * week + 1)
            assert window.closing(hours, moment) == sunday + timedelta(days=7 * week + 7)


def test_the_closing_instant_is_closed_and_the_one_before_it_open() -> None:
    hours = Hours(zone="UTC", days=OFFICE)
    closes = at("2025-06-09T17:00")
    assert not window.is_open(hours, closes)
    assert window.is_open(hours, closes - timedelta(microseconds=1))
    assert window.closing(hours, closes - timedelta(microseconds=1)) == closes


def test_hours_without_a_closed_minute_never_close() -> None:
    hours = Hours(zone="Europe/Berlin", days=dict.fromkeys(range(7), (0, 1440)))
    now = at("2025-03-30T01:00")
    assert window.is_open(hours, now)
    assert window.closing(hours, now) is None
    assert window.opening(hours, now) == window.OPEN_FOREVER


def test_empty_hours_never_open() -> None:
    hours = Hours(zone="UTC", days={})
    assert not window.is_open(hours, at("2025-01-01T00:00"))
    assert window.next_open(hours, at("2025-01-01T00:00")) is None


def test_opening_and_closing_refuse_a_closed_instant() -> None:
    hours = Hours(zone="UTC", days=OFFICE)
    with pytest.raises(ValueError, match="outside the sending hours"):
        window.opening(hours, at("2025-06-08T12:00"))
    with pytest.raises(ValueError, match="outside the sending hours"):
        window.closing(hours, at("2025-06-08T12:00"))


def test_an_instant_may_be_given_in_any_zone_and_answers_are_in_utc() -> None:
    hours = Hours(zone="UTC", days=OFFICE)
    tokyo = datetime(2025, 6, 9, 21, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    answer = window.next_open(hours, tokyo)
    assert answer == tokyo
    assert answer is not None and answer.tzinfo is UTC


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "Europe",
        "europe/berlin",
        "../UTC",
        "localtime",
        "Factory",
        "posix/UTC",
        "Mars/Base",
        "a" * 400,
        "x\0y",
    ],
)
def test_a_zone_outside_the_database_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="not a time zone"):
        Hours(zone=zone, days={})


@pytest.mark.parametrize(
    ("day", "minutes"),
    [
        (7, (0, 60)),
        (-1, (0, 60)),
        (True, (0, 60)),
        (1, (60, 60)),
        (1, (-1, 60)),
        (1, (0, 1441)),
        (1, (False, 60)),
    ],
)
def test_a_day_or_minute_out_of_range_is_refused(day: int, minutes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="weekday"):
        Hours(zone="UTC", days={day: minutes})


@pytest.mark.parametrize(
    "days",
    [
        {"7": {"start": 0, "end": 60}},
        {"01": {"start": 0, "end": 60}},
        {"1": {"start": 0}},
        {"1": {"start": "0", "end": 60}},
    ],
)
def test_a_malformed_wire_form_is_refused(days: dict[str, dict[str, int]]) -> None:
    with pytest.raises(ValueError, match="weekday"):
        Hours.parse("UTC", days)


def test_the_wire_form_is_read_back_unchanged() -> None:
    wire = {"0": {"start": 0, "end": 1440}, "5": {"start": 540, "end": 1020}}
    assert Hours.parse("UTC", wire).as_json() == wire


def test_equal_hours_are_equal_keys_also_after_a_journey_to_another_process() -> None:
    given_days = {5: (1, 2), 1: (540, 1020)}
    hours = Hours(zone="UTC", days=given_days)
    assert len({hours, Hours(zone="UTC", days={1: (540, 1020), 5: (1, 2)})}) == 1
    assert len({hours, Hours(zone="UTC", days={1: (540, 1020)}), Hours(zone="Etc/UTC", days=given_days)}) == 3
    assert {hours: "found"}[pickle.loads(pickle.dumps(hours))] == "found"
    given_days[2] = (0, 1)
    assert 2 not in hours.days

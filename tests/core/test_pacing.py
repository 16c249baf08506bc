"""Pace: gaps, openings and rolling limits, and a sender that keeps to all of them for days."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overture.core import pacing, window
from overture.core.window import Hours

HOUR = timedelta(hours=1)
STILL_OPEN = datetime.max.replace(tzinfo=UTC)
OFFICE = Hours(zone="UTC", days=dict.fromkeys(range(1, 6), (540, 1020)))
ALWAYS = Hours(zone="UTC", days=dict.fromkeys(range(7), (0, 1440)))
MONDAY = datetime(2025, 6, 9, tzinfo=UTC)
CHEAP = settings(max_examples=40, deadline=None, database=None)


def monday(clock: str) -> datetime:
    hour, minute = clock.split(":")
    return MONDAY + timedelta(hours=int(hour), minutes=int(minute))


def next_at(
    *,
    hours: Hours = OFFICE,
    rate: float = 6,
    draw: float = 1.0,
    opening_draw: float = 0.5,
    last_end: datetime | None = None,
    started_at: datetime = MONDAY,
    not_before: datetime | None = None,
) -> datetime | None:
    """With the usual rate a gap is ten minutes and the delay at an opening five."""
    return pacing.next_at(
        hours=hours,
        rate_per_hour=rate,
        draw=draw,
        opening_draw=opening_draw,
        last_end=last_end,
        started_at=started_at,
        not_before=not_before,
    )


def test_a_gap_is_the_mean_gap_times_the_draw() -> None:
    assert pacing.gap(8, 1) == timedelta(minutes=7, seconds=30)
    assert pacing.gap(8, pacing.DRAW_LOW) == timedelta(seconds=337.5)
    assert pacing.gap(8, pacing.DRAW_HIGH) == timedelta(seconds=562.5)


def test_an_account_keeps_three_quarters_of_its_mean_gap() -> None:
    assert pacing.minimum_gap(25) == timedelta(seconds=108)


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_that_is_not_above_zero_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        pacing.gap(rate, 1)


def test_enabling_inside_the_hours_starts_at_once() -> None:
    assert next_at(started_at=monday("10:00")) == monday("10:00")


def test_enabling_at_the_very_opening_starts_at_once() -> None:
    assert next_at(started_at=monday("9:00")) == monday("9:00")


def test_enabling_before_the_hours_waits_for_the_opening_and_its_delay() -> None:
    assert next_at(started_at=monday("8:59")) == monday("9:05")


def test_an_account_goes_on_one_gap_after_its_latest_attempt_ended() -> None:
    assert next_at(last_end=monday("10:00")) == monday("10:10")


def test_resuming_does_not_shorten_the_gap() -> None:
    assert next_at(last_end=monday("10:00"), started_at=monday("10:03")) == monday("10:10")


def test_time_lost_to_a_pause_is_lost() -> None:
    assert next_at(last_end=monday("10:00"), started_at=monday("12:00")) == monday("12:00")


def test_an_edit_of_the_rate_rescales_the_gap_without_a_new_draw() -> None:
    assert next_at(last_end=monday("10:00"), draw=0.8) == monday("10:08")
    assert next_at(last_end=monday("10:00"), draw=0.8, rate=12) == monday("10:04")


def test_the_next_day_begins_at_the_opening_and_its_delay() -> None:
    assert next_at(last_end=monday("16:55")) == monday("33:05")


def test_a_limit_that_holds_past_the_closing_leads_to_the_next_opening_and_its_delay() -> None:
    held = next_at(last_end=monday("16:00"), not_before=monday("17:30"))
    assert held == monday("33:05")
    assert next_at(last_end=monday("16:00"), not_before=monday("16:30")) == monday("16:30")
    assert next_at(last_end=monday("16:00"), not_before=monday("33:30")) == monday("33:30")


def test_a_gap_that_reaches_past_the_opening_delay_counts_in_full() -> None:
    hours = Hours(zone="UTC", days={1: (0, 600), 0: (0, 1439)})
    assert next_at(hours=hours, rate=1, opening_draw=0, last_end=MONDAY - timedelta(minutes=2)) == monday("0:58")


def test_a_weekend_is_passed_over() -> None:
    assert next_at(last_end=monday("112:58")) == monday("177:05")  # Friday 16:58, then Monday 9:05


def test_none_begins_later_than_one_call_before_the_hours_close() -> None:
    latest = monday("17:00") - pacing.CALL_TIMEOUT
    assert next_at(started_at=latest) == latest
    assert next_at(started_at=latest + timedelta(microseconds=1)) == monday("33:05")


def test_hours_that_never_close_have_no_opening_delay() -> None:
    assert next_at(hours=ALWAYS, last_end=monday("23:55")) == monday("24:05")
    assert next_at(hours=ALWAYS) == MONDAY


def test_empty_hours_never_let_anything_begin() -> None:
    assert next_at(hours=Hours(zone="UTC", days={})) is None


@pytest.mark.parametrize("opening_draw", [0.0, 0.5, 1.0])
def test_hours_shorter_than_a_gap_do_not_starve_a_campaign(opening_draw: float) -> None:
    hours = Hours(zone="UTC", days={1: (600, 601)})
    expected = monday("10:00") + opening_draw * timedelta(seconds=50)
    assert next_at(hours=hours, rate=1, opening_draw=opening_draw) == expected


def test_the_hour_that_a_clock_change_repeats_is_used_both_times() -> None:
    hours = Hours(zone="Europe/Berlin", days={0: (120, 180)})
    first = datetime(2025, 10, 26, 0, 55, tzinfo=UTC)  # 02:55 before the change
    assert next_at(hours=hours, last_end=first, started_at=first) == first + timedelta(minutes=10)


def test_the_answer_is_in_utc_whatever_the_facts_are_in() -> None:
    answer = next_at(started_at=monday("10:00").astimezone(tz=None))
    assert answer is not None and answer.tzinfo is UTC


def test_fewer_attempts_than_the_limit_hold_nothing_back() -> None:
    assert pacing.rolling_free_at([], 1, HOUR) == pacing.FREE_ALWAYS
    assert pacing.rolling_free_at([STILL_OPEN], 2, HOUR) == pacing.FREE_ALWAYS


def test_an_attempt_counts_until_one_span_after_its_end() -> None:
    assert pacing.rolling_free_at([monday("10:00")], 1, HOUR) == monday("11:00")


def test_an_open_attempt_that_decides_makes_the_answer_unknowable() -> None:
    assert pacing.rolling_free_at([monday("10:00"), STILL_OPEN], 1, HOUR) is None
    assert pacing.rolling_free_at([monday("10:00"), STILL_OPEN], 2, HOUR) == monday("11:00")


def test_a_limit_of_nothing_is_never_free() -> None:
    assert pacing.rolling_free_at([], 0, HOUR) is None


@CHEAP
@given(
    st.lists(st.one_of(st.integers(0, 90), st.none()), max_size=12),
    st.integers(1, 6),
    st.integers(1, 40),
)
def test_a_rolling_limit_frees_at_the_first_minute_the_law_allows(
    drawn: list[int | None], limit: int, span_minutes: int
) -> None:
    span = timedelta(minutes=span_minutes)
    ends = [STILL_OPEN if minute is None else MONDAY + timedelta(minutes=minute) for minute in drawn]

    def allowed(moment: datetime) -> bool:
        return sum(end > moment - span for end in ends) < limit

    moments = [MONDAY + timedelta(minutes=minute) for minute in range(-1, 200)]
    first = next((moment for moment in moments if allowed(moment)), None)
    answer = pacing.rolling_free_at(ends, limit, span)
    if answer == pacing.FREE_ALWAYS:
        assert len(ends) < limit
    else:
        assert answer == first


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]))
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    edge = st.integers(0, 48).map(lambda half_hours: half_hours * 30)
    pairs = st.lists(edge, min_size=2, max_size=2, unique=True).map(sorted)
    return Hours(zone=zone, days={day: (pair[0], pair[1]) for day in days for pair in [draw(pairs)]})


Span = tuple[datetime, datetime]


def send(
    *,
    hours: Hours,
    rate: int,
    hourly_limit: int,
    started_at: datetime,
    draws: Sequence[float],
    calls: Sequence[float],
) -> list[Span]:
    """An account that takes every chance the rules give it; returns the spans of its attempts."""
    spans: list[Span] = []
    for number, (draw, call) in enumerate(zip(draws, calls, strict=True)):
        ends = [end for _, end in spans]
        campaign_free = pacing.rolling_free_at(ends, rate, HOUR)
        account_free = pacing.rolling_free_at(ends, hourly_limit, HOUR)
        assert campaign_free is not None and account_free is not None
        spaced = ends[-1] + pacing.minimum_gap(hourly_limit) if ends else started_at
        begin = pacing.next_at(
            hours=hours,
            rate_per_hour=rate,
            draw=pacing.DRAW_LOW + draw * (pacing.DRAW_HIGH - pacing.DRAW_LOW),
            opening_draw=draws[-1 - number],
            last_end=ends[-1] if ends else None,
            started_at=started_at,
            not_before=max(campaign_free, account_free, spaced),
        )
        assert begin is not None
        spans.append((begin, begin + call * pacing.CALL_TIMEOUT))
    return spans


SHARES = st.lists(st.floats(0, 1), min_size=60, max_size=60)


@CHEAP
@given(
    hours=some_hours(),
    rate=st.integers(1, 25),
    hourly_limit=st.integers(1, 25),
    start_minute=st.integers(0, 20_000),
    draws=SHARES,
    calls=SHARES,
)
@example(hours=OFFICE, rate=25, hourly_limit=25, start_minute=600, draws=[0.0] * 60, calls=[0.0] * 60)
def test_a_sender_that_takes_every_chance_breaks_no_law(
    *, hours: Hours, rate: int, hourly_limit: int, start_minute: int, draws: list[float], calls: list[float]
) -> None:
    started_at = datetime(2025, 10, 20, tzinfo=UTC) + timedelta(minutes=start_minute)
    spans = send(hours=hours, rate=rate, hourly_limit=hourly_limit, started_at=started_at, draws=draws, calls=calls)
    least = max(pacing.gap(rate, pacing.DRAW_LOW), pacing.minimum_gap(hourly_limit))
    allowed = min(rate, hourly_limit)
    for index, (begin, end) in enumerate(spans):
        assert begin >= started_at
        assert window.is_open(hours, begin)
        closes = window.closing(hours, begin)
        assert closes is None or end <= closes
        if index:
            assert begin - spans[index - 1][1] >= least
        if index >= allowed:
            # Wherever inside its span the platform dates an attempt, no hour holds one more than allowed.
            assert begin - spans[index - allowed][1] >= HOUR


def test_the_rolling_limit_binds_where_short_gaps_alone_would_break_it() -> None:
    spans = send(hours=ALWAYS, rate=25, hourly_limit=25, started_at=MONDAY, draws=[0.0] * 40, calls=[0.0] * 40)
    begins = [begin for begin, _ in spans]
    assert begins[24] - begins[0] == 24 * timedelta(seconds=108)
    assert begins[25] - begins[0] == HOUR

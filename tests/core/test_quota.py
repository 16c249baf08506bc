"""Windows counted in slots."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from overture.core import quota
from overture.core.quota import Used

NOW = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
LIMITS = (300, 10_000, 100_000)


def _used(minute: dict[int, int], hour: int, day: int) -> list[Used]:
    slots = [window.slot(NOW) for window in quota.WINDOWS]
    ages = (minute, {0: hour}, {0: day})
    return [
        Used(slot=slot, counts=[counts.get(age, 0) for age in range(window.slots)])
        for window, slot, counts in zip(quota.WINDOWS, slots, ages, strict=True)
    ]


def test_the_window_nearest_to_its_end_is_told() -> None:
    standing = quota.nearest(_used({0: 1, 5: 2}, 3, 3), LIMITS)
    assert (standing.window, standing.limit, standing.remaining) == ("minute", 300, 297)
    assert standing.resets_at == NOW + timedelta(seconds=61 - 5)
    assert quota.nearest(_used({0: 1}, 9_900, 9_900), LIMITS).window == "hour"


def test_of_two_at_their_end_the_one_that_lasts_is_told() -> None:
    standing = quota.nearest(_used({0: 300}, 10_000, 10_000), LIMITS)
    assert (standing.window, standing.remaining) == ("hour", 0)


def test_lower_limits_than_calls_leave_nothing() -> None:
    assert quota.nearest(_used({0: 7}, 7, 7), (5, 5, 5)).remaining == 0


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(-3, 12), st.integers(0, 12))
def test_time_passes_alike_in_one_stride_or_two(counts: list[int], first: int, second: int) -> None:
    used = Used(slot=100, counts=counts)
    in_two = used.later(100 + first).later(100 + max(first, 0) + second)
    assert list(in_two.counts) == list(used.later(100 + max(first, 0) + second).counts)
    assert sum(in_two.counts) == sum(counts[: max(0, len(counts) - max(first, 0) - second)])

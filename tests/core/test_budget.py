"""Where budgets stand: what was told overrules what was published, and no window looks emptier than it is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import budget
from overture.core.budget import Published, Spent, Told, Window
from overture.core.words import BudgetScope, BudgetSource, Endpoint

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SENDS = Published(endpoint=Endpoint.SEND, scope=BudgetScope.ACCOUNT, seconds=900, limit=15)
READS = Published(endpoint=Endpoint.INBOX, scope=BudgetScope.ACCOUNT, seconds=900, limit=15)
OF_APP = Published(endpoint=Endpoint.SEND, scope=BudgetScope.APP, seconds=86_400, limit=1440)
TABLE = (READS, OF_APP, SENDS)


@st.composite
def told(draw: st.DrawFn) -> Told:
    limit = draw(st.integers(0, 2_000))
    window = Window(
        scope=draw(st.sampled_from(BudgetScope)),
        seconds=draw(st.sampled_from([900, 86_400])),
        limit=limit,
        left=draw(st.integers(0, limit)),
        resets_at=NOW + timedelta(seconds=draw(st.sampled_from([-900, 0, 1, 600, 86_400]))),
    )
    return Told(endpoint=draw(st.sampled_from([Endpoint.SEND, Endpoint.INBOX])), window=window, told_at=NOW)


def said(left: int, *, limit: int = 15, resets: int = 600, endpoint: Endpoint = Endpoint.SEND) -> Told:
    resets_at = NOW + timedelta(seconds=resets)
    window = Window(scope=BudgetScope.ACCOUNT, seconds=900, limit=limit, left=left, resets_at=resets_at)
    return Told(endpoint=endpoint, window=window, told_at=NOW)


@given(st.lists(told()), st.sampled_from(BudgetScope))
def test_each_window_stands_once_and_never_below_nothing(words: list[Told], scope: BudgetScope) -> None:
    standings = budget.of_platform(TABLE, words, [], scope=scope, now=NOW)
    keys = [(one.endpoint, one.seconds) for one in standings]
    assert len(set(keys)) == len(keys)
    assert set(keys) == {(one.endpoint, one.window.seconds) for one in words if one.window.scope is scope} | {
        (one.endpoint, one.seconds) for one in TABLE if one.scope is scope
    }
    for one in standings:
        assert one.scope is scope
        assert 0 <= one.left <= one.limit
        assert 0 <= one.used <= one.limit
        assert (one.frees_at is None) is (one.used == 0)


@given(st.lists(told(), min_size=1))
def test_of_several_words_on_a_window_the_latest_and_fullest_holds(words: list[Told]) -> None:
    for one in budget.newest(words):
        same = [
            other.window
            for other in words
            if (other.endpoint, other.window.scope, other.window.seconds)
            == (one.endpoint, one.window.scope, one.window.seconds)
        ]
        assert one.window.resets_at == max(window.resets_at for window in same)
        assert one.window.left == min(window.left for window in same if window.resets_at == one.window.resets_at)


def test_before_anything_is_told_the_table_and_what_was_sent_here_are_shown_sending_first() -> None:
    spent = Spent(seconds=900, used=3, oldest_at=NOW - timedelta(seconds=400))
    sending, reading = budget.of_platform(TABLE, [], [spent], scope=BudgetScope.ACCOUNT, now=NOW)
    assert (sending.endpoint, sending.limit, sending.used, sending.left) == (Endpoint.SEND, 15, 3, 12)
    assert sending.frees_at == NOW + timedelta(seconds=500)
    assert (reading.endpoint, reading.used, reading.frees_at) == (Endpoint.INBOX, 0, None)
    assert sending.source is reading.source is BudgetSource.PUBLISHED


def test_what_is_told_overrules_the_table_and_what_was_counted() -> None:
    spent = Spent(seconds=900, used=3, oldest_at=NOW)
    sending, _ = budget.of_platform(TABLE, [said(40, limit=99)], [spent], scope=BudgetScope.ACCOUNT, now=NOW)
    assert (sending.limit, sending.used, sending.left) == (99, 59, 40)
    assert (sending.source, sending.told_at) == (BudgetSource.TOLD, NOW)
    assert sending.frees_at == NOW + timedelta(seconds=600)


def test_a_window_that_is_over_is_empty_and_keeps_its_limit() -> None:
    sending, _ = budget.of_platform(TABLE, [said(0, limit=99, resets=0)], [], scope=BudgetScope.ACCOUNT, now=NOW)
    assert (sending.limit, sending.used, sending.left, sending.frees_at) == (99, 0, 99, None)


@pytest.mark.parametrize(("used", "left"), [(0, 25), (25, 0), (40, 0)])
def test_a_limit_that_was_lowered_below_what_is_used_leaves_nothing(used: int, left: int) -> None:
    oldest = NOW - timedelta(minutes=20) if used else None
    one = budget.of_limit(25, Spent(seconds=3_600, used=used, oldest_at=oldest), source=BudgetSource.LIMIT)
    assert (one.used, one.left) == (used, left)
    assert one.frees_at == (NOW + timedelta(minutes=40) if used else None)

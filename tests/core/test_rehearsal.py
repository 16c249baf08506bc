"""A rehearsal sends everything, breaks no law of pace, and tells who answers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.core import pacing, rehearsal, window
from overture.core.rehearsal import App, Leads, Pair, Send, Sender
from overture.core.window import Hours

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
OFFICE = Hours(zone="UTC", days=dict.fromkeys(range(1, 6), (540, 1020)))
ALWAYS = Hours(zone="UTC", days=dict.fromkeys(range(7), (0, 1440)))
MONDAY = datetime(2025, 6, 9, 9, tzinfo=UTC)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
CHEAP = settings(max_examples=60, deadline=None, database=None)


def leads(count: int, *waits: timedelta, due_at: datetime = MONDAY, is_first: bool = True) -> Leads:
    return Leads(due_at=due_at, count=count, is_first=is_first, waits=waits)


def pair(campaign_id: str, *found: Leads, rate: int = 6, hours: Hours = OFFICE, ends: Sequence[datetime] = ()) -> Pair:
    return Pair(
        campaign_id=campaign_id,
        hours=hours,
        rate_per_hour=rate,
        draw=1.0,
        opening_draw=0.5,
        last_end=ends[-1] if ends else None,
        started_at=MONDAY,
        served_at=LONG_AGO,
        ends=ends,
        leads=found,
    )


def sender(account_id: str, *pairs: Pair, hourly: int = 25, daily: int = 200, ends: Sequence[datetime] = ()) -> Sender:
    return Sender(
        account_id=account_id,
        app_id="app",
        hourly_limit=hourly,
        daily_limit=daily,
        free_at=LONG_AGO,
        last_end=ends[-1] if ends else LONG_AGO,
        ends=ends,
        pairs=pairs,
    )


def run(*senders: Sender, reply_rate: float = 0, cap: int | None = None, seed: int = 1) -> list[Send]:
    app = App(id="app", daily_cap=cap, ends=[])
    return list(rehearsal.run(senders, [app], now=MONDAY, reply_rate=reply_rate, draws=Random(seed)))


def test_the_first_message_leaves_at_once_and_the_next_after_the_stored_gap() -> None:
    sends = run(sender("ana", pair("c", leads(3))))
    assert sends[0] == Send(MONDAY, "ana", "c", is_first=True, is_last=True, is_answered=False)
    assert 0.75 * 10 <= (sends[1].at - MONDAY) / timedelta(minutes=1) <= 1.25 * 10
    before = sender("ana", pair("c", leads(3), ends=[MONDAY - timedelta(minutes=4)]))
    assert run(before)[0].at == MONDAY + timedelta(minutes=6)


def test_the_same_draws_give_the_same_rehearsal() -> None:
    found = sender("ana", pair("c", leads(40, DAY)))
    assert run(found, reply_rate=0.3) == run(found, reply_rate=0.3)
    assert run(found, reply_rate=0.3) != run(found, reply_rate=0.3, seed=2)


def test_a_follow_up_waits_its_delay_and_goes_before_first_messages() -> None:
    sends = run(sender("ana", pair("c", leads(60, DAY))))
    assert len(sends) == 120
    follow_ups = [send.at for send in sends if not send.is_first]
    firsts = [send.at for send in sends if send.is_first]
    assert follow_ups[0] >= firsts[0] + DAY
    due = [first + DAY for first in firsts]
    for send in sends:
        if send.is_first:
            waiting = sum(at <= send.at for at in due) - sum(at < send.at for at in follow_ups)
            assert waiting == 0, "no first message leaves while a follow-up is due"


def test_campaigns_on_one_account_take_turns() -> None:
    sends = run(sender("ana", pair("a", leads(30)), pair("b", leads(30)), hourly=4))
    order = [send.campaign_id for send in sends]
    assert order[:2] == ["a", "b"]
    assert all(order[place] != order[place + 1] for place in range(59))


def test_an_app_holds_all_its_accounts_to_its_own_ceiling() -> None:
    sends = run(*(sender(name, pair("c", leads(20))) for name in ("ana", "ben", "cem")), cap=7)
    assert len(sends) == 60
    assert all(later.at - sooner.at >= DAY for sooner, later in zip(sends, sends[7:], strict=False))


def test_what_was_sent_before_counts() -> None:
    ends = [MONDAY - timedelta(minutes=minute) for minute in (50, 40, 30)]
    assert run(sender("ana", pair("c", leads(1)), hourly=3, ends=ends))[0].at == MONDAY + timedelta(minutes=10)
    assert run(sender("ana", pair("c", leads(1), rate=3, ends=ends)))[0].at == MONDAY + timedelta(minutes=10)
    assert run(sender("ana", pair("c", leads(1)), daily=3, ends=ends))[0].at >= MONDAY + DAY - timedelta(minutes=50)


def test_nobody_sends_without_hours_and_an_account_that_never_wakes_sends_nothing() -> None:
    assert run(sender("ana", pair("c", leads(5), hours=Hours(zone="UTC", days={})))) == []
    asleep = Sender(
        account_id="ana",
        app_id="app",
        hourly_limit=25,
        daily_limit=200,
        free_at=datetime.max.replace(tzinfo=UTC),
        last_end=LONG_AGO,
        ends=[],
        pairs=[pair("c", leads(5))],
    )
    assert run(asleep) == []


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 1.0])
def test_so_many_answer_and_get_nothing_further(rate: float) -> None:
    sends = run(
        *(sender(f"a{number}", pair("c", leads(500, HOUR, HOUR), hours=ALWAYS, rate=25)) for number in range(4)),
        reply_rate=rate,
    )
    answered = sum(send.is_answered for send in sends)
    assert abs(answered - 2000 * rate) <= 90
    assert sum(send.is_last for send in sends) == 2000
    # Who answers does so after one of three messages, each as likely as another: two on average.
    assert abs(len(sends) - (6000 - answered)) <= 120
    assert all(send.is_last for send in sends if send.is_answered)


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_reply_rate_is_a_share(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        run(sender("ana", pair("c", leads(1))), reply_rate=rate)


@st.composite
def some_pair(draw: st.DrawFn, campaign_id: str) -> Pair:
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]))
    opens = draw(st.integers(0, 46)) * 30
    closes = draw(st.integers(opens // 30 + 1, 48)) * 30
    hours = Hours(zone=zone, days=dict.fromkeys(draw(st.sets(st.integers(0, 6), min_size=1)), (opens, closes)))
    waits = draw(st.lists(st.integers(1, 96).map(lambda some: timedelta(hours=some)), max_size=2))
    follow_up_due = MONDAY + timedelta(hours=draw(st.integers(-10, 100)))
    return Pair(
        campaign_id=campaign_id,
        hours=hours,
        rate_per_hour=draw(st.integers(1, 25)),
        draw=draw(st.floats(pacing.DRAW_LOW, pacing.DRAW_HIGH)),
        opening_draw=draw(st.floats(0, 1)),
        last_end=None,
        started_at=MONDAY,
        served_at=LONG_AGO,
        ends=(),
        leads=[
            leads(draw(st.integers(0, 25)), *waits),
            leads(draw(st.integers(0, 8)), *waits[1:], due_at=follow_up_due, is_first=False),
        ],
    )


@CHEAP
@given(data=st.data(), hourly=st.integers(1, 25), daily=st.integers(1, 60), cap=st.none() | st.integers(1, 40))
def test_everything_is_sent_and_no_law_is_broken(data: st.DataObject, hourly: int, daily: int, cap: int | None) -> None:
    senders = [
        sender(
            name,
            *(data.draw(some_pair(campaign_id)) for campaign_id in data.draw(st.sampled_from(["a", "ab", "abc"]))),
            hourly=hourly,
            daily=daily,
        )
        for name in data.draw(st.sampled_from([["ana"], ["ana", "ben"]]))
    ]
    sends = run(*senders, cap=cap)
    wanted = sum((len(one.waits) + 1) * one.count for who in senders for each in who.pairs for one in each.leads)
    assert len(sends) == wanted
    assert sends == sorted(sends, key=lambda send: send.at)
    _no_more_than(sends, cap or wanted + 1, DAY)
    for who in senders:
        of_account = [send for send in sends if send.account_id == who.account_id]
        _no_more_than(of_account, hourly, HOUR)
        _no_more_than(of_account, daily, DAY)
        _apart(of_account, pacing.minimum_gap(hourly))
        for each in who.pairs:
            of_pair = [send for send in of_account if send.campaign_id == each.campaign_id]
            _no_more_than(of_pair, each.rate_per_hour, HOUR)
            _apart(of_pair, pacing.gap(each.rate_per_hour, pacing.DRAW_LOW))
            for send in of_pair:
                assert window.is_open(each.hours, send.at)
                assert window.is_open(each.hours, send.at + pacing.CALL_TIMEOUT - timedelta(microseconds=1))


def _no_more_than(sends: Sequence[Send], limit: int, span: timedelta) -> None:
    assert all(later.at - sooner.at >= span for sooner, later in zip(sends, sends[limit:], strict=False))


def _apart(sends: Sequence[Send], gap: timedelta) -> None:
    assert all(later.at - sooner.at >= gap for sooner, later in pairwise(sends))

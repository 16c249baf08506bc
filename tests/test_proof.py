"""The proof must be able to fail: one good history, and for every law a history that breaks it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.histories import (
    ANA,
    BEN,
    LEFT_OUT,
    READ_AT,
    STEPS,
    answer,
    at,
    change_attempt,
    change_lead,
    count_as,
    every,
    good,
    revision,
    rules,
    sent,
    to_strangers,
    with_sent,
    with_times,
    without_attempt,
    without_message,
)

from overture.demo import proof
from overture.demo.history import History, Message

LOST = "every accepted message of the ledger is on the platform"
UNRECORDED = "every campaign message on the platform is in the ledger"
TWICE = "nobody got the same step or the same text twice"
ACTIVE = "only while the campaign was active, only from its accounts"
HOURS = "only inside the sending hours"
RATE = "never above the hourly rate in any 60 minutes"
LIMITS = "never above the accounts' limits in any 60 minutes and 24 hours"
GAP = "at least three quarters of the usual gap between messages"
REPLY = "nothing after an answer"
OPT_OUT = "nothing after an opt-out"
ACCOUNT = "one account for each person"
ORDER = "steps in order, none before its delay"
RECOUNT = "counters equal a recount of the leads"
PLATFORM = "counters equal a recount of the platform's record"
BOUNDS = "replies ≤ contacted ≤ targets; completed means all contacted"
FORGOTTEN = "nobody who could be reached was forgotten"
STATUS = "everybody who answered has the status the automation sets"

BROKEN: list[tuple[str, str, Callable[[History], History]]] = [
    ("a message that the platform never got", LOST, lambda good: without_message(good, "101")),
    ("another text on the platform", LOST, lambda good: change_attempt(good, "101", text="Another text")),
    ("another recipient on the platform", LOST, lambda good: change_attempt(good, "101", recipient="14")),
    ("another sender on the platform", LOST, lambda good: change_attempt(good, "103", sender=ANA)),
    (
        "two rows of the ledger that rest on one message",
        LOST,
        lambda good: replace(good, attempts=[*good.attempts, replace(good.attempts[0], id="again")]),
    ),
    ("an accepted row without a message", LOST, lambda good: change_attempt(good, "101", message_id=None)),
    ("a message the ledger does not know", UNRECORDED, lambda good: without_attempt(good, "104")),
    (
        "a message that the ledger calls refused",
        UNRECORDED,
        lambda good: change_attempt(good, "104", state="refused", message_id=None),
    ),
    (
        "the same step twice, in other words",
        TWICE,
        lambda good: with_sent(good, sent(105, ANA, "11", at(6, 10), text="first message, reworded")),
    ),
    (
        "the same text twice",
        TWICE,
        lambda good: with_sent(good, sent(105, ANA, "11", at(6, 10), rank=4, text="message 2 for 11")),
    ),
    (
        "a message eleven seconds after a pause",
        ACTIVE,
        lambda good: rules(good, *good.revisions, revision(at(4, 9, 29, 49), is_open=False)),
    ),
    ("a message before the start", ACTIVE, lambda good: rules(good, *good.revisions[:1])),
    ("a message before any settings", ACTIVE, lambda good: rules(good, revision(at(3, 8)))),
    (
        "a message from an account of no business",
        ACTIVE,
        lambda good: rules(good, revision(at(2, 8), accounts=frozenset({ANA}))),
    ),
    ("a message a second before the hours", HOURS, lambda good: with_times(good, {"103": at(2, 8, 59, 59)})),
    ("a message at the closing minute", HOURS, lambda good: with_times(good, {"104": at(4, 17)})),
    ("a message on a Saturday", HOURS, lambda good: with_times(good, {"104": at(7, 12)})),
    (
        "a message at the old hour after the clocks change",
        HOURS,
        lambda good: with_times(good, {"104": datetime(2026, 3, 9, 21, 30, tzinfo=UTC)}),
    ),
    (
        "a message outside hours that had been narrowed",
        HOURS,
        lambda good: rules(good, *good.revisions, revision(at(3, 12), hours={"3": {"start": 600, "end": 1020}})),
    ),
    (
        "nine messages in an hour at a rate of eight",
        RATE,
        lambda good: to_strangers(good, BEN, every(timedelta(minutes=7), 9, at(3, 10))),
    ),
    (
        "a message above a rate that had been lowered",
        RATE,
        lambda good: rules(
            to_strangers(good, BEN, every(timedelta(minutes=8), 4, at(3, 10))),
            *good.revisions,
            revision(at(3, 10, 20), rate=3),
        ),
    ),
    (
        "more than the account's limit in an hour",
        LIMITS,
        lambda good: replace(
            to_strangers(good, BEN, every(timedelta(minutes=8), 7, at(3, 10))),
            accounts=[replace(account, hourly_limit=6) for account in good.accounts],
        ),
    ),
    (
        "more than the account's limit in a day",
        LIMITS,
        lambda good: replace(
            to_strangers(good, BEN, every(timedelta(minutes=9), 12, at(3, 12))),
            accounts=[replace(account, daily_limit=11) for account in good.accounts],
        ),
    ),
    (
        "two messages five minutes apart",
        GAP,
        lambda good: with_times(good, {"102": at(2, 9, 5, 37)}),
    ),
    (
        "a gap that the account's own limit forbids",
        GAP,
        lambda good: replace(good, accounts=[replace(each, hourly_limit=5) for each in good.accounts]),
    ),
    (
        "a follow-up 61 seconds after the answer",
        REPLY,
        lambda good: with_sent(with_times(good, {"201": at(4, 9, 58, 59)}), sent(105, ANA, "12", at(4, 10), rank=2)),
    ),
    (
        "a follow-up after an opt-out",
        OPT_OUT,
        lambda good: with_sent(good, sent(105, BEN, "13", at(4, 10), rank=2)),
    ),
    (
        "a first message to somebody who had opted out before",
        OPT_OUT,
        lambda good: with_times(good, {"202": at(2, 8)}),
    ),
    ("an opt-out nobody noted", OPT_OUT, lambda good: change_lead(good, "13", is_suppressed=False)),
    (
        "a follow-up from another account",
        ACCOUNT,
        lambda good: replace(
            good,
            messages=[replace(each, sender=BEN) if each.id == "104" else each for each in good.messages],
        ),
    ),
    ("a follow-up before its delay", ORDER, lambda good: with_times(good, {"104": at(4, 8, 59)})),
    ("the second step first", ORDER, lambda good: change_attempt(good, "101", rank=2)),
    ("a step left out", ORDER, lambda good: replace(good, steps={1: (*STEPS[:1], *LEFT_OUT)})),
    ("a step beyond the end", ORDER, lambda good: change_attempt(good, "104", rank=9)),
    ("a wrong targetsCount", RECOUNT, lambda good: count_as(good, targets=4)),
    ("a wrong scopeAssessedCount", RECOUNT, lambda good: count_as(good, assessed=2)),
    ("a wrong contactedCount", RECOUNT, lambda good: count_as(good, contacted=2)),
    ("a wrong repliesCount", RECOUNT, lambda good: count_as(good, replies=1)),
    ("a wrong replyRate", RECOUNT, lambda good: count_as(good, reply_rate=0.5)),
    ("a completion that is none", RECOUNT, lambda good: change_lead(good, "11", state="inSequence")),
    (
        "a contact that never happened",
        PLATFORM,
        lambda good: count_as(change_lead(good, "14", is_contacted=True), contacted=4, targets=4),
    ),
    ("an answer nobody counted", PLATFORM, lambda good: change_lead(good, "12", has_replied=False)),
    ("an answer nobody gave", PLATFORM, lambda good: change_lead(good, "11", has_replied=True)),
    ("a contactedCount the platform denies", PLATFORM, lambda good: count_as(good, contacted=4)),
    ("a repliesCount the platform denies", PLATFORM, lambda good: count_as(good, replies=3)),
    ("more replies than contacts", BOUNDS, lambda good: count_as(good, replies=4)),
    ("more assessed than there are", BOUNDS, lambda good: count_as(good, assessed=4)),
    ("completed with a target left", BOUNDS, lambda good: count_as(good, targets=4)),
    ("completed with a sequence under way", BOUNDS, lambda good: count_as(good, completion_rate=0.9)),
    ("somebody forgotten", FORGOTTEN, lambda good: replace(good, reachable=frozenset({"11", "15"}))),
    ("an answer without its status", STATUS, lambda good: change_lead(good, "12", status=None)),
]


def test_a_good_history_holds() -> None:
    verdict = proof.judge(good())

    assert [each for each in verdict.verdicts if not each.holds] == []
    assert verdict.holds
    assert verdict.messages == 4


@pytest.mark.parametrize(("law", "damage"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_law_is_caught(law: str, damage: Callable[[History], History]) -> None:
    verdict = proof.judge(damage(good()))

    broken = {each.law for each in verdict.verdicts if not each.holds}
    assert law in broken
    assert not verdict.holds


def test_every_law_has_a_history_that_breaks_it() -> None:
    assert {law for law, _ in proof.LAWS} == {law for _, law, _ in BROKEN}


def test_an_empty_history_proves_nothing() -> None:
    history = replace(good(), messages=[], attempts=[], leads=[], reachable=None)

    assert not proof.judge(history).holds


GRACEFUL: list[tuple[str, Callable[[History], History]]] = [
    (
        "a message that was on its way when the campaign was paused",
        lambda good: rules(good, *good.revisions, revision(at(4, 9, 29, 50), is_open=False)),
    ),
    (
        "a message that was on its way when the hours were narrowed",
        lambda good: rules(good, *good.revisions, revision(at(4, 9, 29, 50), hours={"1": {"start": 0, "end": 1440}})),
    ),
    (
        "a message whose outcome we never learned, but which arrived",
        lambda good: change_attempt(good, "104", state="unknown", message_id=None),
    ),
    (
        "an answer that came 60 seconds before the follow-up",
        lambda good: change_lead(
            count_as(
                replace(good, messages=[*good.messages, answer(203, "11", ANA, at(4, 9, 29))]),
                replies=3,
                reply_rate=1.0,
            ),
            "11",
            state="replied",
            has_replied=True,
            status="Interested",
        ),
    ),
    (
        "an answer in an inbox that was not read since",
        lambda good: replace(
            replace(good, messages=[*good.messages, answer(203, "11", ANA, READ_AT + timedelta(seconds=1))])
        ),
    ),
    (
        "an answer to somebody who wrote before we did",
        lambda good: replace(good, messages=[*good.messages, answer(203, "11", ANA, at(2, 8))]),
    ),
    (
        "a message sent by hand through the platform itself",
        lambda good: replace(
            good,
            messages=[
                *good.messages,
                Message(id="300", sender=ANA, recipient="99", text="Hi", at=at(7, 23), is_sent=False),
            ],
        ),
    ),
    (
        "a message in the last minute before closing",
        lambda good: with_times(good, {"104": at(4, 16, 59, 50)}),
    ),
    (
        "a gap of exactly three quarters",
        lambda good: with_times(good, {"102": at(2, 9, 5, 38)}),
    ),
    (
        "a whole hour later by the clock when the clocks have changed",
        lambda good: with_times(good, {"104": datetime(2026, 3, 9, 20, 59, tzinfo=UTC)}),
    ),
]


@pytest.mark.parametrize("allow", [case[1] for case in GRACEFUL], ids=[case[0] for case in GRACEFUL])
def test_what_the_laws_allow_is_no_violation(allow: Callable[[History], History]) -> None:
    verdict = proof.judge(allow(good()))

    assert [each for each in verdict.verdicts if not each.holds] == []


def test_exactly_the_rate_in_every_hour_is_allowed() -> None:
    history = to_strangers(good(), BEN, every(timedelta(minutes=7, seconds=30), 30, at(3, 10)))

    kept = {each.law: each.holds for each in proof.judge(history).verdicts}
    assert kept[RATE] and kept[GAP] and kept[LIMITS]


def test_opt_outs_are_messages_that_say_nothing_else() -> None:
    assert proof.is_opt_out(" STOP. ")
    assert proof.is_opt_out("Unsubscribe!")
    assert not proof.is_opt_out("Can you stop by our stand?")

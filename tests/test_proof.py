"""The proof must be able to fail: one good history, and for every law a history that breaks it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from overture.demo import proof
from overture.demo.history import Account, Attempt, Counters, History, Lead, Message, Revision, Step

ANA, BEN = "1", "2"
ZONE = ZoneInfo("America/New_York")
WORKDAYS = {str(day): {"start": 540, "end": 1020} for day in range(1, 6)}
STEPS = (
    Step(rank=0, type="message"),
    Step(rank=1, type="delay", delay_seconds=2 * 86_400),
    Step(rank=2, type="message"),
)
LEFT_OUT = (Step(rank=1, type="message"), Step(rank=2, type="message"))
READ_AT = datetime(2026, 3, 31, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """An instant of March 2026 by the wall clock of New York; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=ZONE)


def sent(
    number: int, sender: str, recipient: str, when: datetime, rank: int = 0, text: str | None = None
) -> tuple[Message, Attempt]:
    """A message on the platform and its row in the ledger."""
    wording = text or f"message {rank} for {recipient}"
    message = Message(id=str(number), sender=sender, recipient=recipient, text=wording, at=when, is_sent=True)
    attempt = Attempt(
        id=f"attempt {number}",
        sender=sender,
        recipient=recipient,
        version=1,
        rank=rank,
        step_id=f"step {rank}",
        text=wording,
        state="accepted",
        message_id=str(number),
    )
    return message, attempt


def answer(number: int, sender: str, recipient: str, when: datetime, text: str = "Tell me more.") -> Message:
    return Message(id=str(number), sender=sender, recipient=recipient, text=text, at=when, is_sent=False)


def lead(number: str, state: str, **changes: object) -> Lead:
    usual: dict[str, object] = {
        "id": number,
        "state": state,
        "reason": None,
        "is_contacted": True,
        "has_replied": False,
        "status": None,
        "is_suppressed": False,
    }
    return Lead(**{**usual, **changes})  # type: ignore[arg-type]


def revision(when: datetime, **changes: object) -> Revision:
    usual: dict[str, object] = {
        "at": when,
        "is_open": True,
        "rate": 8,
        "zone": ZONE.key,
        "hours": WORKDAYS,
        "accounts": frozenset({ANA, BEN}),
    }
    return Revision(**{**usual, **changes})  # type: ignore[arg-type]


def good() -> History:
    """Four leads: 11 runs through, 12 answers, 13 opts out, 14 is unreachable. Ben sends 13, Ana the others."""
    pairs = [
        sent(101, ANA, "11", at(2, 9)),
        sent(102, ANA, "12", at(2, 9, 8)),
        sent(103, BEN, "13", at(2, 9)),
        sent(104, ANA, "11", at(4, 9, 30), rank=2),
    ]
    answers = [answer(201, "12", ANA, at(3, 20)), answer(202, "13", BEN, at(2, 12), text="Stop.")]
    return History(
        messages=[message for message, _ in pairs] + answers,
        attempts=[attempt for _, attempt in pairs],
        revisions=[revision(at(1, 12), is_open=False), revision(at(2, 8))],
        steps={1: STEPS},
        accounts=[
            Account(id=ANA, username="ana", hourly_limit=25, daily_limit=200, read_at=READ_AT),
            Account(id=BEN, username="ben", hourly_limit=25, daily_limit=200, read_at=READ_AT),
        ],
        leads=[
            lead("11", "finished"),
            lead("12", "replied", has_replied=True, status="Interested"),
            lead("13", "replied", has_replied=True, status="Interested", is_suppressed=True),
            lead("14", "unreachable", is_contacted=False, reason="closed"),
        ],
        counters=Counters(
            status="completed",
            targets=3,
            assessed=3,
            contacted=3,
            replies=2,
            completion_rate=1.0,
            reply_rate=2 / 3,
        ),
        reachable=frozenset({"11", "12", "13"}),
        reply_status="Interested",
    )


def with_sent(history: History, *pairs: tuple[Message, Attempt]) -> History:
    return replace(
        history,
        messages=[*history.messages, *(message for message, _ in pairs)],
        attempts=[*history.attempts, *(attempt for _, attempt in pairs)],
    )


def with_times(history: History, times: dict[str, datetime]) -> History:
    """Move messages, given by id, to other instants."""
    moved = [replace(message, at=times.get(message.id, message.at)) for message in history.messages]
    return replace(history, messages=moved)


def to_strangers(history: History, sender: str, times: list[datetime]) -> History:
    """Let an account send first messages to people of no further interest."""
    return with_sent(
        history, *(sent(1_000 + place, sender, str(1_000 + place), when) for place, when in enumerate(times))
    )


def every(gap: timedelta, count: int, start: datetime) -> list[datetime]:
    return [start + place * gap for place in range(count)]


def count_as(history: History, **changes: object) -> History:
    return replace(history, counters=replace(history.counters, **changes))  # type: ignore[arg-type]


def change_lead(history: History, number: str, **changes: object) -> History:
    leads = [
        replace(each, **changes) if each.id == number else each  # type: ignore[arg-type]
        for each in history.leads
    ]
    return replace(history, leads=leads)


def change_attempt(history: History, number: str, **changes: object) -> History:
    attempts = [
        replace(each, **changes) if each.message_id == number else each  # type: ignore[arg-type]
        for each in history.attempts
    ]
    return replace(history, attempts=attempts)


def rules(history: History, *revisions: Revision) -> History:
    return replace(history, revisions=list(revisions))


def without_message(history: History, number: str) -> History:
    return replace(history, messages=[each for each in history.messages if each.id != number])


def without_attempt(history: History, number: str) -> History:
    return replace(history, attempts=[each for each in history.attempts if each.message_id != number])


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

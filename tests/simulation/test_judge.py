"""The judge of histories: a lawful one breaks nothing, and each wrong breaks the law that forbids it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.simulation.evidence import Entry, Evidence, Rule, Sent, Standing
from tests.simulation.judge import judge

ANA, BEN = "900", "901"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
WAIT = 86_400
BOTH = [(START - MINUTE, True)]
APART = (("c1", timedelta()), ("c2", 10 * MINUTE))


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One message of ours: which step of which campaign to which person, when and from whom."""

    person: str
    at: datetime
    rank: int = 0
    campaign: str = "c1"
    sender: str = ANA
    text: str | None = None

    @property
    def words(self) -> str:
        return self.text or f"{self.campaign} {self.rank}: {self.person}"


FIRST = Told(person="1", at=START)
SECOND = Told(person="1", at=START + DAY + MINUTE, rank=2)
OTHER = Told(person="2", at=START + 10 * MINUTE)
LAWFUL = (FIRST, SECOND, OTHER)
ANSWER = Sent(id="500", sender="2", recipient=ANA, text="Hello", at=START + 30 * MINUTE, is_ours=False)


def history(
    told: Sequence[Told] = LAWFUL, *, answers: Sequence[Sent] = (ANSWER,), ended: str = "finished", **changes: Any
) -> Evidence:
    """Make the evidence of what was told, where everybody else did what they should."""
    messages, entries = list(answers), []
    for number, one in enumerate(told):
        message_id = str(1_000 + number)
        sent = Sent(id=message_id, sender=one.sender, recipient=one.person, text=one.words, at=one.at, is_ours=True)
        messages.append(sent)
        entries.append(
            Entry(
                id=f"q{number}",
                team_id="t1",
                campaign_id=one.campaign,
                lead_id=f"{one.campaign}/{one.person}",
                sender=one.sender,
                recipient=one.person,
                version=1,
                rank=one.rank,
                step_id=f"{one.campaign}/{one.rank}",
                text=one.words,
                state="accepted",
                intent_at=one.at,
                message_id=message_id,
            )
        )
    answered = {answer.sender for answer in answers if answer.recipient == ANA}
    leads = [
        Standing(
            id=f"{campaign}/{person}",
            campaign_id=campaign,
            person=person,
            state="replied" if person in answered else ended,
            reason=None,
            is_contacted=True,
            has_replied=person in answered,
        )
        for campaign, person in dict.fromkeys((one.campaign, one.person) for one in told)
    ]
    rule = Rule(
        at=START - DAY,
        is_open=True,
        rate=8,
        zone="UTC",
        hours={str(day): {"start": 480, "end": 1_200} for day in range(7)},
        accounts=frozenset({ANA}),
    )
    count = {"contacted": len(leads), "answered": len(answered), "targets": len(leads)}
    found = Evidence(
        messages=messages,
        entries=entries,
        rules={"c1": [rule], "c2": [rule]},
        delays={(campaign, 1, 1): WAIT for campaign in ("c1", "c2")},
        leads=leads,
        counters={"c1": count},
        recount={"c1": count},
        miscounted=[],
        senders={ANA: START + 30 * DAY, BEN: START + 30 * DAY},
        team_of={ANA: "t1", BEN: "t1"},
        limits={sender: [(START - DAY, 25, 200)] for sender in (ANA, BEN)},
        caps={"t1": 20},
        suppressed=frozenset(),
        lifted={},
        continued={},
        consents={},
        steps={"c1": 2},
        keeps=False,
        left_out=[],
        unread=timedelta(hours=2),
        begun=[(5, "t1")],
        closed={},
    )
    return replace(found, **changes)


def broken(found: Evidence) -> set[str]:
    return {violation.split(":")[0] for violation in judge(found)}


def test_a_lawful_history_breaks_no_law() -> None:
    assert judge(history()) == []


def many(count: int, apart: timedelta) -> list[Told]:
    return [Told(person=str(number), at=START + number * apart) for number in range(count)]


def said(text: str, at: datetime, *, to: str = BEN) -> Sent:
    return Sent(id="501", sender="1", recipient=to, text=text, at=at, is_ours=False)


def later(one: Told, **changes: Any) -> Told:
    return replace(one, **changes)


def silent(found: Evidence) -> Evidence:
    """The same where nobody counts as one who answered."""
    return replace(found, leads=[replace(lead, has_replied=False, state="finished") for lead in found.leads])


ON = later(OTHER, rank=2, at=OTHER.at + DAY + MINUTE)
"""A message to somebody who has answered."""
READ = {"c1/2": [(START + 60 * MINUTE, ANSWER.at)]}
"""Somebody read the answer before that and found that it is none."""
STRAY = Sent(id="77", sender=ANA, recipient="1", text="?", at=START + 40 * MINUTE, is_ours=True)
STOPPED = said("Stop!", START + MINUTE)

WRONGS: dict[str, tuple[str, Callable[[], Evidence]]] = {
    "the same step twice": ("same_steps", lambda: history([FIRST, later(FIRST, at=START + DAY), OTHER])),
    "the same text by another campaign": (
        "same_texts",
        lambda: history([FIRST, later(FIRST, campaign="c2", text=FIRST.words, at=START + DAY), OTHER]),
    ),
    "a message without a row": ("ledger", lambda: history(answers=[ANSWER, STRAY])),
    "an accepted row without a message": ("ledger", lambda: replace(history(), messages=[ANSWER])),
    "before the hours open": ("hours", lambda: history([later(FIRST, at=START - 61 * MINUTE), SECOND, OTHER])),
    "in the minute the hours close": (
        "hours",
        lambda: history([FIRST, later(SECOND, at=START + DAY + timedelta(hours=11)), OTHER]),
    ),
    "from an account of no campaign": ("hours", lambda: history([FIRST, SECOND, later(OTHER, sender=BEN)])),
    "nine an hour where eight may leave": ("rates", lambda: history(many(9, 6 * MINUTE), answers=())),
    "more an hour than the account may": (
        "limits",
        lambda: history(many(3, 23 * MINUTE), answers=(), limits={ANA: [(START - DAY, 2, 200)]}),
    ),
    "more a day than the account may": (
        "limits",
        lambda: history(many(3, 60 * MINUTE), answers=(), limits={ANA: [(START - DAY, 25, 2)]}),
    ),
    "more a day than the app may": ("caps", lambda: history(many(3, 60 * MINUTE), answers=(), caps={"t1": 2})),
    "right after another": ("gaps", lambda: history([FIRST, SECOND, later(OTHER, at=START + MINUTE)])),
    "a follow-up from another account": ("one_account", lambda: history([FIRST, later(SECOND, sender=BEN), OTHER])),
    "a follow-up too soon": ("early", lambda: history([FIRST, later(SECOND, at=START + DAY - MINUTE), OTHER])),
    "steps in the wrong order": ("early", lambda: history([later(FIRST, rank=2), later(SECOND, rank=0), OTHER])),
    "two sequences at once": (
        "overlaps",
        lambda: history(
            [later(one, campaign=campaign, at=one.at + moved) for one in (FIRST, SECOND) for campaign, moved in APART]
        ),
    ),
    "another campaign too soon after": (
        "recontact",
        lambda: history([FIRST, SECOND, later(FIRST, campaign="c2", at=SECOND.at + DAY)], answers=(), keeps=True),
    ),
    "finished without the last message": ("skipped", lambda: history([FIRST, OTHER], keeps=True)),
    "a member its campaign does not know": ("leftOut", lambda: history(left_out=[("c1", "9")])),
    "on after an answer": ("replies", lambda: history(answers=[said("Hello", START + 60 * MINUTE, to=ANA)])),
    "on after an opt-out to another account": (
        "optOut",
        lambda: history(answers=[ANSWER, STOPPED], suppressed=frozenset({("t1", "1")})),
    ),
    "on after an opt-out before it all": (
        "optOut",
        lambda: history(answers=[ANSWER, said("stop", START - 20 * MINUTE)], suppressed=frozenset({("t1", "1")})),
    ),
    "an opt-out that suppresses nobody": (
        "optOut",
        lambda: history([FIRST, OTHER], answers=[ANSWER, STOPPED]),
    ),
    "an opt-out after the suppression was ended": (
        "optOut",
        lambda: history([FIRST, OTHER], answers=[ANSWER, STOPPED], lifted={("t1", "1"): [START]}),
    ),
    "to somebody who never agreed": ("consent", lambda: history(consents={"t1": {"1": [(START, True)]}})),
    "to somebody who agrees no longer": (
        "consent",
        lambda: history(consents={"t1": {"1": BOTH, "2": [*BOTH, (START + MINUTE, False)]}}),
    ),
    "an attempt of what is closed": ("pauses", lambda: history(closed={"t1": [(3, None)]})),
    "a counter that differs": ("counters", lambda: history(counters={"c1": {"contacted": 3}})),
    "a lead contacted on our side only": ("counters", lambda: history([FIRST, SECOND], leads=history().leads)),
    "more answers than contacts": (
        "counters",
        lambda: history(
            counters={"c1": {"contacted": 1, "answered": 2, "targets": 2}},
            recount={"c1": {"contacted": 1, "answered": 2, "targets": 2}},
        ),
    ),
    "results that differ": ("results", lambda: history(miscounted=["c1"])),
    "an answer nobody counted": (
        "answers",
        lambda: history(leads=[replace(lead, has_replied=False) for lead in history().leads]),
    ),
    "an answer nobody gave": (
        "answers",
        lambda: history(leads=[replace(lead, has_replied=True) for lead in history().leads]),
    ),
    "on before an answer was found to be none": (
        "replies",
        lambda: silent(history([*LAWFUL, ON], continued={"c1/2": [(ON.at + MINUTE, ANSWER.at)]})),
    ),
    "on after an answer that nobody read": (
        "replies",
        lambda: silent(
            history([*LAWFUL, ON], answers=[ANSWER, replace(ANSWER, id="502", at=ANSWER.at + MINUTE)], continued=READ)
        ),
    ),
    "an answer that was found to be none and counts": ("answers", lambda: history([*LAWFUL, ON], continued=READ)),
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_a_wrong_breaks_the_law_that_forbids_it(wrong: str) -> None:
    law, made = WRONGS[wrong]
    assert law in broken(made())


LAWFUL_AS_WELL: dict[str, Callable[[], Evidence]] = {
    "a message right at the opening": lambda: history([later(FIRST, at=START - 60 * MINUTE), SECOND, OTHER]),
    "on where a suppression was ended since": lambda: history(
        answers=[ANSWER, said("stop", START - 20 * MINUTE)], lifted={("t1", "1"): [START - 10 * MINUTE]}
    ),
    "an attempt before what closes and one after what opens": lambda: history(closed={"t1": [(1, 4), (6, None)]}),
    "a second answer": lambda: history(answers=[ANSWER, replace(ANSWER, id="502", at=ANSWER.at + MINUTE)]),
    "on after an answer that was found to be none": lambda: silent(history([*LAWFUL, ON], continued=READ)),
    "to those who agreed": lambda: history(consents={"t1": {"1": BOTH, "2": BOTH}}),
    "eight an hour": lambda: history(many(8, 8 * MINUTE), answers=()),
}


@pytest.mark.parametrize("lawful", LAWFUL_AS_WELL)
def test_what_is_allowed_breaks_no_law(lawful: str) -> None:
    assert judge(LAWFUL_AS_WELL[lawful]()) == []

"""One good history of a demo, and ways to change it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

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

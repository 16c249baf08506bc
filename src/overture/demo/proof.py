"""The proof: judges a campaign by the platform's own record, with arithmetic of its own.

It shares no code with the engine: whatever the engine believes, these laws are computed again from what the platform
has, what the ledger says and which settings held when.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from overture.demo.history import Attempt, History, Message, Revision, Step

CALL_TIMEOUT = timedelta(seconds=10)
"""A message may reach the platform this much after a pause or an edit: it was on its way already."""

REPLY_GRACE = timedelta(seconds=60)
"""How old an account's knowledge of its inbox may be when a follow-up leaves."""

TICK = timedelta(milliseconds=1)
"""The platform cuts its times to milliseconds."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_OUT_OF_SCOPE = frozenset({"excluded", "removed", "canceled", "unreachable"})
_STILL_TO_COME = frozenset({"inSequence", "held"})
_OPT_OUTS = frozenset({"stop", "unsubscribe", "arrêtez", "remove me", "opt out"})
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A law, and every violation of it in words."""

    law: str
    violations: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the law was kept throughout."""
        return not self.violations


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """The verdicts on all laws, and on how many messages they rest."""

    verdicts: tuple[Verdict, ...]
    messages: int

    @property
    def holds(self) -> bool:
        """Whether every law was kept, by a campaign that sent something at all."""
        return self.messages > 0 and all(verdict.holds for verdict in self.verdicts)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Send:
    """A message of the campaign on the platform, with the ledger's row for it (None = the ledger has none)."""

    message: Message
    attempt: Attempt | None

    def __str__(self) -> str:
        message = self.message
        return f"{_shown(message.at)} {message.sender} → {message.recipient} ({message.text[:40]!r})"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """A history, sorted for judging: sends in the platform's order."""

    history: History
    sends: Sequence[_Send]
    by_person: dict[str, list[_Send]]
    by_account: dict[str, list[_Send]]
    inbound: dict[str, list[Message]]
    unmatched: Sequence[Attempt]


def judge(history: History) -> Proof:
    """Judge a history by every law."""
    case = _prepare(history)
    verdicts = tuple(Verdict(law=name, violations=tuple(law(case))) for name, law in LAWS)
    return Proof(verdicts=verdicts, messages=len(case.sends))


def is_opt_out(text: str) -> bool:
    """Tell whether a message is nothing but a request to be left alone."""
    return " ".join(text.casefold().strip(" .!?").split()) in _OPT_OUTS


def _prepare(history: History) -> _Case:
    ours = {account.id for account in history.accounts}
    by_id: dict[str, Attempt] = {}
    unmatched: list[Attempt] = []
    unsettled: dict[tuple[str, str, str], list[Attempt]] = defaultdict(list)
    for attempt in history.attempts:
        if attempt.state == "accepted":
            # Two rows cannot rest on one message of the platform, and a row without one rests on nothing.
            if attempt.message_id is None or attempt.message_id in by_id:
                unmatched.append(attempt)
            else:
                by_id[attempt.message_id] = attempt
        elif attempt.state in {"intent", "unknown", "held"}:
            unsettled[attempt.sender, attempt.recipient, attempt.text].append(attempt)
    sends: list[_Send] = []
    inbound: dict[str, list[Message]] = defaultdict(list)
    for message in sorted(history.messages, key=lambda each: (each.at, int(each.id))):
        if message.sender in ours and message.is_sent:
            known = by_id.pop(message.id, None)
            if known is None:
                candidates = unsettled[message.sender, message.recipient, message.text]
                known = candidates.pop(0) if candidates else None
            sends.append(_Send(message=message, attempt=known))
        elif message.recipient in ours:
            inbound[message.sender].append(message)
    by_person: dict[str, list[_Send]] = defaultdict(list)
    by_account: dict[str, list[_Send]] = defaultdict(list)
    for send in sends:
        by_person[send.message.recipient].append(send)
        by_account[send.message.sender].append(send)
    return _Case(
        history=history,
        sends=sends,
        by_person=dict(by_person),
        by_account=dict(by_account),
        inbound=dict(inbound),
        unmatched=[*unmatched, *by_id.values()],
    )


def _on_the_platform(case: _Case) -> Iterator[str]:
    for missing in case.unmatched:
        yield f"attempt {missing.id} to {missing.recipient} is accepted, but the platform has no such message"
    for send in case.sends:
        message, attempt = send.message, send.attempt
        if attempt is not None and (message.sender, message.recipient, message.text) != (
            attempt.sender,
            attempt.recipient,
            attempt.text,
        ):
            yield f"{send} is in the ledger with another sender, recipient or text: attempt {attempt.id}"


def _in_the_ledger(case: _Case) -> Iterator[str]:
    for send in case.sends:
        if send.attempt is None:
            yield f"{send} is not in the ledger"


def _no_duplicates(case: _Case) -> Iterator[str]:
    for person, sends in case.by_person.items():
        steps = Counter(send.attempt.step_id for send in sends if send.attempt is not None)
        texts = Counter(send.message.text for send in sends)
        for step, count in steps.items():
            if count > 1:
                yield f"{person} got step {step} {count} times"
        for text, count in texts.items():
            if count > 1:
                yield f"{person} got the same text {count} times: {text[:40]!r}"


def _active(case: _Case) -> Iterator[str]:
    for send in case.sends:
        rules = _in_force(case.history.revisions, send.message.at)
        if not any(rule.is_open and send.message.sender in rule.accounts for rule in rules):
            yield f"{send}: the campaign was not active, or this was not one of its accounts"


def _inside_the_hours(case: _Case) -> Iterator[str]:
    for send in case.sends:
        at = send.message.at
        if not any(_is_open(rule, at) for rule in _in_force(case.history.revisions, at)):
            yield f"{send}: outside the sending hours"


def _below_the_rate(case: _Case) -> Iterator[str]:
    for account, sends in case.by_account.items():
        times = [send.message.at for send in sends]
        for place, at in enumerate(times):
            rate = _rate(case.history.revisions, at)
            count = _count_in_span(times, place, HOUR)
            if count > rate:
                yield f"{account} at {_shown(at)}: message {count} within 60 minutes, allowed are {rate}"


def _below_the_limits(case: _Case) -> Iterator[str]:
    limits = {account.id: account for account in case.history.accounts}
    for account, sends in case.by_account.items():
        times = [send.message.at for send in sends]
        allowances = ((HOUR, limits[account].hourly_limit), (DAY, limits[account].daily_limit))
        for place, at in enumerate(times):
            for span, limit in allowances:
                count = _count_in_span(times, place, span)
                if count > limit:
                    hours = int(span / HOUR)
                    yield f"{account} at {_shown(at)}: message {count} within {hours} h, allowed are {limit}"


def _gaps_kept(case: _Case) -> Iterator[str]:
    limits = {account.id: account for account in case.history.accounts}
    for account, sends in case.by_account.items():
        for before, send in pairwise(sends):
            at = send.message.at
            rate = min(_rate(case.history.revisions, at), limits[account].hourly_limit)
            least = timedelta(seconds=0.75 * 3600 / rate) if rate else timedelta()
            gap = at - before.message.at
            if gap < least - TICK:
                yield f"{account} at {_shown(at)}: {gap} after the message before, at least {least} is due"


def _silent_after_a_reply(case: _Case) -> Iterator[str]:
    for person, sends in case.by_person.items():
        first = sends[0].message.at
        answers = [message.at for message in case.inbound.get(person, ()) if message.at > first]
        if not answers:
            continue
        for send in sends:
            if send.message.at > min(answers) + REPLY_GRACE:
                yield f"{send}: this person had answered at {_shown(min(answers))}"


def _silent_after_an_opt_out(case: _Case) -> Iterator[str]:
    suppressed = {lead.id: lead.is_suppressed for lead in case.history.leads}
    read_at = {account.id: account.read_at for account in case.history.accounts}
    for person, messages in case.inbound.items():
        opt_outs = [message for message in messages if is_opt_out(message.text)]
        if not opt_outs:
            continue
        first = opt_outs[0]
        for send in case.by_person.get(person, ()):
            if send.message.at > first.at + REPLY_GRACE:
                yield f"{send}: this person had opted out at {_shown(first.at)}"
        if first.at <= read_at[first.recipient] and not suppressed.get(person, True):
            yield f"{person} opted out at {_shown(first.at)} and may still be written to"


def _one_account_a_person(case: _Case) -> Iterator[str]:
    for person, sends in case.by_person.items():
        senders = sorted({send.message.sender for send in sends})
        if len(senders) > 1:
            yield f"{person} was written to by {', '.join(senders)}"


def _steps_in_order(case: _Case) -> Iterator[str]:
    for sends in case.by_person.values():
        before: _Send | None = None
        for send in sends:
            if send.attempt is not None:
                yield from _step_problem(case, before, send, send.attempt)
                before = send


def _step_problem(case: _Case, before: _Send | None, send: _Send, attempt: Attempt) -> Iterator[str]:
    steps = case.history.steps.get(attempt.version, ())
    after = -1 if before is None or before.attempt is None else before.attempt.rank
    expected = _next_message(steps, after)
    if attempt.rank != expected:
        yield f"{send}: step {attempt.rank}, but step {expected} is next"
        return
    wait = sum(step.delay_seconds for step in steps if after < step.rank < attempt.rank)
    if before is not None and send.message.at - before.message.at < timedelta(seconds=wait) - TICK:
        passed = send.message.at - before.message.at
        yield f"{send}: {passed} after the message before, the sequence waits {timedelta(seconds=wait)}"


def _counted_from_the_leads(case: _Case) -> Iterator[str]:
    leads, said = case.history.leads, case.history.counters
    contacted = [lead for lead in leads if lead.is_contacted]
    targets = [lead for lead in leads if lead.is_contacted or lead.state not in _OUT_OF_SCOPE]
    assessed = [lead for lead in targets if lead.is_contacted or lead.state != "assessing"]
    replies = [lead for lead in leads if lead.has_replied]
    over = [lead for lead in contacted if lead.state not in _STILL_TO_COME]
    recount = {
        "targetsCount": (said.targets, len(targets)),
        "scopeAssessedCount": (said.assessed, len(assessed)),
        "contactedCount": (said.contacted, len(contacted)),
        "repliesCount": (said.replies, len(replies)),
        "completionRate": (said.completion_rate, _ratio(len(over), len(targets))),
        "replyRate": (said.reply_rate, _ratio(len(replies), len(contacted))),
    }
    for name, (shown, counted) in recount.items():
        if abs(shown - counted) > 1e-9:
            yield f"{name} says {shown}, the leads say {counted}"


def _counted_from_the_platform(case: _Case) -> Iterator[str]:
    contacted = {lead.id for lead in case.history.leads if lead.is_contacted}
    for person in sorted(contacted ^ case.by_person.keys()):
        yield f"{person} counts as contacted on {'our side' if person in contacted else 'the platform'} only"
    read_at = {account.id: account.read_at for account in case.history.accounts}
    answered = {
        person
        for person, sends in case.by_person.items()
        if any(
            sends[0].message.at < message.at <= read_at[message.recipient] for message in case.inbound.get(person, ())
        )
    }
    replied = {lead.id for lead in case.history.leads if lead.has_replied}
    for person in sorted(replied ^ answered):
        yield f"{person} counts as having answered on {'our side' if person in replied else 'the platform'} only"
    said = case.history.counters
    for name, shown, counted in (
        ("contactedCount", said.contacted, len(case.by_person)),
        ("repliesCount", said.replies, len(answered)),
    ):
        if shown != counted:
            yield f"{name} says {shown}, the platform says {counted}"


def _counters_consistent(case: _Case) -> Iterator[str]:
    said = case.history.counters
    if not said.replies <= said.contacted <= said.targets:
        yield f"repliesCount {said.replies} ≤ contactedCount {said.contacted} ≤ targetsCount {said.targets} is false"
    if not said.assessed <= said.targets:
        yield f"scopeAssessedCount {said.assessed} ≤ targetsCount {said.targets} is false"
    if said.status == "completed" and not (said.contacted == said.targets and said.completion_rate == 1):
        yield f"completed with {said.contacted} of {said.targets} contacted, completionRate {said.completion_rate}"


def _nobody_forgotten(case: _Case) -> Iterator[str]:
    if case.history.counters.status == "completed":
        for person in sorted((case.history.reachable or frozenset()) - case.by_person.keys()):
            yield f"{person} could be written to and was not"


def _statuses_set(case: _Case) -> Iterator[str]:
    wanted = case.history.reply_status
    for lead in case.history.leads:
        if wanted is not None and lead.has_replied and lead.status != wanted:
            yield f"{lead.id} answered, but has the status {lead.status}"


LAWS: tuple[tuple[str, Callable[[_Case], Iterator[str]]], ...] = (
    ("every accepted message of the ledger is on the platform", _on_the_platform),
    ("every campaign message on the platform is in the ledger", _in_the_ledger),
    ("nobody got the same step or the same text twice", _no_duplicates),
    ("only while the campaign was active, only from its accounts", _active),
    ("only inside the sending hours", _inside_the_hours),
    ("never above the hourly rate in any 60 minutes", _below_the_rate),
    ("never above the accounts' limits in any 60 minutes and 24 hours", _below_the_limits),
    ("at least three quarters of the usual gap between messages", _gaps_kept),
    ("nothing after an answer", _silent_after_a_reply),
    ("nothing after an opt-out", _silent_after_an_opt_out),
    ("one account for each person", _one_account_a_person),
    ("steps in order, none before its delay", _steps_in_order),
    ("counters equal a recount of the leads", _counted_from_the_leads),
    ("counters equal a recount of the platform's record", _counted_from_the_platform),
    ("replies ≤ contacted ≤ targets; completed means all contacted", _counters_consistent),
    ("nobody who could be reached was forgotten", _nobody_forgotten),
    ("everybody who answered has the status the automation sets", _statuses_set),
)


def _in_force(revisions: Sequence[Revision], at: datetime) -> list[Revision]:
    """The settings that held at an instant, or within one call's time-out before it."""
    ends = [later.at for later in revisions[1:]] + [_NEVER]
    return [
        revision
        for revision, end in zip(revisions, ends, strict=False)
        if revision.at <= at and end >= at - CALL_TIMEOUT
    ]


def _rate(revisions: Sequence[Revision], at: datetime) -> int:
    return max((revision.rate for revision in _in_force(revisions, at)), default=0)


def _is_open(revision: Revision, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(revision.zone))
    hours = revision.hours.get(str(wall.isoweekday() % 7))
    return hours is not None and hours["start"] <= wall.hour * 60 + wall.minute < hours["end"]


def _count_in_span(times: Sequence[datetime], place: int, span: timedelta) -> int:
    """How many of the ascending `times`, up to the one at `place`, lie within the span that ends with it."""
    return place + 1 - bisect_right(times, times[place] - span + TICK, hi=place)


def _next_message(steps: Sequence[Step], after: int) -> int | None:
    ranks = sorted(step.rank for step in steps if step.type == "message")
    place = bisect_left(ranks, after + 1)
    return ranks[place] if place < len(ranks) else None


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")

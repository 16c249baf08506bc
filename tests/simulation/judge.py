"""The judge of a simulated run: the laws of sending, computed anew from the record by code of its own."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from tests.simulation.evidence import Entry, Evidence, Rule, Sent

CALL = timedelta(seconds=10)
REPLY = timedelta(seconds=60)
TICK = timedelta(milliseconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECONTACT = timedelta(days=2)
_OPT_OUTS = {"stop", "unsubscribe", "arrêtez"}
Key = TypeVar("Key", bound=Hashable)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Send:
    """A message on the platform, and the row of the ledger it belongs to."""

    message: Sent
    entry: Entry

    @property
    def at(self) -> datetime:
        """When the platform took it."""
        return self.message.at

    def __str__(self) -> str:
        return (
            f"{self.at:%m-%d %H:%M:%S.%f} {self.message.sender} → {self.message.recipient} {self.message.text!r} "
            f"(attempt {self.entry.id} {self.entry.state}, campaign {self.entry.campaign_id})"
        )


def judge(found: Evidence) -> list[str]:
    """Return every violation of every law, in words."""
    violations = []
    sends, strays = _match(found)
    inbound = _inbound(found)
    violations += strays
    for law in (_same_texts, _limits, _caps, _gaps):
        violations += [f"{law.__name__[1:]}: {text}" for text in law(found, sends)]
    violations += [f"optOut: {text}" for text in _after_opt_outs(found, sends, inbound)]
    violations += [f"consent: {text}" for text in _consents(found, sends, inbound)]
    violations += [f"pauses: {text}" for text in _after_pauses(found)]
    sends = [send for send in sends if not send.entry.is_by_hand]
    for law in (_same_steps, _hours, _rates, _pair_gaps, _one_account, _early, _overlaps):
        violations += [f"{law.__name__[1:]}: {text}" for text in law(found, sends)]
    violations += [f"recontact: {text}" for text in _recontacts(found, sends, inbound)]
    violations += [f"skipped: {text}" for text in _skipped(found, sends)]
    violations += [f"leftOut: {person} is in a list of {campaign_id}" for campaign_id, person in found.left_out]
    violations += [f"replies: {text}" for text in _after_replies(found, sends, inbound)]
    violations += [f"counters: {text}" for text in _counters(found, sends)]
    violations += [f"results: {text}" for text in found.miscounted]
    violations += [f"answers: {text}" for text in _answers(found, sends, inbound)]
    return violations


def _match(found: Evidence) -> tuple[list[Send], list[str]]:
    """Lead from each message of ours to its row in the ledger."""
    by_id = {entry.message_id: entry for entry in found.entries if entry.message_id is not None}
    open_rows: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for entry in found.entries:
        if entry.message_id is None and entry.state in {"intent", "unknown", "held"}:
            open_rows[entry.sender, entry.recipient, entry.text].append(entry)
    sends, strays = [], []
    for message in sorted(found.messages, key=lambda each: (each.at, int(each.id))):
        if not message.is_ours:
            continue
        known = by_id.pop(message.id, None)
        if known is None:
            rows = open_rows[message.sender, message.recipient, message.text]
            known = rows.pop(0) if rows else None
        if known is None:
            strays.append(f"ledger: {message} is in no row")
        elif (known.sender, known.recipient, known.text) != (message.sender, message.recipient, message.text):
            strays.append(f"ledger: {message} differs from {known}")
        else:
            sends.append(Send(message=message, entry=known))
    strays += [f"ledger: {entry} is accepted and not on the platform" for entry in by_id.values()]
    return sends, strays


def _inbound(found: Evidence) -> dict[str, list[Sent]]:
    by_person: dict[str, list[Sent]] = defaultdict(list)
    for message in sorted(found.messages, key=lambda each: each.at):
        if not message.is_ours and message.recipient in found.senders:
            by_person[message.sender].append(message)
    return by_person


def _same_texts(_: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    texts = Counter((send.entry.team_id, send.message.recipient, send.message.text) for send in sends)
    yield from (f"{key} {count} times" for key, count in texts.items() if count > 1)


def _same_steps(_: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    steps = Counter((send.entry.lead_id, send.entry.step_id) for send in sends)
    yield from (f"{key} {count} times" for key, count in steps.items() if count > 1)


def _hours(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    first_seen: set[str] = set()
    for send in sends:
        rules = _in_force(found.rules[send.entry.campaign_id], send.at)
        is_first = send.entry.lead_id not in first_seen
        first_seen.add(send.entry.lead_id)
        if not any(
            rule.is_open and _is_open(rule, send.at) and (not is_first or send.message.sender in rule.accounts)
            for rule in rules
        ):
            yield f"{send}: campaign not active, outside its hours, or from none of its accounts"


def _rates(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    for (campaign_id, sender), pair in _grouped(sends, lambda send: (send.entry.campaign_id, send.message.sender)):
        times = [send.at for send in pair]
        for place, at in enumerate(times):
            rate = max(rule.rate for rule in _in_force(found.rules[campaign_id], at))
            if _in_span(times, place, HOUR) > rate:
                yield f"{sender} at {at}: {_in_span(times, place, HOUR)} within the hour, rate {rate}"


def _limits(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    for sender, own in _grouped(sends, lambda send: send.message.sender):
        times = [send.at for send in own]
        for place, at in enumerate(times):
            hourly, daily = _limits_at(found, sender, at)
            for span, limit in ((HOUR, hourly), (DAY, daily)):
                if _in_span(times, place, span) > limit:
                    yield f"{sender} at {at}: {_in_span(times, place, span)} within {span}, limit {limit}"


def _caps(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    for team_id, own in _grouped(sends, lambda send: send.entry.team_id):
        times = [send.at for send in own]
        for place, at in enumerate(times):
            if team_id in found.caps and _in_span(times, place, DAY) > found.caps[team_id]:
                yield f"the app at {at}: {_in_span(times, place, DAY)} within a day, ceiling {found.caps[team_id]}"


def _gaps(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    """A message by hand leaves at once; those of campaigns keep their distance from it, too."""
    for sender, own in _grouped(sends, lambda send: send.message.sender):
        for before, send in pairwise(own):
            least = timedelta(seconds=0.75 * 3600 / _limits_at(found, sender, send.at)[0])
            if send.at - before.at < least - TICK and not send.entry.is_by_hand:
                yield f"{send}: {send.at - before.at} after the account's message before, least {least}"


def _pair_gaps(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    for (campaign_id, _), pair in _grouped(sends, lambda send: (send.entry.campaign_id, send.message.sender)):
        for before, send in pairwise(pair):
            rules = [rule for rule in found.rules[campaign_id] if rule.at <= send.at]
            lately = [rule for rule in rules if rule.at >= before.at - CALL] + _in_force(rules, before.at)
            least = timedelta(seconds=0.75 * 3600 / max(rule.rate for rule in lately))
            if send.at - before.at < least - TICK:
                yield f"{send}: {send.at - before.at} after the pair's message before, least {least}"


def _one_account(_: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    for lead_id, own in _grouped(sends, lambda send: send.entry.lead_id):
        if len({send.message.sender for send in own}) > 1:
            yield f"lead {lead_id} was written to by several accounts"


def _early(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    ranks = {(send.entry.campaign_id, send.entry.version, send.entry.step_id): send.entry.rank for send in sends}
    for _, own in _grouped(sends, lambda send: send.entry.lead_id):
        for before, send in pairwise(own):
            campaign_id, version = send.entry.campaign_id, send.entry.version
            after = ranks.get((campaign_id, version, before.entry.step_id), before.entry.rank)
            wait = timedelta(
                seconds=sum(
                    seconds
                    for (owner, number, rank), seconds in found.delays.items()
                    if (owner, number) == (campaign_id, version) and after < rank < send.entry.rank
                )
            )
            if send.at - before.at < wait - TICK:
                yield f"{send}: {send.at - before.at} after the message before, the sequence waits {wait}"
            if version == before.entry.version and send.entry.rank <= before.entry.rank:
                yield f"{send}: step {send.entry.rank} after step {before.entry.rank}"


def _overlaps(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    """Nobody is in two sequences at once: A, B, A, B would be that, unless somebody let A or B go on."""
    for person, own in _grouped(sends, lambda send: (send.entry.team_id, send.message.recipient)):
        order = [own[0].entry.lead_id] if own else []
        for send in own:
            if send.entry.lead_id != order[-1]:
                order.append(send.entry.lead_id)
        if len(order) > len(set(order)) + 1 + sum(len(found.continued.get(lead_id, ())) for lead_id in set(order)):
            yield f"{person} was in two sequences at once: {order}"


def _recontacts(found: Evidence, sends: Sequence[Send], inbound: dict[str, list[Sent]]) -> Iterator[str]:
    """Who got a whole sequence and kept silent hears from no other campaign meanwhile, nor soon after."""
    if not found.keeps:
        return
    finished = {lead.id for lead in found.leads if lead.state == "finished"}
    for (_, person), own in _grouped(sends, lambda send: (send.entry.team_id, send.message.recipient)):
        if person in inbound:
            continue
        for lead_id, theirs in _grouped(own, lambda send: send.entry.lead_id):
            until = theirs[-1].at + RECONTACT - CALL
            for send in own:
                if lead_id in finished and send.entry.lead_id != lead_id and theirs[0].at <= send.at < until:
                    yield f"{send}: another campaign wrote from {theirs[0].at} to {theirs[-1].at}"


def _skipped(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    """Who is finished got every message of the sequence, where that never changed and nobody passed one over."""
    if not found.keeps:
        return
    got = Counter(send.entry.lead_id for send in sends)
    for lead in found.leads:
        wanted = found.steps.get(lead.campaign_id)
        if lead.state == "finished" and wanted is not None and got[lead.id] != wanted:
            yield f"{lead} got {got[lead.id]} of {wanted} messages"


def _after_replies(found: Evidence, sends: Sequence[Send], inbound: dict[str, list[Sent]]) -> Iterator[str]:
    for _, own in _grouped(sends, lambda send: send.entry.lead_id):
        first = own[0]
        answers = [
            message
            for message in inbound.get(first.message.recipient, ())
            if message.at > first.at and found.team_of[message.recipient] == first.entry.team_id
        ]
        for send in own:
            known = [
                answer
                for answer in answers
                if send.at > _known_at(found, answer, first) and not _is_passed_over(found, send, answer)
            ]
            if known:
                yield f"{send}: the person had answered at {known[0].at}"


def _is_passed_over(found: Evidence, send: Send, message: Sent) -> bool:
    """Whether somebody had said, when a message left, that what the person wrote is no answer."""
    spans = found.continued.get(send.entry.lead_id, ())
    return any(since <= send.at + TICK and message.at <= until for since, until in spans)


def _consents(found: Evidence, sends: Sequence[Send], inbound: dict[str, list[Sent]]) -> Iterator[str]:
    """Who neither agreed nor wrote to the account gets no first message, nor one by hand."""
    for send in sends:
        given = found.consents.get(send.entry.team_id)
        if given is None or (not send.entry.is_by_hand and _is_follow_up(sends, send)):
            continue
        person, at = send.message.recipient, send.entry.intent_at
        wrote = any(each.at <= send.at and each.recipient == send.message.sender for each in inbound.get(person, ()))
        changes = given.get(person, ())
        ends = [change[0] for change in changes[1:]] + [_NEVER]
        if not wrote and not any(
            agrees and since <= at + TICK and end >= at - CALL
            for (since, agrees), end in zip(changes, ends, strict=False)
        ):
            yield f"{send}: the person had not agreed, nor written to the account"


def _after_opt_outs(found: Evidence, sends: Sequence[Send], inbound: dict[str, list[Sent]]) -> Iterator[str]:
    for (person, team_id), messages in _by_team(found, inbound).items():
        said = [each for each in messages if each.text.casefold().strip(" .!") in _OPT_OUTS]
        if not said:
            continue
        lifts = found.lifted.get((team_id, person), ())
        for send in sends:
            is_theirs = (send.message.recipient, send.entry.team_id) == (person, team_id)
            known = [each for each in said if send.at > _known_at(found, each, send)]
            known = [each for each in known if not any(each.at <= lift <= send.at + TICK for lift in lifts)]
            if is_theirs and known and (send.entry.is_by_hand or _is_follow_up(sends, send)):
                yield f"{send}: the person had opted out at {known[0].at}"
        read = [each for each in said if found.senders[each.recipient] > each.at + TICK]
        lasting = [each for each in read if not any(lift >= each.at for lift in lifts)]
        if lasting and (team_id, person) not in found.suppressed:
            yield f"{person} opted out at {lasting[0].at} and is not suppressed"


def _known_at(found: Evidence, message: Sent, send: Send) -> datetime:
    """Say since when a message is known: the inbox of whoever sends is read before a follow-up, others now and then."""
    is_read_before = message.recipient == send.message.sender and not send.entry.is_by_hand
    return message.at + (REPLY if is_read_before else found.unread)


def _by_team(found: Evidence, inbound: dict[str, list[Sent]]) -> dict[tuple[str, str], list[Sent]]:
    apart: dict[tuple[str, str], list[Sent]] = defaultdict(list)
    for person, messages in inbound.items():
        for message in messages:
            apart[person, found.team_of[message.recipient]].append(message)
    return apart


def _is_follow_up(sends: Sequence[Send], send: Send) -> bool:
    """A first message of another campaign may cross an opt-out nobody has read: the inbox is read every 20 minutes."""
    return any(other.entry.lead_id == send.entry.lead_id and other.at < send.at for other in sends)


def _after_pauses(found: Evidence) -> Iterator[str]:
    """Once a stop, a pause, a cancel, a removal or a suppression has been answered, nothing begins."""
    for turn, owner in found.begun:
        for closed, opened in found.closed.get(owner, ()):
            if closed < turn and (opened is None or turn < opened):
                yield f"an attempt of {owner} began with turn {turn}, it was closed in turn {closed}"


def _counters(found: Evidence, sends: Sequence[Send]) -> Iterator[str]:
    for campaign_id, recount in found.recount.items():
        if found.counters.get(campaign_id) != recount:
            yield f"{campaign_id} says {found.counters.get(campaign_id)}, its leads say {recount}"
        if not recount["answered"] <= recount["contacted"] <= recount["targets"]:
            yield f"{campaign_id}: {recount}"
    reached = {send.entry.lead_id for send in sends}
    counted = {lead.id for lead in found.leads if lead.is_contacted}
    for lead_id in reached ^ counted:
        yield f"lead {lead_id} counts as contacted on {'our side' if lead_id in counted else 'the platform'} only"


def _answers(found: Evidence, sends: Sequence[Send], inbound: dict[str, list[Sent]]) -> Iterator[str]:
    """Who wrote to the account that wrote to them has answered, as far as the inbox was read."""
    by_lead = {lead.id: lead for lead in found.leads}
    latest: dict[tuple[str, str], list[Send]] = defaultdict(list)
    for _, own in _grouped(sends, lambda send: send.entry.lead_id):
        latest[own[0].message.sender, own[0].message.recipient].append(own[0])
    answered: set[str] = set()
    unsure: set[str] = set()
    for (sender, person), firsts in latest.items():
        for message in inbound.get(person, ()):
            before = [first for first in firsts if first.entry.intent_at < message.at]
            if message.recipient == sender and before and not _never_counts(found, before[-1], message):
                # What came in the very instant of the last reading may have come before it or after.
                is_read = message.at < found.senders[sender] - TICK
                is_unread = message.at > found.senders[sender] + TICK
                if not is_unread:
                    (answered if is_read else unsure).add(before[-1].entry.lead_id)
    replied = {lead.id for lead in found.leads if lead.has_replied}
    for lead_id in sorted((replied ^ answered) - unsure):
        side = "our side" if lead_id in replied else "the platform"
        yield f"{by_lead[lead_id]} counts as having answered on {side} only"


def _never_counts(found: Evidence, send: Send, message: Sent) -> bool:
    """Whether a message was passed over as an answer, whenever that was."""
    return any(message.at <= until for _, until in found.continued.get(send.entry.lead_id, ()))


def _grouped(sends: Iterable[Send], key: Callable[[Send], Key]) -> list[tuple[Key, list[Send]]]:
    groups: dict[Key, list[Send]] = defaultdict(list)
    for send in sends:
        groups[key(send)].append(send)
    return list(groups.items())


def _in_force(rules: Sequence[Rule], at: datetime) -> list[Rule]:
    ends = [later.at for later in rules[1:]] + [_NEVER]
    return [rule for rule, end in zip(rules, ends, strict=True) if rule.at <= at + TICK and end >= at - CALL]


def _limits_at(found: Evidence, sender: str, at: datetime) -> tuple[int, int]:
    changes = found.limits[sender]
    ends = [change[0] for change in changes[1:]] + [_NEVER]
    held = [change for change, end in zip(changes, ends, strict=True) if change[0] <= at + TICK and end >= at - CALL]
    return max(change[1] for change in held), max(change[2] for change in held)


def _is_open(rule: Rule, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(rule.zone))
    hours = rule.hours.get(str(wall.isoweekday() % 7))
    return hours is not None and hours["start"] <= wall.hour * 60 + wall.minute < hours["end"]


def _in_span(times: Sequence[datetime], place: int, span: timedelta) -> int:
    return place + 1 - bisect_right(times, times[place] - span + TICK, hi=place)

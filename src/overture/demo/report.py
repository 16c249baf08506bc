"""The report at the end of a demo: what was sent, to whom, from where, what came back, and the proof."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from overture.demo.history import Account, History, Message
from overture.demo.proof import Proof

_BAR = 40
_SHORT_BAR = 28
_EXAMPLES = 3
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timings:
    """How long the parts took, in seconds of wall time."""

    start: float
    preparation: float
    run: float
    proof: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.start + self.preparation + self.run + self.proof


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sent:
    """A message of the campaign, the rank of its step (None = not in the ledger), and whether it was the first."""

    message: Message
    rank: int | None
    is_first: bool


def show(console: Console, history: History, proof: Proof, *, imported: int, zone: str, timings: Timings) -> None:
    """Print the whole report.

    Args:
        imported: how many leads the campaign began with.
        zone: the time zone the days of the plot are cut in.
    """
    sent = _sent(history)
    _funnel(console, history, sent, imported)
    _accounts(console, history, sent)
    _steps(console, history, sent)
    _groups(console, "Where the leads stand, and why", Counter(_standings(history)))
    statuses = Counter(lead.status or "no status" for lead in history.leads if lead.is_contacted)
    _groups(console, "Status of those contacted", statuses)
    _days(console, sent, ZoneInfo(zone))
    _times(console, sent, timings)
    show_proof(console, proof)


def show_proof(console: Console, proof: Proof) -> None:
    """Print the verdicts, each broken law with a few examples."""
    table = Table(
        title=f"Proof, over {proof.messages} messages of the platform's own record",
        title_justify="left",
        box=box.SIMPLE,
    )
    table.add_column("law")
    table.add_column("verdict", justify="right")
    for verdict in proof.verdicts:
        count = len(verdict.violations)
        shown = "[green]ok[/]" if verdict.holds else f"[bold red]{count} violation{'s' if count > 1 else ''}[/]"
        table.add_row(verdict.law, shown)
        for example in verdict.violations[:_EXAMPLES]:
            table.add_row(f"  [red]{escape(example)}[/]", "")
    console.print(table)
    if proof.holds:
        console.print("[bold green]The proof holds.[/]")
    else:
        console.print("[bold red]The proof does not hold.[/]")


def _sent(history: History) -> list[_Sent]:
    accounts = {account.id for account in history.accounts}
    ranks = {attempt.message_id: attempt.rank for attempt in history.attempts}
    known: set[str] = set()
    found = []
    for message in sorted(history.messages, key=lambda each: (each.at, int(each.id))):
        if message.sender in accounts and message.is_sent:
            is_first = message.recipient not in known
            known.add(message.recipient)
            found.append(_Sent(message=message, rank=ranks.get(message.id), is_first=is_first))
    return found


def _funnel(console: Console, history: History, sent: Sequence[_Sent], imported: int) -> None:
    counters = history.counters
    followed = {each.message.recipient for each in sent if not each.is_first}
    rows = [
        ("leads", imported),
        ("in scope", counters.targets),
        ("contacted", counters.contacted),
        ("followed up", len(followed)),
        ("answered", counters.replies),
    ]
    if history.reply_status is not None:
        rows.append((history.reply_status, sum(lead.status == history.reply_status for lead in history.leads)))
    table = Table(title=f"Funnel ({counters.status})", title_justify="left", show_header=False, box=box.SIMPLE)
    for name, count in rows:
        table.add_row(
            name, str(count), f"{count / imported:.0%}" if imported else "", _bar(count, imported, _SHORT_BAR)
        )
    console.print(table)


def _accounts(console: Console, history: History, sent: Sequence[_Sent]) -> None:
    table = Table(title="By account", title_justify="left", box=box.SIMPLE)
    table.add_column("account")
    for name in ("contacted", "follow-ups", "answers", "most in 60 min", "least gap"):
        table.add_column(name, justify="right")
    answers = _answers(history, sent)
    for account in history.accounts:
        table.add_row(*_account_row(account, [each for each in sent if each.message.sender == account.id], answers))
    console.print(table)


def _account_row(account: Account, sent: Sequence[_Sent], answers: Mapping[str, _Sent]) -> tuple[str, ...]:
    times = [each.message.at for each in sent]
    gaps = [after - before for before, after in pairwise(times)]
    answered = sum(each.message.sender == account.id for each in answers.values())
    return (
        f"@{account.username}",
        str(sum(each.is_first for each in sent)),
        str(sum(not each.is_first for each in sent)),
        str(answered),
        str(_most_in_an_hour(times)),
        f"{min(gaps).total_seconds() / 60:.1f} min" if gaps else "",
    )


def _most_in_an_hour(times: Sequence[datetime]) -> int:
    most = first = 0
    for place, at in enumerate(times):
        while at - times[first] >= _HOUR:
            first += 1
        most = max(most, place - first + 1)
    return most


def _steps(console: Console, history: History, sent: Sequence[_Sent]) -> None:
    table = Table(title="By step", title_justify="left", box=box.SIMPLE)
    table.add_column("step")
    for name in ("sent", "answers after it", "rate"):
        table.add_column(name, justify="right")
    answers = Counter(each.rank for each in _answers(history, sent).values())
    counts = Counter(each.rank for each in sent)
    version = max(history.steps, default=0)
    number = 0
    for step in history.steps.get(version, ()):
        if step.type == "message":
            number += 1
            count, replies = counts[step.rank], answers[step.rank]
            rate = f"{replies / count:.1%}" if count else ""
            table.add_row(f"message {number}", str(count), str(replies), rate)
        else:
            days = f" {step.delay_seconds / 86400:g} days" if step.delay_seconds else ""
            table.add_row(f"[dim]{step.type}{days}[/]", "", "", "")
    console.print(table)


def _answers(history: History, sent: Sequence[_Sent]) -> dict[str, _Sent]:
    """The counted answers: by person, the message that came last before the first answer."""
    replied = {lead.id for lead in history.leads if lead.has_replied}
    inbound: dict[str, list[datetime]] = {}
    for message in history.messages:
        inbound.setdefault(message.sender, []).append(message.at)
    found: dict[str, _Sent] = {}
    first: dict[str, datetime] = {}
    for each in sent:
        person = each.message.recipient
        if person not in replied:
            continue
        if person not in first:
            first[person] = min((at for at in inbound.get(person, ()) if at > each.message.at), default=each.message.at)
        if person not in found or each.message.at < first[person]:
            found[person] = each
    return found


def _standings(history: History) -> list[str]:
    return [lead.state if lead.reason is None else f"{lead.state}: {lead.reason}" for lead in history.leads]


def _groups(console: Console, title: str, groups: Mapping[str, int]) -> None:
    if not groups:
        return
    table = Table(title=title, title_justify="left", show_header=False, box=box.SIMPLE)
    total = sum(groups.values())
    for name, count in sorted(groups.items(), key=lambda group: -group[1]):
        table.add_row(escape(name), str(count), _bar(count, total, _SHORT_BAR))
    console.print(table)


def _days(console: Console, sent: Sequence[_Sent], zone: ZoneInfo) -> None:
    """Plot the sends of each day: first messages as full blocks, follow-ups as shaded ones."""
    firsts: Counter[date] = Counter()
    follow_ups: Counter[date] = Counter()
    for each in sent:
        (firsts if each.is_first else follow_ups)[each.message.at.astimezone(zone).date()] += 1
    if not sent:
        return
    most = max(firsts[day] + follow_ups[day] for day in firsts.keys() | follow_ups.keys())
    console.print(f"[italic]Sends per day ({zone.key}): █ first messages, ▒ follow-ups[/]")
    day, last = min(firsts | follow_ups), max(firsts | follow_ups)
    while day <= last:
        total = firsts[day] + follow_ups[day]
        dark = round(firsts[day] / most * _BAR)
        light = round(total / most * _BAR) - dark
        console.print(f"  {day:%a %d %b}  {'█' * dark}{'▒' * light} {total or '·'}", highlight=False)
        day += timedelta(days=1)
    console.print()


def _times(console: Console, sent: Sequence[_Sent], timings: Timings) -> None:
    if not sent:
        return
    span = sent[-1].message.at - sent[0].message.at
    console.print(
        f"{span.total_seconds() / 86400:.1f} days of sending in {timings.run:.1f} s "
        f"({len(sent) / timings.run:.0f} messages a second); "
        f"start {timings.start:.1f} s, import and preparation {timings.preparation:.1f} s, "
        f"proof {timings.proof:.1f} s, {timings.total:.1f} s in all",
        highlight=False,
    )
    console.print()


def _bar(count: int, whole: int, width: int) -> str:
    return "█" * (round(count / whole * width) if whole else 0)

"""`overture bench`: measures on a database of its own and prints ratios; nothing of it is left."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import uvloop
from rich.console import Console

from overture.bench import (
    callers,
    crew,
    delivering,
    drain,
    importing,
    joining,
    orphans,
    pausing,
    planning,
    process_report,
    reading,
    rehearsing,
    report,
    scale,
    starting,
    syncing,
    talking,
    workplace,
)
from overture.bench.report import Table
from overture.bench.workplace import Workplace

_SECONDS = 10.0

DONE, BROKEN, INTERRUPTED = 0, 1, 130
"""Exit codes: everything was measured, whatever came out; a measurement failed; it was interrupted."""


class Part(StrEnum):
    """What to measure."""

    DRAIN = "drain"
    TEAMS = "teams"
    PLAN = "plan"
    REHEARSAL = "rehearsal"
    SYNC = "sync"
    READ = "read"
    THREADS = "threads"
    IMPORT = "import"
    START = "start"
    PAUSE = "pause"
    ORPHANS = "orphans"
    WORKERS = "workers"
    SCALE = "scale"
    WEBHOOKS = "webhooks"
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What to measure and how large: None = the usual size, `quick` = a tenth of it."""

    part: Part = Part.ALL
    accounts: int | None = None
    leads: int | None = None
    teams: int | None = None
    quick: bool = False


_FAULTS = (
    drain.MeasurementFailed,
    planning.PlanWrong,
    rehearsing.RehearsalWrong,
    syncing.SyncWrong,
    callers.ReadFailed,
    importing.ImportWrong,
    crew.WorkerFailed,
    delivering.DeliveryFailed,
)
_Say = Callable[[str], None]


def run(options: Options) -> int:
    """Measure and print; return the exit code."""
    console = Console()
    try:
        with (
            workplace.interruptible(),
            workplace.opened() as place,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(workplace.heeding(_measure(console, place, options)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Interrupted; everything is stopped.")
        return INTERRUPTED
    except _FAULTS as error:
        console.print(f"[bold red]The measurement failed:[/] {error}.", highlight=False, soft_wrap=True)
        return BROKEN
    return DONE


async def _measure(console: Console, place: Workplace, options: Options) -> None:
    machine = report.machine(await place.version())
    console.print(machine, highlight=False, soft_wrap=True)
    say = _narrator(console)
    for part, measure in _PARTS.items():
        if options.part in (part, Part.ALL):
            report.show(console, await measure(place, options, say))
    console.print(
        "Ratios to a baseline of the same run are what counts: figures change with the machine and its load.",
        soft_wrap=True,
    )


def _usual(options: Options, size: int) -> int:
    return size // 10 if options.quick else size


async def _drain(place: Workplace, options: Options, say: _Say) -> Table:
    accounts = options.accounts or _usual(options, 10_000)
    leads = options.leads or max(_usual(options, 100_000), 10 * accounts)
    drained = await drain.measure(place, accounts=accounts, leads=leads, teams=options.teams or 1, say=say)
    teams = "one team" if drained.teams == 1 else f"each of {drained.teams:,} teams"
    title = f"Send path: {drained.accounts:,} accounts and {drained.leads:,} leads in {teams}, no-op platform"
    return Table(title=title, lines=report.drain_lines(drained), words=report.DRAIN_WORDS)


async def _teams(place: Workplace, options: Options, say: _Say) -> Table:
    teams = options.teams or _usual(options, 10_000)
    drained = await drain.measure(place, accounts=1, leads=2, teams=teams, say=say)
    title = f"Send path: one account in each of {drained.teams:,} teams, no-op platform"
    return Table(title=title, lines=report.drain_lines(drained), words=report.DRAIN_WORDS)


async def _plan(place: Workplace, options: Options, say: _Say) -> Table:
    planned = await planning.measure(place, leads=options.leads or _usual(options, 1_000_000), say=say)
    return Table(title=f"Plan: {planned.leads:,} leads", lines=report.plan_lines(planned), words=report.PLAN_WORDS)


async def _rehearsal(place: Workplace, options: Options, say: _Say) -> Table:
    rehearsed = await rehearsing.measure(place, leads=options.leads or _usual(options, 100_000), say=say)
    title = f"Rehearsal: {rehearsed.leads:,} leads, {rehearsed.messages:,} messages"
    return Table(title=title, lines=report.rehearsal_lines(rehearsed), words=report.REHEARSAL_WORDS)


async def _sync(place: Workplace, options: Options, say: _Say) -> Table:
    synced = await syncing.measure(place, leads=options.leads or _usual(options, 100_000), say=say)
    return Table(title=f"Sync: {synced.leads:,} leads", lines=report.sync_lines(synced), words=report.SYNC_WORDS)


async def _read(place: Workplace, options: Options, say: _Say) -> Table:
    read = await reading.measure(place, leads=options.leads or _usual(options, 1_000_000), say=say)
    title = f"API: a campaign of {read.leads:,} leads"
    return Table(title=title, lines=report.read_lines(read), words=report.READ_WORDS)


async def _threads(place: Workplace, options: Options, say: _Say) -> Table:
    talked = await talking.measure(place, threads=options.leads or _usual(options, 1_000_000), say=say)
    title = f"Conversations: {talked.threads:,} threads"
    return Table(title=title, lines=report.thread_lines(talked), words=report.THREAD_WORDS)


async def _import(place: Workplace, options: Options, say: _Say) -> Table:
    imported = await importing.measure(place, rows=options.leads or _usual(options, 1_000_000), say=say)
    title = f"Import: {imported.rows:,} rows"
    return Table(title=title, lines=report.import_lines(imported), words=report.IMPORT_WORDS)


async def _start(place: Workplace, options: Options, say: _Say) -> Table:
    people = options.leads or _usual(options, 10_000)
    started = await starting.measure(place, people=people, starts=3 if options.quick else 5, say=say)
    title = f"Start to first message: {started.people:,} leads"
    return Table(title=title, lines=process_report.start_lines(started), words=process_report.START_WORDS)


async def _pause(place: Workplace, options: Options, say: _Say) -> Table:
    accounts = options.accounts or _usual(options, 2_000)
    paused = await pausing.measure(place, accounts=accounts, pauses=5 if options.quick else 20, say=say)
    title = f"Pause: a campaign of {paused.accounts:,} accounts"
    return Table(title=title, lines=process_report.pause_lines(paused), words=process_report.PAUSE_WORDS)


async def _orphans(place: Workplace, options: Options, say: _Say) -> Table:
    found = await orphans.measure(place, count=options.accounts or _usual(options, 100), say=say)
    title = f"Messages whose worker died: {found.count:,}"
    return Table(title=title, lines=process_report.orphan_lines(found), words=process_report.ORPHAN_WORDS)


async def _workers(place: Workplace, options: Options, say: _Say) -> Table:
    seconds = _SECONDS / 2 if options.quick else _SECONDS
    joined = await joining.measure(place, accounts=options.accounts or 2_000, seconds=seconds, say=say)
    title = f"A second worker: {joined.accounts:,} accounts, a slow platform"
    return Table(title=title, lines=process_report.join_lines(joined), words=process_report.JOIN_WORDS)


async def _scale(place: Workplace, options: Options, say: _Say) -> Table:
    accounts = options.accounts or _usual(options, 10_000)
    sizes = [10 * accounts, options.leads or _usual(options, 5_000_000)]
    seconds = _SECONDS / 2 if options.quick else 2 * _SECONDS
    scaled = await scale.measure(place, accounts=accounts, sizes=sizes, seconds=seconds, say=say)
    title = f"One worker, few leads and many: {scaled.accounts:,} accounts"
    return Table(title=title, lines=process_report.scale_lines(scaled), words=process_report.SCALE_WORDS)


async def _webhooks(place: Workplace, options: Options, say: _Say) -> Table:
    delivered = await delivering.measure(place, events=_usual(options, 5_000), say=say)
    title = f"Webhooks: {delivered.deliveries:,} deliveries to {delivering.ENDPOINTS} endpoints"
    return Table(title=title, lines=process_report.webhook_lines(delivered), words=process_report.WEBHOOK_WORDS)


_PARTS: dict[Part, Callable[[Workplace, Options, _Say], Awaitable[Table]]] = {
    Part.DRAIN: _drain,
    Part.TEAMS: _teams,
    Part.PLAN: _plan,
    Part.REHEARSAL: _rehearsal,
    Part.SYNC: _sync,
    Part.READ: _read,
    Part.THREADS: _threads,
    Part.IMPORT: _import,
    Part.START: _start,
    Part.PAUSE: _pause,
    Part.ORPHANS: _orphans,
    Part.WORKERS: _workers,
    Part.SCALE: _scale,
    Part.WEBHOOKS: _webhooks,
}


def _narrator(console: Console) -> _Say:
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s  {text}[/]", highlight=False, soft_wrap=True)

    return say

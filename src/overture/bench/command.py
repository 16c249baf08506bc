"""`overture bench`: measures on a database of its own and prints ratios; nothing of it is left."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import uvloop
from rich.console import Console

from overture.bench import drain, importing, planning, reading, report, syncing, workplace
from overture.bench.workplace import Workplace

DONE, BROKEN, INTERRUPTED = 0, 1, 130
"""Exit codes: everything was measured, whatever came out; a measurement failed; it was interrupted."""


class Part(StrEnum):
    """What to measure."""

    DRAIN = "drain"
    PLAN = "plan"
    SYNC = "sync"
    READ = "read"
    IMPORT = "import"
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What to measure and how large: None = the usual size, `quick` = a tenth of it."""

    part: Part = Part.ALL
    accounts: int | None = None
    leads: int | None = None
    teams: int = 1
    quick: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sizes:
    accounts: int
    drain_leads: int
    plan_leads: int
    sync_leads: int
    read_leads: int
    import_rows: int


_USUAL = _Sizes(
    accounts=10_000,
    drain_leads=100_000,
    plan_leads=1_000_000,
    sync_leads=100_000,
    read_leads=1_000_000,
    import_rows=1_000_000,
)
_QUICK = _Sizes(
    accounts=1_000,
    drain_leads=10_000,
    plan_leads=100_000,
    sync_leads=10_000,
    read_leads=100_000,
    import_rows=100_000,
)
_BROKEN = (drain.MeasurementFailed, planning.PlanWrong, syncing.SyncWrong, reading.ReadFailed, importing.ImportWrong)


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
    except _BROKEN as error:
        console.print(f"[bold red]The measurement failed:[/] {error}.", highlight=False, soft_wrap=True)
        return BROKEN
    return DONE


async def _measure(console: Console, place: Workplace, options: Options) -> None:
    sizes = _QUICK if options.quick else _USUAL
    machine = report.machine(await place.version())
    console.print(machine, highlight=False, soft_wrap=True)
    say = _narrator(console)
    if options.part in (Part.DRAIN, Part.ALL):
        accounts = options.accounts or sizes.accounts
        leads = options.leads or max(sizes.drain_leads, 10 * accounts)
        drained = await drain.measure(place, accounts=accounts, leads=leads, teams=options.teams, say=say)
        teams = "one team" if drained.teams == 1 else f"each of {drained.teams:,} teams"
        title = f"Send path: {drained.accounts:,} accounts and {drained.leads:,} leads in {teams}, no-op platform"
        report.show(console, title, report.drain_lines(drained), report.DRAIN_WORDS)
    if options.part in (Part.PLAN, Part.ALL):
        planned = await planning.measure(place, leads=options.leads or sizes.plan_leads, say=say)
        report.show(console, f"Plan: {planned.leads:,} leads", report.plan_lines(planned), report.PLAN_WORDS)
    if options.part in (Part.SYNC, Part.ALL):
        synced = await syncing.measure(place, leads=options.leads or sizes.sync_leads, say=say)
        report.show(console, f"Sync: {synced.leads:,} leads", report.sync_lines(synced), report.SYNC_WORDS)
    if options.part in (Part.READ, Part.ALL):
        read = await reading.measure(place, leads=options.leads or sizes.read_leads, say=say)
        report.show(console, f"API: a campaign of {read.leads:,} leads", report.read_lines(read), report.READ_WORDS)
    if options.part in (Part.IMPORT, Part.ALL):
        imported = await importing.measure(place, rows=options.leads or sizes.import_rows, say=say)
        report.show(console, f"Import: {imported.rows:,} rows", report.import_lines(imported), report.IMPORT_WORDS)
    console.print(
        "Ratios to a baseline of the same run are what counts: figures change with the machine and its load.",
        soft_wrap=True,
    )


def _narrator(console: Console) -> Callable[[str], None]:
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s  {text}[/]", highlight=False, soft_wrap=True)

    return say

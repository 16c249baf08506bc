"""The table of what was measured: figures of this machine at this moment, and ratios, which carry over to others."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich import table as tables
from rich.console import Console

from overture.bench.callers import Spread
from overture.bench.drain import Drained
from overture.bench.importing import Imported
from overture.bench.planning import ACCOUNTS, REACH_SETS, Mended, Planned
from overture.bench.reading import Read
from overture.bench.rehearsing import ACCOUNTS as REHEARSED_ACCOUNTS
from overture.bench.rehearsing import Rehearsed
from overture.bench.syncing import Synced
from overture.bench.talking import Talked


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One thing measured: its figure, its ratio to a figure of the same run, and what we aim at."""

    what: str
    figure: str
    ratio: str = ""
    goal: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """What one measurement gave; `words` say what its lines mean."""

    title: str
    lines: Sequence[Line]
    words: str


def drain_lines(drained: Drained) -> list[Line]:
    """Return the lines of the send path."""
    one, two = (drained.sends / seconds for seconds in drained.bare_seconds)
    return [
        Line(
            what="engine",
            figure=f"{drained.rate:,.0f} sends/s",
            ratio=f"{drained.rate / drained.bare_rate:.0%} of bare",
            goal="≥ 80 % of bare; 5,000/s" if drained.teams == 1 else "≥ 80 % of bare; 100/s",
        ),
        Line(
            what="bare, one connection",
            figure=f"{one:,.0f} sends/s",
            ratio=f"{one / drained.least.rate:.0%} of the least",
        ),
        Line(
            what="bare, two connections",
            figure=f"{two:,.0f} sends/s",
            ratio=f"{two / drained.least.rate:.0%} of the least",
            goal="≥ 25 % of the least",
        ),
        Line(
            what="least, two connections",
            figure=f"{drained.least.rate:,.0f} leads/s",
            ratio="baseline",
        ),
        Line(
            what="log of a send, bare",
            figure=f"{drained.log_bytes:,.0f} bytes",
            ratio=f"{drained.log_bytes / drained.least.log_bytes:.1f} of the least",
        ),
    ]


def rehearsal_lines(rehearsed: Rehearsed) -> list[Line]:
    """Return the lines of the rehearsal."""
    return [
        Line(
            what="rehearsal",
            figure=f"{rehearsed.seconds:,.2f} s",
            ratio=f"{rehearsed.seconds / rehearsed.bare_seconds:.1f} x bare",
            goal="≤ 3 s",
        ),
        Line(what="bare loop", figure=f"{rehearsed.bare_seconds:,.2f} s", ratio="baseline"),
    ]


def plan_lines(planned: Planned) -> list[Line]:
    """Return the lines of the plan."""
    return [
        Line(
            what="plan",
            figure=f"{planned.seconds:,.1f} s",
            ratio=f"{planned.seconds / planned.bare_seconds:.2f} x bare",
            goal="≤ 2 x bare",
        ),
        Line(
            what="bare",
            figure=f"{planned.bare_seconds:,.1f} s",
            ratio="baseline",
        ),
        *_mended("an account leaves", planned.left),
        *_mended("it comes back", planned.came),
    ]


def _mended(what: str, mended: Mended) -> list[Line]:
    return [
        Line(
            what=f"{what}: {mended.moved:,} leads",
            figure=f"{mended.seconds:,.1f} s",
            ratio=f"{mended.seconds / mended.bare_seconds:.1f} x bare",
        ),
        Line(what=f"{what}, bare", figure=f"{mended.bare_seconds:,.1f} s", ratio="baseline"),
    ]


def sync_lines(synced: Synced) -> list[Line]:
    """Return the lines of the sync."""
    return [
        Line(
            what="join",
            figure=f"{synced.in_seconds:,.1f} s",
            ratio=f"{synced.in_seconds / synced.bare_in_seconds:.2f} x bare",
        ),
        Line(what="join, bare", figure=f"{synced.bare_in_seconds:,.1f} s", ratio="baseline"),
        Line(
            what="leave",
            figure=f"{synced.out_seconds:,.1f} s",
            ratio=f"{synced.out_seconds / synced.bare_out_seconds:.2f} x bare",
        ),
        Line(what="leave, bare", figure=f"{synced.bare_out_seconds:,.1f} s", ratio="baseline"),
    ]


def read_lines(read: Read) -> list[Line]:
    """Return the lines of the API."""
    goals = {8: "p99 ≤ 50 ms", 32: "p99 ≤ 120 ms"}
    lines = [
        Line(
            what=f"campaign, {connections} connections",
            figure=_spoken(spread),
            ratio=f"{spread.rate / read.bare.rate:.0%} of bare",
            goal=goals.get(connections, ""),
        )
        for connections, spread in read.campaign.items()
    ]
    return [
        *lines,
        Line(what="campaign, bare", figure=_spoken(read.bare), ratio="baseline"),
        Line(what="page of 50 leads, any depth", figure=_spoken(read.page), goal="≤ 100 ms"),
        Line(what="the leads in a rare state", figure=_spoken(read.rare_state), goal="≤ 100 ms"),
        Line(what="the leads of a name", figure=_spoken(read.name), goal="≤ 100 ms"),
    ]


def thread_lines(talked: Talked) -> list[Line]:
    """Return the lines of conversations."""
    return [
        *(Line(what=what, figure=_spoken(spread), goal="p99 ≤ 100 ms") for what, spread in talked.lists.items()),
        Line(what="messages of a thread", figure=_spoken(talked.messages)),
    ]


def import_lines(imported: Imported) -> list[Line]:
    """Return the lines of the import."""
    whole = imported.upload_seconds + imported.seconds
    return [
        Line(
            what="upload and import",
            figure=f"{imported.rows / whole:,.0f} rows/s",
            ratio=f"{imported.bare_seconds / whole:.0%} of bare",
            goal="≥ 50 % of bare",
        ),
        Line(what="upload alone", figure=f"{imported.rows / imported.upload_seconds:,.0f} rows/s"),
        Line(what="bare", figure=f"{imported.rows / imported.bare_seconds:,.0f} rows/s", ratio="baseline"),
    ]


def _spoken(spread: Spread) -> str:
    return f"{spread.rate:,.0f}/s, median {spread.median * 1000:,.1f} ms, p99 {spread.p99 * 1000:,.1f} ms"


DRAIN_WORDS = (
    "engine: claims, sends and settles all that is due. bare: its own statements, asked in the same transactions, "
    "each after what had ended before it; the better figure counts. least: claim and record, batches of 100, on two "
    "narrow tables. log: what the database's log (WAL) took, how much there was to write."
)
PLAN_WORDS = (
    f"plan: {ACCOUNTS} accounts, {REACH_SETS} sets of accounts that reach a lead. bare: one INSERT … SELECT with a "
    "window that spreads the same leads, same indexes. An account leaves, comes back: the plan is mended with the "
    "fewest moves; bare: one statement moves all leads of one account to another."
)
REHEARSAL_WORDS = (
    f"rehearsal: from the call to the answer, {REHEARSED_ACCOUNTS} accounts, with hours, draws, gaps and rolling "
    "limits. bare: a loop that sends as many with one fixed gap and delay."
)
SYNC_WORDS = (
    "join, leave: a list's log of changes brings and takes as many leads as the campaign has others. bare: the same "
    "rows inserted and updated by one statement that compares nothing, same indexes and triggers."
)
READ_WORDS = (
    "GET over real HTTP from a process of its own, every call counted by rate limits, 50 accounts. bare: the statement "
    "of the campaign over one connection. Pages begin at 200 places spread over all leads."
)

THREAD_WORDS = (
    "GET over real HTTP and 8 connections from a process of its own, every call counted by rate limits. 50 accounts, "
    "50 threads a page with profiles. A tenth of the people have answered, one in a hundred has a status, one in ten "
    "thousand a tag and an assignee."
)

IMPORT_WORDS = (
    "upload and import: the file kept in pieces, then read, checked and brought onto a list batch by batch. bare: COPY "
    "into a staging table, two INSERT … SELECT that leave out doubles, same tables and indexes, one transaction."
)


def show(console: Console, table: Table) -> None:
    """Print one table, and what its words mean."""
    shown = tables.Table(title=table.title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    shown.add_column("Measured")
    shown.add_column("Figure", justify="right")
    shown.add_column("Ratio", justify="right", style="bold")
    shown.add_column("Goal")
    for line in table.lines:
        shown.add_row(line.what, line.figure, line.ratio, line.goal)
    console.print(shown)
    console.print(f"[dim]{table.words}[/]\n", highlight=False)


def machine(postgres: str) -> str:
    """Describe the machine, as far as it bears on the figures."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
    return f"{cores} cores{load}, PostgreSQL {postgres} with fsync on, Python {platform.python_version()}"

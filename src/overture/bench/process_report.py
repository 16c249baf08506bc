"""The lines of what is measured on workers in processes of their own."""

from collections.abc import Sequence

from overture.bench import joining, starting
from overture.bench.delivering import Delivered
from overture.bench.joining import Joined
from overture.bench.orphans import Found
from overture.bench.pausing import Paused
from overture.bench.report import Line
from overture.bench.scale import Scaled
from overture.bench.starting import Started

_MEGABYTE = 1_000_000


def start_lines(started: Started) -> list[Line]:
    """Return the lines of the start."""
    bare = _median(started.bare)
    return [
        Line(what="planned before", figure=_seconds(started.planned), goal="≤ 2 s"),
        Line(
            what="synced, assessed and planned first",
            figure=_seconds(started.fresh),
            ratio=f"{_median(started.fresh) / bare:.1f} x bare",
        ),
        Line(what="bare", figure=_seconds(started.bare), ratio="baseline"),
    ]


def pause_lines(paused: Paused) -> list[Line]:
    """Return the lines of the pause."""
    bare = _median(paused.bare)
    return [
        Line(
            what="pause under full load",
            figure=_milliseconds(paused.loaded),
            ratio=f"{_median(paused.loaded) / bare:.0f} x bare",
            goal="≤ 50 ms",
        ),
        Line(
            what="pause with nothing going on",
            figure=_milliseconds(paused.quiet),
            ratio=f"{_median(paused.quiet) / bare:.0f} x bare",
        ),
        Line(what="bare", figure=_milliseconds(paused.bare), ratio="baseline"),
        Line(what="messages begun after a pause returned", figure=f"{paused.late:,}", goal="0"),
    ]


def orphan_lines(found: Found) -> list[Line]:
    """Return the lines of the orphans."""
    return [
        Line(
            what=f"last of {found.count:,}",
            figure=f"{found.last:,.1f} s",
            ratio=f"{found.last / found.lease:.1f} x bare",
            goal="≤ 60 s",
        ),
        Line(what="first", figure=f"{found.first:,.1f} s", ratio=f"{found.first / found.lease:.1f} x bare"),
        Line(what="bare", figure=f"{found.lease:,.1f} s", ratio="baseline"),
    ]


def join_lines(joined: Joined) -> list[Line]:
    """Return the lines of the second worker."""
    return [
        Line(
            what="two workers",
            figure=f"{joined.two:,.0f} sends/s",
            ratio=f"{joined.two / joined.one:.2f} x one",
            goal="≥ 1.6 x one",
        ),
        Line(what="one worker", figure=f"{joined.one:,.0f} sends/s", ratio=f"{joined.one / joined.most:.0%} of bare"),
        Line(what="bare", figure=f"{joined.most:,.0f} sends/s", ratio="baseline"),
    ]


def scale_lines(scaled: Scaled) -> list[Line]:
    """Return the lines of the scale."""
    least = scaled.sizes[0]
    rates = [
        Line(
            what=f"sends with {size.leads:,} leads",
            figure=f"{size.rate:,.0f} sends/s",
            ratio="baseline" if size is least else f"{size.rate / least.rate:.0%} of the least",
            goal="" if size is least else "≥ 80 %",
        )
        for size in scaled.sizes
    ]
    memory = [
        Line(
            what=f"memory with {size.leads:,} leads",
            figure=f"{size.bytes_most / _MEGABYTE:,.0f} MB",
            ratio=f"{size.bytes_most / size.bytes_before:.1f} x bare",
            goal="≤ 200 MB",
        )
        for size in scaled.sizes
    ]
    bare = Line(what="memory, bare", figure=f"{least.bytes_before / _MEGABYTE:,.0f} MB", ratio="baseline")
    return [*rates, *memory, bare]


START_WORDS = (
    f"From the call that enables a campaign of {starting.ACCOUNTS} accounts to its first accepted message; the worker "
    "is told nothing and looks once a second. bare: the same steps called one after another."
)
PAUSE_WORDS = (
    "The act of the API, in a process of its own, while a worker sends for all accounts as fast as it can; median and "
    "worst. bare: the one statement that closes the gate, with nothing going on."
)
ORPHAN_WORDS = (
    "A worker is killed with -9 behind its intents; another one reads the conversations. bare: the lease, within which "
    "nobody else may look. The rest is waiting for the sweep, each half minute."
)
JOIN_WORDS = (
    f"A platform that takes {joining.DELAY * 1000:.0f} ms for each message; accounts are always due. bare: the calls "
    "one worker makes at once for one team, without anything between them."
)
SCALE_WORDS = (
    "One worker of its own process, always something due, the platform accepts at once. Memory is the most it ever had "
    "while it sent. bare: before it began to work."
)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _seconds(values: Sequence[float]) -> str:
    return f"median {_median(values):,.2f} s, worst {max(values):,.2f} s"


def _milliseconds(values: Sequence[float]) -> str:
    return f"median {_median(values) * 1000:,.1f} ms, worst {max(values) * 1000:,.1f} ms"


def webhook_lines(delivered: Delivered) -> list[Line]:
    """Return the lines of webhooks."""
    return [
        Line(
            what="deliveries",
            figure=f"{delivered.rate:,.0f}/s",
            ratio=f"{delivered.rate / delivered.bare_rate:.0%} of bare",
            goal="1,000/s",
        ),
        Line(what="bare posts", figure=f"{delivered.bare_rate:,.0f}/s", ratio="baseline"),
    ]


WEBHOOK_WORDS = (
    "deliveries: taken from the events, signed, posted to a receiver in a process of its own, and written down with "
    "what was answered. bare: the same posts, as many at once, with nothing read or written."
)

"""Each measurement on the smallest size: what it measures is done, and its table can be shown."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from rich.console import Console
from typer.testing import CliRunner

from overture import cli
from overture.bench import (
    command,
    crew,
    delivering,
    drain,
    joining,
    pausing,
    planning,
    process_report,
    rehearsing,
    report,
    scale,
    starting,
    talking,
)
from overture.bench.crew import Crew
from overture.bench.report import Line
from overture.bench.workplace import Workplace


@pytest.fixture
def workplace(server_url: str) -> Workplace:
    """The tests' own server."""
    return Workplace(urlunsplit(urlsplit(server_url)._replace(path="/postgres")))


def shown(lines: Sequence[Line]) -> str:
    """What the lines look like on a terminal."""
    console = Console(file=io.StringIO(), width=200)
    report.show(console, report.Table(title="Title", lines=lines, words="Words."))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def say(_: str) -> None:
    """Keep quiet."""


async def test_a_campaign_starts_with_and_without_a_plan(workplace: Workplace) -> None:
    started = await starting.measure(workplace, people=60, starts=1, say=say)
    assert [len(times) for times in (started.planned, started.fresh, started.bare)] == [1, 1, 1]
    assert "planned before" in shown(process_report.start_lines(started))


async def test_a_campaign_is_paused_under_load_and_nothing_leaves_after(workplace: Workplace) -> None:
    paused = await pausing.measure(workplace, accounts=20, pauses=2, say=say)
    assert (len(paused.loaded), len(paused.quiet), len(paused.bare), paused.late) == (2, 2, 2, 0)
    assert "pause under full load" in shown(process_report.pause_lines(paused))


async def test_a_second_worker_joins(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "_WARM_UP_SECONDS", 0.5)
    joined = await joining.measure(workplace, accounts=20, seconds=1, say=say)
    assert joined.one > 0
    assert joined.two > 0
    assert "two workers" in shown(process_report.join_lines(joined))


async def test_a_worker_tells_its_memory_with_few_leads_and_with_many(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "_WARM_UP_SECONDS", 0.0)
    scaled = await scale.measure(workplace, accounts=10, sizes=[100, 200], seconds=1.5, say=say)
    assert [size.leads for size in scaled.sizes] == [100, 200]
    for size in scaled.sizes:
        assert size.rate > 0
        assert 20_000_000 < size.bytes_before <= size.bytes_most
    assert "memory with 200 leads" in shown(process_report.scale_lines(scaled))


async def test_a_plan_is_made_and_mended(workplace: Workplace) -> None:
    planned = await planning.measure(workplace, leads=1_000, say=say)
    assert planned.left.moved > 0
    assert planned.came.moved > 0
    assert "it comes back" in shown(report.plan_lines(planned))


async def test_a_campaign_is_rehearsed(workplace: Workplace) -> None:
    rehearsed = await rehearsing.measure(workplace, leads=1_000, say=say)
    assert rehearsed.messages == 3_000
    assert "bare loop" in shown(report.rehearsal_lines(rehearsed))


async def test_conversations_are_listed_in_every_way(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talking, "_SECONDS", 0.1)
    talked = await talking.measure(workplace, threads=2_000, say=say)
    assert all(spread.calls > 0 for spread in (*talked.lists.values(), talked.messages))
    assert "wait for an answer" in shown(report.thread_lines(talked))


async def test_many_teams_of_one_account_are_drained(workplace: Workplace) -> None:
    drained = await drain.measure(workplace, accounts=1, leads=2, teams=5, say=say)
    assert drained.sends == 5
    assert drained.log_bytes > drained.least.log_bytes > 0
    assert "100/s" in shown(report.drain_lines(drained))


async def test_a_worker_that_cannot_begin_is_told_of(workplace: Workplace) -> None:
    workers = Crew(workplace, "bench_of_nothing")
    with pytest.raises(crew.WorkerFailed):
        async with workers.worker():
            raise AssertionError


def test_every_part_can_be_measured() -> None:
    assert set(command._PARTS) == set(command.Part) - {command.Part.ALL}


async def test_events_are_delivered_to_webhooks(workplace: Workplace) -> None:
    delivered = await delivering.measure(workplace, events=10, say=say)
    assert delivered.deliveries == 10 * delivering.ENDPOINTS
    assert "of bare" in shown(process_report.webhook_lines(delivered))


def test_the_command_and_its_page_name_every_part() -> None:
    shown = CliRunner().invoke(cli.app, ["bench", "--help"], env={"COLUMNS": "400"}).output
    page = (Path(__file__).parents[2] / "docs" / "reference" / "commands.md").read_text()
    for part in command.Part:
        assert re.search(rf"[\[|]{part}[|\]]", shown), part
        assert part == command.Part.ALL or f"| `{part}` |" in page, part

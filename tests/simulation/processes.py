"""Histories run side by side, each in a process of its own on a database of its own.

A process of its own is what makes a seed mean the same whatever ran before it, and what lets a history be ended that
does not end by itself.
"""

import asyncio
import contextlib
import functools
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from tests import databases, server_guard
from tests.simulation import faults, history
from tests.simulation.plan import Edit

from overture.store import embedded

PATIENCE_SECONDS = 240.0
"""How long a history may take by the clock on the wall, on a busy machine."""

_TEMPLATE = "overture_history_template"
# Background work of the server would decide in its own time how rows lie, and so in which order they are met.
_SETTINGS = (
    *databases.WITHOUT_DURABILITY,
    "autovacuum = off",
    "synchronous_commit = off",
    "jit = off",
    "track_counts = off",
    "plan_cache_mode = force_generic_plan",
)


@dataclass(eq=False, kw_only=True, slots=True)
class _Running:
    seed: int
    process: ForkServerProcess
    pipe: Pipe
    began: float


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start a database server for histories; it ends with the block, or with this process however it ends."""
    directory = Path(tempfile.mkdtemp(prefix="overture-histories-", dir=databases.roomy_memory()))
    directory.chmod(0o711)
    guard = subprocess.Popen(
        [sys.executable, server_guard.__file__, str(directory)],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    started = embedded.Embedded(directory)
    try:
        url = started.start()
        asyncio.run(databases.configure(url, *_SETTINGS))
        asyncio.run(databases.make_template(url, _TEMPLATE))
        yield url
    finally:
        started.stop()
        guard.communicate()
        shutil.rmtree(directory, ignore_errors=True)


def run(
    url: str,
    seeds: Sequence[int],
    *,
    jobs: int,
    until: float = float("inf"),
    fault: str | None = None,
    focus: Sequence[Edit] = (),
    watches_locks: bool = False,
) -> Iterator[history.Verdict]:
    """Run the histories of these seeds, `jobs` at once; begin none after `until` (of `time.monotonic`).

    A focus leaves no other edits but these, by default those that bring the fault to light. `watches_locks`: rows that
    are locked in two orders break a history, too.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([history.__name__])
    to_come = list(reversed(seeds))
    running: list[_Running] = []
    try:
        live = functools.partial(
            _live, url=url, fault=fault, focus=focus or faults.focus(fault), watches_locks=watches_locks
        )
        yield from _run(context, live, to_come, running, jobs, until)
    finally:
        for one in running:
            one.process.kill()


def _run(
    context: ForkServerContext,
    live: Callable[[Pipe, int], None],
    to_come: list[int],
    running: list[_Running],
    jobs: int,
    until: float,
) -> Iterator[history.Verdict]:
    while True:
        while to_come and len(running) < jobs and time.monotonic() < until:
            seed = to_come.pop()
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=live, args=(theirs, seed))
            process.start()
            theirs.close()
            running.append(_Running(seed=seed, process=process, pipe=ours, began=time.monotonic()))
        if not running:
            return
        ready = wait([one.pipe for one in running], timeout=1.0)
        for one in [one for one in running if one.pipe in ready or time.monotonic() > one.began + PATIENCE_SECONDS]:
            running.remove(one)
            yield _end(one)


def _end(one: _Running) -> history.Verdict:
    try:
        if one.pipe.poll():
            verdict: history.Verdict = one.pipe.recv()
            return verdict
        return history.broken(one.seed, f"no end after {PATIENCE_SECONDS:.0f} s")
    except EOFError:
        return history.broken(one.seed, "its process ended without a word")
    finally:
        one.process.kill()
        one.process.join()


def _live(pipe: Pipe, seed: int, *, url: str, fault: str | None, focus: Sequence[Edit], watches_locks: bool) -> None:
    name = f"overture_history_{os.getpid()}"
    try:
        asyncio.run(_execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}" STRATEGY file_copy'))
        with faults.planted(fault):
            verdict = history.run(databases.with_database(url, name), seed, focus, watches_locks=watches_locks)
        asyncio.run(_execute(url, f'DROP DATABASE "{name}" WITH (FORCE)'))
    except Exception:
        verdict = history.broken(seed, traceback.format_exc())
    pipe.send(verdict)
    # Not by the usual way: that would unwind the simulated processes that were killed.
    os._exit(0)


async def _execute(url: str, statement: str) -> None:
    async with databases.connected(url) as connection:
        await connection.execute(statement)

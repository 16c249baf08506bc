"""A worker as a process of its own, which may be struck at a point: the real engine, composed as the program does."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from unittest import mock

import httpx
from tests.crash import points
from tests.crash.points import Point, Watch

from overture import clock as clocks
from overture import logs, main
from overture.channels import port
from overture.channels.x.channel import XChannel
from overture.engine import chores, supervisor
from overture.engine.conductor import Conductor
from overture.store.virtual import VirtualClock

KEYS = [bytes(range(32))]

STRUCK = "struck"
AFTERWARDS = timedelta(seconds=200)
"""How much later the work goes on: every lease has ended, and whatever was sent is in the conversations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """Where a worker works, and what befalls it.

    `late` is how much later than the machine's clock its wall clock stands: a process that starts after a crash need
    not wait for leases to end. At `point` it kills the database whose first process is `postmaster`, if that is named,
    and itself if it `dies`; else `AFTERWARDS` passes in a moment. One that `is_blind` sees conversations without
    messages: it is broken on purpose.
    """

    dsn: str
    platform_url: str
    log: Path
    late: timedelta = timedelta()
    point: Point | None = None
    postmaster: int | None = None
    dies: bool = True
    is_blind: bool = False


def work(post: Post, pipe: Pipe) -> None:
    """Work until told to stop through the pipe, in virtual time; answer with how often each label was passed."""
    with post.log.open("a") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    real_now, late = clocks.wall_now, post.late

    def strike() -> None:
        nonlocal late
        pipe.send(STRUCK)
        if post.postmaster is not None:
            _kill_tree(post.postmaster)
        if post.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        late = AFTERWARDS

    watch = Watch(point=post.point, strike=strike)
    with (
        mock.patch.object(clocks, "wall_now", lambda: real_now() + late),
        mock.patch.object(supervisor, "SWEEP_SECONDS", 1.0),
        # The queue goes by the database's clock, which is never late.
        mock.patch.object(chores, "HEARTBEAT_TIMEOUT", timedelta(seconds=2)),
        mock.patch.object(chores, "POLL", timedelta(seconds=0.5)),
        points.watched(watch),
        _blinded() if post.is_blind else nullcontext(),
    ):
        asyncio.run(_work(post, pipe, watch.counts))


@contextmanager
def _blinded() -> Iterator[None]:
    async def read_nothing(*_: object, **__: object) -> port.Inbox:
        return port.Inbox(messages=(), reached=True)

    with mock.patch.object(XChannel, "read_conversation", read_nothing):
        yield


def _kill_tree(root: int) -> None:
    """Kill a process and its children, the children of a database server being its sessions and its writers."""
    children = [
        int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal() and _parent_of(folder) == root
    ]
    for number in (root, *children):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def _parent_of(folder: Path) -> int:
    with suppress(OSError):
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    return 0


async def _work(post: Post, pipe: Pipe, counts: Mapping[str, int]) -> None:
    logs.configure("WARNING")
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(main.pool_of(post.dsn))
        clock = VirtualClock(pool)
        parts = await stack.enter_async_context(main.parts_of(pool, keys=KEYS, engine_clock=clock))
        platform = await stack.enter_async_context(httpx.AsyncClient(base_url=post.platform_url, timeout=30))

        async def move_platform(instant: datetime) -> None:
            answer = await platform.post("/_sandbox/clock", json={"now": instant.isoformat()})
            answer.raise_for_status()

        # As `overture up` does: a kill between the conductor's two moves leaves the platform one step ahead.
        reached = await platform.get("/_sandbox/clock")
        await clock.move(datetime.fromisoformat(reached.json()["now"]))
        engine = parts.engine()
        conductor = Conductor(pool=pool, engine=engine, clock=clock, move_platform=move_platform, speed=None)
        working = await stack.enter_async_context(main.working(engine))
        conducting = asyncio.create_task(conductor.run())
        told = asyncio.create_task(asyncio.to_thread(pipe.recv))
        await asyncio.wait({working, conducting, told}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, conducting):
            if task.done():
                task.result()
        conductor.stop()
        await conducting
    pipe.send(dict(counts))

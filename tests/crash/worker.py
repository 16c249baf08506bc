"""A worker as a process of its own, which may be struck at a point: the real engine, composed as the program does."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from unittest import mock

import httpx
from tests.crash import points
from tests.crash.points import Point, Watch

from overture import apart, logs, main
from overture import clock as clocks
from overture.channels import port
from overture.channels.x.channel import XChannel
from overture.engine import chores, supervisor
from overture.engine.conductor import Conductor
from overture.engine.supervisor import Engine
from overture.store import virtual
from overture.store.pool import GONE, Pool
from overture.store.virtual import VirtualClock

KEYS = [bytes(range(32))]

_NEW_NETWORK = 0x40000000
STRUCK = "struck"
AFTERWARDS = timedelta(seconds=200)
"""How much later the work goes on: every lease has ended, and whatever was sent is in the conversations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wall:
    """A wall clock that ran with the machine's until `began`, and runs `speed` times as fast since."""

    began: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    speed: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """Where a worker works, and what befalls it.

    `late` is how much later than `wall` its wall clock stands: a process that starts after a crash need not wait for
    leases to end. At `point` it is stopped if it `freezes`, until it is let go on. Else it kills the database whose
    first process is `postmaster`, if that is named, and itself if it `dies`; where it lives on, `AFTERWARDS` passes in
    a moment. One that `is_blind` sees conversations without messages: it is broken on purpose. One that does not
    conduct leaves it to others to move the virtual clock. In a `namespace` it has a network of its own.
    """

    dsn: str
    platform_url: str
    log: Path
    wall: Wall = Wall()
    late: timedelta = timedelta()
    point: Point | None = None
    postmaster: int | None = None
    dies: bool = True
    freezes: bool = False
    is_blind: bool = False
    conducts: bool = True
    namespace: str | None = None


class SharedClock:
    """Engine time of a worker that does not move it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def now(self) -> datetime:
        """Return the instant the run has reached."""
        async with self._pool.acquire() as connection:
            instant = await virtual.read(connection)
        assert instant is not None
        return instant


def work(post: Post, pipe: Pipe) -> None:
    """Work until told to stop through the pipe, in virtual time; answer with how often each label was passed."""
    if post.namespace is not None:
        _enter(post.namespace)
    with post.log.open("a") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    real_now, wall, late = clocks.wall_now, post.wall, post.late

    def strike() -> None:
        nonlocal late
        pipe.send(STRUCK)
        if post.freezes:
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        if post.postmaster is not None:
            kill_tree(post.postmaster)
        if post.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        late = AFTERWARDS

    watch = Watch(point=post.point, strike=strike)
    with (
        mock.patch.object(clocks, "wall_now", lambda: wall.began + (real_now() - wall.began) * wall.speed + late),
        # Calls keep the time they have by the wall, and nobody waits for what is looked after now and then.
        mock.patch.object(main, "XChannel", lambda timeout, **more: XChannel(timeout=timeout / wall.speed, **more)),
        mock.patch.object(supervisor, "SWEEP_SECONDS", 1.0),
        # The queue goes by the database's clock, which is never late.
        mock.patch.object(chores, "HEARTBEAT_TIMEOUT", timedelta(seconds=2)),
        mock.patch.object(chores, "POLL", timedelta(seconds=0.5)),
        mock.patch.object(supervisor, "LONGEST_SLEEP", 1.0 if post.conducts else 0.03),
        points.watched(watch),
        _blinded() if post.is_blind else nullcontext(),
    ):
        asyncio.run(_work(post, pipe, watch.counts))


def _enter(namespace: str) -> None:
    """Move this process into a network of its own."""
    with Path("/run/netns", namespace).open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter the network {namespace}")


@contextmanager
def _blinded() -> Iterator[None]:
    async def read_nothing(*_: object, **__: object) -> port.Inbox:
        return port.Inbox(messages=(), reached=True)

    with mock.patch.object(XChannel, "read_conversation", read_nothing):
        yield


def kill_tree(root: int) -> None:
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
        idle_seconds = apart.WORKER_IDLE_SECONDS / post.wall.speed
        pool = await stack.enter_async_context(main.pool_of(post.dsn, idle_seconds=idle_seconds))
        clock = VirtualClock(pool) if post.conducts else SharedClock(pool)
        parts = await stack.enter_async_context(main.parts_of(pool, keys=KEYS, engine_clock=clock))
        engine = parts.engine()
        tasks = [await stack.enter_async_context(main.working(engine))]
        if isinstance(clock, VirtualClock):
            tasks.append(await stack.enter_async_context(conducting(post.platform_url, pool, engine, clock)))
        told = asyncio.create_task(asyncio.to_thread(pipe.recv))
        await asyncio.wait({*tasks, told}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    pipe.send(dict(counts))


async def _move(clock: VirtualClock, instant: datetime) -> None:
    """Move our clock, also where the database dies just then: the engine is at work already, and goes on."""
    while True:
        with suppress(*GONE):
            await clock.move(instant)
            return
        await asyncio.sleep(0.05)


@asynccontextmanager
async def conducting(
    platform_url: str, pool: Pool, engine: Engine, clock: VirtualClock
) -> AsyncIterator[asyncio.Task[None]]:
    """Move the virtual clock, the platform's before ours, as `overture up` does."""
    async with httpx.AsyncClient(base_url=platform_url, timeout=30) as platform:

        async def move_platform(instant: datetime) -> None:
            answer = await platform.post("/_sandbox/clock", json={"now": instant.isoformat()})
            answer.raise_for_status()

        # A kill between the two moves leaves the platform one step ahead.
        reached = await platform.get("/_sandbox/clock")
        await _move(clock, datetime.fromisoformat(reached.json()["now"]))
        conductor = Conductor(pool=pool, engine=engine, clock=clock, move_platform=move_platform, speed=None)
        task = asyncio.create_task(conductor.run())
        try:
            yield task
        finally:
            conductor.stop()
            await asyncio.wait([task], timeout=1)
            task.cancel()

"""Workers of their own processes over one database, and what comes of them."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from overture import clock
from overture.bench import worker
from overture.bench.worker import Ended, Order
from overture.bench.workplace import Workplace
from overture.store.pool import Connection, Pool

FAST = 600.0
"""How many times as fast as the wall engine time runs for an account to be due again in less than a second."""

_READY_SECONDS = 60.0
_END_SECONDS = 30.0
_NUMBERS = 10**15
"""More messages than one worker ever sends."""


class WorkerFailed(Exception):
    """A worker did not begin, did not end, or did not do its work."""


class Crew:
    """Makes workers for one database, all of which go by one clock."""

    def __init__(self, workplace: Workplace, database: str, *, speed: float = FAST) -> None:
        """Take the database by name; engine time begins now and runs `speed` times as fast as the wall."""
        self._order = Order(
            dsn=workplace.dsn(database),
            since=clock.wall_now().isoformat(),
            speed=speed,
            delay=0.0,
            shows_lost=False,
            first_id=10**18,
        )
        self._count = 0
        self.clock = self._order.clock()

    @asynccontextmanager
    async def worker(self, *, delay: float = 0.0, shows_lost: bool = False) -> AsyncIterator["Hand"]:
        """Yield a worker that has begun; it is ended at the end.

        `delay` and `shows_lost` say how its platform behaves (`NoopChannel`).

        Raises:
            WorkerFailed: it did not begin.
        """
        self._count += 1
        first_id = self._order.first_id + self._count * _NUMBERS
        order = replace(self._order, delay=delay, shows_lost=shows_lost, first_id=first_id)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OVERTURE_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            worker.__name__,
            order.encoded(),
            stdout=asyncio.subprocess.PIPE,
            env=kept,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(_READY_SECONDS):
                line = await process.stdout.readline()
            if line.decode().strip() != worker.READY:
                raise WorkerFailed("a worker did not begin")
            yield Hand(process)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Hand:
    """One worker at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def end(self) -> Ended:
        """Let it settle what is under way and end.

        Raises:
            WorkerFailed: it broke.
        """
        self._process.terminate()
        try:
            async with asyncio.timeout(_END_SECONDS):
                told, _ = await self._process.communicate()
        except TimeoutError:
            raise WorkerFailed("a worker did not end") from None
        if self._process.returncode != 0:
            raise WorkerFailed(f"a worker ended with {self._process.returncode}")
        return Ended(**json.loads(told))

    async def kill(self) -> None:
        """Kill it on the spot, with whatever it has under way."""
        self._process.kill()
        await self._process.wait()


async def contacted(pool: "Pool | Connection") -> int:
    """Count the people to whom a first message was accepted."""
    count: int = await pool.fetchval("SELECT coalesce(sum(contacted), 0)::bigint FROM campaign_counter")
    return count


async def until(look: Callable[[], Awaitable[bool]], *, seconds: float, every: float, what: str) -> None:
    """Look again and again until it is so.

    Raises:
        WorkerFailed: it was not so within `seconds`; `what` says what was waited for.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not await look():
        if loop.time() > deadline:
            raise WorkerFailed(f"within {seconds:.0f} s there was no {what}")
        await asyncio.sleep(every)

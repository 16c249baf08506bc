"""A second worker: what it adds where the platform is slow, so that waiting for it is what takes the time."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from overture.bench import crew, crowd
from overture.bench.crew import Crew
from overture.bench.workplace import Workplace
from overture.engine import outflow
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Connection

DELAY = 0.2
"""Seconds that the platform takes for a message."""

_NAME = "bench_joining"
_LEADS_EACH = 40
_WARM_UP_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """Sends a second of one worker and of two."""

    accounts: int
    one: float
    two: float

    @property
    def most(self) -> float:
        """What one worker would send a second if nothing but the platform took time."""
        return outflow.SENDS_AT_ONCE / 2 / DELAY


async def measure(workplace: Workplace, *, accounts: int, seconds: float, say: Callable[[str], None]) -> Joined:
    """Let one worker send for `seconds`, then two, over a platform that takes `DELAY` for each message.

    Raises:
        WorkerFailed: a worker sends nothing.
    """
    leads = accounts * _LEADS_EACH
    say(f"making {accounts:,} accounts with {leads:,} leads")
    await workplace.make(_NAME)
    async with workplace.connected(_NAME) as connection:
        made = await crowd.make(connection, sealer=Sealer([bytes(KEY_BYTES)]), accounts=accounts)
        await crowd.add_people(connection, made, leads=leads)
        await crowd.make_due(connection, made, accounts=accounts, leads=leads)
        await connection.execute("VACUUM ANALYZE")
    workers = Crew(workplace, _NAME)
    async with workplace.connected(_NAME) as connection, workers.worker(delay=DELAY) as first:
        say(f"{seconds:.0f} s of sends by one worker")
        one = await _rate(connection, seconds)
        say(f"{seconds:.0f} s of sends by two")
        async with workers.worker(delay=DELAY) as second:
            two = await _rate(connection, seconds)
            await second.end()
        await first.end()
    await workplace.drop(_NAME)
    return Joined(accounts=accounts, one=one, two=two)


async def _rate(connection: Connection, seconds: float) -> float:
    await asyncio.sleep(_WARM_UP_SECONDS)
    before, began = await crew.contacted(connection), time.perf_counter()
    await asyncio.sleep(seconds)
    sent = await crew.contacted(connection) - before
    if not sent:
        raise crew.WorkerFailed("the workers sent nothing")
    return sent / (time.perf_counter() - began)

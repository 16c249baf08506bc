"""Orphans: messages under way when their worker is killed, and when another one finds out what became of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from overture.bench import crew, crowd
from overture.bench.crew import Crew
from overture.bench.workplace import Workplace
from overture.engine import dispatch
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Pool

_NAME = "bench_orphans"
_NEVER = 3_600.0
_UNDER_WAY_SECONDS = 30.0
_FOUND_SECONDS = 180.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Seconds from the death of a worker until the outcome of its first and its last open message was known."""

    count: int
    first: float
    last: float

    @property
    def lease(self) -> float:
        """Seconds for which nobody may look: the worker might still be alive."""
        return dispatch.LEASE.total_seconds()


async def measure(workplace: Workplace, *, count: int, say: Callable[[str], None]) -> Found:
    """Kill a worker that has `count` messages under way, one of each account, while another one works.

    Raises:
        WorkerFailed: the messages are not found.
    """
    say(f"making {count:,} accounts with a message each")
    await workplace.make(_NAME)
    async with workplace.connected(_NAME) as connection:
        made = await crowd.make(connection, sealer=Sealer([bytes(KEY_BYTES)]), accounts=count)
        await crowd.add_people(connection, made, leads=count)
        await crowd.make_due(connection, made, accounts=count, leads=count)
        await connection.execute("VACUUM ANALYZE")
    workers = Crew(workplace, _NAME, speed=1)
    async with workplace.pooled(_NAME) as pool, workers.worker(delay=_NEVER) as victim:
        await crew.until(lambda: _are_open(pool, count), seconds=_UNDER_WAY_SECONDS, every=0.05, what="intent")
        async with workers.worker(shows_lost=True) as heir:
            say(f"a worker is killed with {count:,} messages under way")
            await victim.kill()
            began = time.perf_counter()
            await crew.until(lambda: _has_found(pool, 1), seconds=_FOUND_SECONDS, every=0.1, what="outcome")
            first = time.perf_counter() - began
            await crew.until(lambda: _has_found(pool, count), seconds=_FOUND_SECONDS, every=0.1, what="outcome")
            last = time.perf_counter() - began
            await heir.end()
    await workplace.drop(_NAME)
    return Found(count=count, first=first, last=last)


async def _are_open(pool: Pool, count: int) -> bool:
    found: int = await pool.fetchval("SELECT count(*) FROM attempt WHERE state = 'intent'")
    return found == count


async def _has_found(pool: Pool, count: int) -> bool:
    found: int = await pool.fetchval("SELECT count(*) FROM attempt WHERE state = 'accepted'")
    return found >= count

"""Scale: what a worker sends and how much memory it takes, with few leads and with very many."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from overture.bench import crew, crowd
from overture.bench.crew import Crew
from overture.bench.workplace import Workplace
from overture.secrets import KEY_BYTES, Sealer

_NAME = "bench_scale"
_WARM_UP_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """What a worker of its own process did with so many leads: sends a second, and its memory before and at most."""

    leads: int
    rate: float
    bytes_before: int
    bytes_most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaled:
    """The same accounts with few leads and with many."""

    accounts: int
    sizes: Sequence[Size]


async def measure(
    workplace: Workplace, *, accounts: int, sizes: Sequence[int], seconds: float, say: Callable[[str], None]
) -> Scaled:
    """Let a worker send for `seconds`, with each of the `sizes` of leads.

    Raises:
        WorkerFailed: it sends nothing.
    """
    return Scaled(
        accounts=accounts, sizes=[await _measure(workplace, accounts, leads, seconds, say) for leads in sizes]
    )


async def _measure(workplace: Workplace, accounts: int, leads: int, seconds: float, say: Callable[[str], None]) -> Size:
    say(f"making {accounts:,} accounts with {leads:,} leads")
    await workplace.make(_NAME)
    async with workplace.connected(_NAME) as connection:
        made = await crowd.make(connection, sealer=Sealer([bytes(KEY_BYTES)]), accounts=accounts)
        await crowd.add_people(connection, made, leads=leads)
        await crowd.make_due(connection, made, accounts=accounts, leads=leads)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    say(f"{seconds:.0f} s of sends by a worker")
    async with (
        workplace.connected(_NAME) as connection,
        Crew(workplace, _NAME).worker() as hand,
    ):
        await asyncio.sleep(_WARM_UP_SECONDS)
        before, began = await crew.contacted(connection), time.perf_counter()
        await asyncio.sleep(seconds)
        sent, took = await crew.contacted(connection) - before, time.perf_counter() - began
        ended = await hand.end()
    await workplace.drop(_NAME)
    if not sent:
        raise crew.WorkerFailed(f"the worker sent nothing with {leads:,} leads")
    return Size(leads=leads, rate=sent / took, bytes_before=ended.bytes_before, bytes_most=ended.bytes_most)

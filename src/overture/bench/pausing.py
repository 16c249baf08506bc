"""Pausing: how long it takes to pause a campaign that a worker sends for as fast as it can, and what leaves after."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from overture.actions import campaign_life
from overture.actions import context as contexts
from overture.actions.context import Context
from overture.bench import crew, crowd, noop
from overture.bench.crew import Crew
from overture.bench.crowd import Crowd
from overture.bench.workplace import Workplace
from overture.channels.registry import Registry
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Pool

_NAME = "bench_pausing"
_LEADS_EACH = 40
_UNDER_WAY_SECONDS = 60.0
_LOAD_SECONDS = 0.7
_LOOK_SECONDS = 0.3
_CLOSE = "UPDATE campaign_gate SET open = false, revision = revision + 1 WHERE team_id = $1 AND campaign_id = $2"


@dataclass(frozen=True, kw_only=True, slots=True)
class Paused:
    """Seconds of each pause under load, and with nothing going on; of closing the gate alone, with nothing going on.

    `late` counts the attempts that began after a pause had returned.
    """

    accounts: int
    loaded: Sequence[float]
    quiet: Sequence[float]
    bare: Sequence[float]
    late: int


async def measure(workplace: Workplace, *, accounts: int, pauses: int, say: Callable[[str], None]) -> Paused:
    """Pause and resume a campaign of `accounts` accounts so many times, under load, without, and bare.

    Raises:
        WorkerFailed: the worker does not send between two pauses.
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
    async with workplace.pooled(_NAME) as pool:
        context = _context(pool, workers)
        say(f"{pauses} pauses while a worker sends as fast as it can")
        loaded, late = [], 0
        async with workers.worker() as hand:
            for _ in range(pauses):
                await _until_sending(pool)
                loaded.append(await _pause(context, made))
                before = await _attempts(pool)
                await asyncio.sleep(_LOOK_SECONDS)
                late += await _attempts(pool) - before
                await _resume(context, made)
            await hand.end()
        say(f"{pauses} pauses while nothing goes on")
        quiet, bare = [], []
        for _ in range(pauses):
            quiet.append(await _pause(context, made))
            await _resume(context, made)
            began = time.perf_counter()
            await pool.execute(_CLOSE, made.team_id, made.campaign_id)
            bare.append(time.perf_counter() - began)
            await _resume(context, made)
    await workplace.drop(_NAME)
    return Paused(accounts=accounts, loaded=loaded, quiet=quiet, bare=bare, late=late)


def _context(pool: Pool, workers: Crew) -> Context:
    """Return what the API would work with: no engine runs in its process."""
    return Context(
        pool=pool,
        clock=workers.clock,
        channels=Registry([noop.NoopChannel()]),
        sealer=Sealer([bytes(KEY_BYTES)]),
        wake=lambda: None,
    )


async def _until_sending(pool: Pool) -> None:
    before = await _attempts(pool)

    async def is_sending() -> bool:
        return await _attempts(pool) > before

    await crew.until(is_sending, seconds=_UNDER_WAY_SECONDS, every=0.02, what="attempt between two pauses")
    await asyncio.sleep(_LOAD_SECONDS)


async def _attempts(pool: Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM attempt")
    return count


async def _pause(context: Context, made: Crowd) -> float:
    began = time.perf_counter()
    await campaign_life.disable(context, contexts.operator(made.team_id), campaign_id=made.campaign_id)
    return time.perf_counter() - began


async def _resume(context: Context, made: Crowd) -> None:
    # A gate closed by hand leaves its campaign active, and so to be paused before it can be enabled.
    await campaign_life.disable(context, contexts.operator(made.team_id), campaign_id=made.campaign_id)
    await campaign_life.enable(context, contexts.operator(made.team_id), campaign_id=made.campaign_id)

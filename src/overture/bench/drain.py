"""The send path: the whole engine over a platform that accepts at once, against its own statements asked bare."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from overture import processes
from overture.bench import crowd, minimal, record
from overture.bench.noop import NoopChannel, StandingClock
from overture.bench.workplace import Workplace
from overture.channels.registry import Registry
from overture.engine.supervisor import Engine
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Pool

STALL_SECONDS = 60.0
"""Without a single send for so long, a measurement is given up."""

_MOST_ROUNDS = 5
_READY, _RUN = "bench_drain", "bench_drain_run"


class MeasurementFailed(Exception):
    """A measurement came to nothing; the text says how far it was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drained:
    """What was sent in how many seconds, and the same statements' seconds asked bare over one and two connections.

    `log_bytes`: what the database's log took for each message, asked bare.
    """

    teams: int
    accounts: int
    leads: int
    sends: int
    seconds: float
    statements: int
    bare_seconds: tuple[float, ...]
    log_bytes: float
    least: minimal.Least

    @property
    def rate(self) -> float:
        """Accepted messages a second."""
        return self.sends / self.seconds

    @property
    def bare_rate(self) -> float:
        """What the same statements did bare, the better way."""
        return self.sends / min(self.bare_seconds)


async def measure(
    workplace: Workplace, *, accounts: int, leads: int, say: Callable[[str], None], teams: int = 1
) -> Drained:
    """Drain `leads` over `accounts` accounts in each of `teams` teams, ask the same again bare, and do the least.

    Raises:
        MeasurementFailed: the engine stands still, or the statements asked again did something else.
    """
    sealer = Sealer([bytes(KEY_BYTES)])
    leads = max(leads, 2 * accounts)
    rounds = min(leads // accounts - 1, _MOST_ROUNDS)
    say(f"making {teams * accounts:,} accounts with {teams * leads:,} leads")
    await workplace.make(_READY)
    async with workplace.connected(_READY) as connection:
        for _ in range(teams):
            made = await crowd.make(connection, sealer=sealer, accounts=accounts)
            await crowd.add_people(connection, made, leads=leads)
            await crowd.make_due(connection, made, accounts=accounts, leads=leads)
        await connection.execute("VACUUM ANALYZE")
    say("one round to warm up")
    async with workplace.pooled(_READY) as pool:
        await _drain(pool, sealer, sends=teams * accounts, rounds=1, start=crowd.START)
    async with workplace.connected(_READY) as connection:
        await connection.execute("VACUUM ANALYZE")
    say(f"{rounds} rounds of {teams * accounts:,} sends through the engine")
    start = crowd.START + crowd.LONGEST_GAP
    async with workplace.copied(_READY, _RUN):
        async with workplace.pooled(_RUN) as pool:
            seconds = await _drain(pool, sealer, sends=teams * accounts, rounds=rounds, start=start)
        done = await _done(workplace)
    say("the same again, with all it asks of the database written down")
    recorder = record.Recorder()
    async with workplace.copied(_READY, _RUN):
        async with workplace.pooled(_RUN) as pool:
            await recorder.attach(pool)
            await _drain(pool, sealer, sends=teams * accounts, rounds=rounds, start=start)
            await asyncio.sleep(0)  # the last statements are told of in the next turn of the loop
        await _require(done, workplace)
    transactions = recorder.transactions()
    statements = sum(len(one.statements) for one in transactions)
    bare, written = [], 0
    for connections in (1, 2):
        say(f"the same {statements:,} statements bare, connections: {connections}")
        async with workplace.copied(_READY, _RUN):
            before = await workplace.log_bytes()
            bare.append(await record.replay(workplace, _RUN, transactions, connections=connections))
            written = await workplace.log_bytes() - before
            await _require(done, workplace)
    await workplace.drop(_READY)
    say("the least: claim and record")
    return Drained(
        teams=teams,
        accounts=accounts,
        leads=leads,
        sends=teams * accounts * rounds,
        seconds=seconds,
        statements=statements,
        bare_seconds=tuple(bare),
        log_bytes=written / (teams * accounts * rounds),
        least=await minimal.measure(workplace, leads=teams * leads),
    )


async def _drain(pool: Pool, sealer: Sealer, *, sends: int, rounds: int, start: datetime) -> float:
    """Run the engine for `rounds` rounds of `sends` sends, from `start` on; return the seconds spent draining."""
    clock = StandingClock(start)
    # Numbers that no other run on the same data has given.
    channel = NoopChannel(first_id=int(start.timestamp()) * 10**9)
    engine = Engine(
        pool=pool,
        clock=clock,
        channels=Registry([channel]),
        sealer=sealer,
        draws=Random(1),  # noqa: S311 - the same draws in every run
    )
    running = asyncio.create_task(engine.run())
    processes.set_aside_what_stays()
    seconds = 0.0
    try:
        for number in range(rounds):
            began = time.perf_counter()
            if number > 0:
                clock.move(crowd.LONGEST_GAP)
                engine.wake()
            await _round(engine, channel, running, awaited=sends * (number + 1))
            seconds += time.perf_counter() - began
    finally:
        engine.stop()
        await asyncio.gather(running, return_exceptions=True)
    return seconds


async def _round(engine: Engine, channel: NoopChannel, running: "asyncio.Task[None]", *, awaited: int) -> None:
    before = -1
    while not await channel.until(awaited, seconds=STALL_SECONDS):
        if running.done():
            await running
        if channel.sent == before:
            raise MeasurementFailed(f"the engine stands still after {channel.sent:,} of {awaited:,} sends")
        before = channel.sent
    while not engine.is_idle:  # noqa: ASYNC110 - the engine tells nobody that it has settled the last one
        await asyncio.sleep(0.001)


async def _require(done: tuple[int, ...], workplace: Workplace) -> None:
    if await _done(workplace) != done:
        raise MeasurementFailed("the statements asked again did not do what they did before")


async def _done(workplace: Workplace) -> tuple[int, ...]:
    """Count what a run has left, to tell whether another one did the same."""
    async with workplace.connected(_RUN) as connection:
        row = await connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM attempt WHERE state = 'accepted'), (SELECT count(*) FROM message),
                   (SELECT count(*) FROM thread), (SELECT sum(last_seq)::bigint FROM team_seq),
                   (SELECT count(*) FROM lead WHERE state = 'inSequence'),
                   (SELECT sum(contacted)::bigint FROM campaign_counter),
                   (SELECT count(*) FROM lead_due WHERE NOT is_first)
            """
        )
    assert row is not None
    return tuple(row)

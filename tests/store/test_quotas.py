"""Counting calls, judged by a list of the instants at which they were admitted."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest_asyncio

from overture import ids
from overture.store import quotas, tokens
from overture.store.pool import Connection, Pool
from overture.store.quotas import Admission

NOW = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
DIGEST = b"x" * 32
SPANS = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
SLOTS = (timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=30))


@pytest_asyncio.fixture
async def connection(database: Pool) -> AsyncIterator[Connection]:
    async with database.acquire() as opened:
        team_id, token_id = ids.new("t"), ids.new("k")
        await opened.execute("INSERT INTO team (team_id, name, created_at) VALUES ($1, 'A', $2)", team_id, NOW)
        await tokens.insert(
            opened, team_id=team_id, token_id=token_id, name="A", member_id=None, digest=DIGEST, now=NOW
        )
        yield opened


async def _admitted(connection: Connection, now: datetime, limits: tuple[int, int, int]) -> bool:
    return await _admitted_of(connection, 1, now, limits) == 1


async def _admitted_of(connection: Connection, calls: int, now: datetime, limits: tuple[int, int, int]) -> int:
    """Count calls at once; returns how many were admitted."""
    admissions = await quotas.admit(
        connection, digest=DIGEST, bucket=quotas.TOKEN, calls=calls, limits=limits, wall_now=now
    )
    return sum(admission is not None and admission.is_admitted for admission in admissions)


async def test_no_window_ever_holds_more_and_no_call_waits_longer_than_a_slot(connection: Connection) -> None:
    limits, draws, now = (5, 25, 60), Random(5), NOW
    made: list[datetime] = []
    refused = 0
    for _ in range(1500):
        now += timedelta(seconds=draws.choice((0, 0, 0.2, 1, 7, 20, 61, 400, 3000)))
        within = [sum(now - span < at for at in made) for span in SPANS]
        at_most = [sum(now - span - slot < at for at in made) for span, slot in zip(SPANS, SLOTS, strict=True)]
        if await _admitted(connection, now, limits):
            assert all(count < limit for count, limit in zip(within, limits, strict=True))
            made.append(now)
        else:
            assert any(count >= limit for count, limit in zip(at_most, limits, strict=True))
            refused += 1
    assert len(made) > 300 and refused > 300


async def test_a_clock_that_is_behind_another_counts_as_that_one(connection: Connection) -> None:
    limits = (2, 10, 10)
    assert await _admitted(connection, NOW, limits)
    assert await _admitted(connection, NOW - timedelta(seconds=3), limits)
    assert not await _admitted(connection, NOW, limits)
    assert not await _admitted(connection, NOW - timedelta(seconds=3), limits)


async def test_calls_counted_at_once_are_counted_as_one_after_the_other(connection: Connection) -> None:
    limits, draws, now = (7, 25, 60), Random(8), NOW
    other = ids.new("t")
    await connection.execute("INSERT INTO team (team_id, name, created_at) VALUES ($1, 'B', $2)", other, NOW)
    await tokens.insert(
        connection, team_id=other, token_id=ids.new("k"), name="B", member_id=None, digest=b"z" * 32, now=NOW
    )
    for _ in range(300):
        now += timedelta(seconds=draws.choice((0, 0.2, 1, 20, 61, 400, 3000)))
        calls = draws.randint(1, 9)
        together = await quotas.admit(
            connection, digest=DIGEST, bucket=quotas.TOKEN, calls=calls, limits=limits, wall_now=now
        )
        apart = [
            await quotas.admit(connection, digest=b"z" * 32, bucket=quotas.TOKEN, calls=1, limits=limits, wall_now=now)
            for _ in range(calls)
        ]
        assert [_seen(one) for one in together] == [_seen(one) for [one] in apart]


def _seen(admission: Admission | None) -> tuple[bool, list[tuple[int, list[int]]]]:
    assert admission is not None
    return admission.is_admitted, [(used.slot, list(used.counts)) for used in admission.used]


async def test_an_unknown_token_counts_nowhere(connection: Connection) -> None:
    limits = (2, 10, 10)
    admissions = await quotas.admit(
        connection, digest=b"y" * 32, bucket=quotas.TOKEN, calls=2, limits=limits, wall_now=NOW
    )
    assert admissions == [None, None]
    assert await connection.fetchval("SELECT count(*) FROM call_count") == 0


async def test_counting_writes_no_log(connection: Connection) -> None:
    await _admitted(connection, NOW, (9, 9, 9))
    assert await connection.fetchval("SELECT relpersistence FROM pg_class WHERE relname = 'call_count'") == b"u"

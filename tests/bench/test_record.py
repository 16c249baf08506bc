"""What is recorded of a pool, and asked again."""

import asyncio
from urllib.parse import urlsplit

import pytest

from overture.bench import record
from overture.bench.workplace import Workplace
from overture.store.pool import Pool


@pytest.fixture
async def ledger(database: Pool) -> Pool:
    """A database with one table that shows in which order rows came."""
    await database.execute("CREATE TABLE entry (number bigserial, name text, after text[])")
    return database


async def _write(pool: Pool, name: str) -> None:
    """Write an entry that names the ones before it."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO entry (name, after) SELECT $1, coalesce(array_agg(name ORDER BY name), '{}') FROM entry", name
        )


async def _entries(pool: Pool) -> dict[str, list[str]]:
    return {row["name"]: row["after"] for row in await pool.fetch("SELECT name, after FROM entry")}


async def _replayed(pool: Pool, url: str, recorder: record.Recorder, connections: int) -> dict[str, list[str]]:
    await asyncio.sleep(0)
    transactions = recorder.transactions()
    await pool.execute("TRUNCATE entry")
    name = urlsplit(url).path.removeprefix("/")
    await record.replay(Workplace(url), name, transactions, connections=connections)
    return await _entries(pool)


@pytest.mark.parametrize("connections", [1, 2])
async def test_a_transaction_begins_again_once_all_have_ended_that_had_ended_before_it(
    ledger: Pool, database_url: str, connections: int
) -> None:
    recorder = record.Recorder()
    await recorder.attach(ledger)
    for name in ("a", "b", "c", "d"):
        await _write(ledger, name)
    before = await _entries(ledger)
    assert before["d"] == ["a", "b", "c"]
    assert await _replayed(ledger, database_url, recorder, connections) == before


async def test_what_was_rolled_back_is_rolled_back_again(ledger: Pool, database_url: str) -> None:
    recorder = record.Recorder()
    await recorder.attach(ledger)
    await _write(ledger, "kept")
    with pytest.raises(ZeroDivisionError):
        async with ledger.acquire() as connection, connection.transaction():
            await connection.execute("INSERT INTO entry (name) VALUES ($1)", "lost")
            raise ZeroDivisionError
    assert await _replayed(ledger, database_url, recorder, 2) == {"kept": []}


async def test_statements_outside_of_transactions_are_asked_again_too(ledger: Pool, database_url: str) -> None:
    recorder = record.Recorder()
    await recorder.attach(ledger)
    await ledger.execute("INSERT INTO entry (name, after) VALUES ($1, '{}')", "alone")
    assert await _replayed(ledger, database_url, recorder, 1) == {"alone": []}

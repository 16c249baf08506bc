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
    await record.replay(Workplace(url), _name(url), transactions, connections=connections)
    return await _entries(pool)


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


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


async def test_what_skips_what_others_hold_is_asked_again_by_turns(ledger: Pool, database_url: str) -> None:
    """Two that took a job each, side by side, take the same ones again: the second never finds the first one's."""
    await ledger.execute("CREATE TABLE job (kind text, number int, taken_by text)")
    await ledger.execute("INSERT INTO job SELECT 'any', n FROM generate_series(1, 40) AS n")
    recorder = record.Recorder()
    await recorder.attach(ledger)
    for number in range(0, 40, 2):
        taken, written = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_take(ledger, str(number), taken, written))
            await taken.wait()
            await _take(ledger, str(number + 1), written, written)
    before = await _entries(ledger)
    assert before == {str(number): [str(number + 1)] for number in range(40)}
    async with Workplace(database_url).connected(_name(database_url)) as unheard:
        await unheard.execute("UPDATE job SET taken_by = NULL")

    assert await _replayed(ledger, database_url, recorder, 2) == before

    rows = await ledger.fetch("SELECT number, taken_by FROM job")
    assert {row["taken_by"]: [str(row["number"])] for row in rows} == before


async def _take(pool: Pool, name: str, taken: asyncio.Event, written: asyncio.Event) -> None:
    """Take a job that nobody holds and write which it is; say that it is taken, and end once another is written."""
    async with pool.acquire() as connection, connection.transaction():
        number = await connection.fetchval(
            """
            UPDATE job SET taken_by = $2 WHERE number = (
                SELECT number FROM job WHERE kind = $1 AND taken_by IS NULL ORDER BY number LIMIT 1
                   FOR UPDATE SKIP LOCKED
            ) RETURNING number
            """,
            "any",
            name,
        )
        await connection.execute("INSERT INTO entry (name, after) VALUES ($1, $2)", name, [str(number)])
        taken.set()
        await written.wait()

"""Orders of locks: two transactions that lock the same rows in different orders are told, with the places."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest_asyncio
from tests.simulation import database as databases
from tests.simulation import locks
from tests.simulation.locks import Lock, Step, Strength

from overture import ids
from overture.store.pool import Pool


def transaction(*steps: tuple[str, str]) -> Sequence[Step]:
    """A transaction that locks, one after another, the rows of each step's words at its place, to change them."""
    return [
        Step(place=place, locks=frozenset(Lock(row, Strength.NO_KEY_UPDATE) for row in rows.split(", ")))
        for place, rows in steps
    ]


def test_rows_locked_in_one_order_cross_nobody() -> None:
    one = transaction(("edit", "lead 1"), ("free", "person 1, person 2"))
    other = transaction(("settle", "lead 1, lead 2"), ("name", "person 2"))
    assert locks.crossings([one, other]) == []


def test_rows_locked_in_two_orders_cross_and_both_places_are_told() -> None:
    one = transaction(("edit", "lead 1"), ("free", "person 1"))
    other = transaction(("note", "person 1"), ("stop", "lead 1"))
    assert locks.crossings([one, other]) == [
        "lead before person: edit, then free; the other way round: note, then stop"
    ]


def test_rows_of_one_table_cross_too() -> None:
    one = transaction(("first", "person 1"), ("second", "person 2"))
    other = transaction(("first", "person 2"), ("second", "person 1"))
    assert len(locks.crossings([one, other])) == 1


def test_who_is_kept_apart_by_what_both_had_before_crosses_nobody() -> None:
    one = transaction(("lease", "account_pace 1"), ("edit", "lead 1"), ("free", "person 1"))
    other = transaction(("claim", "account_pace 1"), ("note", "person 1"), ("stop", "lead 1"))
    assert locks.crossings([one, other]) == []


def test_what_one_statement_locks_is_locked_at_once() -> None:
    assert locks.crossings([transaction(("all", "lead 1, lead 2")), transaction(("all", "lead 2, lead 1"))]) == []
    one = transaction(("pick", "lead 1, lead_due 1"), ("engage", "person 1"))
    other = transaction(("edit", "lead 1"), ("free", "person 1"), ("unplan", "lead_due 1"))
    assert locks.crossings([one, other]) == []


@pytest_asyncio.fixture
async def recorder(database_url: str) -> AsyncIterator[locks.Recorder]:
    # It has a loop of its own, which cannot be run inside another.
    observer = await asyncio.to_thread(databases.LockObserver, database_url)
    try:
        yield locks.Recorder(observer.fetch)
    finally:
        observer.close()


async def run(pool: Pool, recorder: locks.Recorder, *statements: str) -> None:
    """Run statements in a transaction, and have the recorder look behind each."""
    async with pool.acquire() as connection:
        pid = connection.get_server_pid()
        for statement in ("BEGIN", *statements, "COMMIT"):
            await connection.execute(statement)
            recorder.note(pid, statement)


@pytest_asyncio.fixture
async def rows(database: Pool) -> dict[str, str]:
    """Two rows, by the words that lock each."""
    team_id = ids.new("t")
    await database.execute("INSERT INTO team (team_id, name, created_at) VALUES ($1, 'Acme', now())", team_id)
    await database.execute("INSERT INTO virtual_clock (instant) VALUES (now())")
    return {
        "clock": "UPDATE virtual_clock SET instant = now()",
        "team": f"SELECT FROM team WHERE team_id = '{team_id}'",
    }


async def test_it_sees_what_statements_lock_whether_they_change_it_or_not(
    database: Pool, recorder: locks.Recorder, rows: dict[str, str]
) -> None:
    team = f"{rows['team']} FOR NO KEY UPDATE"
    await run(database, recorder, rows["clock"], team)
    assert recorder.crossings() == []
    await run(database, recorder, team, "SELECT FROM virtual_clock", rows["clock"])
    (found,) = recorder.crossings()
    assert found.startswith("team before virtual_clock: ")


async def test_a_row_that_is_only_kept_from_being_deleted_crosses_who_may_delete_it_alone(
    database: Pool, recorder: locks.Recorder, rows: dict[str, str]
) -> None:
    await run(database, recorder, f"{rows['team']} FOR KEY SHARE", rows["clock"])
    for strength in ("KEY SHARE", "SHARE", "NO KEY UPDATE"):
        await run(database, recorder, rows["clock"], f"{rows['team']} FOR {strength}")
    assert recorder.crossings() == []
    await run(database, recorder, rows["clock"], f"{rows['team']} FOR UPDATE")
    assert len(recorder.crossings()) == 1

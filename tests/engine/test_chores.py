"""Chores: asked for with what causes them, done by some worker whatever becomes of the others, and let wait."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from overture import ids
from overture.core.words import ChoreKind
from overture.engine import chores
from overture.engine.chores import Chore, Chores
from overture.store import chores as store
from overture.store.pool import Connection, Pool

TEAM = ids.new("t")
STOP_SECONDS = 5.0


class Steady:
    """Work that takes a given time, and notes whom it was done by and for how often."""

    name = ChoreKind.IMPORT

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.begun: list[str] = []
        self.done: list[str] = []
        self.errors: list[Exception] = []
        self.postponed: list[tuple[str, Exception | None]] = []
        self.due: list[Chore] = []

    async def work(self, chore: Chore, *, halt: asyncio.Event) -> bool:
        self.begun.append(chore.key)
        if self.errors:
            raise self.errors.pop()
        try:
            async with asyncio.timeout(self.seconds):
                await halt.wait()
        except TimeoutError:
            self.done.append(chore.key)
            return True
        return False

    async def postpone(self, chore: Chore, *, error: Exception | None, by: timedelta) -> None:
        assert by > timedelta(0)
        self.postponed.append((chore.key, error))

    async def unattended(self, connection: Connection) -> Sequence[Chore]:
        assert connection.is_in_transaction()
        return self.due


class Deaf(Steady):
    """Work that does not hear that it shall stop."""

    async def work(self, chore: Chore, *, halt: asyncio.Event) -> bool:  # noqa: ARG002 - it hears nothing
        self.begun.append(chore.key)
        await asyncio.sleep(self.seconds)
        self.done.append(chore.key)
        return True


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for what others left behind, and stop, in a second rather than in many."""
    monkeypatch.setattr(chores, "HEARTBEAT_TIMEOUT", timedelta(seconds=2))
    monkeypatch.setattr(chores, "POLL", timedelta(seconds=0.2))
    monkeypatch.setattr(chores, "HALT_SECONDS", 0.2)


@asynccontextmanager
async def worker(pool: Pool, kind: Steady, at_once: int = 4) -> AsyncIterator[Chores]:
    made = Chores(pool=pool, kind=kind, at_once=at_once)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        made.stop()
        await running


async def want(pool: Pool, *keys: str) -> None:
    async with pool.acquire() as connection:
        await chores.want(connection, kind=ChoreKind.IMPORT, wanted=[Chore(team_id=TEAM, key=key) for key in keys])


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    for _ in range(int(seconds * 100)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come to that")


async def queued(pool: Pool) -> list[tuple[str, str]]:
    rows = await pool.fetch("SELECT dedupe_key, status::text FROM pgqueuer ORDER BY id")
    return [(row["dedupe_key"], row["status"]) for row in rows]


async def empty(pool: Pool) -> None:
    """Wait until the queue is empty."""
    for _ in range(1_000):
        if not await queued(pool):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(await queued(pool))


async def test_a_chore_is_there_with_the_transaction_that_asks_for_it(database: Pool) -> None:
    async with database.acquire() as connection, connection.transaction():
        await chores.want(connection, kind=ChoreKind.IMPORT, wanted=[Chore(team_id=TEAM, key="kept")])
    with pytest.raises(ZeroDivisionError):
        async with database.acquire() as connection, connection.transaction():
            await chores.want(connection, kind=ChoreKind.IMPORT, wanted=[Chore(team_id=TEAM, key="undone")])
            _ = 1 / 0
    kind = Steady()
    async with worker(database, kind):
        await empty(database)
    assert kind.done == ["kept"]


async def test_one_that_waits_already_is_not_asked_for_twice(database: Pool) -> None:
    await want(database, "a")
    await want(database, "a", "b")
    assert await queued(database) == [("import:a", "queued"), ("import:b", "queued")]


async def test_it_is_done_at_once(database: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "POLL", timedelta(seconds=60))
    kind = Steady()
    async with worker(database, kind):
        await asyncio.sleep(0.5)
        await want(database, "a")
        await until(lambda: kind.done == ["a"], seconds=15)


async def test_workers_share_what_there_is_and_none_takes_more_than_it_may(database: Pool) -> None:
    names = [f"{number:02}" for number in range(12)]
    await want(database, *names)
    kinds = [Steady(0.05), Steady(0.05)]
    async with worker(database, kinds[0], at_once=2), worker(database, kinds[1], at_once=2):
        await empty(database)
    assert sorted(kinds[0].done + kinds[1].done) == names
    assert min(len(kind.done) for kind in kinds) > 0


async def test_a_team_that_asks_for_much_does_not_keep_others_waiting(database: Pool) -> None:
    async with database.acquire() as connection:
        for key, behind in (("a1", 0), ("a2", 1), ("a3", 2), ("b1", 0), ("b2", 1)):
            await chores.want(connection, kind=ChoreKind.IMPORT, wanted=[Chore(team_id=TEAM, key=key)], behind=behind)
    kind = Steady(0.01)
    async with worker(database, kind, at_once=2):
        await empty(database)
    assert kind.begun == ["a1", "b1", "a2", "b2", "a3"]


async def test_a_long_one_stays_with_its_worker(database: Pool) -> None:
    kinds = [Steady(5), Steady(5)]
    await want(database, "long")
    async with worker(database, kinds[0]), worker(database, kinds[1]):
        await empty(database)
    assert sorted(kinds[0].begun + kinds[1].begun) == ["long"]


async def test_what_a_dead_worker_was_at_another_does(database: Pool) -> None:
    await want(database, "a")
    await database.execute(
        "UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(), heartbeat = now()"
    )
    kind = Steady()
    async with worker(database, kind):
        await asyncio.sleep(0.5)
        assert kind.begun == []
        await empty(database)
    assert kind.done == ["a"]


@pytest.mark.parametrize("kind", [Steady(60), Deaf(60)], ids=["that hears", "that does not hear"])
async def test_a_worker_that_stops_hands_back_work(database: Pool, kind: Steady) -> None:
    await want(database, "a")
    async with worker(database, kind) as first:
        await until(lambda: kind.begun == ["a"])
        assert not first.is_idle
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < STOP_SECONDS
    assert first.is_idle
    assert await queued(database) == [("import:a", "queued")]
    other = Steady()
    async with worker(database, other):
        await empty(database)
    assert (kind.done, other.done) == ([], ["a"])


async def test_one_that_breaks_off_waits_and_keeps_nobody_else(database: Pool) -> None:
    error = RuntimeError("broken")
    kind = Steady()
    kind.errors = [error]
    async with worker(database, kind, at_once=2):
        await want(database, "a")
        await until(lambda: kind.postponed == [("a", error)])
        await want(database, "b")
        await until(lambda: kind.done == ["b"])
        await empty(database)


async def test_what_the_queue_does_not_know_of_is_put_into_it(database: Pool) -> None:
    kind = Steady()
    async with worker(database, kind) as first:
        await asyncio.sleep(0.3)
        kind.due = [Chore(team_id=TEAM, key="a")]
        first.wake()
        await until(lambda: kind.done == ["a"])
        kind.due = []


async def test_a_lost_connection_is_made_anew_and_its_work_goes_on(database: Pool) -> None:
    kind = Steady(1)
    async with worker(database, kind):
        await want(database, "a")
        await until(lambda: kind.begun == ["a"])
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await until(lambda: kind.done == ["a"])
        await want(database, "b")
        await until(lambda: kind.done[-1] == "b")
        await empty(database)


async def test_what_happened_long_ago_is_forgotten(database: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_AT_ONCE", 2)
    await want(database, "a", "b", "c", "d")
    await database.execute("UPDATE pgqueuer_log SET created = now() - interval '8 days' WHERE job_id <= 3")
    await database.execute(
        "INSERT INTO pgqueuer_statistics (created, count, priority, status, entrypoint)"
        " VALUES (now() - interval '8 days', 1, 0, 'successful', 'import')"
    )
    await database.execute("DELETE FROM pgqueuer")
    async with worker(database, Steady()):
        for _ in range(500):
            if await database.fetchval("SELECT count(*) FROM pgqueuer_log") == 1:
                break
            await asyncio.sleep(0.01)
    assert [tuple(row) for row in await database.fetch("SELECT job_id FROM pgqueuer_log")] == [(4,)]
    assert await database.fetchval("SELECT count(*) FROM pgqueuer_statistics") == 0


async def test_other_tools_can_read_what_is_asked_for(database: Pool, database_url: str) -> None:
    await want(database, "a")
    read = "import asyncio, asyncpg, sys; from pgqueuer.queries import Queries\n" + (
        "async def main():\n"
        "    connection = await asyncpg.connect(sys.argv[1])\n"
        "    (job,) = await Queries.from_asyncpg_connection(connection).browse_queue()\n"
        "    print(job.entrypoint, job.status, job.headers)\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", read, database_url], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["import", "queued", "None"], done.stderr


def test_names_from_the_environment_change_nothing() -> None:
    show = "from overture.engine import chores; print(chores.SETTINGS.model_dump(exclude={'widen_id'}))"
    strange = {"CHANNEL": "x", "TRIGGER": "x", "FUNCTION": "x", "PGQUEUER_PREFIX": "x", "DB_SCHEMA": "x"}
    plain, other = (
        subprocess.run(
            [sys.executable, "-c", show], capture_output=True, text=True, check=True, env=os.environ | extra
        ).stdout
        for extra in ({}, strange)
    )
    assert plain == other

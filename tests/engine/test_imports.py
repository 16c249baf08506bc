"""Imports by the engine: batches that are whole or not at all, names asked of the platform, pauses and ends."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from tests.engine.conftest import World
from tests.engine.importing import Imports, counts, file_of, make

from overture.actions import imports as import_actions
from overture.actions import lists as list_actions
from overture.core.words import ColumnType, MergeStrategy
from overture.engine import import_run
from overture.store import duties, import_rejects, list_leads, outbox, people
from overture.store import imports as import_rows
from overture.store.pool import Connection


class _Killed(Exception):
    """Stands for the end of the process."""


@pytest_asyncio.fixture
async def importing(world: World) -> Imports:
    return await make(world)


async def test_a_file_of_ids_fills_the_list_with_its_values(importing: Imports) -> None:
    job = await importing.run("id;Company\r\n7;Acme\r\n8;\r\n")
    assert (job.status, job.total_count, job.error) == ("completed", 2, None)
    assert counts(job) == (2, 0, 0)
    assert job.completed_at is not None
    assert await importing.data() == {"7": {"Company": "Acme"}, "8": {}}
    await importing.check()


async def test_the_job_starts_in_the_engine_by_itself(importing: Imports) -> None:
    job = await importing.create(file_of(3))
    assert (job.status, job.total_count) == ("queued", 3)

    async def is_completed() -> bool:
        return (await importing.read(job)).status == "completed"

    await importing.world.run_until(is_completed)
    assert counts(await importing.read(job)) == (3, 0, 0)


async def test_imports_of_a_team_stand_behind_each_other_in_the_queue(importing: Imports) -> None:
    for _ in range(2):
        await importing.create(file_of(1))
    await importing.run(file_of(1))
    await importing.create(file_of(1))
    rows = await importing.world.pool.fetch("SELECT priority FROM pgqueuer ORDER BY id")
    assert [row["priority"] for row in rows] == [0, -1, -2, -2]


async def test_importing_a_file_twice_changes_nothing(importing: Imports) -> None:
    file = file_of(5) + "5,Another\n"
    first = await importing.run(file)
    assert counts(first) == (5, 1, 0)
    tables = "SELECT l.*, s.revision, s.updated_at AS changed_at FROM list_lead l JOIN list s ON s.id = l.list_id"
    before = await importing.world.pool.fetch(tables + " ORDER BY profile_id")
    second = await importing.run(file)
    assert counts(second) == (0, 6, 0)
    assert await importing.world.pool.fetch(tables + " ORDER BY profile_id") == before
    assert (await importing.data())["5"] == {"company": "Another"}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (MergeStrategy.OVERWRITE, {"a": "new", "b": "old", "c": "new"}),
        (MergeStrategy.FILL_EMPTY, {"a": "old", "b": "old", "c": "new"}),
        (MergeStrategy.KEEP, {"a": "old", "b": "old"}),
    ],
)
async def test_people_who_are_there_are_merged_by_the_strategy(
    importing: Imports, strategy: MergeStrategy, expected: dict[str, str]
) -> None:
    await importing.run("id,a,b,c\n7,old,old,\n")
    job = await importing.run("id,a,b,c\n7,new,,new\n8,new,,\n", strategy=strategy)
    assert counts(job) == (1, 1, 0)
    assert await importing.data() == {"7": expected, "8": {"a": "new"}}


@pytest.mark.parametrize("strategy", list(MergeStrategy))
@pytest.mark.parametrize("batch", [1, 2, 100])
async def test_a_person_who_stands_twice_is_merged_the_same_however_the_file_is_cut(
    importing: Imports, monkeypatch: pytest.MonkeyPatch, strategy: MergeStrategy, batch: int
) -> None:
    monkeypatch.setattr(import_run, "BATCH", batch)
    job = await importing.run("id,a,b\n7,one,\n8,x,\n7,two,two\n", strategy=strategy)
    assert counts(job) == (2, 1, 0)
    expected = {
        MergeStrategy.OVERWRITE: {"a": "two", "b": "two"},
        MergeStrategy.FILL_EMPTY: {"a": "one", "b": "two"},
        MergeStrategy.KEEP: {"a": "one"},
    }
    assert (await importing.data())["7"] == expected[strategy]
    await importing.check()


async def test_usernames_nobody_knows_are_asked_of_the_platform_and_known_ones_are_not(importing: Imports) -> None:
    await importing.world.link("ana")
    people = (await importing.world.people(nature="open"))[:150]
    file = "handle\n" + "".join(f"@{person['username'].upper()}\n" for person in people)
    job = await importing.run(file)
    assert counts(job) == (150, 0, 0)
    assert set(await importing.data()) == {person["id"] for person in people}
    await importing.world.fault(kind="serverError", endpoint="lookup")
    assert counts(await importing.run(file)) == (0, 150, 0)


async def test_people_who_are_gone_are_rejected_with_the_reason(importing: Imports) -> None:
    await importing.world.link("ana")
    (open_,) = (await importing.world.people(nature="open"))[:1]
    (suspended,) = (await importing.world.people(nature="suspended"))[:1]
    job = await importing.run(f"username\n{open_['username']}\n{suspended['username']}\nnobody_of_this\n")
    assert counts(job) == (1, 0, 2)
    assert await importing.rejects(job) == [(3, "suspended"), (4, "notFound")]


async def test_a_name_and_an_id_of_one_person_are_one_lead(importing: Imports) -> None:
    await importing.world.link("ana")
    (person,) = (await importing.world.people(nature="open"))[:1]
    job = await importing.run(f"id,username\n{person['id']},\n,{person['username']}\n")
    assert counts(job) == (1, 1, 0)
    await importing.check()


async def test_when_the_platform_limits_look_ups_the_job_pauses_and_goes_on_by_itself(importing: Imports) -> None:
    await importing.world.link("ana")
    (person,) = (await importing.world.people(nature="open"))[:1]
    await importing.world.fault(kind="rateLimited", endpoint="lookup", next=1)
    job = await importing.create(f"id,username\n123456,\n,{person['username']}\n")
    await importing.work(job)
    due = await importing.resume_at(job)
    assert due is not None
    assert due > await importing.world.clock.now()
    paused = await importing.read(job)
    assert (paused.status, counts(paused)) == ("paused", (1, 0, 0))
    assert paused.error is not None
    assert "rateLimited" in paused.error
    await importing.world.clock.move(due)
    await importing.work(job)
    completed = await importing.read(job)
    assert (completed.status, completed.error, counts(completed)) == ("completed", None, (2, 0, 0))


@pytest.mark.parametrize("kind", ["authLost", "rateLimited"])
async def test_another_account_is_asked_where_one_is_refused(importing: Imports, kind: str) -> None:
    await importing.world.link("ana", "ben")
    (person,) = (await importing.world.people(nature="open"))[:1]
    await importing.world.fault(kind=kind, endpoint="lookup", account="ana")
    job = await importing.run(f"username\n{person['username']}\n")
    assert counts(job) == (1, 0, 0)


async def test_without_an_account_names_wait_and_ids_do_not(importing: Imports) -> None:
    job = await importing.create("id,username\n123456,\n,ana\n234567,\n")
    await importing.work(job)
    assert await importing.resume_at(job) == await importing.world.clock.now() + timedelta(minutes=15)
    paused = await importing.read(job)
    assert (paused.status, counts(paused)) == ("paused", (1, 0, 0))
    assert "No active account" in (paused.error or "")


async def test_rows_that_cannot_be_taken_are_kept_with_line_and_reason(importing: Imports) -> None:
    await list_actions.create_column(
        importing.world.context,
        importing.world.actor,
        list_id=importing.list_id,
        name="Size",
        description=None,
        kind=ColumnType.NUMBER,
    )
    job = await importing.run('id,Size\n7,12\n8,many\n\nabc,1\n9,1,too much\n,5\n10,"1\n11,13\n')
    assert await importing.data() == {"7": {"Size": 12}, "11": {"Size": 13}}
    assert await importing.rejects(job) == [
        (3, "notANumber: Size"),
        (5, "platformIdInvalid"),
        (6, "tooManyValues"),
        (7, "noIdentifier"),
        (8, "unclosedQuote"),
    ]
    assert (job.total_count, counts(job)) == (7, (2, 0, 5))


async def test_campaigns_that_use_the_list_follow_the_import(importing: Imports) -> None:
    world = importing.world
    await world.link("ana")
    campaign_id = await world.campaign([importing.list_id])
    await importing.run("id\n" + "".join(f"{person['id']}\n" for person in (await world.people())[:20]))

    async def has_leads() -> bool:
        return sum((await world.lead_states(campaign_id)).values()) == 20

    await world.run_until(has_leads)


_WRITES = [
    (people, "save_ids"),
    (list_leads, "add"),
    (list_leads, "merge"),
    (list_leads, "log_change"),
    (duties, "want"),
    (import_rejects, "insert"),
    (import_rows, "advance"),
    (import_rows, "complete"),
    (outbox, "append"),
]
_NAMES = [f"{module.__name__.rpartition('.')[2]}.{write}" for module, write in _WRITES]


@pytest.mark.parametrize(
    ("module", "write"), _WRITES, ids=[f"{module.__name__.rpartition('.')[2]}.{write}" for module, write in _WRITES]
)
@pytest.mark.parametrize("batch", [1, 3])
async def test_a_job_killed_behind_any_write_goes_on_without_a_lost_or_doubled_row(
    importing: Imports, monkeypatch: pytest.MonkeyPatch, module: Any, write: str, batch: int
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 10)
    await importing.world.link("ana")
    await importing.world.campaign([importing.list_id])
    await importing.run("id,company\n2,\n12,\n22,\n")
    job = await importing.create(file_of(35) + "wrong,x\n" * 5)
    calls = 0
    original = getattr(module, write)

    async def write_and_die(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        answer = await original(*arguments, **options)
        if calls == (1 if write in ("complete", "append") else batch):
            raise _Killed
        return answer

    monkeypatch.setattr(module, write, write_and_die)
    with pytest.raises(_Killed):
        await importing.work(job)
    await importing.work(job)
    assert counts(await importing.read(job)) == (32, 3, 5)
    assert await importing.data() == {str(number): {"company": f"Company {number}"} for number in range(1, 36)}
    assert len(await importing.rejects(job)) == 5
    assert await importing.world.pool.fetchval("SELECT count(*) FROM event WHERE object_id = $1", job.id) == 1
    await importing.check()


async def test_work_that_is_told_to_stop_ends_behind_its_batch_and_goes_on_from_there(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 20)
    job = await importing.create(file_of(50))
    seen = []
    while not await importing.step(job):
        seen.append((await importing.read(job)).processed_count)
    assert seen == [20, 40, 50]
    assert counts(await importing.read(job)) == (50, 0, 0)


async def test_more_names_than_are_asked_for_at_once_are_asked_for_in_turn(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "MOST_LOOKUPS", 7)
    await importing.world.link("ana")
    people = (await importing.world.people(nature="open"))[:20]
    job = await importing.run("username\n" + "".join(f"{person['username']}\n" for person in people))
    assert counts(job) == (20, 0, 0)


async def test_a_file_of_several_pieces_is_read_through_their_borders(importing: Imports) -> None:
    company = "é" * 3_000
    job = await importing.run("id,company\n" + "".join(f"{number},{company}\n" for number in range(1, 801)))
    assert counts(job) == (800, 0, 0)
    assert set(map(str, (await importing.data()).values())) == {str({"company": company})}
    assert await importing.world.pool.fetchval("SELECT count(*) FROM import_chunk") == 0


async def test_two_workers_on_one_job_do_not_double_anything(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 10)
    job = await importing.create(file_of(80) + "wrong,x\n" * 5)
    await asyncio.gather(*(importing.work(job) for _ in range(3)))
    await importing.work(job)
    assert counts(await importing.read(job)) == (80, 0, 5)
    await importing.check()


async def test_a_canceled_job_takes_no_further_row(importing: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_run, "BATCH", 10)
    job = await importing.create(file_of(40))
    await importing.step(job)
    keys = {"list_id": importing.list_id, "job_id": job.id}
    canceled = await import_actions.cancel(importing.world.context, importing.world.actor, **keys)
    assert (canceled.status, counts(canceled)) == ("canceled", (10, 0, 0))
    await importing.work(job)
    assert await importing.read(job) == canceled
    assert len(await importing.data()) == 10
    assert await importing.world.pool.fetchval("SELECT count(*) FROM import_chunk") == 0


async def test_a_column_deleted_meanwhile_is_filled_no_more(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 10)
    job = await importing.create(file_of(20))
    column_id = await importing.world.pool.fetchval("SELECT id FROM list_column")
    original = list_leads.add

    async def delete_first(connection: Connection, **options: Any) -> set[str]:
        monkeypatch.setattr(list_leads, "add", original)
        added = await original(connection, **options)
        await connection.execute("DELETE FROM list_column WHERE id = $1", column_id)
        return added

    monkeypatch.setattr(list_leads, "add", delete_first)
    await importing.work(job)
    filled = await importing.world.pool.fetchval("SELECT count(*) FROM list_lead WHERE data <> '{}'")
    assert (filled, counts(await importing.read(job))) == (10, (20, 0, 0))


async def test_a_list_deleted_meanwhile_ends_the_job(importing: Imports) -> None:
    job = await importing.create(file_of(5))
    await importing.world.pool.execute("DELETE FROM campaign_list")
    await list_actions.delete(importing.world.context, importing.world.actor, list_id=importing.list_id)
    await importing.work(job)


async def test_a_job_that_ends_nothing_it_starts_is_starting_paused_and_at_last_failed(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    await importing.run("id\n1\n")
    job = await importing.create("id\n1\n2\n")

    async def break_off(*_: Any, **__: Any) -> Any:
        raise _Killed

    seen = [(await importing.read(job)).status]
    with monkeypatch.context() as broken:
        broken.setattr(people, "save_ids", break_off)
        for _ in range(5):
            with pytest.raises(_Killed):
                await importing.work(job)
            seen.append((await importing.read(job)).status)
            await importing.importer.postpone(importing.chore(job), error=_Killed(), by=timedelta(seconds=30))
            paused = await importing.read(job)
            assert (paused.status, paused.completed_at) == ("paused", None)
            assert "goes on by itself" in (paused.error or "")
    await importing.work(job)
    failed = await importing.read(job)
    assert seen == ["queued", "starting", "running", "running", "running", "running"]
    assert (failed.status, counts(failed), failed.completed_at is not None) == ("failed", (0, 0, 0), True)
    assert "Import what is missing anew" in (failed.error or "")
    assert await importing.data() == {"1": {}}, "what was there stays"
    event = await importing.world.pool.fetchrow("SELECT * FROM event WHERE type = 'import.failed'")
    assert event is not None and event["object_id"] == job.id
    assert await importing.world.pool.fetchval("SELECT count(*) FROM import_chunk") == 0


async def test_the_end_of_a_job_is_an_event(importing: Imports) -> None:
    job = await importing.run(file_of(2) + "x,\n")
    event = await importing.world.pool.fetchrow("SELECT * FROM event WHERE type = 'import.completed'")
    assert event is not None
    assert (event["object_type"], event["object_id"]) == ("importJob", job.id)
    assert event["data"] == {
        "listId": importing.list_id,
        "addedCount": 2,
        "skippedCount": 0,
        "failedCount": 1,
        "checkOnly": False,
    }

"""Imports by the engine: batches that are whole or not at all, names asked of the platform, pauses and ends."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from tests.engine.conftest import World

from overture import ids
from overture.actions import imports as import_actions
from overture.actions import list_leads as list_lead_actions
from overture.actions import lists as list_actions
from overture.actions.campaign_leads import Consent
from overture.actions.people import Named
from overture.core.csvheader import Mapped
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import ColumnType, MergeStrategy
from overture.engine import imports
from overture.errors import Conflict
from overture.store import duties, list_leads, outbox, people
from overture.store import imports as import_rows
from overture.store.imports import Job
from overture.store.pool import Connection

_Step = datetime | None


class _Killed(Exception):
    """Stands for the end of the process."""


class Imports:
    """A list, and an importer run by hand at the engine's time."""

    def __init__(self, world: World, list_id: str) -> None:
        self.world = world
        self.list_id = list_id
        self.importer = imports.Importer(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)

    async def create(
        self,
        content: str,
        *,
        mapping: Sequence[Mapped] | None = None,
        strategy: MergeStrategy = MergeStrategy.OVERWRITE,
        check_only: bool = False,
        consent: Consent | None = None,
    ) -> Job:
        new = import_actions.NewImport(
            platform="twitter",
            file_name="leads.csv",
            mapping=mapping,
            merge_strategy=strategy,
            check_only=check_only,
            consent=consent,
        )
        return await import_actions.create(
            self.world.context, self.world.actor, list_id=self.list_id, pieces=_pieces(content), describe=lambda: new
        )

    async def step(self, job: Job, now: datetime | None = None) -> _Step:
        at = now or await self.world.clock.now()
        return await self.importer.step(team_id=self.world.actor.team_id, job_id=job.id, now=at)

    async def run(self, content: str, **options: Any) -> Job:
        """Import a file to its end."""
        job = await self.create(content, **options)
        for _ in range(1_000):
            if await self.step(job) is None:
                return await self.read(job)
        raise AssertionError("the import does not end")

    async def undo(self, job: Job) -> Job:
        return await import_actions.undo(self.world.context, self.world.actor, list_id=self.list_id, job_id=job.id)

    async def read(self, job: Job) -> Job:
        return await import_actions.get(self.world.context, self.world.actor, list_id=self.list_id, job_id=job.id)

    async def data(self) -> dict[str, dict[str, Any]]:
        """The values of everybody on the list, by platform id and by the name of the column."""
        columns = await list_actions.read_column_page(
            self.world.context, self.world.actor, list_id=self.list_id, after=None, count=100
        )
        names = {column.id: column.name for column in columns}
        rows = await self.world.pool.fetch(
            "SELECT p.platform_id, l.data FROM list_lead l JOIN profile p ON p.id = l.profile_id WHERE l.list_id = $1",
            self.list_id,
        )
        return {row["platform_id"]: {names[key]: value for key, value in row["data"].items()} for row in rows}

    async def rejects(self, job: Job) -> list[tuple[int, str]]:
        rows = await self.world.pool.fetch(
            "SELECT line, reason FROM import_reject WHERE job_id = $1 ORDER BY line", job.id
        )
        return [(row["line"], row["reason"]) for row in rows]

    async def check(self) -> None:
        """The list's own counts and its log of changes agree with who is on it, each person once."""
        row = await self.world.pool.fetchrow("SELECT revision, leads_count FROM list WHERE id = $1", self.list_id)
        assert row is not None
        changes = await self.world.pool.fetch(
            "SELECT revision, profile_id FROM list_change WHERE list_id = $1", self.list_id
        )
        members = await self.world.pool.fetch("SELECT profile_id FROM list_lead WHERE list_id = $1", self.list_id)
        assert sorted(change["profile_id"] for change in changes) == sorted(one["profile_id"] for one in members)
        assert row["leads_count"] == len(members)
        assert {change["revision"] for change in changes} == set(range(1, row["revision"] + 1))


@pytest_asyncio.fixture
async def importing(world: World) -> Imports:
    made = await list_actions.create(world.context, world.actor, name="Leads", description=None)
    await _follow(world, made.id)
    return Imports(world, made.id)


async def _follow(world: World, list_id: str) -> None:
    """Have a campaign sync the list: changes are logged for those who follow."""
    campaign_id = ids.new("c")
    await world.pool.execute(
        """
        INSERT INTO campaign (team_id, id, name, schedule_hours, created_at, updated_at)
        VALUES ($1, $2, 'Follower', '{}', $3, $3)
        """,
        world.actor.team_id,
        campaign_id,
        await world.clock.now(),
    )
    await world.pool.execute(
        "INSERT INTO campaign_list (team_id, campaign_id, list_id, role, position) VALUES ($1, $2, $3, 'synced', 0)",
        world.actor.team_id,
        campaign_id,
        list_id,
    )


async def _pieces(content: str) -> AsyncIterator[bytes]:
    yield content.encode()


def _counts(job: Job) -> tuple[int, int, int]:
    assert job.processed_count == job.added_count + job.skipped_count + job.failed_count
    return job.added_count, job.skipped_count, job.failed_count


def _ids(count: int, start: int = 1) -> str:
    return "id,company\n" + "".join(f"{number},Company {number}\n" for number in range(start, start + count))


async def test_a_file_of_ids_fills_the_list_with_its_values(importing: Imports) -> None:
    job = await importing.run("id;Company\r\n7;Acme\r\n8;\r\n")
    assert (job.status, job.total_count, job.error) == ("completed", 2, None)
    assert _counts(job) == (2, 0, 0)
    assert job.completed_at is not None
    assert await importing.data() == {"7": {"Company": "Acme"}, "8": {}}
    await importing.check()


async def test_the_job_starts_in_the_engine_by_itself(importing: Imports) -> None:
    job = await importing.create(_ids(3))
    assert (job.status, job.total_count) == ("queued", 3)

    async def is_completed() -> bool:
        return (await importing.read(job)).status == "completed"

    await importing.world.run_until(is_completed)
    assert _counts(await importing.read(job)) == (3, 0, 0)


async def test_importing_a_file_twice_changes_nothing(importing: Imports) -> None:
    file = _ids(5) + "5,Another\n"
    first = await importing.run(file)
    assert _counts(first) == (5, 1, 0)
    tables = "SELECT l.*, s.revision, s.updated_at AS changed_at FROM list_lead l JOIN list s ON s.id = l.list_id"
    before = await importing.world.pool.fetch(tables + " ORDER BY profile_id")
    second = await importing.run(file)
    assert _counts(second) == (0, 6, 0)
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
    assert _counts(job) == (1, 1, 0)
    assert await importing.data() == {"7": expected, "8": {"a": "new"}}


@pytest.mark.parametrize("strategy", list(MergeStrategy))
@pytest.mark.parametrize("batch", [1, 2, 100])
async def test_a_person_who_stands_twice_is_merged_the_same_however_the_file_is_cut(
    importing: Imports, monkeypatch: pytest.MonkeyPatch, strategy: MergeStrategy, batch: int
) -> None:
    monkeypatch.setattr(imports, "BATCH", batch)
    job = await importing.run("id,a,b\n7,one,\n8,x,\n7,two,two\n", strategy=strategy)
    assert _counts(job) == (2, 1, 0)
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
    assert _counts(job) == (150, 0, 0)
    assert set(await importing.data()) == {person["id"] for person in people}
    await importing.world.fault(kind="serverError", endpoint="lookup")
    assert _counts(await importing.run(file)) == (0, 150, 0)


async def test_people_who_are_gone_are_rejected_with_the_reason(importing: Imports) -> None:
    await importing.world.link("ana")
    (open_,) = (await importing.world.people(nature="open"))[:1]
    (suspended,) = (await importing.world.people(nature="suspended"))[:1]
    job = await importing.run(f"username\n{open_['username']}\n{suspended['username']}\nnobody_of_this\n")
    assert _counts(job) == (1, 0, 2)
    assert await importing.rejects(job) == [(3, "suspended"), (4, "notFound")]


async def test_a_name_and_an_id_of_one_person_are_one_lead(importing: Imports) -> None:
    await importing.world.link("ana")
    (person,) = (await importing.world.people(nature="open"))[:1]
    job = await importing.run(f"id,username\n{person['id']},\n,{person['username']}\n")
    assert _counts(job) == (1, 1, 0)
    await importing.check()


async def test_when_the_platform_limits_look_ups_the_job_pauses_and_goes_on_by_itself(importing: Imports) -> None:
    await importing.world.link("ana")
    (person,) = (await importing.world.people(nature="open"))[:1]
    await importing.world.fault(kind="rateLimited", endpoint="lookup", next=1)
    job = await importing.create(f"id,username\n123456,\n,{person['username']}\n")
    now = await importing.world.clock.now()
    due = await importing.step(job)
    assert due is not None
    assert due > now
    paused = await importing.read(job)
    assert (paused.status, _counts(paused)) == ("paused", (1, 0, 0))
    assert paused.error is not None
    assert "rateLimited" in paused.error
    while due is not None:
        due = await importing.step(job, now=due)
    completed = await importing.read(job)
    assert (completed.status, completed.error, _counts(completed)) == ("completed", None, (2, 0, 0))


@pytest.mark.parametrize("kind", ["authLost", "rateLimited"])
async def test_another_account_is_asked_where_one_is_refused(importing: Imports, kind: str) -> None:
    await importing.world.link("ana", "ben")
    (person,) = (await importing.world.people(nature="open"))[:1]
    await importing.world.fault(kind=kind, endpoint="lookup", account="ana")
    job = await importing.run(f"username\n{person['username']}\n")
    assert _counts(job) == (1, 0, 0)


async def test_without_an_account_names_wait_and_ids_do_not(importing: Imports) -> None:
    job = await importing.create("id,username\n123456,\n,ana\n234567,\n")
    due = await importing.step(job)
    assert due == await importing.world.clock.now() + timedelta(minutes=15)
    paused = await importing.read(job)
    assert (paused.status, _counts(paused)) == ("paused", (1, 0, 0))
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
    assert (job.total_count, _counts(job)) == (7, (2, 0, 5))


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
    (import_rows, "merge"),
    (list_leads, "log_change"),
    (duties, "want"),
    (import_rows, "insert_rejects"),
    (import_rows, "advance"),
    (import_rows, "complete"),
    (outbox, "append"),
]


@pytest.mark.parametrize(("module", "write"), _WRITES, ids=[write for _, write in _WRITES])
@pytest.mark.parametrize("batch", [1, 3])
async def test_a_job_killed_behind_any_write_goes_on_without_a_lost_or_doubled_row(
    importing: Imports, monkeypatch: pytest.MonkeyPatch, module: Any, write: str, batch: int
) -> None:
    monkeypatch.setattr(imports, "BATCH", 10)
    await importing.world.link("ana")
    await importing.world.campaign([importing.list_id])
    await importing.run("id,company\n2,\n12,\n22,\n")
    job = await importing.create(_ids(35) + "wrong,x\n" * 5)
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
        while await importing.step(job) is not None:
            pass
    while await importing.step(job) is not None:
        pass
    assert _counts(await importing.read(job)) == (32, 3, 5)
    assert await importing.data() == {str(number): {"company": f"Company {number}"} for number in range(1, 36)}
    assert len(await importing.rejects(job)) == 5
    assert await importing.world.pool.fetchval("SELECT count(*) FROM event WHERE object_id = $1", job.id) == 1
    await importing.check()


async def test_a_step_ends_in_time_and_the_next_goes_on_where_it_stopped(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 7)
    monkeypatch.setattr(imports, "MOST_ROWS", 20)
    job = await importing.create(_ids(50))
    seen = []
    while await importing.step(job) is not None:
        seen.append((await importing.read(job)).processed_count)
    assert seen == [21, 42]
    assert _counts(await importing.read(job)) == (50, 0, 0)


async def test_a_file_of_several_pieces_is_read_through_their_borders(importing: Imports) -> None:
    company = "é" * 3_000
    job = await importing.run("id,company\n" + "".join(f"{number},{company}\n" for number in range(1, 801)))
    assert _counts(job) == (800, 0, 0)
    assert set(map(str, (await importing.data()).values())) == {str({"company": company})}
    assert await importing.world.pool.fetchval("SELECT count(*) FROM import_chunk") == 0


async def test_two_workers_on_one_job_do_not_double_anything(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 10)
    job = await importing.create(_ids(80) + "wrong,x\n" * 5)
    await asyncio.gather(*(importing.step(job) for _ in range(3)))
    while await importing.step(job) is not None:
        pass
    assert _counts(await importing.read(job)) == (80, 0, 5)
    await importing.check()


async def test_a_canceled_job_takes_no_further_row(importing: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH", 10)
    monkeypatch.setattr(imports, "MOST_ROWS", 10)
    job = await importing.create(_ids(40))
    await importing.step(job)
    keys = {"list_id": importing.list_id, "job_id": job.id}
    canceled = await import_actions.cancel(importing.world.context, importing.world.actor, **keys)
    assert (canceled.status, _counts(canceled)) == ("canceled", (10, 0, 0))
    assert await importing.step(job) is None
    assert await importing.read(job) == canceled
    assert len(await importing.data()) == 10
    assert await importing.world.pool.fetchval("SELECT count(*) FROM import_chunk") == 0


async def test_a_column_deleted_meanwhile_is_filled_no_more(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 10)
    job = await importing.create(_ids(20))
    column_id = await importing.world.pool.fetchval("SELECT id FROM list_column")
    original = list_leads.add

    async def delete_first(connection: Connection, **options: Any) -> set[str]:
        monkeypatch.setattr(list_leads, "add", original)
        added = await original(connection, **options)
        await connection.execute("DELETE FROM list_column WHERE id = $1", column_id)
        return added

    monkeypatch.setattr(list_leads, "add", delete_first)
    while await importing.step(job) is not None:
        pass
    filled = await importing.world.pool.fetchval("SELECT count(*) FROM list_lead WHERE data <> '{}'")
    assert (filled, _counts(await importing.read(job))) == (10, (20, 0, 0))


async def test_a_list_deleted_meanwhile_ends_the_job(importing: Imports) -> None:
    job = await importing.create(_ids(5))
    await importing.world.pool.execute("DELETE FROM campaign_list")
    await list_actions.delete(importing.world.context, importing.world.actor, list_id=importing.list_id)
    assert await importing.step(job) is None


async def test_the_end_of_a_job_is_an_event(importing: Imports) -> None:
    job = await importing.run(_ids(2) + "x,\n")
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


async def _everything(importing: Imports) -> list[Any]:
    """All rows an import may write, but those of the job itself."""
    tables = ("list", "list_column", "list_lead", "list_change", "profile", "contact", "import_lead", "import_met")
    return [await importing.world.pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]


async def test_a_check_counts_and_rejects_as_an_import_would_and_changes_nothing(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 3)
    await importing.world.link("ana")
    known, unknown = (await importing.world.people(nature="open"))[:2]
    await importing.run(f"username,company\n{known['username']},Bolt\n")
    await importing.run("id,company\n7,Acme\n")
    content = (
        f"user id,username,company,city\n7,,Other,\n8,,,Bonn\n8,,,\n,{known['username']},,\n,{unknown['username']},,\n"
        f",nobody_at_all,,\n1E+18,,,\n{unknown['id']},,,\n"
    )
    before = await _everything(importing)
    checked = await importing.run(content, check_only=True)
    assert await _everything(importing) == before
    assert checked.status == "completed"
    done = await importing.run(content)
    assert (_counts(checked), checked.total_count) == (_counts(done), done.total_count) == ((2, 4, 2), 8)
    assert await importing.rejects(checked) == await importing.rejects(done)


async def test_consent_of_an_import_is_recorded_for_everybody_in_it(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 2)
    await importing.run(_ids(2))
    consent = Consent(basis="signedUp", evidence="The form of the fair")
    await importing.run(_ids(5), consent=consent, check_only=True)
    assert await importing.world.pool.fetchval("SELECT count(*) FROM contact WHERE consent_at IS NOT NULL") == 0
    job = await importing.run(_ids(5) + "x,\n", consent=consent)
    rows = await importing.world.pool.fetch(
        "SELECT consent_basis, consent_evidence, consent_by, consent_import_id, count(*)"
        " FROM contact WHERE consent_at IS NOT NULL GROUP BY 1, 2, 3, 4"
    )
    by = importing.world.actor.name
    assert [tuple(row) for row in rows] == [("signedUp", "The form of the fair", by, job.id, 5)]
    entries = await importing.world.pool.fetch(
        "SELECT object_id, after FROM audit_entry WHERE action = 'consent.recorded'"
    )
    assert [(entry["object_id"], entry["after"]["basis"]) for entry in entries] == [(job.id, "signedUp")]


class TestUndo:
    async def test_people_an_import_added_leave_and_values_come_back(self, importing: Imports) -> None:
        await importing.run("id,company,city\n1,Acme,Bonn\n2,Bolt,\n3,,\n")
        before = await importing.data()
        job = await importing.run("id,company,city\n1,New,\n2,New,Rome\n3,,Kyiv\n4,Four,\n")
        undone = await importing.undo(job)
        assert undone.undone_at is not None
        assert await importing.data() == before
        row = await importing.world.pool.fetchrow("SELECT leads_count, revision FROM list WHERE leads_count > 0")
        assert row is not None
        assert tuple(row) == (3, 3)
        assert await importing.world.pool.fetchval("SELECT count(*) FROM import_lead") == 0

    async def test_only_once(self, importing: Imports) -> None:
        job = await importing.run(_ids(2))
        undone = await importing.undo(job)
        await importing.run(_ids(2))
        assert await importing.undo(job) == undone
        assert len(await importing.data()) == 2

    async def test_what_was_changed_since_stays(self, importing: Imports) -> None:
        await importing.run("id,company,city\n1,Acme,Bonn\n2,Bolt,Rome\n")
        job = await importing.run("id,company,city\n1,New,Kyiv\n2,New,Kyiv\n")
        await importing.run("id,company\n1,Newest\n")
        await importing.undo(job)
        assert await importing.data() == {
            "1": {"company": "Newest", "city": "Bonn"},
            "2": {"company": "Bolt", "city": "Rome"},
        }

    async def test_people_touched_by_hand_since_stay(self, importing: Imports) -> None:
        job = await importing.run(_ids(3))
        world = importing.world
        column = (
            await list_actions.read_column_page(
                world.context, world.actor, list_id=importing.list_id, after=None, count=1
            )
        )[0]
        await list_lead_actions.change(
            world.context,
            world.actor,
            list_id=importing.list_id,
            platform="twitter",
            platform_id="1",
            data={column.id: "By hand"},
        )
        identifier = Identifier(kind=IdentifierKind.PLATFORM_ID, value="2", platform="twitter")
        named = [Named(identifier=identifier, data={}, path=())]
        await list_lead_actions.add(world.context, world.actor, list_id=importing.list_id, named=named)
        await importing.undo(job)
        assert await importing.data() == {"1": {"company": "By hand"}, "2": {"company": "Company 2"}}

    @pytest.mark.parametrize("strategy", list(MergeStrategy))
    async def test_people_another_import_named_leave_with_the_last_of_them(
        self, importing: Imports, strategy: MergeStrategy
    ) -> None:
        first = await importing.run(_ids(3))
        second = await importing.run(_ids(2), strategy=strategy)
        await importing.undo(first)
        assert set(await importing.data()) == {"1", "2"}
        await importing.undo(second)
        assert await importing.data() == {}

    async def test_a_person_who_stands_twice_gets_back_what_was_there_before(
        self, importing: Imports, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imports, "BATCH", 1)
        await importing.run("id,company\n1,Acme\n")
        before = await importing.data()
        job = await importing.run("id,company,city\n1,A,Rome\n1,B,Bonn\n1,Acme,\n1,C,\n")
        assert await importing.data() == {"1": {"company": "C", "city": "Bonn"}}
        await importing.undo(job)
        assert await importing.data() == before

    async def test_consent_it_recorded_is_withdrawn_and_other_consent_stays(self, importing: Imports) -> None:
        consent = Consent(basis="signedUp", evidence="Form")
        await importing.run(_ids(1), consent=consent)
        job = await importing.run(_ids(3), consent=consent)
        await importing.undo(job)
        assert await importing.world.pool.fetchval("SELECT count(*) FROM contact WHERE consent_at IS NOT NULL") == 1

    async def test_campaigns_follow(self, importing: Imports) -> None:
        world = importing.world
        await world.link("ana")
        campaign_id = await world.campaign([importing.list_id])
        job = await importing.run(_ids(3))
        await world.pool.execute("UPDATE duty SET done = wanted, due_at = 'infinity' WHERE kind = 'sync'")
        await importing.undo(job)
        async with world.pool.acquire() as connection:
            pending = await duties.pending(connection, team_id=world.actor.team_id, kind="sync", keys=[campaign_id])
        assert pending == {campaign_id}

    async def test_an_import_that_has_not_ended_or_only_checked_is_not_undone(self, importing: Imports) -> None:
        for job, code in (
            (await importing.create(_ids(1)), "importJobNotFinished"),
            (await importing.run(_ids(1), check_only=True), "nothingToUndo"),
        ):
            with pytest.raises(Conflict) as refused:
                await importing.undo(job)
            assert refused.value.code == code

    async def test_what_a_canceled_import_took_is_undone(
        self, importing: Imports, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imports, "BATCH", 2)
        monkeypatch.setattr(imports, "MOST_ROWS", 2)
        job = await importing.create(_ids(5))
        await importing.step(job)
        await import_actions.cancel(
            importing.world.context, importing.world.actor, list_id=importing.list_id, job_id=job.id
        )
        assert len(await importing.data()) == 2
        await importing.undo(job)
        assert await importing.data() == {}

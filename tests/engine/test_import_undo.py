"""Imports that only check, that record consent, and that are undone."""

from typing import Any

import pytest
import pytest_asyncio
from tests.engine.conftest import World
from tests.engine.importing import Imports, counts, file_of, make

from overture.actions import imports as import_actions
from overture.actions import list_leads as list_lead_actions
from overture.actions import lists as list_actions
from overture.actions.consents import Consent
from overture.actions.people import Named
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import MergeStrategy
from overture.engine import import_run, sync
from overture.errors import Conflict
from overture.store import duties


@pytest_asyncio.fixture
async def importing(world: World) -> Imports:
    return await make(world)


async def _everything(importing: Imports) -> list[Any]:
    """All rows an import may write, but those of the job itself."""
    tables = ("list", "list_column", "list_lead", "list_change", "profile", "contact", "import_lead", "import_met")
    return [await importing.world.pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]


async def test_a_check_counts_and_rejects_as_an_import_would_and_changes_nothing(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 3)
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
    assert (counts(checked), checked.total_count) == (counts(done), done.total_count) == ((2, 4, 2), 8)
    assert await importing.rejects(checked) == await importing.rejects(done)


async def test_consent_of_an_import_is_recorded_for_everybody_in_it(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 2)
    await importing.run(file_of(2))
    consent = Consent(basis="signedUp", evidence="The form of the fair")
    await importing.run(file_of(5), consent=consent, check_only=True)
    assert await importing.world.pool.fetchval("SELECT count(*) FROM contact WHERE consent_at IS NOT NULL") == 0
    job = await importing.run(file_of(5) + "x,\n", consent=consent)
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
        job = await importing.run(file_of(2))
        undone = await importing.undo(job)
        await importing.run(file_of(2))
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
        job = await importing.run(file_of(3))
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
        first = await importing.run(file_of(3))
        second = await importing.run(file_of(2), strategy=strategy)
        await importing.undo(first)
        assert set(await importing.data()) == {"1", "2"}
        await importing.undo(second)
        assert await importing.data() == {}

    async def test_a_person_who_stands_twice_gets_back_what_was_there_before(
        self, importing: Imports, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(import_run, "BATCH", 1)
        await importing.run("id,company\n1,Acme\n")
        before = await importing.data()
        job = await importing.run("id,company,city\n1,A,Rome\n1,B,Bonn\n1,Acme,\n1,C,\n")
        assert await importing.data() == {"1": {"company": "C", "city": "Bonn"}}
        await importing.undo(job)
        assert await importing.data() == before

    async def test_consent_it_recorded_is_withdrawn_and_other_consent_stays(self, importing: Imports) -> None:
        consent = Consent(basis="signedUp", evidence="Form")
        await importing.run(file_of(1), consent=consent)
        job = await importing.run(file_of(3), consent=consent)
        await importing.undo(job)
        assert await importing.world.pool.fetchval("SELECT count(*) FROM contact WHERE consent_at IS NOT NULL") == 1

    async def test_campaigns_that_relied_on_its_consent_leave_its_people_out(self, importing: Imports) -> None:
        world = importing.world
        await world.link("ana")
        await world.pool.execute("UPDATE platform_app SET contact_policy = 'inboundOrConsent'")
        people = (await world.people())[:3]
        other_list = await world.make_list(people, name="Another")
        campaign_id = await world.campaign([other_list], enabled=False)
        keys = {"team_id": world.actor.team_id, "campaign_id": campaign_id}
        rows = "".join(f"{person['id']}\n" for person in people[:2])
        job = await importing.run("id\n" + rows, consent=Consent(basis="signedUp", evidence="Form"))
        await sync.step(world.pool, **keys, now=await world.clock.now())
        assert await world.lead_states(campaign_id) == {"assessing": 2, "excluded": 1}
        await world.pool.execute("UPDATE duty SET done = wanted, due_at = 'infinity' WHERE kind = 'sync'")
        gate = await world.pool.fetchval("SELECT revision FROM team_gate")
        await importing.undo(job)
        async with world.pool.acquire() as connection:
            pending = await duties.pending(connection, team_id=world.actor.team_id, kind="sync", keys=[campaign_id])
        assert pending == {campaign_id}
        assert await world.pool.fetchval("SELECT revision FROM team_gate") > gate
        await sync.step(world.pool, **keys, now=await world.clock.now())
        assert await world.lead_states(campaign_id) == {"excluded": 3}

    async def test_campaigns_follow(self, importing: Imports) -> None:
        world = importing.world
        await world.link("ana")
        campaign_id = await world.campaign([importing.list_id])
        job = await importing.run(file_of(3))
        await world.pool.execute("UPDATE duty SET done = wanted, due_at = 'infinity' WHERE kind = 'sync'")
        await importing.undo(job)
        async with world.pool.acquire() as connection:
            pending = await duties.pending(connection, team_id=world.actor.team_id, kind="sync", keys=[campaign_id])
        assert pending == {campaign_id}

    async def test_an_import_that_has_not_ended_or_only_checked_is_not_undone(self, importing: Imports) -> None:
        for job, code in (
            (await importing.create(file_of(1)), "importJobNotFinished"),
            (await importing.run(file_of(1), check_only=True), "nothingToUndo"),
        ):
            with pytest.raises(Conflict) as refused:
                await importing.undo(job)
            assert refused.value.code == code

    async def test_what_a_canceled_import_took_is_undone(
        self, importing: Imports, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(import_run, "BATCH", 2)
        job = await importing.create(file_of(5))
        await importing.step(job)
        await import_actions.cancel(
            importing.world.context, importing.world.actor, list_id=importing.list_id, job_id=job.id
        )
        assert len(await importing.data()) == 2
        await importing.undo(job)
        assert await importing.data() == {}

"""The plans of an import and of its undoing: however many people a team knows, a batch finds its own by keys."""

import pytest
from tests.engine.conftest import World, message
from tests.engine.importing import Imports, counts
from tests.engine.test_hot_statements import fill, recorded, scanned

from overture.actions import lists
from overture.actions.consents import Consent
from overture.store import imports, quiet

LARGE = {"profile", "lead", "list_lead", "contact", "import_lead", "list_change"}


@pytest.fixture
async def large(world: World) -> Imports:
    """A list of twenty thousand people with contacts, all of whom another import has named."""
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list([])], steps=[message("Hello ")], enabled=False)
    await fill(world, campaign_id)
    importing = Imports(world, (await lists.create(world.context, world.actor, name="Long", description=None)).id)
    named = await importing.run("id,company\n1,Acme\n")
    for statement in (
        "INSERT INTO list_lead (team_id, list_id, profile_id, data, added_at, updated_at)"
        " SELECT team_id, $1::text, id, '{}', created_at, created_at FROM profile WHERE length(platform_id) = 13",
        "INSERT INTO import_lead (team_id, job_id, profile_id, before, after)"
        " SELECT team_id, $1::text, id, '{}', '{}' FROM profile WHERE length(platform_id) = 13",
        "INSERT INTO contact (team_id, id, created_at, updated_at)"
        " SELECT team_id, 'o' || substr(id, 2), created_at, created_at FROM profile"
        "  WHERE length(platform_id) = 13 AND $1::text <> ''",
        "UPDATE profile SET contact_id = 'o' || substr(id, 2) WHERE length(platform_id) = 13 AND $1::text <> ''",
    ):
        await world.pool.execute(statement, named.id if "import_lead" in statement else importing.list_id)
    await world.pool.execute("ANALYZE")
    return importing


async def test_an_import_finds_its_people_by_keys_and_undoing_it_reads_no_more_than_its_list(large: Imports) -> None:
    world = large.world
    file = "id,company\n" + "".join(f"{7_000_000_000_000 + number},Bolt {number}\n" for number in range(1, 21))
    file += "".join(f"{number},New {number}\n" for number in range(2, 22))
    with recorded() as importing:
        job = await large.run(file, consent=Consent(basis="signedUp", evidence="Form"))
    assert counts(job) == (20, 20, 0)
    with recorded() as undoing:
        await large.undo(job)
    written = "\n".join(query for query, _ in importing)
    for table in ("import_lead", "list_lead", "profile", "contact"):
        assert f"INTO {table} " in written
    async with world.pool.acquire() as connection:
        for query, arguments in importing:
            assert await scanned(connection, query, arguments, LARGE) == set(), query
        for query, arguments in undoing:
            assert await scanned(connection, query, arguments, LARGE) <= {"list_lead", "import_lead"}, query


async def test_looking_for_open_imports_reads_no_ended_ones(world: World) -> None:
    importing = Imports(world, (await lists.create(world.context, world.actor, name="Busy", description=None)).id)
    ended = await importing.run("id\n1\n")
    await world.pool.execute(
        "INSERT INTO import_job (team_id, id, list_id, type, status, file_name, column_mapping, merge_strategy,"
        " created_at, updated_at, completed_at)"
        " SELECT team_id, 'j' || lpad(n::text, 23, '0'), list_id, type, status, file_name, column_mapping,"
        "        merge_strategy, created_at, updated_at, completed_at"
        "   FROM import_job, generate_series(1, 20000) AS n WHERE id = $1",
        ended.id,
    )
    await world.pool.execute("ANALYZE import_job")
    now = await world.clock.now()
    with recorded() as statements:
        async with world.pool.acquire() as connection:
            assert await imports.unattended(connection, now=now, count=100) == []
            assert await imports.count_open(connection, team_id=world.actor.team_id) == 0
            assert not (await quiet.look(connection, now=now, wall_now=now)).has_chores
    async with world.pool.acquire() as connection:
        for query, arguments in statements:
            assert await scanned(connection, query, arguments, {"import_job"}) == set(), query

"""What sync waits for is not in what it has seen: leads that others change at the moment they leave or come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from tests import databases
from tests.engine.conftest import START, World
from tests.engine.scoping import Scoping

from overture.store import persons, progress
from overture.store.pool import Connection

LEFT = ("removed", "leftLists")


@pytest_asyncio.fixture
async def scoping(world: World) -> Scoping:
    return Scoping(world=world)


@asynccontextmanager
async def _while_sync_waits_for(scoping: Scoping, lead_id: str) -> AsyncIterator[tuple[Connection, str]]:
    """Have what is done in the block done by a transaction that a sync under way waits for."""
    pool = scoping.world.pool
    async with pool.acquire() as connection, connection.transaction():
        profile_id = await connection.fetchval("SELECT profile_id FROM lead WHERE id = $1 FOR NO KEY UPDATE", lead_id)
        syncing = asyncio.create_task(scoping.sync())
        await databases.until_one_waits(pool)
        yield connection, profile_id
    await syncing


async def test_whoever_answers_at_the_moment_of_coming_back_gets_nothing_more(scoping: Scoping) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1")
    await scoping.sync()
    await scoping.contact("1")
    await scoping.take("a", "1")
    await scoping.sync()
    lead_id, team_id = await scoping.lead_id("1"), scoping.world.actor.team_id
    await scoping.put("a", "1")
    async with _while_sync_waits_for(scoping, lead_id) as (connection, _):
        assert await progress.reply(connection, team_id=team_id, replies=[(lead_id, START.replace(hour=20))])
    assert await scoping.leads() == {"1": ("replied", None)}
    assert await scoping.due() == set()
    await scoping.check_counters()


@pytest.mark.parametrize(
    ("is_contacted", "expected"),
    [(False, ("held", "wroteFirst")), (True, ("canceled", "answeredElsewhere"))],
    ids=["before our first message", "to another account"],
)
async def test_whoever_writes_at_the_moment_of_coming_back_is_not_written_to(
    scoping: Scoping, is_contacted: bool, expected: tuple[str, str]
) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1")
    await scoping.sync()
    if is_contacted:
        await scoping.contact("1")
    await scoping.take("a", "1")
    await scoping.sync()
    await scoping.put("a", "1")
    async with _while_sync_waits_for(scoping, await scoping.lead_id("1")) as (connection, profile_id):
        at = START.replace(hour=20)
        await persons.wrote(connection, team_id=scoping.world.actor.team_id, inbound=[(profile_id, at)])
    assert await scoping.leads() == {"1": expected}
    assert await scoping.due() == set()
    assert await scoping.world.pool.fetchval("SELECT count(*) FROM assess_queue") == 0


@pytest.mark.parametrize("is_known", [False, True], ids=["nobody met before", "somebody met before"])
async def test_leaving_frees_the_person_that_an_intent_takes_at_that_moment(scoping: Scoping, is_known: bool) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1")
    await scoping.sync()
    lead_id, pool = await scoping.lead_id("1"), scoping.world.pool
    await pool.execute("UPDATE lead SET state = 'ready' WHERE id = $1", lead_id)
    await scoping.take("a", "1")
    if is_known:
        await pool.execute("INSERT INTO person (team_id, profile_id) SELECT team_id, profile_id FROM lead")
    async with _while_sync_waits_for(scoping, lead_id) as (connection, profile_id):
        wanted = persons.Engagement(profile_id=profile_id, lead_id=lead_id, is_first=True, excludes_contacted=False)
        won = await persons.engage(
            connection,
            team_id=scoping.world.actor.team_id,
            wanted=[wanted],
            allow_parallel=False,
            recontact_before=START,
        )
        assert won == {lead_id}
    assert await scoping.leads() == {"1": LEFT}
    assert await pool.fetchval("SELECT engaged_lead_id FROM person") is None

"""`overture status`: what it tells of an installation, read from the database alone."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from tests.engine.claiming import ready_world
from tests.engine.conftest import World

from overture import overview
from overture.settings import Settings
from overture.store import overviews
from overture.store.pool import open_pool, program_name


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=SecretStr(database_url))


@pytest.fixture
async def a_worker(database_url: str) -> AsyncIterator[None]:
    """A program that is connected as a worker is."""
    pool = await open_pool(database_url, name=program_name("worker"))
    yield
    await pool.close()


def told(found: overview.Overview) -> str:
    return "\n".join(overview.lines(found))


async def test_an_installation_where_nothing_runs_says_so(database_url: str, settings: Settings) -> None:
    found = await overview.take(settings, team_id=None)
    assert "none is connected: nothing is sent" in told(found)
    assert "Teams      none" in told(found)
    assert database_url not in told(found)


@pytest.mark.usefixtures("a_worker")
async def test_processes_that_are_connected_are_named(settings: Settings) -> None:
    found = await overview.take(settings, team_id=None)
    assert [(process.role, process.note) for process in found.processes] == [("worker", None)]
    assert f"worker on {found.processes[0].place}" in told(found)


@pytest.mark.usefixtures("a_worker")
async def test_what_waits_and_how_far_behind_is_told(world: World, settings: Settings) -> None:
    campaign_id = await ready_world(world, 5)
    later = await world.clock.now() + timedelta(hours=3)
    await world.pool.execute("UPDATE account_pace SET wake_at = $1", later - timedelta(hours=2, minutes=30))
    await world.clock.move(later)
    await world.pool.execute("UPDATE lead SET state = 'held', reason = 'tooLong' WHERE id = (SELECT min(id) FROM lead)")
    await world.pool.execute(
        "INSERT INTO import_job (team_id, id, list_id, type, status, file_name, column_mapping, merge_strategy,"
        " total_count, created_at, updated_at)"
        " SELECT team_id, 'j23456789012345678901234', min(id), 'csv', 'running', 'spring.csv', '{}', 'keep', 9, $1, $1"
        " FROM list GROUP BY team_id",
        later,
    )

    found = await overview.take(settings, team_id=None)

    (shown,) = found.teams
    assert (shown.team.accounts_active, shown.team.accounts_due) == (3, 3)
    assert (shown.team.leads_ready, shown.team.leads_held) == (4, 1)
    assert shown.team.sent_last_day == 0
    assert [campaign.id for campaign in shown.campaigns] == [campaign_id]
    assert [job.file_name for job in shown.imports] == ["spring.csv"]
    text = told(found)
    assert "3 due (the oldest for 2 h)" in text
    assert "0 of 9 rows  spring.csv" in text
    assert "1 held" in text
    assert found.is_virtual
    as_json = json.loads(json.dumps(found.as_json()))
    assert as_json["teams"][0]["team"]["leadsHeld"] == 1
    assert as_json["teams"][0]["campaigns"][0]["id"] == campaign_id


async def test_what_was_sent_is_counted_by_hour_and_day(world: World, settings: Settings) -> None:
    campaign_id = await ready_world(world, 5)
    await world.run_until_completed(campaign_id)
    ended = await world.pool.fetchval("SELECT max(ended_at) FROM attempt")
    for hours, in_hour, in_day in ((0, None, 5), (2, 0, 5), (25, 0, 0)):
        await world.clock.move(ended + timedelta(hours=hours))
        found = await overview.take(settings, team_id=world.actor.team_id)
        team = found.teams[0].team
        assert team.sent_last_day == in_day
        assert team.sent_last_hour > 0 if in_hour is None else team.sent_last_hour == in_hour


async def test_one_team_can_be_asked_for(world: World, settings: Settings) -> None:
    assert len((await overview.take(settings, team_id=world.actor.team_id)).teams) == 1
    assert (await overview.take(settings, team_id="t23456789012345678901234")).teams == []


async def test_a_process_that_stands_still_shows_why(database_url: str, settings: Settings) -> None:
    pool = await open_pool(database_url, name=f"{program_name('worker')} disk full")
    found = await overview.take(settings, team_id=None)
    await pool.close()
    assert [process.note for process in found.processes] == ["disk full"]
    assert "stands still (disk full)" in told(found)


async def test_the_size_of_the_database_is_told(world: World) -> None:
    async with world.pool.acquire() as connection:
        assert await overviews.size(connection) > 1_000_000

"""What platforms tell of their windows is kept for everybody, and overrules what was known before."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from tests.engine.conftest import START, World, message, opened

from overture.core.budget import Window
from overture.core.words import BudgetScope, Endpoint
from overture.sandbox import app as sandbox_app
from overture.store import budget_windows, budgets
from overture.store.pool import Pool


@pytest.fixture
def sandbox() -> Starlette:
    """A platform with the limits X has published."""
    return sandbox_app.create_app(people=2_000, seed=3, start=START)


@pytest_asyncio.fixture
async def world(database: Pool, sandbox: Starlette) -> AsyncIterator[World]:
    async with opened(database, sandbox) as made:
        yield made


def window(left: int, *, limit: int = 15, minutes: int = 15, scope: BudgetScope = BudgetScope.ACCOUNT) -> Window:
    return Window(scope=scope, seconds=900, limit=limit, left=left, resets_at=START + timedelta(minutes=minutes))


async def keep(world: World, told: Window, *, minutes: int = 0) -> None:
    async with world.pool.acquire() as connection:
        await budget_windows.keep(
            connection,
            team_id=world.actor.team_id,
            endpoint=Endpoint.SEND,
            told={world.account_ids["ana"]: [told]},
            now=START + timedelta(minutes=minutes),
        )


async def kept(world: World) -> Window:
    account_id = world.account_ids["ana"]
    async with world.pool.acquire() as connection:
        found = await budget_windows.of_accounts(connection, team_id=world.actor.team_id, account_ids=[account_id])
    (one,) = found[account_id]
    return one.window


@pytest.mark.parametrize(
    ("first", "then", "later", "holds"),
    [
        (window(9), window(8), 0, 8),
        (window(8), window(9), 0, 8),
        (window(0), window(14, minutes=30), 0, 14),
        (window(3, minutes=30), window(14), 0, 3),
        (window(3, minutes=15), window(14, minutes=14), 16, 14),
    ],
    ids=["less is left", "told out of turn", "a new window", "of a former window", "after the window"],
)
async def test_the_latest_and_fullest_word_holds(
    world: World, first: Window, then: Window, later: int, holds: int
) -> None:
    await world.link("ana")
    await keep(world, first)
    await keep(world, then, minutes=later)
    assert (await kept(world)).left == holds


async def test_whatever_the_engine_asks_its_windows_are_kept(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:3]
    campaign_id = await world.campaign([await world.make_list(people)], steps=[message("Hello ")])
    await world.run_until_completed(campaign_id)
    rows = await world.pool.fetch("SELECT endpoint, scope, seconds, allowed, remaining FROM budget_window")
    told = {(row["endpoint"], row["scope"], row["seconds"]): (row["allowed"], row["remaining"]) for row in rows}
    assert told["profiles", "account", 900] == (900, 899)
    assert told["inbox", "account", 900][0] == 15
    assert told["send", "account", 86_400] == told["send", "app", 86_400] == (1440, 1437)
    assert told["send", "account", 900][0] == 15


async def charge(world: World, count: int) -> int:
    app_id = await world.pool.fetchval("SELECT id FROM platform_app")
    async with world.pool.acquire() as connection, connection.transaction():
        granted, _ = await budgets.charge(
            connection, team_id=world.actor.team_id, app_id=app_id, count=count, now=START
        )
    return granted


@pytest.mark.parametrize("limit", [5, 5_000])
async def test_the_ceiling_of_an_app_is_what_the_platform_says(world: World, limit: int) -> None:
    await world.link("ana")
    day = Window(scope=BudgetScope.APP, seconds=86_400, limit=limit, left=limit, resets_at=START + timedelta(hours=24))
    await keep(world, day)
    assert await charge(world, 10_000) == limit
    assert await world.pool.fetchval("SELECT daily_cap FROM app_budget") == limit


async def test_without_a_word_the_ceiling_is_the_published_one(world: World) -> None:
    await world.link("ana")
    await keep(world, window(0))
    assert await charge(world, 10_000) == 1_440

"""Many teams wait no longer than few, and an outcome that cannot be taken costs no other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

import pytest
from msgspec import structs
from starlette.applications import Starlette
from tests.engine.claiming import ONE, ready_world
from tests.engine.conftest import START, World

from overture import clock as clocks
from overture.actions import teams
from overture.actions.context import Actor
from overture.core.outcome import Outcome
from overture.core.words import OutcomeKind
from overture.engine import dispatch, sending, settling, supervisor
from overture.sandbox import accounts as sending_accounts
from overture.sandbox import app as sandbox_app

PATIENCE_SECONDS = 30.0
MOST_TEAMS = 2 * supervisor.TEAMS_A_TURN + 3


async def another_team(world: World, number: int) -> World:
    """A team of its own on the same platform, with nothing in it."""
    team = await teams.create(world.context, name=f"Team {number}", owner_name="Owner")
    return replace(world, actor=Actor(team_id=team.id, token_id="k" * 24, name="test"), account_ids={})


@pytest.fixture
def sandbox() -> Starlette:
    """A platform with an account for each of many teams."""
    many = [sending_accounts.named(f"account{number}") for number in range(MOST_TEAMS)]
    return sandbox_app.create_app(
        people=2_000, seed=3, start=START, limits=None, accounts=[*sending_accounts.DEFAULT, *many]
    )


async def ready_teams(world: World, count: int) -> None:
    """Teams of one account with one lead each, all due at noon."""
    people = await world.people(nature="open", talk="silent")
    for number, person in zip(range(count), people, strict=False):
        team = await another_team(world, number)
        await team.link(f"account{number}")
        await team.campaign([await team.make_list([person])], steps=ONE)

    async def are_planned() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_due") == count)

    await world.run_until(are_planned)
    await world.clock.move((await world.clock.now()).replace(hour=16))


@asynccontextmanager
async def running(world: World) -> AsyncIterator[None]:
    """An engine at work while time stands still."""
    engine = supervisor.Engine(
        pool=world.pool,
        clock=world.clock,
        channels=world.context.channels,
        sealer=world.context.sealer,
        draws=Random(1),
    )
    task = asyncio.create_task(engine.run())
    try:
        yield
    finally:
        engine.stop()
        await task


async def sent(world: World, count: int) -> None:
    """Wait until the platform has so many messages."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await world.messages()) < count:  # noqa: ASYNC110 - the platform tells nobody
            await asyncio.sleep(0.01)


async def test_more_teams_than_one_turn_takes_wait_for_no_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await ready_teams(world, MOST_TEAMS)
    monkeypatch.setattr(supervisor, "LONGEST_SLEEP", 2 * PATIENCE_SECONDS)

    async with running(world):
        await sent(world, MOST_TEAMS)


async def test_an_outcome_that_no_column_takes_costs_the_others_nothing(world: World) -> None:
    await ready_world(world, 3)
    team_id, now = world.actor.team_id, await world.clock.now()
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    claimed = await dispatcher.claim(team_id, now=now, wall_now=clocks.wall_now())
    results = [
        await sending.send(one, channels=world.context.channels, keyring=world.keyring, clock=world.context.clock)
        for one in claimed.ready
    ]
    unreadable = Outcome(kind=OutcomeKind.UNKNOWN, reason="timeout", detail="\ud800")
    refused_by_the_server = Outcome(kind=OutcomeKind.UNKNOWN, reason="timeout", detail="\x00")
    mixed = [
        results[0],
        structs.replace(results[1], outcome=unreadable),
        structs.replace(results[2], outcome=refused_by_the_server),
    ]
    settler = settling.Settler(pool=world.pool, clock=world.clock)

    for result in mixed:
        settler.put(team_id, result)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await settler.finish()
    states = await world.pool.fetch("SELECT state FROM attempt ORDER BY state")
    assert [row["state"] for row in states] == ["accepted", "intent", "intent"]

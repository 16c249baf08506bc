"""A process that slept between the intent and the call sends nothing: others may have looked into it meanwhile."""

from datetime import timedelta
from random import Random

import pytest
from tests.engine.claiming import ready_world
from tests.engine.conftest import World

from overture import clock as clocks
from overture.core.words import OutcomeKind
from overture.engine import dispatch, sending, settle


async def test_what_wakes_up_late_is_not_sent_and_says_so_and_the_lead_goes_out_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = await ready_world(world, 3)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    began = clocks.wall_now()
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=began)
    with monkeypatch.context() as slept:
        slept.setattr(clocks, "wall_now", lambda: began + timedelta(seconds=11))
        results = [
            await sending.send(one, channels=world.context.channels, keyring=world.keyring, clock=world.context.clock)
            for one in claimed.ready
        ]
    assert [(result.outcome.kind, result.outcome.reason) for result in results] == [
        (OutcomeKind.NOT_SENT, "tooLate")
    ] * 3
    assert await world.messages() == []
    await settle.settle(world.pool, team_id=world.actor.team_id, now=await world.clock.now(), results=results)
    assert await world.pool.fetchval("SELECT count(*) FROM attempt WHERE state = 'notSent'") == 3

    await world.run_until_completed(campaign_id)

    assert len(await world.messages()) == 3


async def test_what_was_found_allowed_long_before_its_intent_is_not_sent(world: World) -> None:
    """A worker that was stopped between its look at the clock and the claim has a fresh lease all the same."""
    await ready_world(world, 3)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=clocks.wall_now())
    await world.clock.move(await world.clock.now() + timedelta(seconds=11))
    results = [
        await sending.send(one, channels=world.context.channels, keyring=world.keyring, clock=world.context.clock)
        for one in claimed.ready
    ]
    assert {(result.outcome.kind, result.outcome.reason) for result in results} == {(OutcomeKind.NOT_SENT, "tooLate")}
    assert await world.messages() == []


async def test_what_is_sent_at_once_is_sent(world: World) -> None:
    await ready_world(world, 3)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=clocks.wall_now())
    results = [
        await sending.send(one, channels=world.context.channels, keyring=world.keyring, clock=world.context.clock)
        for one in claimed.ready
    ]
    assert {result.outcome.kind for result in results} == {OutcomeKind.ACCEPTED}
    assert len(await world.messages()) == 3

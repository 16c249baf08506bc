"""A process that slept between the intent and the call sends nothing: others may have looked into it meanwhile."""

from datetime import timedelta
from random import Random

import pytest
from tests.engine.claiming import ready_world
from tests.engine.conftest import World

from overture import clock as clocks
from overture.actions import campaigns
from overture.core.words import OutcomeKind
from overture.engine import dispatch, plan, sending, settle


async def test_what_wakes_up_late_is_not_sent_and_says_so_and_the_lead_goes_out_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = await ready_world(world, 3)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    began = clocks.wall_now()
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=began)
    with monkeypatch.context() as slept:
        slept.setattr(clocks, "wall_now", lambda: began + timedelta(seconds=11))
        results = await _send(world, claimed)
    assert [(result.outcome.kind, result.outcome.reason) for result in results] == [
        (OutcomeKind.NOT_SENT, "tooLate")
    ] * 3
    assert await world.messages() == []
    await settle.settle(world.pool, team_id=world.actor.team_id, now=await world.clock.now(), results=results)
    assert await world.pool.fetchval("SELECT count(*) FROM attempt WHERE state = 'notSent'") == 3

    await world.run_until_completed(campaign_id)

    assert len(await world.messages()) == 3


async def test_a_lead_whose_account_left_while_its_message_was_under_way_goes_to_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = await ready_world(world, 3)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    began = clocks.wall_now()
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=began)
    begun_by = {row["account_id"] for row in await world.pool.fetch("SELECT account_id FROM attempt")}
    stays = await _leave(world, campaign_id)
    assert begun_by - {stays}, "some were begun by accounts that have left"
    with monkeypatch.context() as slept:
        slept.setattr(clocks, "wall_now", lambda: began + timedelta(seconds=11))
        results = await _send(world, claimed)
    await settle.settle(world.pool, team_id=world.actor.team_id, now=await world.clock.now(), results=results)
    await world.run_until_completed(campaign_id)
    sent = await world.pool.fetch("SELECT DISTINCT account_id FROM attempt WHERE state = 'accepted'")
    assert [row["account_id"] for row in sent] == [stays]
    assert len(await world.messages()) == 3


async def _leave(world: World, campaign_id: str) -> str:
    """Let all accounts but one leave the campaign, and have that planned; return who stays."""
    stays = min(world.account_ids.values())
    changes: campaigns.CampaignChanges = {"account_link_ids": [stays]}
    await campaigns.change(world.context, world.actor, campaign_id=campaign_id, changes=changes)
    keys = {"team_id": world.actor.team_id, "campaign_id": campaign_id}
    await plan.step(world.pool, **keys, now=await world.clock.now())
    # What was wanted of a change of accounts is done.
    await world.pool.execute("UPDATE duty SET due_at = 'infinity', done = wanted WHERE kind IN ('plan', 'assess')")
    return stays


async def test_what_was_found_allowed_long_before_its_intent_is_not_sent(world: World) -> None:
    """A worker that was stopped between its look at the clock and the claim has a fresh lease all the same."""
    await ready_world(world, 3)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=clocks.wall_now())
    await world.clock.move(await world.clock.now() + timedelta(seconds=11))
    results = await _send(world, claimed)
    assert {(result.outcome.kind, result.outcome.reason) for result in results} == {(OutcomeKind.NOT_SENT, "tooLate")}
    assert await world.messages() == []


async def test_what_is_sent_at_once_is_sent(world: World) -> None:
    await ready_world(world, 3)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=clocks.wall_now())
    results = await _send(world, claimed)
    assert {result.outcome.kind for result in results} == {OutcomeKind.ACCEPTED}
    assert len(await world.messages()) == 3


async def _send(world: World, claimed: dispatch.Claimed) -> list[settle.Result]:
    return [
        await sending.send(one, channels=world.context.channels, keyring=world.keyring, clock=world.context.clock)
        for one in claimed.ready
    ]

"""The switch that stops all sending of a team, and rules of contact that hold for all its campaigns."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from tests.engine.claiming import ONE, claim, ready_world
from tests.engine.conftest import World

from overture.actions import team_settings
from overture.actions.team_settings import TeamChanges
from overture.engine import dispatch
from overture.store import claims, gates

RATE = 8
SHORTEST_GAP = timedelta(seconds=0.75 * 3600 / RATE)


async def intents(world: World) -> set[str]:
    return {row["id"] for row in await world.pool.fetch("SELECT id FROM attempt")}


async def test_nothing_is_claimed_after_a_stop_has_returned(world: World) -> None:
    await ready_world(world, 9)
    stopped = await team_settings.stop(world.context, world.actor)
    assert stopped.stopped_at == await world.clock.now()
    assert await claim(world) == 0
    assert await world.pool.fetchval("SELECT count(*) FROM lead_due") == 9
    await team_settings.resume(world.context, world.actor)
    assert await claim(world) == 3


async def test_a_claim_that_began_before_a_stop_writes_nothing_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready_world(world, 9)
    move_pace = dispatch.Dispatcher._move_pace

    async def stop_first(self: dispatch.Dispatcher, *arguments: object) -> None:
        await team_settings.stop(world.context, world.actor)
        await move_pace(self, *arguments)  # type: ignore[arg-type] # the arguments are passed on as they come

    monkeypatch.setattr(dispatch.Dispatcher, "_move_pace", stop_first)
    assert await claim(world) == 0
    monkeypatch.undo()
    assert await claim(world) == 0
    assert await intents(world) == set()


async def test_a_stop_waits_for_a_claim_that_has_its_intents_and_for_nothing_else(world: World) -> None:
    await ready_world(world, 9)
    async with world.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await gates.pass_all(connection, team_id=world.actor.team_id)
        stopping = asyncio.create_task(team_settings.stop(world.context, world.actor))
        await asyncio.sleep(0.3)
        assert not stopping.done()
        await transaction.commit()
        await asyncio.wait_for(stopping, 5)
    async with world.pool.acquire() as connection, connection.transaction():
        await team_settings.resume(world.context, world.actor)
        await connection.execute("SELECT FROM account_pace FOR UPDATE")
        await connection.execute("SELECT FROM campaign FOR UPDATE")
        await connection.execute("SELECT FROM lead FOR UPDATE")
        await asyncio.wait_for(team_settings.stop(world.context, world.actor), 5)


async def test_a_resume_between_the_reading_of_the_gate_and_the_claim_loses_no_wake_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim whose reading is older than a resume must not put the accounts to sleep that the resume has woken."""
    await ready_world(world, 9)
    await team_settings.stop(world.context, world.actor)
    lease_accounts = claims.lease_accounts

    async def read_before(*arguments: object, **named: object) -> object:
        await world.pool.execute("UPDATE team_gate SET open = false")
        leased = await lease_accounts(*arguments, **named)  # type: ignore[arg-type] # the arguments are passed on
        await world.pool.execute("UPDATE team_gate SET open = true")
        return leased

    monkeypatch.setattr(claims, "lease_accounts", read_before)
    assert await claim(world) == 0
    monkeypatch.undo()
    assert await claim(world) == 3


async def test_a_running_engine_stops_at_once_and_goes_on_later_without_a_burst(world: World) -> None:
    await world.link("ana", "ben", "chloe")
    chosen = (await world.people(nature="open", talk="silent"))[:40]
    campaign_id = await world.campaign([await world.make_list(chosen)], steps=ONE, rate=RATE)
    at_stop: set[str] | None = None

    async def is_stopped_midway() -> bool:
        nonlocal at_stop
        if at_stop is None and len(await intents(world)) >= 9:
            await team_settings.stop(world.context, world.actor)
            at_stop = await intents(world)
        return at_stop is not None

    await world.run_until(is_stopped_midway)
    assert at_stop is not None
    stopped_at = await world.clock.now()

    async def is_a_day_later() -> bool:
        return await world.clock.now() >= stopped_at + timedelta(days=1, hours=2)

    await world.run_until(is_a_day_later)
    assert await intents(world) == at_stop
    assert len(await world.messages()) == len(at_stop)
    assert await world.status(campaign_id) == "active"

    await team_settings.resume(world.context, world.actor)
    await world.run_until_completed(campaign_id)
    sent = await world.messages()
    assert len({message["recipient"] for message in sent}) == len(sent) == 40
    by_sender: dict[str, list[datetime]] = defaultdict(list)
    for one in sent:
        by_sender[one["sender"]].append(datetime.fromisoformat(one["time"]))
    for times in by_sender.values():
        ordered = sorted(times)
        assert all(later - earlier >= SHORTEST_GAP for earlier, later in pairwise(ordered))


async def test_allowing_parallel_campaigns_frees_who_waits_for_another_campaign(world: World) -> None:
    await world.link("ana", "ben")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    list_id = await world.make_list([person])
    for username in ("ana", "ben"):
        await world.campaign([list_id], account_ids=[world.account_ids[username]])

    async def is_one_parked() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_parked") == 1)

    await world.run_until(is_one_parked)
    assert len(await world.messages()) == 1
    await team_settings.change(world.context, world.actor, changes=TeamChanges(allow_parallel_campaigns=True))

    async def have_both_written() -> bool:
        return len(await world.messages()) == 2

    await world.run_until(have_both_written)


async def test_fewer_days_to_recontact_bring_waiting_leads_forward(world: World) -> None:
    await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    list_id = await world.make_list([person])
    first = await world.campaign([list_id], steps=ONE)
    await world.run_until_completed(first)
    ended_at = await world.clock.now()
    second = await world.campaign([list_id], steps=ONE)

    async def is_put_off() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_due WHERE due_at > $1", ended_at))

    await world.run_until(is_put_off)
    await team_settings.change(world.context, world.actor, changes=TeamChanges(recontact_after_days=3))
    await world.run_until_completed(second)
    assert timedelta(days=3) <= await world.clock.now() - ended_at < timedelta(days=6)

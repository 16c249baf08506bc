"""A pause or an edit holds from the moment it returns, whatever is being claimed at that moment."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest
from tests import databases
from tests.engine.claiming import claim, ready_world
from tests.engine.conftest import SANDBOX_URL, World

from overture.actions import campaign_life, campaigns, policies
from overture.actions.context import operator
from overture.core.words import ContactPolicy
from overture.engine import dispatch
from overture.store import gates, plans, wakeups


async def test_each_account_claims_one_lead_and_then_keeps_its_pace(world: World) -> None:
    await ready_world(world, 9)
    assert await claim(world) == 3
    assert await claim(world) == 0


async def test_nothing_is_claimed_after_a_disable_has_returned(world: World) -> None:
    campaign_id = await ready_world(world, 9)
    await campaign_life.disable(world.context, world.actor, campaign_id=campaign_id)
    assert await claim(world) == 0


async def test_a_claim_that_saw_the_gate_before_an_edit_writes_nothing(world: World) -> None:
    """The edit commits between the decision and the intent: the claim finds another revision and rolls back."""
    campaign_id = await ready_world(world, 9)
    original = dispatch.Dispatcher._move_pace
    edited = False

    async def edit_first(self: dispatch.Dispatcher, *arguments: object) -> None:
        nonlocal edited
        if not edited:
            edited = True
            await _edit(world, campaign_id, now=await world.clock.now())
        await original(self, *arguments)  # type: ignore[arg-type] # the arguments are passed on as they come

    dispatch.Dispatcher._move_pace = edit_first  # type: ignore[assignment,method-assign] # undone below
    try:
        assert await claim(world) == 0
        assert await world.pool.fetchval("SELECT count(*) FROM attempt") == 0
        assert await world.pool.fetchval("SELECT count(*) FROM lead_due") == 9
        assert await claim(world) == 3
    finally:
        dispatch.Dispatcher._move_pace = original  # type: ignore[method-assign] # as it was


async def test_a_disable_waits_for_a_claim_that_has_its_intents_and_for_nothing_else(world: World) -> None:
    campaign_id = await ready_world(world, 9)
    async with world.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await gates.pass_all(connection, team_id=world.actor.team_id, campaign_ids=[campaign_id])
        disabling = asyncio.create_task(campaign_life.disable(world.context, world.actor, campaign_id=campaign_id))
        await asyncio.sleep(0.3)
        assert not disabling.done()
        await transaction.commit()
        await asyncio.wait_for(disabling, 5)
    assert await claim(world) == 0


async def test_claims_that_come_after_an_edit_wait_for_it(world: World) -> None:
    """However many claims follow each other, none passes an edit that waits already."""
    campaign_id = await ready_world(world, 9)
    team_id = world.actor.team_id
    async with world.pool.acquire() as first, world.pool.acquire() as later:
        under_way = first.transaction()
        await under_way.start()
        await gates.pass_all(first, team_id=team_id, campaign_ids=[campaign_id])
        disabling = asyncio.create_task(campaign_life.disable(world.context, world.actor, campaign_id=campaign_id))
        await databases.until_one_waits(world.pool)
        async with later.transaction():
            passing = asyncio.create_task(gates.pass_all(later, team_id=team_id, campaign_ids=[campaign_id]))
            done, _ = await asyncio.wait({passing}, timeout=0.3)
            assert not done
            await under_way.commit()
            await asyncio.wait_for(passing, 5)
            assert not await later.fetchval("SELECT open FROM campaign_gate WHERE campaign_id = $1", campaign_id)
        await asyncio.wait_for(disabling, 5)


async def test_settings_hold_from_no_earlier_than_the_message_they_waited_for(world: World) -> None:
    """Whoever edits may look at the clock, and be held up: the record must not say that the claim broke the edit."""
    campaign_id = await ready_world(world, 9)
    early = await world.clock.now() - timedelta(hours=1)
    async with world.pool.acquire() as claiming:
        under_way = claiming.transaction()
        await under_way.start()
        await gates.pass_all(claiming, team_id=world.actor.team_id, campaign_ids=[campaign_id])
        editing = asyncio.create_task(_edit(world, campaign_id, now=early))
        await databases.until_one_waits(world.pool)
        written = await claiming.fetchval(
            "UPDATE campaign_account SET served_at = $1 WHERE campaign_id = $2 RETURNING served_at",
            await world.clock.now(),
            campaign_id,
        )
        await under_way.commit()
        await asyncio.wait_for(editing, 5)
    assert await _held_from(world, campaign_id) == written > early


async def test_settings_hold_from_no_earlier_than_the_last_message_under_those_before(world: World) -> None:
    campaign_id = await ready_world(world, 9)
    early = await world.clock.now() - timedelta(hours=1)
    assert await claim(world) == 3
    await _edit(world, campaign_id, now=early)
    assert await _held_from(world, campaign_id) == await world.pool.fetchval("SELECT max(intent_at) FROM attempt")


async def test_a_call_nobody_knows_the_end_of_does_not_put_off_when_settings_hold_from(world: World) -> None:
    """Its span is closed later than it can have ended: messages under new settings leave before that."""
    campaign_id = await ready_world(world, 9)
    assert await claim(world) == 3
    now = await world.clock.now()
    await world.pool.execute("UPDATE campaign_account SET last_end = $1", now + timedelta(seconds=30))
    await _edit(world, campaign_id, now=now)
    assert await _held_from(world, campaign_id) == now


async def test_settings_hold_from_no_earlier_than_those_before_them(world: World) -> None:
    """However long each of them was held up, the record tells edits in the order in which they were made."""
    campaign_id = await ready_world(world, 9)
    now = await world.clock.now()
    await _edit(world, campaign_id, now=now)
    await _edit(world, campaign_id, now=now - timedelta(hours=1))
    assert await _held_from(world, campaign_id) == now
    await _edit(world, campaign_id, now=now + timedelta(hours=1))
    assert await _held_from(world, campaign_id) == now + timedelta(hours=1)


async def _edit(world: World, campaign_id: str, *, now: datetime) -> None:
    async with world.pool.acquire() as connection, connection.transaction():
        await gates.change_campaign(
            connection, team_id=world.actor.team_id, campaign_id=campaign_id, is_open=True, now=now
        )


async def _held_from(world: World, campaign_id: str) -> datetime:
    """From when on the settings hold that a campaign has now."""
    at: datetime = await world.pool.fetchval(
        "SELECT at FROM campaign_revision WHERE campaign_id = $1 ORDER BY revision DESC LIMIT 1", campaign_id
    )
    return at


async def test_a_gate_changed_by_whomever_waits_for_the_claims_that_have_passed_it(world: World) -> None:
    """The database sees to it, so that no statement can leave it out."""
    campaign_id = await ready_world(world, 9)
    for change in ("UPDATE campaign_gate SET revision = revision", "UPDATE team_gate SET revision = revision"):
        async with world.pool.acquire() as claiming, world.pool.acquire() as changing:
            async with claiming.transaction():
                await gates.pass_all(claiming, team_id=world.actor.team_id, campaign_ids=[campaign_id])
                with pytest.raises(asyncpg.LockNotAvailableError):
                    async with changing.transaction():
                        await changing.execute("SET LOCAL lock_timeout = '100ms'")
                        await changing.execute(change)
            await changing.execute(change)


async def test_a_disable_waits_for_no_account_that_is_being_served(world: World) -> None:
    campaign_id = await ready_world(world, 9)
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM account_pace FOR NO KEY UPDATE")
        await asyncio.wait_for(campaign_life.disable(world.context, world.actor, campaign_id=campaign_id), 5)
    assert await claim(world) == 0
    await campaign_life.enable(world.context, world.actor, campaign_id=campaign_id)
    assert await claim(world) == 3


async def test_two_workers_never_claim_the_same_lead(world: World) -> None:
    await ready_world(world, 9)
    claimed = await asyncio.gather(*(claim(world) for _ in range(6)))
    assert sum(claimed) == 3
    rows = await world.pool.fetch("SELECT lead_id FROM attempt")
    assert len({row["lead_id"] for row in rows}) == len(rows) == 3


async def test_a_lead_is_claimed_only_where_the_plan_has_it(world: World) -> None:
    """The plan moves it while the claim that picked it waits for somebody who has the lead."""
    await ready_world(world, 1)
    was = await world.pool.fetchval("SELECT account_id FROM lead_due")
    other = next(account_id for account_id in world.account_ids.values() if account_id != was)
    async with world.pool.acquire() as editing:
        async with editing.transaction():
            await editing.execute("SELECT FROM lead FOR NO KEY UPDATE")
            claiming = asyncio.create_task(claim(world))
            await asyncio.wait({claiming}, timeout=0.5)
            assert not claiming.done()
            await world.pool.execute("UPDATE lead_due SET account_id = $1", other)
        assert await claiming == 0
    assert await world.pool.fetchval("SELECT count(*) FROM attempt") == 0
    async with world.pool.acquire() as connection:
        await wakeups.give(connection, team_id=world.actor.team_id, account_ids=[other], at=await world.clock.now())
    assert await claim(world) == 1
    assert await world.pool.fetchval("SELECT account_id FROM attempt") == other


async def test_what_is_being_claimed_is_not_moved_to_another_account(world: World) -> None:
    campaign_id = await ready_world(world, 1)
    was = await world.pool.fetchval("SELECT account_id FROM lead_due")
    other = next(account_id for account_id in world.account_ids.values() if account_id != was)
    reach_id = await world.pool.fetchval("SELECT reach_id FROM lead")
    part = plans.Slice(reach_id=reach_id, source=was, account_id=other, count=1)
    keys = {"team_id": world.actor.team_id, "campaign_id": campaign_id}
    async with world.pool.acquire() as claiming, claiming.transaction(), world.pool.acquire() as planning:
        await claiming.execute("SELECT FROM lead_due FOR UPDATE")
        async with asyncio.timeout(5):
            await plans.move(planning, **keys, slices=[part], at=await world.clock.now())
    assert await world.pool.fetchval("SELECT account_id FROM lead_due") == was


async def test_an_edit_of_the_rate_stretches_the_gap_and_throws_no_new_draw(world: World) -> None:
    campaign_id = await ready_world(world, 9)
    await claim(world)
    before = await world.pool.fetch("SELECT account_id, draw, last_end, next_at FROM campaign_account")
    await campaigns.change(world.context, world.actor, campaign_id=campaign_id, changes={"hourly_message_rate": 4})
    after = {row["account_id"]: row for row in await world.pool.fetch("SELECT * FROM campaign_account")}
    for row in before:
        assert after[row["account_id"]]["draw"] == row["draw"]
        stretched = after[row["account_id"]]["next_at"] - row["last_end"]
        assert abs(stretched - 2 * (row["next_at"] - row["last_end"])).total_seconds() < 0.01


async def test_a_stricter_policy_holds_from_the_moment_it_is_chosen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen between the decision and the intent: nobody who has not agreed is written to any more."""
    await ready_world(world, 9)
    move_pace = dispatch.Dispatcher._move_pace

    async def choose_first(self: dispatch.Dispatcher, *arguments: object) -> None:
        await policies.choose(
            world.context,
            operator(world.actor.team_id),
            platform="twitter",
            base_url=SANDBOX_URL,
            policy=ContactPolicy.INBOUND_OR_CONSENT,
            note=None,
        )
        await move_pace(self, *arguments)  # type: ignore[arg-type] # the arguments are passed on as they come

    monkeypatch.setattr(dispatch.Dispatcher, "_move_pace", choose_first)
    assert await claim(world) == 0
    monkeypatch.undo()
    assert await claim(world) == 0
    assert await world.pool.fetchval("SELECT count(*) FROM attempt") == 0

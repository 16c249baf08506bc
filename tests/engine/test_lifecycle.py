"""The life of a campaign: when it ends, when it is taken up again, and when Overture pauses it by itself."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.engine.conftest import World, message

from overture import ids
from overture.actions import accounts, campaign_access, campaign_life, campaign_waits, campaigns
from overture.core.words import AccountStatus
from overture.engine import complete
from overture.store.campaigns import Campaign

ONE = [message("Hello ")]


async def read(world: World, campaign_id: str) -> Campaign:
    return await campaigns.get(world.context, world.actor, campaign_id=campaign_id)


async def waits_for(world: World, campaign_id: str) -> str | None:
    prospects = await campaign_waits.told(world.context, world.actor, campaigns=[await read(world, campaign_id)])
    wait = prospects[campaign_id].wait
    return None if wait is None else wait.code


async def events(world: World) -> list[str]:
    rows = await world.pool.fetch("SELECT type FROM event WHERE type LIKE 'campaign.%' ORDER BY seq")
    return [row["type"] for row in rows]


async def open_people(world: World, count: int) -> list[dict[str, Any]]:
    return (await world.people(nature="open", talk="silent"))[:count]


async def running(world: World, campaign_id: str) -> None:
    """Run until the campaign has written to somebody."""

    async def has_written() -> bool:
        return bool(await world.messages())

    await world.run_until(has_written)
    assert await world.status(campaign_id) == "active"


async def test_a_campaign_without_an_account_that_can_go_on_pauses_and_resumes_when_one_can_again(
    world: World,
) -> None:
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list(await open_people(world, 4))], steps=ONE)
    await running(world, campaign_id)
    await world.fault(kind="authLost", account="ana", next=1)

    async def is_paused() -> bool:
        return await world.status(campaign_id) == "paused"

    await world.run_until(is_paused)
    paused = await read(world, campaign_id)
    assert (paused.enabled, paused.pause_code) == (True, "noAccountAvailable")
    assert paused.pause_since == paused.paused_at is not None
    await world.link("ana")
    await world.run_until_completed(campaign_id)
    assert len(await world.messages()) == 4
    done = await read(world, campaign_id)
    assert (done.pause_code, done.paused_at) == (None, paused.paused_at)
    assert await events(world) == [
        "campaign.created",
        "campaign.started",
        "campaign.paused",
        "campaign.started",
        "campaign.resumed",
        "campaign.completed",
    ]


async def test_a_campaign_is_not_completed_before_its_last_message_by_a_worker_that_was_held_up(world: World) -> None:
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list(await open_people(world, 1))], steps=ONE)
    before = await world.clock.now()

    async def has_written() -> bool:
        return bool(await world.messages())

    await world.run_until(has_written)
    begun_at = await world.pool.fetchval("SELECT max(intent_at) FROM attempt")
    assert begun_at > before
    await world.pool.execute("UPDATE campaign SET status = 'active', completed_at = NULL")
    early = before - timedelta(hours=1)
    assert await complete.check(world.pool, team_id=world.actor.team_id, campaign_ids=[campaign_id], now=early)
    assert (await read(world, campaign_id)).completed_at == begun_at
    revised = "SELECT at FROM campaign_revision WHERE campaign_id = $1 ORDER BY revision DESC LIMIT 1"
    assert await world.pool.fetchval(revised, campaign_id) == begun_at


async def test_a_campaign_overture_paused_stays_paused_once_somebody_disabled_it(world: World) -> None:
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list(await open_people(world, 4))], steps=ONE)
    await running(world, campaign_id)
    await world.fault(kind="authLost", account="ana", next=1)

    async def is_paused() -> bool:
        return await world.status(campaign_id) == "paused"

    await world.run_until(is_paused)
    await campaign_life.disable(world.context, world.actor, campaign_id=campaign_id)
    await world.link("ana")
    other = await world.campaign([await world.make_list((await open_people(world, 6))[4:], "Others")], steps=ONE)
    await world.run_until_completed(other)
    assert await world.status(campaign_id) == "paused"


async def test_a_deleted_campaign_is_not_taken_up_again(world: World) -> None:
    await world.link("ana")
    list_id = await world.make_list(await open_people(world, 4))
    campaign_id = await world.campaign([list_id], steps=ONE)
    await running(world, campaign_id)
    await world.fault(kind="authLost", account="ana", next=1)

    async def is_paused() -> bool:
        return await world.status(campaign_id) == "paused"

    await world.run_until(is_paused)
    sent = len(await world.messages())
    await campaign_life.delete(world.context, world.actor, campaign_id=campaign_id)
    await world.link("ana")
    other = await world.campaign([await world.make_list((await open_people(world, 6))[4:], "Others")], steps=ONE)
    await world.run_until_completed(other)
    assert len(await world.messages()) == sent + 2
    assert await world.pool.fetchval("SELECT count(*) FROM lead WHERE campaign_id = $1", campaign_id) == 4


async def test_an_account_paused_by_hand_lets_its_campaign_wait_and_does_not_pause_it(world: World) -> None:
    (account_id,) = await world.link("ana")
    campaign_id = await world.campaign([await world.make_list(await open_people(world, 3))], steps=ONE)
    await running(world, campaign_id)
    await accounts.change(world.context, world.actor, account_id=account_id, status=AccountStatus.PAUSED)
    assert await world.status(campaign_id) == "active"
    assert await waits_for(world, campaign_id) == "accountPaused"
    await accounts.change(world.context, world.actor, account_id=account_id, status=AccountStatus.ACTIVE)
    await world.run_until_completed(campaign_id)


async def test_an_active_campaign_left_with_offline_accounts_alone_pauses_until_it_gets_another(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    campaign_id = await world.campaign(
        [await world.make_list(await open_people(world, 4))], account_ids=[ana], steps=ONE
    )
    await world.pool.execute("UPDATE account_link SET status = 'offline' WHERE id = $1", ben)
    changed = await campaigns.change(
        world.context, world.actor, campaign_id=campaign_id, changes={"account_link_ids": [ben]}
    )
    assert (changed.status, changed.enabled, changed.pause_code) == ("paused", True, "noAccountAvailable")
    assert not await world.pool.fetchval("SELECT open FROM campaign_gate WHERE campaign_id = $1", campaign_id)
    await campaigns.change(
        world.context, world.actor, campaign_id=campaign_id, changes={"account_link_ids": [ben, ana]}
    )
    await world.run_until_completed(campaign_id)
    assert len(await world.messages()) == 4


async def test_enabling_a_campaign_whose_app_was_out_of_credit_tries_again_at_once(world: World) -> None:
    await world.link("ana")
    await world.fault(kind="outOfCredit", next=1)
    campaign_id = await world.campaign([await world.make_list(await open_people(world, 2))], steps=ONE)

    async def is_paused() -> bool:
        return await world.status(campaign_id) == "paused"

    await world.run_until(is_paused)
    retried_at = await world.clock.now()
    await campaign_life.enable(world.context, world.actor, campaign_id=campaign_id)
    await running(world, campaign_id)
    assert await world.clock.now() - retried_at < timedelta(minutes=15)


async def test_a_campaign_that_reaches_nobody_stays_active_and_says_why(world: World) -> None:
    await world.link("ana")
    closed = (await world.people(nature="closed"))[:2]
    campaign_id = await world.campaign([await world.make_list(closed)], steps=ONE)

    async def are_unreachable() -> bool:
        return await world.lead_states(campaign_id) == {"unreachable": 2}

    await world.run_until(are_unreachable)
    assert await world.status(campaign_id) == "active"
    assert await waits_for(world, campaign_id) == "noLeads"


async def test_a_completed_campaign_is_taken_up_again_when_an_account_joins_that_may_reach_the_rest(
    world: World,
) -> None:
    ana, ben, chloe = await world.link("ana", "ben", "chloe")
    followers = (await world.people(nature="follows", talk="silent"))[:6]
    campaign_id = await world.campaign(
        [await world.make_list([*await open_people(world, 1), *followers])], account_ids=[ana], steps=ONE
    )
    await world.run_until_completed(campaign_id)
    assert (await world.lead_states(campaign_id))["unreachable"] > 0
    changed = await campaigns.change(
        world.context, world.actor, campaign_id=campaign_id, changes={"account_link_ids": [ana, ben, chloe]}
    )
    assert (changed.status, changed.completed_at) == ("active", None)
    assert changed.last_started_at == await world.clock.now()
    await world.run_until_completed(campaign_id)
    assert await world.lead_states(campaign_id) == {"finished": 7}


async def test_new_leads_do_not_wake_a_campaign_that_was_disabled_after_its_end(world: World) -> None:
    await world.link("ana")
    people = await open_people(world, 2)
    list_id = await world.make_list(people[:1])
    campaign_id = await world.campaign([list_id], steps=ONE)
    await world.run_until_completed(campaign_id)
    await campaign_life.disable(world.context, world.actor, campaign_id=campaign_id)
    await world.add_to_list(list_id, people[1:])
    other = await world.campaign([await world.make_list((await open_people(world, 4))[2:], "Others")], steps=ONE)
    await world.run_until_completed(other)
    assert await world.status(campaign_id) == "paused"
    started = await campaign_life.enable(world.context, world.actor, campaign_id=campaign_id)
    assert (started.status, started.completed_at) == ("active", None)
    await world.run_until_completed(campaign_id)
    assert len(await world.messages()) == 4


async def test_a_lead_added_while_the_last_one_ends_is_not_left_in_a_completed_campaign(world: World) -> None:
    """The look at the end waits for the edit under way, and sees what it brought."""
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list(await open_people(world, 1))], steps=ONE)
    await world.run_until_completed(campaign_id)
    await world.pool.execute("UPDATE campaign SET status = 'active', completed_at = NULL")
    now = await world.clock.now()
    async with world.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await campaign_access.lock(connection, world.actor, campaign_id=campaign_id)
        looking = asyncio.create_task(
            complete.check(world.pool, team_id=world.actor.team_id, campaign_ids=[campaign_id], now=now)
        )
        await asyncio.sleep(0.3)
        await connection.execute(
            """
            INSERT INTO lead (team_id, id, campaign_id, profile_id, state, is_direct, joined_at)
            VALUES ($1, $2, $3, $4, 'assessing', true, $5)
            """,
            world.actor.team_id,
            ids.new("d"),
            campaign_id,
            ids.new("u"),
            now,
        )
        await transaction.commit()
    assert await looking == []
    assert await world.status(campaign_id) == "active"

"""Who has work is awake, also when the work came while a claim was about to let the account sleep."""

import asyncio
from datetime import timedelta

from tests.engine.conftest import World, message

from overture.store import claims, paces, quiet, wakeups
from overture.store.pool import Connection


async def wake_of(world: World) -> tuple[object, object]:
    row = await world.pool.fetchrow("SELECT wake_at, (SELECT next_at FROM team_due) AS next_at FROM account_pace")
    assert row is not None
    return row["wake_at"], row["next_at"]


async def fall_asleep(world: World, connection: Connection) -> None:
    """Do what a claim does that finds nothing to send."""
    await paces.lock_accounts(connection, team_id=world.actor.team_id, account_ids=[world.account_ids["ana"]])
    await connection.execute("UPDATE account_pace SET wake_at = 'infinity'")
    await claims.served_team(connection, team_id=world.actor.team_id, wall_now=await world.clock.now())


async def test_a_wake_up_waits_for_no_claim_and_none_that_lets_the_account_sleep_can_miss_it(world: World) -> None:
    await world.link("ana")
    now, account_ids = await world.clock.now(), [world.account_ids["ana"]]
    async with world.pool.acquire() as giving, world.pool.acquire() as claiming:
        async with claiming.transaction():
            await fall_asleep(world, claiming)
            async with asyncio.timeout(5):
                await wakeups.give(giving, team_id=world.actor.team_id, account_ids=account_ids, at=now)
                await wakeups.take_up(giving)
            assert await giving.fetchval("SELECT count(*) FROM wake_up") == 1
        await wakeups.take_up(giving)
        assert await giving.fetchval("SELECT count(*) FROM wake_up") == 0
    assert await wake_of(world) == (now, now)


async def test_a_hint_that_a_claim_is_raising_is_lowered_again_by_a_wake_up_for_another_account(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    now, team_id = await world.clock.now(), world.actor.team_id
    await world.pool.execute("UPDATE account_pace SET wake_at = $1", now)
    await world.pool.execute("UPDATE team_due SET next_at = $1", now)
    async with world.pool.acquire() as giving, world.pool.acquire() as claiming:
        async with claiming.transaction():
            await claiming.execute("UPDATE account_pace SET wake_at = 'infinity' WHERE account_id = $1", ana)
            await claiming.execute("UPDATE team_due SET next_at = 'infinity'")
            await wakeups.give(giving, team_id=team_id, account_ids=[ben], at=now)
            taking = asyncio.create_task(wakeups.take_up(giving))
            await asyncio.wait({taking}, timeout=0.3)
            assert not taking.done()
        await taking
    assert await world.pool.fetchval("SELECT next_at FROM team_due") == now


async def test_a_wake_up_never_makes_an_account_sleep_longer_and_the_soonest_counts(world: World) -> None:
    (ana,) = await world.link("ana")
    now, team_id = await world.clock.now(), world.actor.team_id
    for first, then, woken in ((1, 2, 1), (2, 1, 1), (5, 9, 3)):
        await world.pool.execute("UPDATE account_pace SET wake_at = $1", now + timedelta(hours=3))
        async with world.pool.acquire() as connection:
            for hours in (first, then):
                at = now + timedelta(hours=hours)
                await wakeups.give(connection, team_id=team_id, account_ids=[ana], at=at)
            await wakeups.take_up(connection)
        assert (await wake_of(world))[0] == now + timedelta(hours=woken)


async def test_the_net_finds_an_account_that_sleeps_over_work_and_a_hint_that_is_too_late(world: World) -> None:
    await world.link("ana")
    await world.campaign([await world.make_list((await world.people("open"))[:2])], steps=[message("Hi")])

    async def is_planned() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_due"))

    await world.run_until(is_planned)
    now = await world.clock.now()
    await world.pool.execute("UPDATE campaign_account SET next_at = $1", now)
    for wake_at, woken in (("infinity", now), (now, now)):
        await world.pool.execute("UPDATE account_pace SET wake_at = $1::text::timestamptz", str(wake_at))
        await world.pool.execute("UPDATE team_due SET next_at = 'infinity'")
        async with world.pool.acquire() as connection:
            await wakeups.give_overlooked(connection, now=now)
            await wakeups.take_up(connection)
        assert await wake_of(world) == (woken, woken)


async def test_time_stands_still_while_a_campaign_can_be_taken_up_again(world: World) -> None:
    await world.link("ana")
    await world.campaign([await world.make_list((await world.people("open"))[:1])], steps=[message("Hi")])
    await world.pool.execute("DELETE FROM duty")
    await world.pool.execute("UPDATE team_due SET next_at = 'infinity'")
    await world.pool.execute("DELETE FROM wake_up")
    now = await world.clock.now()

    async def is_busy() -> bool:
        async with world.pool.acquire() as connection:
            return (await quiet.look(connection, now=now, wall_now=now)).is_busy

    assert not await is_busy()
    await world.pool.execute("UPDATE campaign SET status = 'paused', pause_code = 'x', pause_message = 'x'")
    assert await is_busy()
    await world.pool.execute("UPDATE account_link SET status = 'offline'")
    assert not await is_busy()

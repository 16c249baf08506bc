"""Who has work is awake, also when the work came while a claim was about to let the account sleep."""

import asyncio

from tests.engine.conftest import World, message

from overture.engine import plan
from overture.store import claims, paces, quiet


async def wake_of(world: World) -> tuple[object, object]:
    row = await world.pool.fetchrow("SELECT wake_at, (SELECT next_at FROM team_due) AS next_at FROM account_pace")
    assert row is not None
    return row["wake_at"], row["next_at"]


async def test_a_plan_waits_for_the_claim_that_lets_the_account_sleep_and_wakes_it_then(world: World) -> None:
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list((await world.people("open"))[:1])], steps=[message("Hi")])
    now, team_id = await world.clock.now(), world.actor.team_id
    await world.pool.execute("UPDATE account_pace SET wake_at = $1", now)
    await world.pool.execute("UPDATE team_due SET next_at = $1", now)

    async with world.pool.acquire() as connection:
        async with connection.transaction():
            # What a claim does that finds nothing to send.
            await paces.lock_accounts(connection, team_id=team_id, account_ids=[world.account_ids["ana"]])
            await connection.execute("UPDATE account_pace SET wake_at = 'infinity'")
            await claims.served_team(connection, team_id=team_id, wall_now=now)
            planning = asyncio.create_task(plan.step(world.pool, team_id=team_id, campaign_id=campaign_id, now=now))
            await asyncio.wait({planning}, timeout=0.3)
            assert not planning.done()
        await planning

    assert await wake_of(world) == (now, now)


async def test_time_stands_still_while_a_campaign_can_be_taken_up_again(world: World) -> None:
    await world.link("ana")
    await world.campaign([await world.make_list((await world.people("open"))[:1])], steps=[message("Hi")])
    await world.pool.execute("DELETE FROM duty")
    await world.pool.execute("UPDATE team_due SET next_at = 'infinity'")
    now = await world.clock.now()

    async def is_busy() -> bool:
        async with world.pool.acquire() as connection:
            return (await quiet.look(connection, now=now, wall_now=now)).is_busy

    assert not await is_busy()
    await world.pool.execute("UPDATE campaign SET status = 'paused', pause_code = 'x', pause_message = 'x'")
    assert await is_busy()
    await world.pool.execute("UPDATE account_link SET status = 'offline'")
    assert not await is_busy()

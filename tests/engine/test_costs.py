"""What a platform bills is counted where it happens."""

from datetime import timedelta

from tests.engine.conftest import START, World, message

from overture.engine.replies import InboxReader


async def units(world: World) -> dict[str, int]:
    rows = await world.pool.fetch("SELECT kind, sum(units)::int AS units FROM app_cost GROUP BY kind")
    return {row["kind"]: row["units"] for row in rows}


async def test_a_campaign_costs_what_the_platform_took_and_showed(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:4]
    campaign_id = await world.campaign([await world.make_list(people)], steps=[message("Hello ")])
    await world.run_until_completed(campaign_id)

    used = await units(world)
    assert len(await world.messages()) == 4
    assert used["messageSent"] == 4
    # Everybody was looked up once.
    assert used["profileRead"] == 4


async def test_a_message_of_an_inbox_is_billed_once_a_day(world: World) -> None:
    (account_id,) = await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    await world.say(person["username"], "ana", "Hello there")
    reader = InboxReader(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)

    async def read(at: timedelta) -> int:
        await reader.read(team_id=world.actor.team_id, account_id=account_id, now=START + at)
        return (await units(world)).get("messageRead", 0)

    assert await read(timedelta()) == 1
    assert await read(timedelta(minutes=20)) == 1
    assert await read(timedelta(days=1)) == 2
    assert await read(timedelta(days=1, minutes=20)) == 2

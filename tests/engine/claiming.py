"""What tests of gates share: a campaign with everything due, and single claims."""

from random import Random

from tests.engine.conftest import World, message

from overture import clock as clocks
from overture.engine import dispatch
from overture.store import wakeups

ONE = [message("Hello ")]


async def ready_world(world: World, people: int) -> str:
    """A campaign whose leads are planned, at an hour when everything is due."""
    await world.link("ana", "ben", "chloe")
    chosen = (await world.people(nature="open", talk="silent"))[:people]
    campaign_id = await world.campaign([await world.make_list(chosen)], steps=ONE)

    async def are_planned() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_due") == people)

    await world.run_until(are_planned)
    noon = (await world.clock.now()).replace(hour=16)
    await world.clock.move(noon)
    await take_up(world)
    return campaign_id


async def take_up(world: World) -> None:
    """Take up what wake-ups there are, as a worker does before every claim."""
    async with world.pool.acquire() as connection:
        await wakeups.take_up(connection)


async def claim(world: World) -> int:
    await take_up(world)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=clocks.wall_now())
    return len(claimed.ready)

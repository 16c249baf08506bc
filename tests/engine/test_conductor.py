"""The conductor of a virtual run: time jumps from due instant to due instant, or runs at a speed."""

import asyncio
from datetime import datetime, timedelta
from random import Random

from tests.engine.conftest import World

from overture.engine.conductor import Conductor
from overture.engine.supervisor import Engine


async def test_a_clock_that_runs_at_a_speed_is_moved_a_few_times_a_second_where_nothing_is_due(world: World) -> None:
    moved: list[datetime] = []

    async def move_platform(instant: datetime) -> None:
        moved.append(instant)

    channels, sealer = world.context.channels, world.context.sealer
    engine = Engine(pool=world.pool, clock=world.clock, channels=channels, sealer=sealer, draws=Random(1))
    conductor = Conductor(pool=world.pool, engine=engine, clock=world.clock, move_platform=move_platform, speed=60.0)
    began = await world.clock.now()
    running = [asyncio.create_task(engine.run()), asyncio.create_task(conductor.run())]
    await asyncio.sleep(2)
    conductor.stop()
    engine.stop()
    await asyncio.gather(*running)
    assert timedelta(seconds=60) < await world.clock.now() - began <= timedelta(seconds=180)
    assert 5 < len(moved) < 40

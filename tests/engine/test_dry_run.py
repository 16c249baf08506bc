"""A dry run: everything happens but the sending."""

from dataclasses import replace

import pytest
import pytest_asyncio
from tests.engine.conftest import World, delay, message

from overture.channels.dry import DryChannel
from overture.channels.registry import Registry
from overture.store import delivery


@pytest_asyncio.fixture
async def dry(world: World) -> World:
    channel = world.context.channels.get("twitter")
    assert channel is not None
    async with world.pool.acquire() as connection:
        assert await delivery.decide(connection, is_dry=True)
    world.context = replace(world.context, channels=Registry([DryChannel(channel)]))
    return world


async def test_a_campaign_runs_to_its_end_and_nobody_gets_anything(dry: World) -> None:
    await dry.link("ana", "ben")
    people = (await dry.people(nature="open", talk="silent"))[:6]
    list_id = await dry.make_list(people)
    campaign_id = await dry.campaign([list_id], steps=[message("Hi"), delay(1), message("And?")])
    await dry.run_until_completed(campaign_id)

    assert await dry.messages() == [], "the platform has recorded nothing"
    assert await dry.lead_states(campaign_id) == {"finished": 6}
    attempts = await dry.pool.fetch("SELECT state, reason, platform_message_id FROM attempt")
    assert len(attempts) == 12
    assert {(one["state"], one["reason"]) for one in attempts} == {("accepted", "dryRun")}
    assert len({one["platform_message_id"] for one in attempts}) == 12
    assert await dry.pool.fetchval("SELECT dry_run FROM campaign WHERE id = $1", campaign_id)


@pytest.mark.parametrize("first", [True, False])
async def test_the_first_decides_for_good(world: World, first: bool) -> None:
    async with world.pool.acquire() as connection:
        for asked in (first, not first, first):
            assert await delivery.decide(connection, is_dry=asked) is first

"""Engagement: one lead at a time writes to a person, and the one that has the person is never kept from going on."""

import pytest
from tests.engine.claiming import ONE, claim, take_up
from tests.engine.conftest import World


@pytest.mark.parametrize("holder", ["ana", "ben"])
async def test_the_lead_that_has_the_person_goes_on_where_another_is_due_in_the_same_claim(
    world: World, holder: str
) -> None:
    await world.link("ana", "ben")
    list_id = await world.make_list((await world.people(nature="open", talk="silent"))[:1])
    for name in ("ana", "ben"):
        await world.campaign([list_id], account_ids=[world.account_ids[name]], steps=ONE)

    async def are_planned() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_due") == 2)

    await world.run_until(are_planned)
    await world.clock.move((await world.clock.now()).replace(hour=16))
    account_id = world.account_ids[holder]
    lead_id = await world.pool.fetchval("SELECT lead_id FROM lead_due WHERE account_id = $1", account_id)
    await world.pool.execute(
        "INSERT INTO person (team_id, profile_id, engaged_lead_id)"
        " SELECT team_id, profile_id, id FROM lead WHERE id = $1",
        lead_id,
    )
    await take_up(world)
    assert await claim(world) + await claim(world) == 1
    assert await world.pool.fetchval("SELECT lead_id FROM attempt") == lead_id
    assert await world.pool.fetch("SELECT lead_id FROM lead_parked WHERE lead_id = $1", lead_id) == []

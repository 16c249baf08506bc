"""Leads that cannot be written to for want of a value: held, and released by themselves once it is there."""

from tests.engine.conftest import World

from overture import ids
from overture.actions import list_leads, sequences
from overture.core.words import StepType


async def test_a_value_given_in_the_list_releases_the_lead_that_was_held_for_it(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:2]
    list_id = await world.make_list(people)
    column_id, now = "custom_" + ids.new("f"), await world.clock.now()
    await world.pool.execute(
        """
        INSERT INTO list_column (team_id, list_id, id, name, type, created_at, updated_at)
        VALUES ($1, $2, $3, 'City', 'text', $4, $4)
        """,
        world.actor.team_id,
        list_id,
        column_id,
        now,
    )
    await list_leads.change(
        world.context,
        world.actor,
        list_id=list_id,
        platform="twitter",
        platform_id=people[0]["id"],
        data={column_id: "Lisbon"},
    )
    segments = [{"type": "static", "text": "How is "}, {"type": "variable", "name": "City"}]
    step = sequences.NewStep(type=StepType.MESSAGE, data={"segments": segments})
    campaign_id = await world.campaign([list_id], steps=[step])

    async def one_is_held() -> bool:
        return await world.lead_states(campaign_id) == {"finished": 1, "held": 1}

    await world.run_until(one_is_held)
    assert [sent["text"] for sent in await world.messages()] == ["How is Lisbon"]

    await list_leads.change(
        world.context,
        world.actor,
        list_id=list_id,
        platform="twitter",
        platform_id=people[1]["id"],
        data={column_id: "Porto"},
    )
    await world.run_until_completed(campaign_id)

    assert sorted(sent["text"] for sent in await world.messages()) == ["How is Lisbon", "How is Porto"]

"""Whatever the engine decides about a lead stands in its timeline, with the reason and the instant."""

from typing import Any

from tests.engine.conftest import World, message

from overture.actions import accounts, lead_timeline, sequences
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import AccountStatus, StepType

ONE = [message("Hello ")]


async def told(world: World, campaign_id: str, person: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    """The entries of a person's lead as (type, result, reason)."""
    entries = await lead_timeline.page(
        world.context,
        world.actor,
        campaign_id=campaign_id,
        identifier=Identifier(kind=IdentifierKind.PLATFORM_ID, value=person["id"], platform="twitter"),
        after=None,
        limit=100,
    )
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    return [(entry.type, entry.result, entry.reason) for entry in entries]


async def test_a_lead_that_gets_all_is_assessed_assigned_written_to_and_finished(world: World) -> None:
    await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    campaign_id = await world.campaign([await world.make_list([person])], steps=ONE)

    await world.run_until_completed(campaign_id)

    assert await told(world, campaign_id, person) == [
        ("joined", None, None),
        ("assessed", "open", None),
        ("assigned", None, None),
        ("attempt", "accepted", None),
        ("finished", None, None),
    ]
    assert await world.pool.fetchval("SELECT count(*) FROM lead_turn") == 0  # no send pays for a turn


async def test_whom_nobody_may_write_to_is_unreachable_for_a_reason(world: World) -> None:
    await world.link("ana")
    (person,) = (await world.people(nature="closed"))[:1]
    campaign_id = await world.campaign([await world.make_list([person])], steps=ONE)

    async def is_out() -> bool:
        return await world.lead_states(campaign_id) == {"unreachable": 1}

    await world.run_until(is_out)

    assert await told(world, campaign_id, person) == [
        ("joined", None, None),
        ("assessed", "closed", None),
        ("unreachable", None, "closed"),
    ]


async def test_who_is_kept_out_and_comes_in_later(world: World) -> None:
    await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    leads, others = await world.make_list([person]), await world.make_list([person], "Others")
    campaign_id = await world.campaign([leads], steps=ONE, rules={"excluded_list_ids": [others]})

    async def is_out() -> bool:
        return await world.lead_states(campaign_id) == {"excluded": 1}

    await world.run_until(is_out)
    kept_out = [("joined", None, None), ("excluded", None, "excludedList")]
    assert await told(world, campaign_id, person) == kept_out

    await world.take_from_list(others, [person])
    await world.run_until_completed(campaign_id)

    assert await told(world, campaign_id, person) == [
        *kept_out,
        ("returned", "assessing", "excludedList"),
        ("assessed", "open", None),
        ("assigned", None, None),
        ("attempt", "accepted", None),
        ("finished", None, None),
    ]


async def test_a_lead_without_a_value_is_held_and_goes_on_by_itself_once_it_is_mended(world: World) -> None:
    await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    data = {"segments": [{"type": "static", "text": "Hello "}, {"type": "variable", "name": "website"}]}
    steps = [sequences.NewStep(type=StepType.MESSAGE, data=data)]
    await world.pool.execute("UPDATE profile SET website = NULL")
    campaign_id = await world.campaign([await world.make_list([person])], steps=steps)

    async def is_held() -> bool:
        await world.pool.execute("UPDATE profile SET website = NULL WHERE website IS NOT NULL")
        return await world.lead_states(campaign_id) == {"held": 1}

    await world.run_until(is_held)
    assert (await told(world, campaign_id, person))[-1] == ("held", None, "variableMissing:website")

    await sequences.replace(
        world.context, world.actor, campaign_id=campaign_id, steps=ONE, applies_to=sequences.AppliesTo.ALL
    )
    await world.run_until_completed(campaign_id)

    assert [entry for entry in await told(world, campaign_id, person) if entry[0] == "returned"] == [
        ("returned", "ready", "variableMissing:website")
    ]


async def test_a_lead_the_plan_moves_names_both_accounts(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    campaign_id = await world.campaign([await world.make_list([person])])

    async def is_planned_on(account_id: str) -> bool:
        return bool(await world.pool.fetchval("SELECT account_id = $1 FROM lead_due", account_id))

    await world.run_until(lambda: is_planned_on(ana))
    await world.pool.execute("UPDATE reach_set SET account_ids = $1", sorted([ana, ben]))
    await accounts.change(world.context, world.actor, account_id=ana, status=AccountStatus.PAUSED)
    await world.run_until(lambda: is_planned_on(ben))

    entries = await lead_timeline.page(
        world.context,
        world.actor,
        campaign_id=campaign_id,
        identifier=Identifier(kind=IdentifierKind.PLATFORM_ID, value=person["id"], platform="twitter"),
        after=None,
        limit=100,
    )
    assert [(entry.account_id, entry.reason, entry.detail) for entry in entries if entry.type == "assigned"] == [
        (ana, None, None),
        (ben, "moved", ana),
    ]

"""A suppression is at once: what was claimed before it is on its way, and nothing is claimed after it."""

import asyncio
from dataclasses import replace

import pytest
from tests.engine.claiming import claim, ready_world
from tests.engine.conftest import World
from tests.engine.scoping import Scoping

from overture.actions import suppressions
from overture.actions.suppressions import Wanted
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import MemberRole
from overture.engine import dispatch
from overture.store import persons


def everybody(rows: list[str]) -> list[Wanted]:
    return [
        Wanted(identifier=Identifier(kind=IdentifierKind.EXTERNAL_ID, value=profile_id, platform="twitter"), note=None)
        for profile_id in rows
    ]


async def profiles(world: World) -> list[str]:
    return [row["profile_id"] for row in await world.pool.fetch("SELECT profile_id FROM lead ORDER BY id")]


async def test_nothing_is_claimed_after_a_suppression_has_returned(world: World) -> None:
    await ready_world(world, 9)
    chosen = (await profiles(world))[:7]
    await suppressions.add_many(world.context, world.actor, wanted=everybody(chosen))
    assert await claim(world) == 2
    assert not {row["profile_id"] for row in await world.pool.fetch("SELECT profile_id FROM attempt")} & set(chosen)


async def test_a_claim_that_began_before_a_suppression_writes_no_intent_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim has picked its leads already: the person's row still stops it."""
    await ready_world(world, 9)
    engage = persons.engage

    async def mark_first(*arguments: object, **named: object) -> object:
        # As the suppression does it, without the leads, which this claim holds.
        await world.pool.execute(
            "INSERT INTO person (team_id, profile_id, suppressed_at) SELECT team_id, profile_id, joined_at FROM lead"
        )
        return await engage(*arguments, **named)  # type: ignore[arg-type] # the arguments are passed on as they come

    monkeypatch.setattr(persons, "engage", mark_first)
    assert await claim(world) == 0
    assert await world.pool.fetchval("SELECT count(*) FROM attempt") == 0


async def test_a_suppression_waits_for_a_claim_that_has_its_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready_world(world, 9)
    chosen = await profiles(world)
    began: list[asyncio.Task[object]] = []
    move_pace = dispatch.Dispatcher._move_pace

    async def suppress_meanwhile(self: dispatch.Dispatcher, *arguments: object) -> None:
        suppressing = suppressions.add_many(world.context, world.actor, wanted=everybody(chosen))
        began.append(asyncio.create_task(suppressing))
        await asyncio.sleep(0.3)
        assert not began[0].done()
        await move_pace(self, *arguments)  # type: ignore[arg-type] # the arguments are passed on as they come

    monkeypatch.setattr(dispatch.Dispatcher, "_move_pace", suppress_meanwhile)
    assert await claim(world) == 3
    await asyncio.wait_for(began[0], 10)
    monkeypatch.undo()
    assert await claim(world) == 0


async def test_suppressed_people_who_join_later_are_no_targets_until_it_is_ended(world: World) -> None:
    scoping = Scoping(world=world)
    await scoping.begin("leads", synced=["leads"])
    await scoping.put("leads", "1")
    profile_id = await world.pool.fetchval("SELECT id FROM profile")
    await suppressions.add_many(world.context, world.actor, wanted=everybody([profile_id]))
    await scoping.sync()
    assert await scoping.leads() == {"1": ("excluded", "suppressed")}
    await scoping.add("1")
    await scoping.sync()
    assert await scoping.leads() == {"1": ("excluded", "suppressed")}
    await scoping.check_counters()
    assert await world.pool.fetchval("SELECT sum(targets) FROM campaign_counter") in (0, None)

    owner = replace(world.actor, role=MemberRole.OWNER)
    await suppressions.remove(world.context, owner, profile_id=profile_id)
    await scoping.sync()
    assert await scoping.leads() == {"1": ("assessing", None)}
    await scoping.check_counters()

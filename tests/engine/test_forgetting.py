"""Somebody is forgotten: nothing in the database tells who it was, and nobody writes to them again."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.engine.claiming import claim, ready_world
from tests.engine.conftest import World, message

from overture import ids
from overture.actions import contacts, forgetting, suppressions
from overture.actions.context import Actor
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import MemberRole
from overture.errors import Conflict, Forbidden

STEPS = [message("A word for you alone, ")]


def owner(world: World) -> Actor:
    return replace(world.actor, role=MemberRole.OWNER)


async def contact_of(world: World, platform_id: str) -> contacts.View:
    (view,) = await contacts.page(
        world.context,
        world.actor,
        identifiers=[Identifier(kind=IdentifierKind.PLATFORM_ID, value=platform_id, platform="twitter")],
        expand=(),
        after=None,
        limit=1,
    )
    return view


async def traces(world: World, *words: str) -> dict[str, list[str]]:
    """Look through every row of every table for words; return those found, by table."""
    tables = await world.pool.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'schema%'"
    )
    found: dict[str, list[str]] = {}
    for (table,) in tables:
        rows = await world.pool.fetch(f'SELECT t::text AS whole FROM "{table}" t')
        hits = {word for row in rows for word in words if word.lower() in row["whole"].lower()}
        if hits:
            found[table] = sorted(hits)
    return found


async def counters(world: World) -> list[tuple[object, ...]]:
    row = await world.pool.fetchrow(
        """
        SELECT sum(targets), sum(contacted), sum(answered), (SELECT count(*) FROM attempt),
               (SELECT count(*) FROM message), (SELECT sum(contacted + mutual) FROM person_counter)
          FROM campaign_counter
        """
    )
    assert row is not None
    return [tuple(row)]


async def test_nothing_is_left_that_tells_who_it_was_and_the_counters_stay(world: World) -> None:
    await world.link("ana")
    person, *others = (await world.people(nature="open", talk="silent"))[:3]
    campaign_id = await world.campaign([await world.make_list([person, *others])], steps=STEPS)
    await world.run_until_completed(campaign_id)
    await world.say(person["id"], await sender(world), "A reply in confidence")

    async def has_answered() -> bool:
        return bool(await world.pool.fetchval("SELECT sum(answered) FROM campaign_counter"))

    later = await world.campaign([await world.make_list(others, name="Later")], steps=STEPS)
    await world.run_until(has_answered)
    contact_id = (await contact_of(world, person["id"])).contact.id
    await contacts.change(
        world.context,
        world.actor,
        contact_id=contact_id,
        changes={"notes": "Likes tulips", "valuation": Decimal(7), "consent": None},
    )
    words = (person["id"], person["username"], "A reply in confidence", "Likes tulips", f"alone, {person['username']}")
    assert {"profile", "message", "attempt", "contact", "audit_entry", "event"} <= (await traces(world, *words)).keys()
    before = await counters(world)

    view = await forgetting.forget(world.context, owner(world), contact_id=contact_id)

    assert await traces(world, *words) == {}
    assert await counters(world) == before
    assert view.contact.notes is None
    (profile,) = view.contact.profiles
    assert (profile.platform_id, profile.username, profile.display_name, profile.bio) == (None, None, None, None)
    assert (await suppressions.get(world.context, world.actor, profile_id=profile.id)).source == "forgotten"
    assert await world.pool.fetchval("SELECT count(*) FROM list_lead WHERE profile_id = $1", profile.id) == 0
    (act,) = await world.pool.fetch("SELECT * FROM audit_entry WHERE action = 'contact.forgotten'")
    assert (act["object_id"], act["before"], act["after"]) == (contact_id, None, None)
    await world.run_until_completed(later)


async def sender(world: World) -> str:
    found: str = await world.pool.fetchval("SELECT platform_id FROM account_link LIMIT 1")
    return found


async def test_whoever_was_forgotten_is_suppressed_when_they_are_met_again(world: World) -> None:
    await world.link("ana")
    person, other = (await world.people(nature="open", talk="silent"))[:2]
    await world.make_list([person])
    contact_id = (await contact_of(world, person["id"])).contact.id
    await forgetting.forget(world.context, owner(world), contact_id=contact_id)

    campaign_id = await world.campaign([await world.make_list([person, other], name="Again")], steps=STEPS)
    await world.run_until_completed(campaign_id)

    assert [sent["recipient"] for sent in await world.messages()] == [other["id"]]
    states = await world.pool.fetch("SELECT state, reason FROM lead ORDER BY state")
    assert [tuple(row) for row in states] == [("excluded", "suppressed"), ("finished", None)]


async def test_whoever_was_forgotten_is_suppressed_when_a_username_turns_out_to_be_theirs(world: World) -> None:
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    await world.make_list([person])
    contact_id = (await contact_of(world, person["id"])).contact.id
    await forgetting.forget(world.context, owner(world), contact_id=contact_id)
    profile_id = ids.new("u")
    await world.pool.execute(
        """
        INSERT INTO profile (team_id, id, platform, platform_id, username, awaits_lookup, created_at)
        VALUES ($1, $2, 'twitter', 'username ' || $3::text, $3, true, $4)
        """,
        world.actor.team_id,
        profile_id,
        person["username"],
        await world.clock.now(),
    )
    suppressed = "SELECT suppressed_reason FROM person WHERE profile_id = $1"
    assert await world.pool.fetchval(suppressed, profile_id) is None
    await world.pool.execute(
        "UPDATE profile SET platform_id = $2, awaits_lookup = false WHERE id = $1", profile_id, person["id"]
    )
    assert await world.pool.fetchval(suppressed, profile_id) == "forgotten"


async def test_nobody_is_forgotten_while_a_message_to_them_is_on_its_way(world: World) -> None:
    await ready_world(world, 3)
    assert await claim(world) == 3
    profile_id, platform_id = await world.pool.fetchrow(
        "SELECT p.id, p.platform_id FROM attempt a JOIN profile p ON p.id = a.profile_id LIMIT 1"
    ) or ("", "")
    contact_id = (await contact_of(world, platform_id)).contact.id
    with pytest.raises(Conflict, match="on its way"):
        await forgetting.forget(world.context, owner(world), contact_id=contact_id)
    assert await world.pool.fetchval("SELECT suppressed_at FROM person WHERE profile_id = $1", profile_id) is None
    assert await world.pool.fetchval("SELECT username FROM profile WHERE id = $1", profile_id) is not None


async def test_only_owners_and_admins_have_somebody_forgotten_and_once_more_changes_nothing(world: World) -> None:
    (person,) = (await world.people(nature="open"))[:1]
    await world.make_list([person])
    contact_id = (await contact_of(world, person["id"])).contact.id
    with pytest.raises(Forbidden):
        await forgetting.forget(world.context, world.actor, contact_id=contact_id)
    once = await forgetting.forget(world.context, owner(world), contact_id=contact_id)
    assert (
        await forgetting.forget(world.context, replace(world.actor, role=MemberRole.ADMIN), contact_id=contact_id)
        == once
    )
    assert await world.pool.fetchval("SELECT count(*) FROM forgotten_person") == 1

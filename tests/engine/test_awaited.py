"""Usernames that the platform does not tell of in time: they are leads at once, and are found out in the background."""

import asyncio
from typing import Any

import pytest
from tests.engine.conftest import World

from overture.actions import campaign_leads, campaign_life, lead_exits, people, suppressions
from overture.actions import list_leads as list_lead_actions
from overture.actions import lists as list_actions
from overture.actions.campaign_leads import View
from overture.actions.consents import Consent
from overture.actions.people import Named
from overture.actions.suppressions import Wanted
from overture.core.identifiers import Identifier, IdentifierKind
from overture.engine.awaited import Seeker
from overture.store import merges, scopes
from overture.store.lead_filters import Filters

AGREED = Consent(basis="signedUp", evidence="form")


def by_name(username: str, **data: object) -> Named:
    identifier = Identifier(kind=IdentifierKind.USERNAME, value=username, platform="twitter")
    return Named(identifier=identifier, data=data, path=())


def by_id(platform_id: str, **data: object) -> Named:
    identifier = Identifier(kind=IdentifierKind.PLATFORM_ID, value=platform_id, platform="twitter")
    return Named(identifier=identifier, data=data, path=())


async def add(world: World, campaign_id: str, *named: Named, consent: Consent | None = None) -> tuple[int, int, int]:
    found = await campaign_leads.add(world.context, world.actor, campaign_id=campaign_id, named=named, consent=consent)
    return found.added, found.skipped, found.failed


async def leads(world: World, campaign_id: str) -> list[View]:
    filters = Filters(states=(), account_ids=(), prefix=None)
    return await campaign_leads.page(
        world.context, world.actor, campaign_id=campaign_id, filters=filters, after=None, limit=100
    )


async def targets(world: World, campaign_id: str) -> int:
    count: int = await world.pool.fetchval(
        "SELECT coalesce(sum(targets), 0)::bigint FROM campaign_counter WHERE campaign_id = $1", campaign_id
    )
    return count


async def seek(world: World) -> None:
    """Look up whoever waits."""
    seeker = Seeker(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    await seeker.step(team_id=world.actor.team_id, now=await world.clock.now())


async def silence(world: World) -> None:
    """Let the platform refuse the next look-up."""
    await world.fault(kind="rateLimited", endpoint="lookup", next=1)


async def anybody(world: World) -> dict[str, Any]:
    return (await world.people(nature="open"))[0]


@pytest.fixture
async def campaign_id(world: World) -> str:
    await world.link("ana")
    return await world.campaign([], enabled=False)


async def test_a_username_that_is_not_answered_is_a_lead_being_assessed_and_written_to_once_found(
    world: World, campaign_id: str
) -> None:
    person = await anybody(world)
    await silence(world)
    assert await add(world, campaign_id, by_name(f"@{person['username'].upper()}")) == (1, 0, 0)
    (view,) = await leads(world, campaign_id)
    assert (view.lead.state, view.lead.profile.platform_id) == ("assessing", None)
    assert view.lead.profile.username == person["username"].lower()
    assert view.wait is not None
    assert person["username"].lower() in view.wait.message
    assert await targets(world, campaign_id) == 1
    await campaign_life.enable(world.context, world.actor, campaign_id=campaign_id)

    async def is_written_to() -> bool:
        return await world.lead_states(campaign_id) == {"inSequence": 1}

    await world.run_until(is_written_to)
    (message,) = await world.messages()
    assert message["recipient"] == person["id"]
    (after,) = await leads(world, campaign_id)
    assert (after.lead.id, after.lead.profile.id) == (view.lead.id, view.lead.profile.id)
    assert after.lead.profile.platform_id == person["id"]


async def test_nobody_of_that_name_is_unreachable_and_no_target(world: World, campaign_id: str) -> None:
    await silence(world)
    assert await add(world, campaign_id, by_name("nobody_of_this")) == (1, 0, 0)

    async def is_settled() -> bool:
        return await world.lead_states(campaign_id) == {"unreachable": 1}

    await world.run_until(is_settled)
    (view,) = await leads(world, campaign_id)
    assert (view.lead.reason, view.lead.profile.account_status) == ("notFound", "notFound")
    assert await targets(world, campaign_id) == 0


async def test_the_same_name_again_is_the_same_lead_and_is_not_asked_for_meanwhile(
    world: World, campaign_id: str
) -> None:
    person = await anybody(world)
    await silence(world)
    assert await add(world, campaign_id, by_name(person["username"])) == (1, 0, 0)
    again = by_name(person["username"].upper()), by_name("@" + person["username"])
    assert await add(world, campaign_id, *again) == (0, 2, 0)
    await seek(world)
    assert await add(world, campaign_id, by_name(person["username"]), by_id(person["id"])) == (0, 2, 0)
    assert len(await leads(world, campaign_id)) == 1


async def test_who_is_a_lead_by_id_already_stays_one_lead_and_gets_what_was_missing(
    world: World, campaign_id: str
) -> None:
    person = await anybody(world)
    column = "custom_a"
    await world.pool.execute(
        "INSERT INTO campaign_column (team_id, campaign_id, id, name, type, created_at, updated_at)"
        " SELECT $1, $2, c, c, 'text', now(), now() FROM unnest(ARRAY['custom_a', 'custom_b']) AS c",
        world.actor.team_id,
        campaign_id,
    )
    await add(world, campaign_id, by_id(person["id"], custom_a="by id"))
    await silence(world)
    named = by_name(person["username"], custom_a="by name", custom_b="by name")
    assert await add(world, campaign_id, named, consent=AGREED) == (1, 0, 0)
    assert await targets(world, campaign_id) == 2
    await seek(world)
    (view,) = await leads(world, campaign_id)
    assert view.lead.profile.platform_id == person["id"]
    assert view.data == {column: "by id", "custom_b": "by name"}
    assert await targets(world, campaign_id) == 1
    rows = await world.pool.fetch("SELECT id, contact_id FROM profile WHERE lower(username) = $1", person["username"])
    assert len(rows) == 1
    contacts = await world.pool.fetch("SELECT id, consent_basis FROM contact")
    assert [tuple(row) for row in contacts] == [(rows[0]["contact_id"], "signedUp")]


async def test_who_had_left_by_id_comes_back_as_when_added_by_id(world: World, campaign_id: str) -> None:
    person = await anybody(world)
    await add(world, campaign_id, by_id(person["id"]))
    await lead_exits.remove(world.context, world.actor, campaign_id=campaign_id, named=[by_id(person["id"])])
    await silence(world)
    await add(world, campaign_id, by_name(person["username"]))
    await seek(world)
    assert await world.lead_states(campaign_id) == {"assessing": 1}


@pytest.mark.parametrize("act", ["cancel", "remove"])
async def test_who_was_stopped_under_the_name_is_stopped_under_the_id(world: World, campaign_id: str, act: str) -> None:
    person = await anybody(world)
    await add(world, campaign_id, by_id(person["id"]))
    await silence(world)
    named = by_name(person["username"])
    await add(world, campaign_id, named)
    if act == "cancel":
        await lead_exits.cancel(world.context, world.actor, campaign_id=campaign_id, identifier=named.identifier)
    else:
        await lead_exits.remove(world.context, world.actor, campaign_id=campaign_id, named=[named])
    await seek(world)
    assert await world.lead_states(campaign_id) == {"canceled" if act == "cancel" else "removed": 1}


async def test_who_was_suppressed_under_the_name_is_so_under_the_id(world: World, campaign_id: str) -> None:
    person = await anybody(world)
    await add(world, campaign_id, by_id(person["id"]))
    await silence(world)
    named = by_name(person["username"])
    await add(world, campaign_id, named)
    wanted = Wanted(identifier=named.identifier, note="Asked on the phone")
    await suppressions.add(world.context, world.actor, wanted=wanted, path=())
    await seek(world)
    assert await world.lead_states(campaign_id) == {"excluded": 1}
    (found,) = await suppressions.page(world.context, world.actor, platform=None, prefix=None, after=None, limit=9)
    assert (found.profile.platform_id, found.note) == (person["id"], "Asked on the phone")
    assert await world.pool.fetchval("SELECT count(*) FROM person WHERE suppressed_at IS NOT NULL") == 1


async def test_who_is_found_while_they_are_suppressed_is_suppressed_all_the_same(
    world: World, campaign_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await anybody(world)
    await add(world, campaign_id, by_id(person["id"]))
    await silence(world)
    named = by_name(person["username"])
    await add(world, campaign_id, named)
    hold, calls = people.hold, 0

    async def find_and_hold(*arguments: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:
            await seek(world)
        return await hold(*arguments)

    monkeypatch.setattr(people, "hold", find_and_hold)
    wanted = Wanted(identifier=named.identifier, note=None)
    found = await suppressions.add(world.context, world.actor, wanted=wanted, path=())
    assert (found.profile.platform_id, calls) == (person["id"], 2)


async def test_on_a_list_names_wait_too_and_everybody_stands_on_it_once(world: World) -> None:
    await world.link("ana")
    known, new = (await world.people(nature="open"))[:2]
    made = await list_actions.create(world.context, world.actor, name="Names", description=None)
    campaign_id = await world.campaign([made.id], enabled=False)
    keys: dict[str, Any] = {"context": world.context, "actor": world.actor, "list_id": made.id}
    await list_lead_actions.add(**keys, named=[by_id(known["id"])])
    await silence(world)
    names = [by_name(known["username"]), by_name(new["username"]), by_name("nobody_of_this")]
    added = await list_lead_actions.add(**keys, named=names)
    assert list(added.added) == [one.identifier for one in names]

    async def is_settled() -> bool:
        return await world.lead_states(campaign_id) == {"ready": 2, "unreachable": 1}

    await world.run_until(is_settled)
    shown = await list_lead_actions.read_page(**keys, after=None, count=10)
    assert {(one.profile.platform_id, one.profile.account_status) for one in shown} == {
        (known["id"], "active"),
        (new["id"], "active"),
        (None, "notFound"),
    }
    assert (await list_actions.get(world.context, world.actor, list_id=made.id)).leads_count == 3


async def test_whoever_gets_a_name_that_was_nobodys_takes_its_lead_over(world: World, campaign_id: str) -> None:
    person = await anybody(world)
    await silence(world)
    await add(world, campaign_id, by_name(person["username"]))
    await world.pool.execute("UPDATE profile SET awaits_lookup = false, account_status = 'notFound'")
    await world.pool.execute("UPDATE lead SET state = 'unreachable', reason = 'notFound'")
    assert await add(world, campaign_id, by_name(person["username"])) == (1, 0, 0)
    await seek(world)
    (view,) = await leads(world, campaign_id)
    assert (view.lead.state, view.lead.profile.platform_id) == ("assessing", person["id"])


async def test_who_is_found_between_look_up_and_writing_is_not_lost(
    world: World, campaign_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await anybody(world)
    await add(world, campaign_id, by_id(person["id"]))
    resolve, calls = people.resolve, 0

    async def resolve_and_lose(*arguments: Any, **options: Any) -> people.Resolved:
        nonlocal calls
        calls += 1
        if calls == 1:
            await silence(world)
        resolved = await resolve(*arguments, **options)
        if calls == 1:
            await seek(world)
        return resolved

    monkeypatch.setattr(people, "resolve", resolve_and_lose)
    assert await add(world, campaign_id, by_name(person["username"])) == (0, 1, 0)
    assert calls == 2
    assert len(await leads(world, campaign_id)) == 1
    orphans = "SELECT count(*) FROM lead l WHERE NOT EXISTS (SELECT FROM profile p WHERE p.id = l.profile_id)"
    assert await world.pool.fetchval(orphans) == 0


async def test_a_comparison_under_way_makes_no_lead_of_a_profile_that_is_merged_meanwhile(world: World) -> None:
    await world.link("ana")
    person = await anybody(world)
    made = await list_actions.create(world.context, world.actor, name="Names", description=None)
    campaign_id = await world.campaign([made.id], enabled=False)
    keys: dict[str, Any] = {"context": world.context, "actor": world.actor, "list_id": made.id}
    await list_lead_actions.add(**keys, named=[by_id(person["id"])])
    await silence(world)
    await list_lead_actions.add(**keys, named=[by_name(person["username"])])
    campaign = {"team_id": world.actor.team_id, "campaign_id": campaign_id}
    async with world.pool.acquire() as connection, connection.transaction():
        await merges.hold_off(connection, team_id=world.actor.team_id)
        rules = await scopes.rules(connection, **campaign)
        assert rules is not None
        now = await world.clock.now()
        changes = await scopes.bring_in_line(connection, **campaign, rules=rules, now=now, is_full=True)
        assert changes.added == 2
        merging = asyncio.create_task(seek(world))
        await asyncio.sleep(0.3)
    await merging
    (view,) = await leads(world, campaign_id)
    assert view.lead.profile.platform_id == person["id"]
    assert await world.pool.fetchval("SELECT count(*) FROM lead") == 1


async def test_without_an_account_names_wait_until_one_is_linked(world: World, campaign_id: str) -> None:
    person = await anybody(world)
    await world.pool.execute("UPDATE account_link SET status = 'offline'")
    assert await add(world, campaign_id, by_name(person["username"])) == (1, 0, 0)
    await seek(world)
    due = "UPDATE duty SET due_at = 'infinity' WHERE kind = 'lookup' RETURNING due_at"
    await world.pool.execute(due)
    await world.link("ana")
    at = await world.pool.fetchval("SELECT due_at FROM duty WHERE kind = 'lookup'")
    assert at == await world.clock.now()

"""The order of locks: accounts, then campaigns, leads, the persons and profiles they are about, then syncs.

Plans are asked for before profiles are locked, syncs afterwards.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from asyncpg import Record
from tests.engine.claiming import claim, ready_world
from tests.engine.conftest import World
from tests.engine.test_awaited import by_id, by_name, seek, silence
from tests.engine.test_histories import linked, read_inbox
from tests.engine.test_replan import join

from overture import ids
from overture.actions import automations, campaign_leads, campaign_life, lead_choice, lead_exits, list_leads, tags
from overture.actions.automations import NewAutomation
from overture.actions.consents import Consent
from overture.channels import port
from overture.core.lookup import Absent, Person
from overture.core.outcome import Outcome
from overture.core.words import Action, OutcomeKind, Trigger
from overture.engine import assess, halts, inbound, settle, sync
from overture.store import (
    awaited,
    campaign_rules,
    duties,
    inboxes,
    lead_filters,
    paces,
    people,
    persons,
    plans,
    scope_requests,
)
from overture.store.pool import Connection


async def test_who_takes_a_campaign_up_again_waits_for_its_accounts_before_it_has_the_campaign(world: World) -> None:
    """Whoever edits it locks the accounts first, and would meet one that had the campaign already."""
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list((await world.people("open"))[:1])])
    await world.pool.execute("UPDATE campaign SET status = 'paused', pause_code = 'noAccountAvailable'")
    now, team_id = await world.clock.now(), world.actor.team_id
    async with world.pool.acquire() as connection:
        async with connection.transaction():
            await paces.lock_accounts(connection, team_id=team_id, account_ids=[world.account_ids["ana"]])
            resuming = asyncio.create_task(halts.resume(world.pool, team_id=team_id, campaign_id=campaign_id, now=now))
            await asyncio.wait({resuming}, timeout=0.3)
            assert not resuming.done()
            async with asyncio.timeout(5):
                await connection.execute("SELECT FROM campaign WHERE id = $1 FOR NO KEY UPDATE", campaign_id)
        await resuming
    assert await world.status(campaign_id) == "active"


async def test_who_asks_for_a_person_to_be_looked_at_waits_for_no_look_that_has_begun(world: World) -> None:
    """They hold persons that the look waits for, once it has taken what was asked before."""
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list((await world.people("open"))[:1])])
    team_id = world.actor.team_id
    keys = {"team_id": team_id, "campaign_id": campaign_id}
    profile_ids = [row["id"] for row in await world.pool.fetch("SELECT id FROM profile LIMIT 1")]
    async with world.pool.acquire() as asking, world.pool.acquire() as looking:
        await scope_requests.want(asking, **keys, profile_ids=profile_ids)
        async with looking.transaction():
            await looking.execute("DELETE FROM scope_queue")
            async with asyncio.timeout(5):
                await scope_requests.want(asking, **keys, profile_ids=profile_ids)
        assert await asking.fetchval("SELECT count(*) FROM scope_queue") == 1


async def test_the_lists_of_a_campaign_are_locked_in_one_order_by_who_edits_and_who_syncs(world: World) -> None:
    await world.link("ana")
    members = (await world.people("open"))[:2]
    lists = [await world.make_list(members[:1]), await world.make_list(members[1:])]
    campaign_id = await world.campaign(lists)
    keys = {"team_id": world.actor.team_id, "campaign_id": campaign_id}
    async with world.pool.acquire() as editing, world.pool.acquire() as syncing:
        # Behind all others, where a walk in the order of the rows finds it last.
        await editing.execute("UPDATE campaign_list SET position = position WHERE list_id = $1", min(lists))
        request = await scope_requests.read(syncing, **keys)
        locked = "SELECT list_id FROM campaign_list WHERE list_id = $1 FOR NO KEY UPDATE SKIP LOCKED"
        async with editing.transaction():
            await editing.fetch(locked, min(lists))
            noting = asyncio.create_task(scope_requests.done(syncing, **keys, request=request))
            await asyncio.wait({noting}, timeout=0.3)
            assert not noting.done()
            assert await editing.fetchval(locked, max(lists)) == max(lists)
            await campaign_rules.lock(editing, **keys)
        await noting


async def test_who_syncs_notes_what_lists_it_has_seen_before_it_asks_for_another_look(world: World) -> None:
    """Whoever changes the rules has the lists, and comes to the duty."""
    await world.link("ana")
    list_id = await world.make_list((await world.people("open"))[:1])
    campaign_id = await world.campaign([list_id])
    keys = {"team_id": world.actor.team_id, "campaign_id": campaign_id}
    now = await world.clock.now()
    await sync.step(world.pool, **keys, now=now)
    await world.pool.execute("DELETE FROM list_lead WHERE list_id = $1", list_id)
    async with world.pool.acquire() as editing, world.pool.acquire() as stopping:
        await scope_requests.want_full(editing, team_id=world.actor.team_id, campaign_ids=[campaign_id])
        async with editing.transaction():
            await campaign_rules.lock(editing, **keys)
            async with stopping.transaction():
                await stopping.execute("UPDATE lead SET state = 'canceled', reason = 'stopped'")
                syncing = asyncio.create_task(sync.step(world.pool, **keys, now=now))
                await asyncio.wait({syncing}, timeout=0.5)
                assert not syncing.done(), "it waits for the lead that is being stopped"
            await asyncio.wait({syncing}, timeout=0.5)
            assert not syncing.done(), "it waits for the lists"
            async with asyncio.timeout(5):
                await duties.want(editing, team_id=world.actor.team_id, kind="sync", key=campaign_id, due_at=now)
        await syncing
    assert await world.pool.fetchval("SELECT count(*) FROM scope_queue") == 1, "the lead is looked at once more"


async def _to_be_assessed(world: World) -> tuple[str, Coroutine[Any, Any, object]]:
    """A campaign with one lead, and what looks its person up."""
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list((await world.people("open"))[:1])])
    keys: dict[str, Any] = {"team_id": world.actor.team_id, "campaign_id": campaign_id, "now": await world.clock.now()}
    await sync.step(world.pool, **keys)
    assessor = assess.Assessor(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    return campaign_id, assessor.step(**keys)


async def test_who_has_looked_people_up_locks_their_leads_before_their_profiles(world: World) -> None:
    """Whoever takes an answer in has the lead, and comes to the profile to give the person a contact."""
    _, assessed = await _to_be_assessed(world)
    async with world.pool.acquire() as answered:
        async with answered.transaction():
            await answered.execute("SELECT FROM lead FOR NO KEY UPDATE")
            assessing = asyncio.create_task(assessed)
            await asyncio.wait({assessing}, timeout=1)
            assert not assessing.done()
            free = await answered.fetch("SELECT id FROM profile FOR NO KEY UPDATE SKIP LOCKED")
            assert len(free) == await answered.fetchval("SELECT count(*) FROM profile")
        await assessing
    assert await world.pool.fetchval("SELECT state FROM lead") == "ready"


async def test_who_has_found_out_whose_a_username_is_locks_their_leads_before_their_profile(world: World) -> None:
    """Whoever has looked the person up by the id has the lead, and comes to the profile."""
    await world.link("ana")
    (person,) = (await world.people("open"))[:1]
    campaign_id = await world.campaign([])
    keys: dict[str, Any] = {"context": world.context, "actor": world.actor, "campaign_id": campaign_id}
    await campaign_leads.add(**keys, named=[by_id(person["id"])], consent=None)
    await silence(world)
    await campaign_leads.add(**keys, named=[by_name(person["username"])], consent=None)
    async with world.pool.acquire() as assessing:
        async with assessing.transaction():
            await assessing.execute("SELECT FROM lead FOR NO KEY UPDATE")
            seeking = asyncio.create_task(seek(world))
            await asyncio.wait({seeking}, timeout=1)
            assert not seeking.done()
            locked = "SELECT FROM profile WHERE platform_id = $1 FOR NO KEY UPDATE SKIP LOCKED"
            assert len(await assessing.fetch(locked, person["id"])) == 1
        await seeking
    assert await world.pool.fetchval("SELECT count(*) FROM lead") == 1


async def test_people_that_were_looked_up_and_people_of_known_ids_are_saved_in_one_order(world: World) -> None:
    """Whoever saves the same people in one statement goes by their ids."""
    shown = Person(
        platform_id="2",
        username="zoe",
        display_name="Zoe",
        bio=None,
        location=None,
        website=None,
        avatar_url=None,
        follower_count=None,
        is_protected=False,
        may_receive=None,
        follows_account=False,
        blocks_or_blocked=False,
    )
    keys: dict[str, Any] = {"team_id": world.actor.team_id, "platform": "twitter", "now": await world.clock.now()}
    async with world.pool.acquire() as one, world.pool.acquire() as other:
        async with one.transaction():
            await people.save_ids(one, **keys, platform_ids=["1"])

            async def save() -> None:
                async with other.transaction():
                    await people.save_all(other, **keys, people=[shown], platform_ids=["1"])

            saving = asyncio.create_task(save())
            await asyncio.wait({saving}, timeout=0.5)
            assert not saving.done()
            async with asyncio.timeout(5):
                await people.save_people(one, **keys, people=[shown])
        await saving
    saved = await world.pool.fetch(
        "SELECT platform_id, username FROM profile WHERE platform_id IN ('1', '2') ORDER BY 1"
    )
    assert [tuple(row) for row in saved] == [("1", None), ("2", "zoe")]


async def _parked(world: World) -> Record:
    """A lead that waits until another campaign is through with its person."""
    await world.link("ana")
    (person,) = (await world.people("open"))[:1]
    list_id = await world.make_list([person])
    for _ in range(2):
        await world.campaign([list_id])

    async def is_one_parked() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_parked") == 1)

    await world.run_until(is_one_parked)
    row = await world.pool.fetchrow("SELECT campaign_id, profile_id, lead_id FROM lead_parked")
    assert row is not None
    return row


async def _leave(world: World, campaign_id: str, how: str) -> Awaitable[object]:
    """Begin to take every lead out of a campaign."""
    keys: dict[str, Any] = {"campaign_id": campaign_id}
    team_id, now = world.actor.team_id, await world.clock.now()
    if how == "sync":
        await world.pool.execute("DELETE FROM campaign_list WHERE campaign_id = $1", campaign_id)
        return sync.step(world.pool, **keys, team_id=team_id, now=now)
    if how == "accounts away":
        reach_id = await world.pool.fetchval("SELECT reach_id FROM lead WHERE campaign_id = $1", campaign_id)
        return _in_transaction(world, plans.ask_again, **keys, team_id=team_id, reach_ids=[reach_id], at=now)
    if how == "delete":
        await campaign_life.disable(world.context, world.actor, **keys)
        return campaign_life.delete(world.context, world.actor, **keys)
    everybody = lead_choice.Choice(named=None, filters=lead_filters.Filters())
    return lead_exits.cancel_all(world.context, world.actor, **keys, choice=everybody)


async def _in_transaction(world: World, work: Callable[..., Awaitable[object]], **given: Any) -> None:
    async with world.pool.acquire() as connection, connection.transaction():
        await work(connection, **given)


@pytest.mark.parametrize("how", ["cancel", "sync", "accounts away", "delete", "rules"])
async def test_a_parked_lead_is_taken_only_by_who_has_its_person(world: World, how: str) -> None:
    """Whoever frees persons has them, and comes to the leads that were parked for them in any campaign."""
    parked = await _parked(world)
    taking: Awaitable[object]
    if how == "rules":
        now = await world.clock.now()
        taking = _in_transaction(world, persons.unpark_all, team_id=world.actor.team_id, due_at=now)
    else:
        taking = await _leave(world, parked["campaign_id"], how)
    async with world.pool.acquire() as freeing:
        async with freeing.transaction():
            await persons.lock(freeing, team_id=world.actor.team_id, profile_ids=[parked["profile_id"]])
            task = asyncio.ensure_future(taking)
            await asyncio.wait({task}, timeout=0.4)
            assert not task.done()
            free = await freeing.fetch("SELECT lead_id FROM lead_parked FOR UPDATE SKIP LOCKED")
            assert [row["lead_id"] for row in free] == [parked["lead_id"]]
        await task
    assert await world.pool.fetchval("SELECT count(*) FROM lead_parked") == 0


@pytest.mark.parametrize("how", ["cancel", "sync"])
async def test_a_lead_that_leaves_while_its_person_is_freed_is_in_no_plan(world: World, how: str) -> None:
    row = await _parked(world)
    now, team_id, lead_id = await world.clock.now(), world.actor.team_id, row["lead_id"]
    leaving = await _leave(world, row["campaign_id"], how)
    async with world.pool.acquire() as freeing:
        async with freeing.transaction():
            await persons.unpark(freeing, team_id=team_id, profile_ids=[row["profile_id"]], due_at=now)
            task = asyncio.ensure_future(leaving)
            await asyncio.wait({task}, timeout=0.4)
            assert not task.done()
        await task
    assert await world.pool.fetchval("SELECT state FROM lead WHERE id = $1", lead_id) in ("canceled", "removed")
    assert await world.pool.fetchval("SELECT count(*) FROM lead_due WHERE lead_id = $1", lead_id) == 0


async def _wants_a_sync(connection: Connection, world: World, campaign_id: str) -> None:
    """Ask for a sync as an edit does that has locked profiles; nobody waits for these with the sync in hand."""
    async with asyncio.timeout(5):
        now = await world.clock.now()
        await duties.want_syncs(connection, team_id=world.actor.team_id, campaign_ids=[campaign_id], due_at=now)


async def _choosy_campaign(world: World) -> str:
    """A draft that takes nobody contacted elsewhere or met before, with everybody of the first list."""
    list_id = await world.pool.fetchval("SELECT list_id FROM campaign_list LIMIT 1")
    campaign_id = await world.campaign([list_id], enabled=False)
    await world.pool.execute(
        "UPDATE campaign SET exclude_contacted = true, exclude_mutuals = true WHERE id = $1", campaign_id
    )
    await sync.step(world.pool, team_id=world.actor.team_id, campaign_id=campaign_id, now=await world.clock.now())
    await world.pool.execute("DELETE FROM duty WHERE kind = 'sync'")
    return campaign_id


async def test_an_answer_waits_for_profiles_before_it_asks_for_syncs(world: World) -> None:
    """Whoever notes something of the person has their profile, and comes to the sync."""
    await ready_world(world, 1)
    campaign_id = await _choosy_campaign(world)
    team_id, now = world.actor.team_id, await world.clock.now()
    person = await world.pool.fetchval("SELECT f.platform_id FROM list_lead l JOIN profile f ON f.id = l.profile_id")
    await world.pool.execute("UPDATE profile SET username = NULL")
    told = port.InboxMessage(
        platform_id="77",
        conversation_id=None,
        sender_id=person,
        other_id=person,
        is_inbound=True,
        text="Hi",
        sent_at=now,
        other=port.Names(username="zoe", display_name="Zoe"),
    )

    async def read() -> None:
        async with world.pool.acquire() as reading, reading.transaction():
            profiles = await inboxes.profiles_of(
                reading,
                team_id=team_id,
                platform="twitter",
                platform_ids=[person],
                now=now,
                new_ids=ids.many("u", 1),
            )
            await inbound.act(reading, team_id, world.account_ids["ana"], "twitter", [told], profiles, now)

    async with world.pool.acquire() as editing:
        async with editing.transaction():
            await editing.execute("SELECT FROM profile FOR NO KEY UPDATE")
            answering = asyncio.create_task(read())
            await asyncio.wait({answering}, timeout=1)
            assert not answering.done()
            await _wants_a_sync(editing, world, campaign_id)
        await answering
    assert await world.pool.fetchval("SELECT wanted FROM duty WHERE kind = 'sync' AND key = $1", campaign_id) == 2
    assert await world.pool.fetchval("SELECT username FROM profile WHERE platform_id = $1", person) == "zoe"


async def _claimed(world: World, outcome: Outcome) -> settle.Result:
    """Claim the one lead there is; return what has come of its message."""
    assert await claim(world) == 1
    attempt = await world.pool.fetchrow("SELECT id AS attempt_id, account_id, lead_id, profile_id FROM attempt")
    assert attempt is not None
    return settle.Result(**attempt, outcome=outcome, ended_at=await world.clock.now())


@pytest.mark.parametrize("kind", [OutcomeKind.SENDER_REFUSED, OutcomeKind.OUT_OF_CREDIT, OutcomeKind.AUTH_LOST])
async def test_an_outcome_that_may_pause_campaigns_has_these_before_any_lead(world: World, kind: OutcomeKind) -> None:
    """Whoever edits a campaign has it, and comes to its leads and their persons."""
    await ready_world(world, 1)
    result = await _claimed(world, Outcome(kind=kind))
    team_id, now = world.actor.team_id, await world.clock.now()
    async with world.pool.acquire() as editing:
        async with editing.transaction():
            await editing.execute("SELECT FROM campaign FOR NO KEY UPDATE")
            settling = asyncio.create_task(settle.settle(world.pool, team_id=team_id, now=now, results=[result]))
            await asyncio.wait({settling}, timeout=0.5)
            assert not settling.done()
            for table in ("lead", "person"):
                assert len(await editing.fetch(f"SELECT FROM {table} FOR NO KEY UPDATE SKIP LOCKED")) == 1
        await settling


async def test_an_outcome_waits_for_profiles_before_it_asks_for_syncs(world: World) -> None:
    """Its automations give the person a contact; whoever notes something of them comes to the sync."""
    tag = await tags.create(world.context, world.actor, name="VIP", color=None)
    new = NewAutomation(trigger=Trigger.CONTACTED, action=Action.ADD_TAG, data={"tagId": tag.id})
    await automations.create(world.context, world.actor, campaign_id=await ready_world(world, 1), new=new)
    campaign_id = await _choosy_campaign(world)
    result = await _claimed(world, Outcome(kind=OutcomeKind.ACCEPTED, platform_message_id="78"))
    team_id, now = world.actor.team_id, await world.clock.now()
    async with world.pool.acquire() as editing:
        async with editing.transaction():
            await editing.execute("SELECT FROM profile FOR NO KEY UPDATE")
            settling = asyncio.create_task(settle.settle(world.pool, team_id=team_id, now=now, results=[result]))
            await asyncio.wait({settling}, timeout=1)
            assert not settling.done()
            await _wants_a_sync(editing, world, campaign_id)
        await settling
    assert await world.pool.fetchval("SELECT wanted FROM duty WHERE kind = 'sync' AND key = $1", campaign_id) == 2


async def test_who_adds_people_and_notes_their_consent_has_their_contacts_before_syncs(world: World) -> None:
    await world.link("ana")
    (known, added) = (await world.people("open"))[:2]
    list_id = await world.make_list([known])
    campaign_id = await world.campaign([list_id])
    await world.pool.execute("DELETE FROM duty WHERE kind = 'sync'")
    said = Consent(basis="signedUp", evidence="form")
    async with world.pool.acquire() as editing:
        async with editing.transaction():
            await editing.execute("SELECT FROM profile FOR NO KEY UPDATE")
            adding = asyncio.create_task(
                list_leads.add(
                    world.context,
                    world.actor,
                    list_id=list_id,
                    named=[by_id(known["id"]), by_id(added["id"])],
                    consent=said,
                )
            )
            await asyncio.wait({adding}, timeout=1)
            assert not adding.done()
            await _wants_a_sync(editing, world, campaign_id)
        await adding
    assert await world.pool.fetchval("SELECT count(*) FROM contact WHERE consent_at IS NOT NULL") == 2


async def test_whom_somebody_is_about_to_suppress_may_be_looked_up_meanwhile(world: World) -> None:
    """Whoever suppresses keeps the profile from being merged, and comes to the leads; a look-up has these."""
    (person, absent) = (await world.people("open"))[:2]
    await world.make_list([person, absent])
    keys: dict[str, Any] = {"team_id": world.actor.team_id, "platform": "twitter"}
    profile_ids = [row["id"] for row in await world.pool.fetch("SELECT id FROM profile")]
    gone = [Absent(identifier=absent["id"], reason="suspended")]
    async with world.pool.acquire() as keeping, keeping.transaction(), world.pool.acquire() as saving:
        assert await awaited.hold(keeping, team_id=world.actor.team_id, profile_ids=profile_ids)
        async with asyncio.timeout(5):
            await people.hold_known(saving, **keys, platform_ids=[person["id"], absent["id"]])
            await people.save_absent(saving, **keys, absent=gone, now=await world.clock.now())


async def test_a_history_has_the_leads_before_it_saves_profiles(world: World) -> None:
    """Whoever has looked people up has their leads, and comes to their profiles."""
    history = await linked(world)
    (person,) = (await world.people("open"))[:1]
    await read_inbox(world, history.account_id)
    campaign_id = await world.campaign([await world.make_list([person])])
    await sync.step(world.pool, team_id=world.actor.team_id, campaign_id=campaign_id, now=await world.clock.now())
    await world.pool.execute("UPDATE profile SET username = NULL")
    job = await history.create(f"username,Received at\n{person['username']},2024-03-01\n")
    async with world.pool.acquire() as assessing:
        async with assessing.transaction():
            await assessing.execute("SELECT FROM lead FOR NO KEY UPDATE")
            importing = asyncio.create_task(history.importer.work(history.chore(job), halt=asyncio.Event()))
            await asyncio.wait({importing}, timeout=1)
            assert not importing.done()
            free = await assessing.fetch("SELECT id FROM profile FOR NO KEY UPDATE SKIP LOCKED")
            assert len(free) == await assessing.fetchval("SELECT count(*) FROM profile")
        assert await importing
    assert (await history.read(job)).status == "completed"


async def test_who_has_looked_people_up_asks_for_a_plan_before_their_profiles(world: World) -> None:
    """An outcome has asked for plans when it gives the person a contact."""
    campaign_id, assessed = await _to_be_assessed(world)
    async with world.pool.acquire() as settling:
        async with settling.transaction():
            now = await world.clock.now()
            await duties.want(settling, team_id=world.actor.team_id, kind="plan", key=campaign_id, due_at=now)
            assessing = asyncio.create_task(assessed)
            await asyncio.wait({assessing}, timeout=1)
            assert not assessing.done()
            free = await settling.fetch("SELECT id FROM profile FOR NO KEY UPDATE SKIP LOCKED")
            assert len(free) == await settling.fetchval("SELECT count(*) FROM profile")
        await assessing


async def test_who_changes_the_accounts_of_a_campaign_asks_for_its_plan_before_its_sync(world: World) -> None:
    """An outcome that frees a person asks for a plan, and then for a sync."""
    await world.link("ana", "ben")
    campaign_id = await world.campaign([await world.make_list((await world.people("open"))[:1])])
    team_id, now = world.actor.team_id, await world.clock.now()
    async with world.pool.acquire() as settling:
        async with settling.transaction():
            await duties.want(settling, team_id=team_id, kind="plan", key=campaign_id, due_at=now)
            changing = asyncio.create_task(join(world, campaign_id, world.account_ids["ana"]))
            await asyncio.wait({changing}, timeout=0.5)
            assert not changing.done()
            await _wants_a_sync(settling, world, campaign_id)
        await changing

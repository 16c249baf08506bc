"""Automations: what they do to contacts, a whole batch at a time, in the transaction of what set them off."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.engine.claiming import claim, ready_world
from tests.engine.conftest import World, message

from overture.actions import automations, campaign_life, contacts, members, tags
from overture.actions.automations import NewAutomation
from overture.actions.contacts import ContactChanges, NewConsent
from overture.core.words import Action, Trigger
from overture.engine import automate, dispatch
from overture.engine.automate import Triggered
from overture.store import outbox
from overture.store.pool import Connection

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


async def prepare(world: World, count: int, wanted: Sequence[tuple[Action, dict[str, str]]]) -> tuple[str, list[str]]:
    """A campaign with automations on `replied`, and people in it; return it and their profiles."""
    await world.link("ana")
    people = (await world.people())[:count]
    campaign_id = await world.campaign([await world.make_list(people)], steps=[message("Hi ")], enabled=False)
    for action, data in wanted:
        new = NewAutomation(trigger=Trigger.REPLIED, action=action, data=data)
        await automations.create(world.context, world.actor, campaign_id=campaign_id, new=new)
    rows = await world.pool.fetch("SELECT profile_id FROM list_lead ORDER BY profile_id")
    return campaign_id, [row["profile_id"] for row in rows]


async def run(
    connection: Connection, world: World, campaign_id: str, profile_ids: Sequence[str], trigger: Trigger
) -> list[outbox.NewEvent]:
    events: list[outbox.NewEvent] = []
    triggered = [Triggered(campaign_id=campaign_id, profile_id=one, trigger=trigger) for one in profile_ids]
    async with connection.transaction():
        await automate.run(connection, team_id=world.actor.team_id, now=NOW, triggered=triggered, events=events)
    return events


async def noted(world: World) -> list[Any]:
    return [tuple(row) for row in await world.pool.fetch("SELECT status_id, tag_ids, assignee_id FROM contact")]


async def test_a_batch_takes_one_statement_for_each_kind_of_change_whatever_its_size(world: World) -> None:
    tag = await tags.create(world.context, world.actor, name="VIP", color=None)
    old = await tags.create(world.context, world.actor, name="Old", color=None)
    (owner, *_) = await members.read_page(world.context, world.actor, after=None, limit=1)
    wanted = [
        (Action.ADD_TAG, {"tagId": tag.id}),
        (Action.REMOVE_TAG, {"tagId": old.id}),
        (Action.ASSIGN, {"memberId": owner.id}),
    ]
    campaign_id, profile_ids = await prepare(world, 60, wanted)
    counts = []
    async with world.pool.acquire() as connection:
        for chosen in (profile_ids[:2], profile_ids[2:]):
            queries: list[str] = []
            with connection.query_logger(lambda record, queries=queries: queries.append(record.query)):
                events = await run(connection, world, campaign_id, chosen, Trigger.REPLIED)
            counts.append(len(queries))
            kinds = [event.type for event in events]
            assert [kinds.count(f"contact.{kind}Changed") for kind in ("status", "tags", "assignee")] == [
                len(chosen)
            ] * 3
    assert counts[0] == counts[1] <= 12
    status = await world.pool.fetchval("SELECT id FROM status WHERE team_id = $1 LIMIT 1", world.actor.team_id)
    assert await noted(world) == [(status, [tag.id], owner.id)] * 60


async def test_what_holds_already_is_neither_changed_nor_told(world: World) -> None:
    tag = await tags.create(world.context, world.actor, name="VIP", color=None)
    campaign_id, profile_ids = await prepare(world, 3, [(Action.ADD_TAG, {"tagId": tag.id})])
    async with world.pool.acquire() as connection:
        assert await run(connection, world, campaign_id, profile_ids, Trigger.FINISHED) == []
        assert await world.pool.fetchval("SELECT count(*) FROM contact") == 0
        assert len(await run(connection, world, campaign_id, profile_ids, Trigger.REPLIED)) == 6
        assert await run(connection, world, campaign_id, profile_ids, Trigger.REPLIED) == []


async def test_of_two_automations_that_contradict_each_other_the_later_holds(world: World) -> None:
    first = await tags.create(world.context, world.actor, name="First", color=None)
    second = await tags.create(world.context, world.actor, name="Second", color=None)
    wanted = [
        (Action.ADD_TAG, {"tagId": first.id}),
        (Action.REMOVE_TAG, {"tagId": first.id}),
        (Action.REMOVE_TAG, {"tagId": second.id}),
        (Action.ADD_TAG, {"tagId": second.id}),
    ]
    campaign_id, profile_ids = await prepare(world, 1, wanted)
    async with world.pool.acquire() as connection:
        events = await run(connection, world, campaign_id, profile_ids, Trigger.REPLIED)
    assert [event.data for event in events if event.type == "contact.tagsChanged"] == [{"tagIds": [second.id]}]


async def test_an_automation_whose_tag_is_gone_changes_nothing_even_when_it_was_left_on(world: World) -> None:
    tag = await tags.create(world.context, world.actor, name="VIP", color=None)
    campaign_id, profile_ids = await prepare(world, 1, [(Action.ADD_TAG, {"tagId": tag.id})])
    await tags.delete(world.context, world.actor, reference=tag.id)
    await world.pool.execute("UPDATE automation SET enabled = true")
    async with world.pool.acquire() as connection:
        events = await run(connection, world, campaign_id, profile_ids, Trigger.REPLIED)
    assert [event.type for event in events] == ["contact.statusChanged"]


async def test_a_whole_campaign_tags_and_assigns_whom_it_contacts_exactly_once(world: World) -> None:
    await world.link("ana", "ben")
    tag = await tags.create(world.context, world.actor, name="Written to", color=None)
    (owner, *_) = await members.read_page(world.context, world.actor, after=None, limit=1)
    people = (await world.people(nature="open", talk="silent"))[:6]
    campaign_id = await world.campaign([await world.make_list(people)], steps=[message("Hi ")], enabled=False)
    for trigger, action, data in (
        (Trigger.CONTACTED, Action.ADD_TAG, {"tagId": tag.id}),
        (Trigger.FINISHED, Action.ASSIGN, {"memberId": owner.id}),
    ):
        new = NewAutomation(trigger=trigger, action=action, data=data)
        await automations.create(world.context, world.actor, campaign_id=campaign_id, new=new)
    await campaign_life.enable(world.context, world.actor, campaign_id=campaign_id)
    await world.run_until_completed(campaign_id)
    assert await noted(world) == [(None, [tag.id], owner.id)] * 6
    told = await world.pool.fetch(
        "SELECT type, count(*) FROM event WHERE object_type = 'contact' GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in told] == [("contact.assigneeChanged", 6), ("contact.tagsChanged", 6)]


async def test_a_claim_that_read_a_consent_writes_no_intent_after_its_withdrawal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready_world(world, 9)
    await world.pool.execute("UPDATE platform_app SET contact_policy = 'inboundOrConsent'")
    profiles = await world.pool.fetch("SELECT profile_id FROM lead")
    people = ["o" + row["profile_id"][1:] for row in profiles]
    consent = NewConsent(basis="signedUp", evidence="Form")
    for contact_id in people:
        changes = ContactChanges(consent=consent)
        await contacts.change(world.context, world.actor, contact_id=contact_id, changes=changes)
    move_pace = dispatch.Dispatcher._move_pace

    async def withdraw_first(self: dispatch.Dispatcher, *arguments: object) -> None:
        for contact_id in people:
            changes = ContactChanges(consent=None)
            await contacts.change(world.context, world.actor, contact_id=contact_id, changes=changes)
        await move_pace(self, *arguments)  # type: ignore[arg-type] # the arguments are passed on as they come

    monkeypatch.setattr(dispatch.Dispatcher, "_move_pace", withdraw_first)
    assert await claim(world) == 0
    monkeypatch.undo()
    assert await claim(world) == 0
    assert await world.pool.fetchval("SELECT count(*) FROM attempt") == 0

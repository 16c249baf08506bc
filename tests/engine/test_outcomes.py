"""What the platform answers, and what the engine makes of it: a refusal costs one lead or one account, no more."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from tests.engine.conftest import World, message
from tests.engine.test_campaign import instant

from overture.actions import accounts
from overture.core.words import AccountStatus
from overture.engine import halts
from overture.store import halted

ONE = [message("Hello ")]


@pytest.mark.parametrize("kind", ["serverErrorAfterAccept", "resetMidAnswer"])
async def test_an_answer_lost_after_acceptance_is_found_in_the_conversation_and_never_sent_again(
    world: World, kind: str
) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:4]
    await world.fault(kind=kind, endpoint="send", next=2)
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    await world.run_until_completed(campaign_id)

    sends = Counter(sent["recipient"] for sent in await world.messages())
    assert sends == {person["id"]: 1 for person in people}
    states = await world.pool.fetch("SELECT state, outcome FROM attempt ORDER BY id")
    assert [row["state"] for row in states] == ["accepted"] * 4


async def test_a_rate_limited_account_waits_for_the_platforms_reset(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:3]
    await world.fault(kind="rateLimited", next=1)
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    await world.run_until_completed(campaign_id)

    refused = await world.pool.fetchrow("SELECT * FROM attempt WHERE state = 'refused'")
    assert refused is not None
    assert refused["outcome"] == "rateLimited"
    first = min(instant(sent) for sent in await world.messages())
    assert first >= refused["ended_at"] + timedelta(minutes=1)
    assert len(await world.messages()) == 3


async def test_a_sender_refusal_lets_the_account_rest_and_the_lead_try_again(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:2]
    await world.fault(kind="notPermitted", next=1)
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    await world.run_until_completed(campaign_id)

    refused = await world.pool.fetchrow("SELECT * FROM attempt WHERE outcome = 'senderRefused'")
    assert refused is not None
    first = min(instant(sent) for sent in await world.messages())
    assert first >= refused["ended_at"] + timedelta(minutes=15)
    assert (await world.lead_states(campaign_id)) == {"finished": 2}


async def test_a_lead_the_sender_is_refused_for_twice_is_held(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:1]
    await world.fault(kind="notPermitted", next=2)
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    async def is_held() -> bool:
        return await world.lead_states(campaign_id) == {"held": 1}

    await world.run_until(is_held)
    assert await world.pool.fetchval("SELECT reason FROM lead") == "senderRefused"
    assert await world.messages() == []


async def test_an_account_paused_for_refusals_tries_again_after_a_day(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:8]
    await world.fault(kind="notPermitted", next=5)
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    async def is_paused() -> bool:
        return bool(await world.pool.fetchval("SELECT status FROM account_link") == "paused")

    await world.run_until(is_paused)
    assert await world.pool.fetchval("SELECT pause_reasons FROM account_link") == ["senderRefused"]
    campaign = await world.pool.fetchrow("SELECT status, enabled, pause_code FROM campaign")
    assert campaign is not None
    assert tuple(campaign) == ("paused", True, "noAccountAvailable")
    fifth = await world.pool.fetchval("SELECT max(ended_at) FROM attempt WHERE outcome = 'senderRefused'")

    await world.run_until_completed(campaign_id)
    first = min(instant(sent) for sent in await world.messages())
    assert timedelta(hours=24) <= first - fifth
    kinds = [row["type"] for row in await world.pool.fetch("SELECT type FROM event ORDER BY seq")]
    assert kinds.index("accountLink.paused") < kinds.index("accountLink.resumed")
    assert await world.pool.fetchval("SELECT refusal_streak FROM account_pace") == 0


async def test_one_more_refusal_after_the_long_rest_pauses_for_another_day(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:9]
    await world.fault(kind="notPermitted", next=6)
    await world.campaign([await world.make_list(people)], steps=ONE)

    async def has_sent() -> bool:
        return bool(await world.messages())

    await world.run_until(has_sent)
    refused = await world.pool.fetch("SELECT ended_at FROM attempt WHERE outcome = 'senderRefused' ORDER BY ended_at")
    instants = [row["ended_at"] for row in refused[4:]] + [instant(sent) for sent in await world.messages()]
    assert len(instants) == 3
    assert all(timedelta(hours=24) <= later - earlier for earlier, later in pairwise(instants))


async def test_a_pause_by_hand_outlasts_the_long_rest_and_a_lost_authorisation(world: World) -> None:
    (account_id,) = await world.link("ana")
    keys = {"team_id": world.actor.team_id, "account_id": account_id}
    await accounts.change(world.context, world.actor, account_id=account_id, status=AccountStatus.PAUSED)
    async with world.pool.acquire() as connection, connection.transaction():
        await halted.pause_account(connection, **keys, reason="senderRefused")
    assert await halts.rested(world.pool, **keys, now=await world.clock.now()) is None
    row = await world.pool.fetchrow("SELECT status, pause_reasons FROM account_link")
    assert row is not None
    assert tuple(row) == ("paused", ["manual"])
    assert not await world.pool.fetchval("SELECT open FROM account_gate")
    async with world.pool.acquire() as connection, connection.transaction():
        now = await world.clock.now()
        await halts.account_lost(connection, **keys, now=now, code=halts.UNAUTHORISED, events=[])
    await world.link("ana")
    assert await world.pool.fetchval("SELECT status FROM account_link") == "paused"


async def test_a_person_who_sets_a_refused_account_active_ends_its_rest(world: World) -> None:
    (account_id,) = await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:6]
    await world.fault(kind="notPermitted", next=5)
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    async def is_paused() -> bool:
        return bool(await world.pool.fetchval("SELECT status FROM account_link") == "paused")

    await world.run_until(is_paused)
    fifth = await world.pool.fetchval("SELECT max(ended_at) FROM attempt")
    await accounts.change(world.context, world.actor, account_id=account_id, status=AccountStatus.ACTIVE)
    await world.run_until_completed(campaign_id)
    assert min(instant(sent) for sent in await world.messages()) - fifth < timedelta(hours=2)


async def test_a_linked_account_knows_how_far_back_its_messages_go(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:1]
    await world.run_until_completed(await world.campaign([await world.make_list(people)], steps=ONE))
    row = await world.pool.fetchrow("SELECT synced_at, history_from FROM account_link")
    assert row is not None
    assert row["synced_at"] - row["history_from"] == timedelta(days=30)


async def test_an_app_out_of_credit_pauses_its_campaigns_and_they_resume_by_themselves(world: World) -> None:
    await world.link("ana", "ben")
    people = (await world.people(nature="open", talk="silent"))[:4]
    await world.fault(kind="outOfCredit", next=1)
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    async def is_paused() -> bool:
        return await world.status(campaign_id) == "paused"

    await world.run_until(is_paused)
    row = await world.pool.fetchrow("SELECT enabled, pause_code FROM campaign WHERE id = $1", campaign_id)
    assert row is not None
    assert (row["enabled"], row["pause_code"]) == (True, "creditsDepleted")

    await world.run_until_completed(campaign_id)
    assert len(await world.messages()) == 4


async def test_an_app_that_stays_out_of_credit_is_tried_each_hour_and_all_its_campaigns_go_on_afterwards(
    world: World,
) -> None:
    await world.link("ana", "ben")
    people = (await world.people(nature="open", talk="silent"))[:6]
    campaign_ids = [
        await world.campaign([await world.make_list(people[start : start + 3], name=str(start))], steps=ONE)
        for start in (0, 3)
    ]
    await world.fault(kind="outOfCredit", next=5)
    for campaign_id in campaign_ids:
        await world.run_until_completed(campaign_id)

    tried = await world.pool.fetch("SELECT intent_at, outcome FROM attempt ORDER BY intent_at")
    refused = [row["intent_at"] for row in tried if row["outcome"] == "outOfCredit"]
    assert len(refused) == 5
    rounds = [at for number, at in enumerate(refused) if number == 0 or at - refused[number - 1] > timedelta(minutes=1)]
    assert len(rounds) >= 3
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in pairwise(rounds))
    assert len([row for row in tried if row["outcome"] == "accepted"]) == 6
    assert len(await world.messages()) == 6
    for campaign_id in campaign_ids:
        events = await world.pool.fetch(
            "SELECT type, data FROM event WHERE object_id = $1 AND type LIKE 'campaign.%' ORDER BY seq", campaign_id
        )
        kinds = [row["type"] for row in events]
        assert kinds[-1] == "campaign.completed"
        assert kinds.count("campaign.paused") == kinds.count("campaign.resumed") >= len(rounds) - 1
        assert {row["data"]["reason"] for row in events if row["type"] == "campaign.paused"} == {"creditsDepleted"}


async def test_an_account_the_platform_no_longer_knows_goes_offline_and_others_take_its_leads(world: World) -> None:
    await world.link("ana", "ben")
    people = (await world.people(nature="open", talk="silent"))[:8]
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    async def are_ready() -> bool:
        return (await world.lead_states(campaign_id)).get("ready") == 8

    await world.run_until(are_ready)
    await world.fault(kind="authLost", account="ana")
    await world.run_until_completed(campaign_id)

    assert {sent["sender"] for sent in await world.messages()} == {await platform_id(world, "ben")}
    account = await world.pool.fetchrow(
        "SELECT status, offline_code, offline_at FROM account_link WHERE id = $1", world.account_ids["ana"]
    )
    assert account is not None
    assert (account["status"], account["offline_code"]) == ("offline", "unauthorized")
    assert account["offline_at"] <= await world.clock.now()
    assert len(await world.messages()) == 8


async def test_a_refusal_for_the_recipient_ends_that_lead_alone(world: World) -> None:
    await world.link("ana")
    blocking = (await world.people(nature="blocking"))[:2]
    willing = (await world.people(nature="open", talk="silent"))[:2]
    campaign_id = await world.campaign([await world.make_list([*blocking, *willing])], steps=ONE)

    await world.run_until_completed(campaign_id)

    assert await world.lead_states(campaign_id) == {"unreachable": 2, "finished": 2}


async def test_unreachable_people_are_named_by_reason(world: World) -> None:
    await world.link("ana", "ben")
    wanted = {"closed": 2, "protected": 1, "suspended": 1, "notFound": 1, "open": 1}
    people = [person for nature, count in wanted.items() for person in (await world.people(nature=nature))[:count]]
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    await world.run_until_completed(campaign_id)

    rows = await world.pool.fetch("SELECT reason, count(*) AS count FROM lead WHERE state = 'unreachable' GROUP BY 1")
    assert {row["reason"]: row["count"] for row in rows} == {
        "closed": 2,
        "protected": 1,
        "suspended": 1,
        "notFound": 1,
    }


async def test_who_follows_one_account_only_is_written_to_by_that_account(world: World) -> None:
    await world.link("ana", "ben", "chloe")
    people = (await world.people(nature="follows", talk="silent"))[:6]
    campaign_id = await world.campaign([await world.make_list(people)], steps=ONE)

    await world.run_until_completed(campaign_id)

    senders = {sent["recipient"]: sent["sender"] for sent in await world.messages()}
    assert senders == {person["id"]: person["follows"] for person in people}


async def platform_id(world: World, username: str) -> str:
    found: str = await world.pool.fetchval(
        "SELECT platform_id FROM account_link WHERE id = $1", world.account_ids[username]
    )
    return found

"""What the platform answers, and what the engine makes of it: a refusal costs one lead or one account, no more."""

from collections import Counter
from datetime import timedelta

from tests.engine.conftest import World, message
from tests.engine.test_campaign import instant

ONE = [message("Hello ")]


async def test_an_answer_lost_after_acceptance_is_found_in_the_conversation_and_never_sent_again(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:4]
    await world.fault(kind="serverErrorAfterAccept", next=2)
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
    status = await world.pool.fetchval("SELECT status FROM account_link WHERE id = $1", world.account_ids["ana"])
    assert status == "offline"
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

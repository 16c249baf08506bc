"""Leads that were stopped by what somebody judges to be no answer: they go on where they stood."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests import recounts
from tests.api import campaigning, conversing
from tests.api.campaigning import START, message
from tests.api.conftest import Link
from tests.engine.conftest import World, delay
from tests.engine.conftest import message as step

from overture.actions.context import Context

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
TWO = {"steps": [message("1"), message("2")]}
ANSWERED = "SELECT sum(answered) FROM lead_result UNION ALL SELECT sum(answered) FROM step_result"


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


@pytest.fixture
async def campaign(client: httpx.AsyncClient, context: Context, account: dict[str, Any]) -> dict[str, Any]:
    made = await campaigning.create(client, account, sequence=TWO)
    await campaigning.write_to_anyone(context)
    return made


async def contacted(
    context: Context,
    campaign: dict[str, Any],
    account: dict[str, Any],
    person: str,
    *,
    state: str = "inSequence",
    reason: str | None = None,
    rank: int = 1,
) -> str:
    due = timedelta() if state == "inSequence" else None
    lead_id = await campaigning.put(
        context, campaign, person, state=state, reason=reason, account=account, contacted=DAY, rank=rank, due=due
    )
    await campaigning.wrote(context, lead_id, account=account)
    return lead_id


async def write(
    client: httpx.AsyncClient, context: Context, account: dict[str, Any], person: str, *, number: int = 1, text: str
) -> str:
    """Have a person write to an account; return the id of the message."""
    team = (await client.get("/team")).json()
    said = conversing.message(number, person, text, is_inbound=True, at=START + number * MINUTE)
    await conversing.read(context.pool, team["id"], account["id"], said)
    found: str = await context.pool.fetchval("SELECT id FROM message WHERE platform_id = $1", said.platform_id)
    return found


async def go_on(
    client: httpx.AsyncClient, campaign: dict[str, Any], person: str, message_id: str, **more: Any
) -> httpx.Response:
    return await client.post(
        f"/campaigns/{campaign['id']}/leads/{person}/continue", json={"messageId": message_id, **more}
    )


async def standing(client: httpx.AsyncClient, campaign: dict[str, Any], person: str) -> tuple[str, str | None]:
    lead = await campaigning.lead(client, campaign, person)
    return lead["state"], lead["reason"]


async def replies(client: httpx.AsyncClient, campaign: dict[str, Any]) -> int:
    count: int = (await client.get(f"/campaigns/{campaign['id']}")).json()["repliesCount"]
    return count


async def test_a_lead_that_got_no_answer_after_all_goes_on_with_the_step_it_was_at(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    lead_id = await contacted(context, campaign, account, "1")
    message_id = await write(client, context, account, "1", text="I am away until Monday.")
    assert await standing(client, campaign, "1") == ("replied", None)
    assert (await go_on(client, campaign, "1", message_id)).json() == {"success": True}
    lead = await campaigning.lead(client, campaign, "1")
    assert (lead["state"], lead["repliedAt"], lead["step"]["rank"]) == ("inSequence", None, 1)
    due = await context.pool.fetchrow("SELECT is_first, due_at FROM lead_due WHERE lead_id = $1", lead_id)
    assert due is not None
    assert (due["is_first"], due["due_at"]) == (False, START - DAY)
    assert await context.pool.fetchval("SELECT engaged_lead_id FROM person") == lead_id


async def test_it_counts_no_more_as_one_who_answered_until_it_answers_again(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await contacted(context, campaign, account, "1")
    first = await write(client, context, account, "1", text="I am away until Monday.")
    assert await replies(client, campaign) == 1
    await go_on(client, campaign, "1", first)
    assert await replies(client, campaign) == 0
    assert [row[0] for row in await context.pool.fetch(ANSWERED)] == [0, 0]
    await write(client, context, account, "1", number=2, text="Back now. Tell me more!")
    assert await replies(client, campaign) == 1
    assert await standing(client, campaign, "1") == ("replied", None)
    assert [row[0] for row in await context.pool.fetch(ANSWERED)] == [1, 1]


async def test_what_was_judged_once_stops_the_lead_no_more(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await contacted(context, campaign, account, "1")
    first = await write(client, context, account, "1", text="I am away until Monday.")
    await go_on(client, campaign, "1", first)
    await write(client, context, account, "1", text="I am away until Monday.")
    assert await standing(client, campaign, "1") == ("inSequence", None)
    base = f"/campaigns/{campaign['id']}/leads/1"
    await client.post(f"{base}/cancel")
    assert (await client.post(f"{base}/restore", json={})).status_code == 200
    assert await standing(client, campaign, "1") == ("inSequence", None)


async def test_whoever_has_written_since_is_read_first(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any], link: Link
) -> None:
    await contacted(context, campaign, account, "1")
    first = await write(client, context, account, "1", text="I am away until Monday.")
    other = await link("ben")
    newer = await write(client, context, other, "1", number=2, text="But do tell me more!")
    response = await go_on(client, campaign, "1", first)
    assert (response.status_code, response.json()["code"]) == (409, "newerMessage")
    assert response.json()["details"] == {"messageId": newer}
    assert await standing(client, campaign, "1") == ("replied", None)
    assert (await go_on(client, campaign, "1", newer)).status_code == 200


async def test_only_a_message_of_the_person_can_be_judged(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await contacted(context, campaign, account, "1")
    await write(client, context, account, "1", text="I am away until Monday.")
    theirs = await write(client, context, account, "2", number=2, text="Hello")
    for message_id in (theirs, "g0mdbz3k91yq0c8f4w2n7xhs", "\x00"):
        response = await go_on(client, campaign, "1", message_id)
        assert response.status_code in {400, 404}, response.text
    assert (await go_on(client, campaign, "1", theirs)).json()["code"] == "messageNotFound"
    assert await standing(client, campaign, "1") == ("replied", None)


async def test_one_that_had_every_step_is_finished_again(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await contacted(context, campaign, account, "1", state="finished", rank=2)
    message_id = await write(client, context, account, "1", text="I am away until Monday.")
    assert (await go_on(client, campaign, "1", message_id)).status_code == 200
    assert await standing(client, campaign, "1") == ("finished", None)


async def test_words_that_may_have_meant_stop_are_judged_with_it(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await contacted(context, campaign, account, "1")
    message_id = await write(client, context, account, "1", text="We will not stop before Friday, write on Monday.")
    assert await standing(client, campaign, "1") == ("replied", "mayOptOut")
    assert (await go_on(client, campaign, "1", message_id)).status_code == 200
    assert await standing(client, campaign, "1") == ("inSequence", None)


async def test_whoever_said_stop_gets_nothing_more(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await contacted(context, campaign, account, "1")
    message_id = await write(client, context, account, "1", text="stop")
    assert await standing(client, campaign, "1") == ("replied", None)
    response = await go_on(client, campaign, "1", message_id)
    assert (response.status_code, response.json()["code"]) == (409, "leadKeptOut")
    assert response.json()["details"] == {"reason": "suppressed"}


async def test_a_list_that_leaves_them_out_by_now_comes_first(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await contacted(context, campaign, account, "1")
    message_id = await write(client, context, account, "1", text="I am away until Monday.")
    barred = await campaigning.make_list(client, "Barred")
    await campaigning.fill(client, barred, "1")
    await client.patch(f"/campaigns/{campaign['id']}/rules", json={"excludedListIds": [barred["id"]]})
    response = await go_on(client, campaign, "1", message_id)
    assert (response.status_code, response.json()["details"]) == (409, {"reason": "excludedList"})


async def test_campaigns_that_leave_out_whom_the_team_talks_with_keep_their_own(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await contacted(context, campaign, account, "1")
    message_id = await write(client, context, account, "1", text="I am away until Monday.")
    await client.patch(f"/campaigns/{campaign['id']}/rules", json={"excludeMutuals": True, "excludeContacted": True})
    assert (await go_on(client, campaign, "1", message_id)).status_code == 200


@pytest.mark.parametrize(("state", "expected"), [("inSequence", 200), ("finished", 409), ("held", 409)])
async def test_one_that_was_not_answered_is_left_as_it_is(
    client: httpx.AsyncClient,
    context: Context,
    campaign: dict[str, Any],
    account: dict[str, Any],
    state: str,
    expected: int,
) -> None:
    reason = "textTooLong" if state == "held" else None
    await contacted(context, campaign, account, "1", state=state, reason=reason)
    response = await go_on(client, campaign, "1", "g0mdbz3k91yq0c8f4w2n7xhs")
    assert response.status_code == expected
    assert response.json().get("code") in {None, "leadNotReplied"}
    assert await standing(client, campaign, "1") == (state, reason)


async def test_the_timeline_and_the_audit_tell_who_judged(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await contacted(context, campaign, account, "1")
    message_id = await write(client, context, account, "1", text="I am away until Monday.")
    await go_on(client, campaign, "1", message_id)
    entries = (await client.get(f"/campaigns/{campaign['id']}/leads/1/timeline")).json()["data"]
    (judged,) = [one for one in entries if one["type"] == "continued"]
    assert (judged["by"], judged["detail"]) == ("test", "replied")
    assert "received" in {one["type"] for one in entries}
    told = (await client.get("/audit", params={"action": "lead.continued"})).json()["data"]
    assert [(one["action"], one["object"]["id"]) for one in told] == [("lead.continued", campaign["id"])]


async def test_a_campaign_that_was_complete_writes_the_rest_and_nothing_twice(
    world: World, world_client: httpx.AsyncClient
) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:2]
    steps = [step("First "), delay(1), step("Second "), delay(1), step("Third ")]
    campaign_id = await world.campaign([await world.make_list(people)], steps=steps)
    person = people[0]["id"]

    async def has_second() -> bool:
        return any(one["text"].startswith("Second") and one["recipient"] == person for one in await world.messages())

    await world.run_until(has_second)
    await world.say(person, "ana", "I am away until Monday.")
    await world.run_until_completed(campaign_id)
    told = (await world_client.get(f"/campaigns/{campaign_id}")).json()
    assert (told["repliesCount"], told["completionRate"]) == (1, 1)

    message_id = await world.pool.fetchval("SELECT id FROM message WHERE direction = 'inbound'")
    response = await go_on(world_client, {"id": campaign_id}, person, message_id)
    assert response.json() == {"success": True}
    assert (await world_client.get(f"/campaigns/{campaign_id}")).json()["status"] == "active"
    assert await recounts.miscounted(world.pool) == []
    await world.run_until_completed(campaign_id)
    texts = [one["text"].split()[0] for one in await world.messages() if one["recipient"] == person]
    assert sorted(texts) == ["First", "Second", "Third"]
    told = (await world_client.get(f"/campaigns/{campaign_id}")).json()
    assert (told["contactedCount"], told["repliesCount"], told["completionRate"]) == (2, 0, 1)
    assert await recounts.miscounted(world.pool) == []

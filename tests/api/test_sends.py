"""Messages by hand: sent once, inside limits, gates and suppressions, and never past what a campaign is doing."""

import asyncio
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.engine.conftest import World, message

from overture import clock as clocks
from overture.engine import dispatch, sending, settle
from overture.engine.dispatch import Dispatcher
from overture.engine.reconcile import CERTAIN_AFTER, Reconciler
from overture.engine.replies import InboxReader
from overture.store import wakeups


@pytest_asyncio.fixture
async def account(world: World) -> str:
    """An account that may write to anyone reachable."""
    (linked,) = await world.link("ana")
    return linked


@pytest_asyncio.fixture
async def person(world: World) -> dict[str, Any]:
    """Somebody who takes messages and never answers."""
    return (await world.people(nature="open", talk="silent"))[0]


def to(account: str, person: dict[str, Any]) -> dict[str, str]:
    return {"type": "profile", "accountLinkId": account, "platform": "twitter", "platformId": person["id"]}


async def send(
    client: httpx.AsyncClient, target: dict[str, str], content: str = "Hello", key: str | None = None
) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("/messages", json={"target": target, "content": content}, headers=headers)


async def read_inbox(world: World) -> None:
    """Read the account's inbox to its head."""
    reader = InboxReader(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    await reader.read(team_id=world.actor.team_id, account_id=world.account_ids["ana"], now=await world.clock.now())


async def refused(answer: httpx.Response) -> tuple[int, str, Any]:
    told = answer.json()
    return answer.status_code, told["code"], told["details"]


async def test_a_message_goes_out_and_is_in_its_thread(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    answer = await send(world_client, to(account, person), "Open until six?")
    assert answer.status_code == 201, answer.text
    sent, thread = answer.json()["message"], answer.json()["thread"]
    assert [one["text"] for one in await world.messages()] == ["Open until six?"]
    assert (sent["content"], sent["direction"], sent["threadId"]) == ("Open until six?", "outbound", thread["id"])
    assert sent["sentBy"]["type"] == "api"
    assert sent["platformId"] == (await world.messages())[0]["id"]
    assert (thread["archived"], thread["lastMessage"]["id"]) == (False, sent["id"])
    assert (await world_client.get(f"/messages/{sent['id']}")).json() == sent
    shown = (await world_client.get(f"/messages/{sent['id']}", params={"expand": "sentBy"})).json()
    assert shown["sentBy"]["token"] == {"id": sent["sentBy"]["tokenId"], "name": "test"}
    history = (await world_client.get(f"/messages/{sent['id']}/history")).json()
    assert [one["origin"] for one in history["versions"]] == ["api"]
    kinds = await world.pool.fetch("SELECT type FROM event WHERE type LIKE 'thread.%' OR type LIKE 'message.%'")
    assert [row["type"] for row in kinds] == ["thread.created", "message.sent"]


async def test_targets_name_the_same_conversation(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    first = (await send(world_client, to(account, person))).json()["thread"]
    by_thread = await send(world_client, {"type": "thread", "threadId": first["id"]})
    contact = {"type": "contact", "accountLinkId": account, "contactId": first["contactId"]}
    by_contact = await send(world_client, contact)
    assert by_thread.json()["thread"]["id"] == by_contact.json()["thread"]["id"] == first["id"]
    assert len(await world.messages()) == 3


@pytest.mark.usefixtures("world")
async def test_what_is_not_there_or_cannot_be_meant_is_refused(
    world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    nothing = "0" * 23
    for target, expected in (
        ({"type": "thread", "threadId": "r" + nothing}, (404, "threadNotFound")),
        ({"type": "contact", "accountLinkId": account, "contactId": "o" + nothing}, (404, "contactNotFound")),
        (to("a" + nothing, person), (404, "accountLinkNotFound")),
        (to(account, {"id": "not an id"}), (400, "invalidRequest")),
        ({**to(account, person), "platform": "elsewhere"}, (422, "platformNotSupported")),
        ({"type": "somebody"}, (400, "invalidRequest")),
    ):
        assert (await refused(await send(world_client, target)))[:2] == expected
    for content, expected in (
        ("", (400, "invalidRequest")),
        (" \n", (400, "invalidRequest")),
        ("x" * 10_001, (422, "contentRejected")),
    ):
        assert (await refused(await send(world_client, to(account, person), content)))[:2] == expected


async def test_no_platform_here_shows_what_a_message_answers(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    sent = (await send(world_client, to(account, person))).json()["message"]
    body = {"target": to(account, person), "content": "Hello", "replyToMessageId": sent["id"]}
    assert (await refused(await world_client.post("/messages", json=body)))[1:] == (
        "capabilityNotSupported",
        {"capability": "message:reply"},
    )
    assert len(await world.messages()) == 1


# ---------------------------------------------------------------- once


async def test_a_repeated_call_gets_the_message_it_sent(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    first = await send(world_client, to(account, person), key="one")
    again = await send(world_client, to(account, person), key="one")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert len(await world.messages()) == 1
    other = await send(world_client, to(account, person), "Something else", key="one")
    assert (await refused(other))[:2] == (422, "idempotencyKeyReused")
    # The same in the other order: a key of another call.
    await world_client.post("/tags", json={"name": "VIP"}, headers={"Idempotency-Key": "two"})
    assert (await refused(await send(world_client, to(account, person), key="two")))[1] == "idempotencyKeyReused"


async def test_twins_at_the_same_time_send_once(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    await world.fault(kind="latency", seconds=0.5)
    answers = await asyncio.gather(*(send(world_client, to(account, person), key="one") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    (sent,) = [answer.json()["message"]["id"] for answer in answers if answer.status_code == 201]
    for answer in answers:
        if answer.status_code == 409:
            assert await refused(answer) == (409, "sendInProgress", {"messageId": sent})
    assert len(await world.messages()) == 1


@pytest.mark.parametrize("kind", ["timeoutAfterAccept", "serverErrorAfterAccept", "resetMidAnswer"])
async def test_a_message_that_may_have_left_is_found_in_the_conversation(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any], kind: str
) -> None:
    await world.fault(kind=kind, next=1)
    lost = await refused(await send(world_client, to(account, person), key="one"))
    assert lost[:2] == (502, "sendUnconfirmed")
    assert await refused(await send(world_client, to(account, person), key="one")) == lost
    other = await refused(await send(world_client, to(account, person)))
    assert other == (409, "sendInProgress", lost[2])

    await reconcile(world)
    found = await send(world_client, to(account, person), key="one")
    assert (found.status_code, found.json()["message"]["id"]) == (200, lost[2]["messageId"])
    assert found.json()["message"]["sentBy"]["type"] == "api"
    assert len(await world.messages()) == 1


async def test_a_message_nobody_finds_keeps_nobody_waiting(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    await world.fault(kind="serverError", next=1)
    lost = await refused(await send(world_client, to(account, person), key="one"))
    assert lost[:2] == (502, "sendUnconfirmed")
    await reconcile(world, after=timedelta())
    assert (await refused(await send(world_client, to(account, person))))[1] == "sendInProgress"
    await reconcile(world)
    assert await refused(await send(world_client, to(account, person), key="one")) == lost
    assert (await send(world_client, to(account, person), "Once more")).status_code == 201
    assert [one["text"] for one in await world.messages()] == ["Once more"]
    # What shows up later was sent elsewhere, as far as anybody can tell.
    await world.say("ana", person["id"], "From my phone")
    await read_inbox(world)
    thread = (await world_client.get("/threads")).json()["data"][0]
    said = (await world_client.get(f"/threads/{thread['id']}/messages")).json()["data"]
    assert [(one["content"], (one["sentBy"] or {}).get("type")) for one in said] == [
        ("From my phone", None),
        ("Once more", "api"),
    ]


async def reconcile(world: World, *, after: timedelta = CERTAIN_AFTER) -> None:
    reconciler = Reconciler(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    await reconciler.step(
        team_id=world.actor.team_id,
        account_id=world.account_ids["ana"],
        now=await world.clock.now(),
        wall_now=clocks.wall_now() + after + dispatch.LEASE,
    )


async def test_what_never_left_is_tried_again_under_its_key(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    await world.fault(kind="automatedBlock", next=1)
    blocked = await send(world_client, to(account, person), key="one")
    assert (await refused(blocked))[:2] == (502, "platformError")
    resting = await send(world_client, to(account, person), key="one")
    assert (await refused(resting))[:2] == (429, "platformRateLimited")
    assert int(resting.headers["Retry-After"]) == resting.json()["details"]["retryAfterSeconds"] == 900
    await world.pool.execute("UPDATE account_pace SET rest_until = '-infinity'")
    assert (await send(world_client, to(account, person), key="one")).status_code == 201
    assert len(await world.messages()) == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rateLimited", (429, "platformRateLimited")),
        ("outOfCredit", (503, "platformUnavailable")),
        ("authLost", (409, "accountLinkDisconnected")),
    ],
)
async def test_each_refusal_of_the_platform_says_what_to_do(
    world: World,
    world_client: httpx.AsyncClient,
    account: str,
    person: dict[str, Any],
    kind: str,
    expected: tuple[int, str],
) -> None:
    await world.fault(kind=kind, next=1)
    answer = await send(world_client, to(account, person))
    assert (await refused(answer))[:2] == expected
    if expected[0] in (429, 503):
        assert int(answer.headers["Retry-After"]) > 0
        # It holds for whoever asks next, too, without another call.
        assert (await refused(await send(world_client, to(account, person))))[:2] == expected
    assert await world.messages() == []
    assert await world.pool.fetchval("SELECT count(*) FROM person WHERE by_hand_id IS NOT NULL") == 0


async def test_whoever_takes_no_messages_is_told_of(
    world: World, world_client: httpx.AsyncClient, account: str
) -> None:
    closed = (await world.people(nature="closed"))[0]
    status, code, details = await refused(await send(world_client, to(account, closed)))
    assert (status, code) == (422, "recipientUnavailable")
    assert details["reason"]
    assert await world.pool.fetchval("SELECT verdict FROM verdict") == "closed"
    assert (await world_client.get("/threads", params={"folder": "all"})).json()["data"] == []


# ---------------------------------------------------------------- rules


async def test_whoever_is_suppressed_gets_nothing(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    body = {"platform": "twitter", "platformId": person["id"]}
    assert (await world_client.post("/suppressions", json=body)).status_code == 201
    assert await refused(await send(world_client, to(account, person))) == (
        422,
        "recipientUnavailable",
        {"reason": "suppressed"},
    )
    assert await world.messages() == []


async def test_who_wrote_may_be_answered_and_others_need_consent(
    world: World, world_client: httpx.AsyncClient, account: str
) -> None:
    await world.pool.execute("UPDATE platform_app SET contact_policy = 'inboundOrConsent'")
    writer, stranger = (await world.people(nature="open", talk="silent"))[:2]
    await world.say(writer["id"], "ana", "Are you open?")
    await read_inbox(world)
    thread = (await world_client.get("/threads", params={"folder": "noReply"})).json()["data"][0]
    answer = await send(world_client, {"type": "thread", "threadId": thread["id"]}, "We are.")
    assert answer.status_code == 201, answer.text
    assert (await refused(await send(world_client, to(account, stranger))))[2] == {"reason": "consentMissing"}
    contact = (await world_client.get("/contacts", params=find(stranger))).json()["data"][0]
    agreed = {"consent": {"basis": "signedUp", "evidence": "Form of the fair"}}
    await world_client.patch(f"/contacts/{contact['id']}", json=agreed)
    assert (await send(world_client, to(account, stranger))).status_code == 201


def find(person: dict[str, Any]) -> dict[str, str]:
    return {"platform": "twitter", "platformId": person["id"]}


async def test_an_account_cannot_write_to_itself(world: World, world_client: httpx.AsyncClient, account: str) -> None:
    own_id = await world.pool.fetchval("SELECT platform_id FROM account_link")
    assert (await refused(await send(world_client, to(account, {"id": own_id}))))[2] == {"reason": "self"}


async def test_limits_hold_and_the_gap_of_campaigns_does_not(
    world: World, world_client: httpx.AsyncClient, account: str
) -> None:
    await world_client.patch(f"/account-links/{account}", json={"hourlyLimit": 2})
    people = (await world.people(nature="open", talk="silent"))[:3]
    for person in people[:2]:
        assert (await send(world_client, to(account, person))).status_code == 201
    over = await send(world_client, to(account, people[2]))
    assert (await refused(over))[:2] == (429, "platformRateLimited")
    assert 3500 <= int(over.headers["Retry-After"]) <= 3600
    assert len(await world.messages()) == 2


async def test_a_stopped_team_and_a_paused_account_send_nothing(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    await teams_stop(world_client)
    assert (await refused(await send(world_client, to(account, person))))[:2] == (409, "sendingStopped")
    await world_client.post("/team/resume")
    await world_client.patch(f"/account-links/{account}", json={"status": "paused"})
    assert await refused(await send(world_client, to(account, person))) == (
        409,
        "accountLinkDisconnected",
        {"accountLinkId": account, "status": "paused"},
    )
    assert await world.messages() == []


async def teams_stop(client: httpx.AsyncClient) -> None:
    assert (await client.post("/team/stop")).is_success


async def test_the_budget_of_the_app_is_charged(world: World, world_client: httpx.AsyncClient, account: str) -> None:
    await world.pool.execute("UPDATE app_budget SET daily_cap = 1, room = 0")
    people = (await world.people(nature="open", talk="silent"))[:2]
    assert (await send(world_client, to(account, people[0]))).status_code == 201
    assert (await refused(await send(world_client, to(account, people[1]))))[:2] == (429, "platformRateLimited")


# ---------------------------------------------------------------- beside campaigns


async def test_a_hand_and_a_campaign_never_send_at_the_same_time(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    """The campaign's lead waits while the message by hand is open, is free afterwards, and keeps the gap from it."""
    campaign_id = await world.campaign([await world.make_list([person])], steps=[message("Hello ")])
    await make_due(world)
    await world.fault(kind="serverErrorAfterAccept", next=1)
    assert (await send(world_client, to(account, person))).status_code == 502
    await world.pool.execute("UPDATE account_pace SET last_end = '-infinity', wake_at = '-infinity'")
    assert await claim(world) == []
    assert await world.pool.fetchval("SELECT count(*) FROM lead_parked") == 1

    await reconcile(world)
    assert await world.pool.fetchval("SELECT count(*) FROM lead_due") == 1

    async def is_completed() -> bool:
        return await world.status(campaign_id) == "completed"

    await world.run_until(is_completed)
    by_hand, by_campaign = sorted(await world.messages(), key=lambda one: int(one["id"]))
    assert by_campaign["text"].startswith("Hello ")
    gap = timedelta(seconds=0.75 * 3600 / 25)
    assert at(by_campaign) - at(by_hand) >= gap
    thread = (await world_client.get("/threads", params={"folder": "archived"})).json()["data"][0]
    said = (await world_client.get(f"/threads/{thread['id']}/messages", params={"order": "asc"})).json()["data"]
    assert [one["sentBy"]["type"] for one in said] == ["api", "campaign"]
    assert said[1]["sentBy"]["campaignId"] == campaign_id


def at(sent: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(sent["time"])


async def make_due(world: World) -> None:
    """Let the one lead there is be planned, and the hours be open."""

    async def is_planned() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_due") == 1)

    await world.run_until(is_planned)
    noon = (await world.clock.now()).replace(hour=16)
    await world.clock.move(noon)
    await world.platform.post("/_sandbox/clock", json={"now": noon.isoformat()})


async def claim(world: World) -> list[dispatch.Ready]:
    async with world.pool.acquire() as connection:
        await wakeups.take_up(connection)
    dispatcher = Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=clocks.wall_now())
    return claimed.ready


async def test_nothing_is_sent_by_hand_while_a_campaigns_message_is_open(
    world: World, world_client: httpx.AsyncClient, account: str, person: dict[str, Any]
) -> None:
    await world.campaign([await world.make_list([person])], steps=[message("Hello ")])
    await make_due(world)
    (claimed,) = await claim(world)
    sending_by_hand = asyncio.create_task(send(world_client, to(account, person)))
    await asyncio.sleep(0.3)
    assert not sending_by_hand.done(), "it waits for the account"
    result = await sending.send(
        claimed, channels=world.context.channels, keyring=world.keyring, clock=world.context.clock
    )
    await settle.settle(world.pool, team_id=world.actor.team_id, now=await world.clock.now(), results=[result])
    assert (await sending_by_hand).status_code == 201
    assert len(await world.messages()) == 2

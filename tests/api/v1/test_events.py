"""Events of version 1.0: a receiver that was written for the vendor's v1 finds in each what it reads there."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.api import campaigning, conversing
from tests.api.conftest import Tenant
from tests.api.v1.test_answers import PLATFORM_DATA, PROSPECT

from overture.actions.context import Context
from overture.core import whole_events
from overture.core.words import EventType
from overture.engine.chores import Chore
from overture.engine.posting import Answer, Poster
from overture.engine.webhooks import Deliverer
from overture.store import outbox

Told = dict[str, Any]

URL = "https://crm.example/hooks/inbox"
ENVELOPE = {"id", "seq", "teamId", "type", "timestamp", "version", "data"}
CONTEXT = {"tags", "statusId", "valuation", "notes", "assigneeId"}
ACCOUNT = {"id", "platform", "platformId", "name", "username", "image", "createdAt", "status", "syncedAt"}
CAMPAIGN = {
    *("id", "name", "description", "status", "dryRun", "targetsCount", "contactedCount", "repliesCount"),
    *("completionRate", "replyRate", "createdAt", "updatedAt", "pausedAt", "completedAt", "lastStartedAt"),
}
THREAD = {
    *("id", "platform", "platformId", "done", "assigneeId", "lastMessageTimestamp", "computedSortTimestamp"),
    *("createdAt", "status", "variant", "accountLinkId", "isSyncing", "isRequest", "typingIndicatorsEnabled"),
    *("lastMessage", "prospect"),
}
LAST_MESSAGE = {"id", "content", "authorId", "createdAt", "userId", "campaignId"}
MESSAGE = {
    *("id", "platform", "platformId", "teamId", "threadId", "userId", "authorId", "content", "campaignId", "origin"),
    *("replyData", "forwardData", "entities", "attachment", "reactions", "isEncrypted", "isEdited", "createdAt"),
    *("updatedAt", "deletedAt", "platformDeletedAt"),
}
PARTS = {"prospect": {*PROSPECT, "context"}, "thread": THREAD, "message": MESSAGE, "campaign": CAMPAIGN}


class Line(Poster):
    """A line to a receiver that takes everything, and what came over it."""

    def __init__(self) -> None:
        self.came: list[Told] = []

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:  # noqa: ARG002 - as the real one takes it
        self.came.append(json.loads(body))
        return Answer(status=200, text="ok", error=None, milliseconds=1)


class Receiver:
    """A webhook of version 1.0."""

    def __init__(self, context: Context, team: Tenant, webhook: Told) -> None:
        self._context = context
        self._team = team
        self.webhook = webhook

    async def receive(self) -> list[Told]:
        """Return what has happened since, as it arrives."""
        line = Line()
        deliverer = Deliverer(
            pool=self._context.pool, clock=self._context.clock, sealer=self._context.sealer, poster=line
        )
        chore = Chore(team_id=self._team.id, key=self.webhook["id"])
        assert await deliverer.work(chore, halt=asyncio.Event())
        # Deliveries to different objects go side by side.
        return sorted(line.came, key=lambda event: int(event["seq"]))

    async def data(self, kind: str) -> Told:
        """Return the data of the one event of a type that has happened since."""
        (event,) = [event for event in await self.receive() if event["type"] == kind]
        found: Told = event["data"]
        return found


@pytest_asyncio.fixture
async def receiver(client: httpx.AsyncClient, context: Context, team: Tenant) -> Receiver:
    made = await client.post("/webhooks", json={"url": URL, "apiVersion": "1.0"})
    assert made.status_code == 201, made.text
    assert made.json()["apiVersion"] == "1.0"
    return Receiver(context, team, made.json())


@pytest_asyncio.fixture
async def thread(client: httpx.AsyncClient, context: Context, team: Tenant, account: Told, receiver: Receiver) -> Told:
    """A conversation whose beginning the receiver has been told already."""
    await conversing.read(
        context.pool, team.id, account["id"], conversing.message(1, "11", "Hi there", is_inbound=True)
    )
    await receiver.receive()
    found: Told = (await client.get("/threads", params={"expand": "profile"})).json()["data"][0]
    return found


async def test_a_message_comes_with_its_thread_account_and_prospect(
    client: httpx.AsyncClient, v1: httpx.AsyncClient, context: Context, team: Tenant, account: Told, receiver: Receiver
) -> None:
    await conversing.read(
        context.pool,
        team.id,
        account["id"],
        conversing.message(1, "11", "Look: https://example.com/menu #coffee", is_inbound=True),
        conversing.message(2, "11", "Nice!", is_inbound=False),
    )
    came = await receiver.receive()
    assert [event["type"] for event in came] == ["thread.created", "message.created", "message.created"]
    for event in came:
        assert set(event) == ENVELOPE
        assert (event["version"], event["teamId"]) == ("1.0", team.id)
    known = (await client.get("/events", params={"afterSeq": came[0]["seq"] - 1})).json()["data"]
    assert [(event["id"], event["seq"], event["timestamp"]) for event in came] == [
        (event["id"], event["seq"], event["createdAt"]) for event in known
    ]
    begun, received, sent = (event["data"] for event in came)
    assert set(begun) == {"thread", "prospect"}
    assert set(received) == set(sent) == {"message", "thread", "accountLink", "prospect"}
    assert set(received["message"]) == MESSAGE
    assert set(received["thread"]) == THREAD
    assert set(received["thread"]["lastMessage"]) == LAST_MESSAGE
    assert received["thread"]["prospect"] == received["prospect"]
    assert set(received["prospect"]) == {*PROSPECT, "context"}
    assert set(received["prospect"]["context"]) == CONTEXT
    assert set(received["prospect"]["platformData"]) == PLATFORM_DATA
    # An inbound message is the other side's, by the platform's id; an outbound one the account link's.
    assert (received["message"]["authorId"], received["message"]["origin"]) == ("11", "external")
    assert received["message"]["entities"]["urls"][0]["url"] == "https://example.com/menu"
    assert (sent["message"]["authorId"], sent["message"]["content"]) == (account["id"], "Nice!")
    assert sent["thread"]["lastMessage"]["content"] == "Nice!"
    assert (sent["thread"]["done"], sent["thread"]["platformId"]) == (False, "1-11")
    assert [received["accountLink"]] == (await v1.get("/account-links")).json()
    assert set(received["accountLink"]) == ACCOUNT


async def test_a_prospect_is_the_one_that_v1_shows_on_lists(
    client: httpx.AsyncClient, v1: httpx.AsyncClient, thread: Told, receiver: Receiver
) -> None:
    listed = (await v1.post("/lists", json={"name": "All"})).json()
    await v1.post(f"/lists/{listed['id']}/leads", json={"platformIds": ["11"]})
    (lead,) = (await v1.get(f"/lists/{listed['id']}/leads")).json()["data"]
    await client.patch(f"/contacts/{thread['contactId']}", json={"notes": "Wrote first"})
    prospect = (await receiver.data("prospect.notesChanged"))["prospect"]
    assert prospect.pop("context")["notes"] == "Wrote first"
    assert lead["prospect"].pop("accountStatus") == "active"
    assert prospect == lead["prospect"]


async def test_a_change_of_a_contact_tells_the_value_it_had_then(
    client: httpx.AsyncClient, thread: Told, receiver: Receiver
) -> None:
    path = f"/contacts/{thread['contactId']}"
    status, later = (await client.get("/statuses")).json()["data"][:2]
    member = (await client.get("/members")).json()["data"][0]
    tag = (await client.post("/tags", json={"name": "VIP"})).json()
    await client.patch(
        path, json={"status": status["id"], "valuation": 120.5, "notes": "a", "assigneeId": member["id"]}
    )
    await client.put(f"{path}/tags/{tag['id']}")
    await client.patch(path, json={"status": later["id"], "notes": None})
    came = await receiver.receive()
    told = [
        (event["type"].removeprefix("prospect."), event["data"]["prospect"]["context"])
        for event in came
        if event["type"].startswith("prospect.")
    ]
    assert [(kind, context["statusId"]) for kind, context in told if kind == "statusChanged"] == [
        ("statusChanged", status["id"]),
        ("statusChanged", later["id"]),
    ]
    assert [context["notes"] for kind, context in told if kind == "notesChanged"] == ["a", None]
    assert [context["valuation"] for kind, context in told if kind == "valuationChanged"] == [120.5]
    assert [context["assigneeId"] for kind, context in told if kind == "assigneeChanged"] == [member["id"]]
    assert [context["tags"] for kind, context in told if kind == "tagsChanged"] == [[tag["id"]]]


async def test_a_thread_is_told_as_it_was_put_and_also_when_it_is_deleted(
    client: httpx.AsyncClient, thread: Told, receiver: Receiver
) -> None:
    path, member = f"/threads/{thread['id']}", (await client.get("/members")).json()["data"][0]
    for changes in ({"archived": True}, {"archived": False}, {"assigneeId": member["id"]}, {"assigneeId": None}):
        await client.patch(path, json=changes)
    await client.delete(path)
    told = [(event["type"], event["data"]) for event in await receiver.receive()]
    assert [kind for kind, _ in told] == [
        *("thread.archived", "thread.unarchived", "thread.assigned", "thread.unassigned", "thread.deleted")
    ]
    assert all(set(data["thread"]) == THREAD and data["thread"]["id"] == thread["id"] for _, data in told)
    assert [data["thread"]["done"] for _, data in told[:2]] == [True, False]
    assert [data["thread"]["assigneeId"] for _, data in told[2:4]] == [member["id"], None]
    assert told[2][1]["assigneeId"] == member["id"]
    assert told[4][1]["prospect"]["platformId"] == "11"


async def test_tags_and_statuses_are_those_of_v1_also_once_they_are_gone(
    client: httpx.AsyncClient, v1: httpx.AsyncClient, receiver: Receiver
) -> None:
    tag = (await client.post("/tags", json={"name": "VIP", "color": "red"})).json()
    status = (await client.post("/statuses", json={"name": "Warm", "color": "blue"})).json()
    shown = next(one for one in (await v1.get("/tags")).json() if one["id"] == tag["id"])
    shown_status = next(one for one in (await v1.get("/statuses")).json() if one["id"] == status["id"])
    told = {event["type"]: event["data"] for event in await receiver.receive()}
    assert told == {"tag.created": {"tag": shown}, "status.created": {"status": shown_status}}
    await client.delete(f"/tags/{tag['id']}")
    await client.delete(f"/statuses/{status['id']}")
    told = {event["type"]: event["data"] for event in await receiver.receive()}
    assert told == {"tag.deleted": {"tag": shown}, "status.deleted": {"status": shown_status}}


async def test_a_campaign_comes_as_v1_shows_it_also_once_it_is_deleted(
    v1: httpx.AsyncClient, account: Told, receiver: Receiver
) -> None:
    made = (await v1.post("/campaigns/v2", json={"name": "Autumn", "accountLinkIds": [account["id"]]})).json()
    told = (await receiver.data("campaign.created"))["campaign"]
    assert set(told) == CAMPAIGN
    assert told == {name: made[name] for name in CAMPAIGN}
    await v1.put(f"/campaigns/v2/{made['id']}/sequence", json={"steps": [campaigning.message("Hi")]})
    started = (await v1.post(f"/campaigns/v2/{made['id']}/enable")).json()
    assert (await receiver.data("campaign.started"))["campaign"] == {name: started[name] for name in CAMPAIGN}
    await v1.post(f"/campaigns/v2/{made['id']}/disable")
    assert (await v1.delete(f"/campaigns/v2/{made['id']}")).status_code == 200
    assert (await receiver.data("campaign.paused"))["campaign"]["id"] == made["id"]


@pytest.mark.parametrize("kind", ["target.contacted", "target.followUpSent", "target.replied"])
async def test_a_target_comes_with_campaign_thread_message_and_prospect(
    client: httpx.AsyncClient,
    context: Context,
    team: Tenant,
    account: Told,
    thread: Told,
    receiver: Receiver,
    kind: str,
) -> None:
    campaign = await campaigning.create(client, account)
    data = {
        "profileId": thread["profileId"],
        "threadId": thread["id"],
        "messageId": thread["lastMessage"]["id"],
        "stepNumber": 0,
    }
    async with context.pool.acquire() as connection, connection.transaction():
        event = outbox.NewEvent(type=kind, object_type="campaign", object_id=campaign["id"], data=data)
        await outbox.append(connection, team_id=team.id, now=await context.clock.now(), events=[event])
    told = await receiver.data(kind)
    assert {name: set(part) for name, part in told.items()} == PARTS
    assert (told["campaign"]["id"], told["thread"]["id"]) == (campaign["id"], thread["id"])
    assert (told["message"]["content"], told["prospect"]["platformId"]) == ("Hi there", "11")


async def test_what_the_vendor_had_no_event_for_does_not_come(
    client: httpx.AsyncClient, account: Told, receiver: Receiver
) -> None:
    await client.patch(f"/account-links/{account['id']}", json={"status": "paused"})
    assert [event["type"] for event in (await client.get("/events")).json()["data"]][-1] == "accountLink.paused"
    assert await receiver.receive() == []
    assert {kind for kind in EventType if kind not in whole_events.NAMES} == {
        *(EventType.ACCOUNT_LINK_OFFLINE, EventType.ACCOUNT_LINK_PAUSED, EventType.ACCOUNT_LINK_RESUMED),
        *(EventType.IMPORT_COMPLETED, EventType.IMPORT_FAILED, EventType.TARGET_FAILED, EventType.TARGET_HELD),
        EventType.WEBHOOK_DISABLED,
    }


async def test_a_type_without_a_form_is_refused_and_changes_nothing(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    types = ["message.received", "target.held"]
    refused = await client.post("/webhooks", json={"url": URL, "apiVersion": "1.0", "types": types})
    assert campaigning.issue_paths(refused) == [["types", 1]]
    path = f"/webhooks/{receiver.webhook['id']}"
    assert campaigning.issue_paths(await client.patch(path, json={"types": types})) == [["types", 1]]
    thin = (await client.patch(path, json={"types": types, "apiVersion": "2"})).json()
    assert (thin["apiVersion"], thin["types"]) == ("2", types)
    assert campaigning.issue_paths(await client.patch(path, json={"apiVersion": "1.0"})) == [["types", 1]]
    assert (await client.get(path)).json() == thin
    assert campaigning.issue_paths(await client.patch(path, json={"apiVersion": "3"})) == [["apiVersion"]]


async def test_chosen_types_alone_come_and_a_test_is_in_the_same_form(
    client: httpx.AsyncClient, team: Tenant, receiver: Receiver
) -> None:
    path = f"/webhooks/{receiver.webhook['id']}"
    await client.patch(path, json={"types": ["tag.deleted"]})
    tag = (await client.post("/tags", json={"name": "VIP"})).json()
    await client.delete(f"/tags/{tag['id']}")
    assert [event["type"] for event in await receiver.receive()] == ["tag.deleted"]
    await client.post(f"{path}/test")
    (told,) = await receiver.receive()
    assert set(told) == ENVELOPE
    assert (told["type"], told["seq"], told["teamId"], told["data"]) == ("webhook.test", 0, team.id, {})


async def test_what_a_delivery_says_of_somebody_is_cleared_when_they_are_forgotten(
    client: httpx.AsyncClient, context: Context, thread: Told, receiver: Receiver
) -> None:
    thin = (await client.post("/webhooks", json={"url": URL})).json()
    await client.patch(f"/contacts/{thread['contactId']}", json={"notes": "Likes espresso"})
    await receiver.receive()
    await Receiver(context, receiver._team, thin).receive()
    said = "SELECT count(*) FROM webhook_delivery WHERE body ~ 'espresso|Hi there'"
    assert await context.pool.fetchval(said) > 2
    assert (await client.post(f"/contacts/{thread['contactId']}/forget")).status_code == 200
    assert await context.pool.fetchval(said) == 0
    (delivery,) = (await client.get(f"/webhooks/{thin['id']}/deliveries")).json()["data"]
    assert (await client.post(f"/webhooks/{thin['id']}/deliveries/{delivery['id']}/redeliver")).status_code == 200

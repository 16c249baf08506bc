"""A whole conversation through the API alone, as somebody holds it with the documentation open: a campaign writes, the
person answers, the team sees it, answers, takes notes and puts it away, and another program is told of all of it.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.engine.conftest import SEQUENCE, World

from overture.engine.chores import Chore
from overture.engine.posting import Answer, Poster
from overture.engine.webhooks import Deliverer

Told = dict[str, Any]

TYPES = [
    "tag.created",
    "contact.statusChanged",
    "contact.notesChanged",
    "contact.valuationChanged",
    "contact.tagsChanged",
    "thread.archived",
    "thread.assigned",
    "thread.unarchived",
    "message.received",
]
"""What the other program is told of, in the order in which it happens here."""


class Program(Poster):
    """Another program, which is told what happens."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:  # noqa: ARG002 - as the real one takes it
        self.told.append(json.loads(body))
        return Answer(status=204, text="", error=None, milliseconds=1)


@pytest_asyncio.fixture
async def person(world: World) -> Told:
    """Somebody to whom a campaign has written, and who has answered."""
    await world.link("ana")
    found = next(one for one in await world.people("open", "answers") if one["answersAfter"] == 1)
    silent = (await world.people("open", "silent"))[0]
    await world.campaign([await world.make_list([found, silent])], steps=SEQUENCE)

    async def has_answered() -> bool:
        answered: bool = await world.pool.fetchval("SELECT EXISTS (SELECT FROM event WHERE type = 'target.replied')")
        return answered

    await world.run_until(has_answered)
    return found


async def call(client: httpx.AsyncClient, method: str, path: str, expected: int, **request: Any) -> Told:
    response = await client.request(method, path, **request)
    assert response.status_code == expected, response.text
    told: Told = response.json()
    return told


async def test_a_conversation_is_held_through_the_api_alone(
    world: World, world_client: httpx.AsyncClient, person: Told
) -> None:
    client = world_client
    hook = await call(client, "POST", "/webhooks", 201, json={"url": "https://crm.example/hooks", "types": TYPES})

    # Who wrote? The answer has brought the thread back from the archive, with the name of the person.
    (thread,) = (await call(client, "GET", "/threads?folder=noReply&expand=profile", 200))["data"]
    assert (thread["profile"]["username"], thread["archived"]) == (person["username"], False)
    path = f"/threads/{thread['id']}"
    first, answer = (await call(client, "GET", f"{path}/messages?order=asc", 200))["data"]
    assert (first["direction"], first["sentBy"]["type"]) == ("outbound", "campaign")
    assert (answer["direction"], answer["sentBy"]) == ("inbound", None)
    assert thread["activity"]["preview"] == answer["content"]

    # Answer, and ask once more whether it went out.
    reply = {"target": {"type": "thread", "threadId": thread["id"]}, "content": "We are open until six."}
    key = {"Idempotency-Key": "answer-1"}
    sent = await call(client, "POST", "/messages", 201, json=reply, headers=key)
    again = await call(client, "POST", "/messages", 200, json=reply, headers=key)
    assert again["message"] == sent["message"]
    assert sent["message"]["sentBy"]["type"] == "api"
    said = [one["text"] for one in await world.messages() if one["recipient"] == person["id"]]
    assert said == [first["content"], "We are open until six."]
    other = await call(client, "POST", "/messages", 422, json={**reply, "content": "At seven."}, headers=key)
    assert other["code"] == "idempotencyKeyReused"
    assert (await call(client, "GET", "/threads?folder=noReply", 200))["data"] == []

    # Note what was learned, find it again by that, share it out, put it away.
    contact = f"/contacts/{thread['contactId']}"
    noted = await call(client, "GET", contact, 200)
    statuses = (await call(client, "GET", "/statuses", 200))["data"]
    status = next(one for one in statuses if one["id"] != noted["statusId"])
    (member,) = (await call(client, "GET", "/members", 200))["data"]
    tag = await call(client, "POST", "/tags", 201, json={"name": "Regular"})
    await call(client, "PATCH", contact, 200, json={"status": status["name"], "notes": "Sundays", "valuation": 120})
    await call(client, "PUT", f"{contact}/tags/regular", 200)
    await call(client, "PATCH", path, 200, json={"assigneeId": member["id"], "archived": True})
    query = {"folder": "archived", "tag": "Regular", "status": status["name"].upper(), "assigneeId": member["id"]}
    found = await call(client, "GET", "/threads", 200, params={**query, "expand": ["contact", "assignee"]})
    (shown,) = found["data"]
    assert (shown["contact"]["notes"], shown["contact"]["tagIds"]) == ("Sundays", [tag["id"]])
    assert shown["assignee"]["name"] == member["name"]

    # What the platform cannot do is refused with the way to find out what it can.
    typing = await call(client, "POST", f"{path}/typing", 422)
    assert (typing["code"], "GET /platforms" in typing["message"]) == ("capabilityNotSupported", True)

    # The person writes again: the thread is back, and the other program has been told of everything, in order.
    await world.say(person["id"], "ana", "See you on Sunday")

    async def is_back() -> bool:
        listed = (await client.get("/threads", params={"folder": "noReply"})).json()["data"]
        return bool(listed)

    await world.run_until(is_back)
    program = Program()
    deliverer = Deliverer(pool=world.pool, clock=world.clock, sealer=world.context.sealer, poster=program)
    await deliverer.work(Chore(team_id=world.actor.team_id, key=hook["id"]), halt=asyncio.Event())
    told = sorted(program.told, key=lambda event: int(event["seq"]))
    assert [event["type"] for event in told] == TYPES
    query = {"afterSeq": told[0]["seq"] - 1, "type": TYPES}
    assert told == (await call(client, "GET", "/events", 200, params=query))["data"]
    latest = await call(client, "GET", told[-1]["object"]["url"].removeprefix("/api/v2"), 200)
    assert latest["content"] == "See you on Sunday"


@pytest.mark.parametrize("kind", ["tags", "statuses"])
async def test_a_client_that_asks_for_no_page_gets_all_labels(world_client: httpx.AsyncClient, kind: str) -> None:
    for number in range(60):
        await call(world_client, "POST", f"/{kind}", 201, json={"name": f"Label {number}"})
    whole = await call(world_client, "GET", f"/{kind}", 200)
    assert (len(whole["data"]) >= 60, whole["nextCursor"]) == (True, None)
    part = await call(world_client, "GET", f"/{kind}?limit=50", 200)
    assert part["data"] == whole["data"][:50]
    rest = await call(world_client, "GET", f"/{kind}", 200, params={"cursor": part["nextCursor"]})
    assert rest["data"] == whole["data"][50:]


async def test_the_team_has_the_fields_that_clients_of_the_vendor_read(world_client: httpx.AsyncClient) -> None:
    team = await call(world_client, "GET", "/team", 200)
    assert {"id", "name", "slug", "imageUrl", "currency", "allowSupportAccess", "createdAt"} <= team.keys()
    assert (team["slug"], team["imageUrl"], team["allowSupportAccess"]) == ("team", None, False)

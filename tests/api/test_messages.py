"""Messages: what was said in a thread, read in its order, with what the text names and who of the team sent it."""

from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.api import conversing
from tests.api.conftest import Link, Tenant
from tests.api.conversing import message

from overture.actions.context import Context

FIELDS = {
    *("id", "threadId", "accountLinkId", "platform", "platformId", "direction", "sentBy", "content", "entities"),
    *("attachments", "forwarded", "reactions", "editedAt", "deletedAt", "createdAt", "platformData", "replyTo"),
    *("thread", "accountLink"),
}
"""What a client of the Inbox API v2 reads from a message."""


@pytest_asyncio.fixture
async def thread(client: httpx.AsyncClient, context: Context, team: Tenant, link: Link) -> dict[str, Any]:
    """A conversation of three messages."""
    linked = await link("ana")
    await conversing.read(
        context.pool,
        team.id,
        linked["id"],
        message(1, "11", "☕ See https://example.com/menu, @ana #coffee", is_inbound=True),
        message(2, "11", "Sure", is_inbound=False),
        message(3, "11", "Thanks", is_inbound=True),
    )
    found: dict[str, Any] = (await client.get("/threads")).json()["data"][0]
    return found


async def test_a_message_has_every_field_of_the_reference(client: httpx.AsyncClient, thread: dict[str, Any]) -> None:
    query = {"order": "asc", "expand": ["sentBy", "reactions.author", "thread", "replyTo.message"]}
    first = (await client.get(f"/threads/{thread['id']}/messages", params=query)).json()["data"][0]
    assert set(first) >= FIELDS
    assert first["thread"] == thread
    assert (first["direction"], first["sentBy"], first["platformId"]) == ("inbound", None, "9000001")
    assert first["platformData"] == {"_tag": "twitter", "encrypted": False}
    assert first["entities"] == {
        "urls": [
            {
                "url": "https://example.com/menu",
                "displayUrl": "example.com/menu",
                "indices": {"start": 6, "end": 30},
            }
        ],
        "postShares": [],
        "mentions": [{"username": "ana", "displayName": None, "platformId": None, "indices": {"start": 32, "end": 36}}],
        "hashtags": [{"tag": "coffee", "indices": {"start": 37, "end": 44}}],
        "cashtags": [],
        "format": [],
    }
    query = {"expand": ["sentBy", "reactions.author", "thread", "replyTo.message"]}
    assert (await client.get(f"/messages/{first['id']}", params=query)).json() == first


async def test_messages_come_in_the_order_they_were_sent(client: httpx.AsyncClient, thread: dict[str, Any]) -> None:
    path = f"/threads/{thread['id']}/messages"
    newest = (await client.get(path)).json()["data"]
    oldest = (await client.get(path, params={"order": "asc"})).json()["data"]
    assert [one["content"] for one in newest] == ["Thanks", "Sure", "☕ See https://example.com/menu, @ana #coffee"]
    assert oldest == newest[::-1]
    assert [newest[0]["id"], newest[0]["createdAt"]] == [
        thread["lastMessage"]["id"],
        thread["lastMessage"]["createdAt"],
    ]
    first = (await client.get(path, params={"limit": 2})).json()
    rest = (await client.get(path, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [*first["data"], *rest["data"]] == newest


async def test_the_history_of_a_message_sent_elsewhere(client: httpx.AsyncClient, thread: dict[str, Any]) -> None:
    path = f"/messages/{thread['lastMessage']['id']}"
    told = (await client.get(path)).json()
    assert (await client.get(f"{path}/history")).json() == {
        "versions": [{"content": "Thanks", "createdAt": told["createdAt"], "origin": "platform"}],
        "deletion": None,
        "times": "platform",
    }


@pytest.mark.parametrize(
    ("method", "path", "options", "capability"),
    [
        ("PATCH", "", {"json": {"content": "Thank you"}}, "message:edit"),
        ("DELETE", "", {"params": {"scope": "all"}}, "message:unsend"),
        ("DELETE", "", {"params": {"scope": "self"}}, "message:delete:self"),
        ("POST", "/reactions", {"json": {"emoji": "👍"}}, "message:react"),
        ("DELETE", "/reactions", {"params": {"emoji": "👩🏽‍🚀"}}, "message:react"),
    ],
)
async def test_what_x_cannot_do_is_refused(
    client: httpx.AsyncClient,
    thread: dict[str, Any],
    method: str,
    path: str,
    options: dict[str, Any],
    capability: str,
) -> None:
    refused = await client.request(method, f"/messages/{thread['lastMessage']['id']}{path}", **options)
    assert (refused.status_code, refused.json()["code"]) == (422, "capabilityNotSupported")
    assert refused.json()["details"] == {"capability": capability}
    unknown = await client.request(method, f"/messages/{'g' + '0' * 23}{path}", **options)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "messageNotFound")


async def test_attachments_are_not_there(client: httpx.AsyncClient, thread: dict[str, Any]) -> None:
    refused = await client.get(f"/messages/{thread['lastMessage']['id']}/attachments/0")
    assert (refused.status_code, refused.json()["code"]) == (404, "attachmentNotFound")


@pytest.mark.parametrize("emoji", ["", "thumbs up", "a", "👍 ", "x" * 40])
async def test_a_reaction_is_one_emoji(client: httpx.AsyncClient, thread: dict[str, Any], emoji: str) -> None:
    refused = await client.post(f"/messages/{thread['lastMessage']['id']}/reactions", json={"emoji": emoji})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidRequest")

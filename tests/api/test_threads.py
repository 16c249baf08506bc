"""Threads: found by folder, filter and words, in the order of what was said last; put away, marked and shared out."""

from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.api import conversing
from tests.api.conftest import Link, Tenant
from tests.api.conversing import message

from overture.actions.context import Context

FIELDS = {
    *("id", "platform", "platformId", "accountLinkId", "profileId", "contactId", "assigneeId", "isRequest"),
    *("acceptanceState", "archived", "unread", "restrictions", "syncing", "typingIndicators", "lastMessage"),
    *("activity", "createdAt", "accountLink", "profile", "contact", "assignee"),
}
"""What a client of the Inbox API v2 reads from a thread."""


@pytest_asyncio.fixture
async def account(context: Context, team: Tenant, link: Link) -> dict[str, Any]:
    """An account in three conversations: 11 wrote last, 12 was answered, 13 has not answered."""
    linked = await link("ana")
    await conversing.read(
        context.pool,
        team.id,
        linked["id"],
        message(1, "11", "Hello there", is_inbound=True),
        message(2, "12", "Do you sell espresso machines?", is_inbound=True),
        message(3, "12", "We do!", is_inbound=False),
        message(4, "13", "Still interested?", is_inbound=False),
        message(5, "11", "Anybody  home?\nHello", is_inbound=True),
    )
    return linked


async def listed(client: httpx.AsyncClient, **query: Any) -> list[str]:
    """The other sides of the threads a query finds, in order."""
    response = await client.get("/threads", params={"expand": "profile", **query})
    assert response.status_code == 200, response.text
    return [thread["profile"]["platformId"] for thread in response.json()["data"]]


async def thread_with(client: httpx.AsyncClient, platform_id: str) -> dict[str, Any]:
    """The thread with somebody."""
    found = await client.get("/threads", params={"folder": "all", "expand": "profile"})
    (thread,) = [one for one in found.json()["data"] if one["profile"]["platformId"] == platform_id]
    told: dict[str, Any] = thread
    return told


async def test_a_thread_has_every_field_of_the_reference(client: httpx.AsyncClient, account: dict[str, Any]) -> None:
    query = {"expand": ["profile", "contact", "accountLink", "assignee"]}
    thread = (await client.get("/threads", params=query)).json()["data"][0]
    assert set(thread) >= FIELDS
    assert thread["platformId"] == "1-11"
    assert thread["accountLink"]["id"] == thread["accountLinkId"] == account["id"]
    assert thread["profile"]["id"] == thread["profileId"]
    assert thread["contact"]["id"] == thread["contactId"]
    assert thread["assignee"] is None
    assert thread["lastMessage"]["direction"] == "inbound"
    assert thread["activity"]["preview"] == "Anybody home? Hello"
    assert thread["activity"]["at"] == thread["lastMessage"]["createdAt"]
    assert (await client.get(f"/threads/{thread['id']}", params=query)).json() == thread


@pytest.mark.usefixtures("account")
async def test_threads_come_in_the_order_of_what_was_said_last(client: httpx.AsyncClient) -> None:
    assert await listed(client) == ["11", "13", "12"]
    assert await listed(client, order="asc") == ["12", "13", "11"]
    first = (await client.get("/threads", params={"limit": 2})).json()
    rest = (await client.get("/threads", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [len(first["data"]), len(rest["data"]), rest["nextCursor"]] == [2, 1, None]


@pytest.mark.usefixtures("account")
async def test_folders(client: httpx.AsyncClient) -> None:
    answered = await thread_with(client, "12")
    await client.patch(f"/threads/{answered['id']}", json={"archived": True})
    assert await listed(client, folder="inbox") == ["11", "13"]
    assert await listed(client, folder="noReply") == ["11"]
    assert await listed(client, folder="archived") == ["12"]
    assert await listed(client, folder="all") == ["11", "13", "12"]
    assert await listed(client, folder="requests") == []


async def test_filters_by_account_platform_and_contact(client: httpx.AsyncClient, account: dict[str, Any]) -> None:
    contact_id = (await thread_with(client, "12"))["contactId"]
    assert await listed(client, accountLinkId=account["id"]) == ["11", "13", "12"]
    assert await listed(client, accountLinkId="a" + "0" * 23) == []
    assert await listed(client, platform="twitter", contactId=contact_id) == ["12"]
    assert await listed(client, platform="elsewhere") == []
    assert await listed(client, contactId="o" + "0" * 23) == []


@pytest.mark.usefixtures("account")
async def test_filters_by_tag_and_status_take_ids_and_names(client: httpx.AsyncClient) -> None:
    contact_id = (await thread_with(client, "12"))["contactId"]
    await client.post("/tags", json={"name": "Barista"})
    await client.put(f"/contacts/{contact_id}/tags/barista")
    status = (await client.get("/statuses")).json()["data"][0]
    await client.patch(f"/contacts/{contact_id}", json={"status": status["id"]})
    assert await listed(client, tag="BARISTA") == ["12"]
    assert await listed(client, tag=["barista", "nobody has it"], status=status["name"]) == ["12"]
    assert await listed(client, tag="nobody has it") == []
    assert await listed(client, status="none such") == []


@pytest.mark.usefixtures("account")
async def test_a_threads_assignee_is_its_own_or_else_its_contacts(client: httpx.AsyncClient) -> None:
    member = (await client.get("/members")).json()["data"][0]["id"]
    contact_id = (await thread_with(client, "12"))["contactId"]
    await client.patch(f"/contacts/{contact_id}", json={"assigneeId": member})
    thread = await thread_with(client, "11")
    changed = (await client.patch(f"/threads/{thread['id']}", json={"assigneeId": member})).json()
    assert changed["assigneeId"] == (await thread_with(client, "12"))["assigneeId"] == member
    assert await listed(client, assigneeId=member) == ["11", "12"]
    assert await listed(client, unassigned=True) == ["13"]
    both = await client.get("/threads", params={"assigneeId": member, "unassigned": True})
    assert (both.status_code, both.json()["details"]["issues"][0]["path"]) == (400, ["unassigned"])
    cleared = (await client.patch(f"/threads/{thread['id']}", json={"assigneeId": None})).json()
    assert cleared["assigneeId"] is None


@pytest.mark.usefixtures("account")
async def test_a_search_finds_names_and_words_people_wrote(client: httpx.AsyncClient, context: Context) -> None:
    await context.pool.execute("UPDATE profile SET display_name = 'Ana Ruiz' WHERE platform_id = '11'")
    await context.pool.execute("UPDATE profile SET username = 'ruizbo' WHERE platform_id = '13'")
    assert await listed(client, q="ruiz") == ["13"]
    assert await listed(client, q="ana r") == ["11"]
    assert await listed(client, q="espresso mach") == ["12"]
    assert await listed(client, q="we do") == []
    assert await listed(client, q=":* & | !") == []


async def test_another_teams_threads_are_not_there(
    client: httpx.AsyncClient, account: dict[str, Any], application: Any, other_team: Tenant
) -> None:
    thread = await thread_with(client, "11")
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://overture/api/v2", headers=other_team.headers
    ) as other:
        assert (await other.get("/threads", params={"accountLinkId": account["id"], "q": "hello"})).json()["data"] == []
        for path in (f"/threads/{thread['id']}", f"/threads/{thread['id']}/messages"):
            refused = await other.get(path)
            assert (refused.status_code, refused.json()["code"]) == (404, "threadNotFound")
        gone = await other.get(f"/messages/{thread['lastMessage']['id']}")
        assert (gone.status_code, gone.json()["code"]) == (404, "messageNotFound")


@pytest.mark.usefixtures("account")
async def test_changes_are_events_and_acts(client: httpx.AsyncClient, context: Context) -> None:
    member = (await client.get("/members")).json()["data"][0]["id"]
    thread = await thread_with(client, "11")
    path = f"/threads/{thread['id']}"
    for body in ({"archived": True}, {"archived": True}, {"archived": False}, {"assigneeId": member}, {"unread": True}):
        assert (await client.patch(path, json=body)).status_code == 200
    await client.patch(path, json={"assigneeId": None, "typingIndicators": "disabled"})
    rows = await context.pool.fetch(
        "SELECT type, data FROM event WHERE object_id = $1 ORDER BY seq OFFSET 1", thread["id"]
    )
    assert [(row["type"], row["data"]) for row in rows] == [
        ("thread.archived", {}),
        ("thread.unarchived", {}),
        ("thread.assigned", {"assigneeId": member}),
        ("thread.unassigned", {"assigneeId": None}),
    ]
    acts = (await client.get("/audit", params={"action": "thread.changed"})).json()["data"]
    assert [one["after"] for one in acts][-1] == {"archived": True}
    assert acts[0]["after"] == {"assigneeId": None, "typingIndicators": "disabled"}
    unknown = await client.patch(path, json={"assigneeId": "m" + "0" * 23})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "memberNotFound")


async def test_a_deleted_thread_is_back_when_somebody_writes(
    client: httpx.AsyncClient, context: Context, team: Tenant, account: dict[str, Any]
) -> None:
    thread = await thread_with(client, "11")
    gone = await client.delete(f"/threads/{thread['id']}")
    assert (gone.status_code, gone.json()) == (200, {"scope": "local"})
    assert await listed(client, folder="all") == ["13", "12"]
    assert await listed(client, folder="all", q="hello") == []
    assert (await client.get(f"/threads/{thread['id']}")).status_code == 404
    assert (await client.get(f"/messages/{thread['lastMessage']['id']}")).status_code == 404
    await conversing.read(context.pool, team.id, account["id"], message(9, "11", "Me again", is_inbound=True))
    assert (await thread_with(client, "11"))["id"] == thread["id"]
    kinds = await context.pool.fetch("SELECT type FROM event WHERE object_id = $1 ORDER BY seq", thread["id"])
    assert [row["type"] for row in kinds] == ["thread.created", "thread.deleted", "thread.created"]


@pytest.mark.usefixtures("account")
async def test_what_x_cannot_show_is_refused(client: httpx.AsyncClient) -> None:
    thread = await thread_with(client, "11")
    refused = await client.post(f"/threads/{thread['id']}/typing")
    assert (refused.status_code, refused.json()["code"]) == (422, "capabilityNotSupported")
    assert refused.json()["details"] == {"capability": "thread:typing:send"}

"""Members get other roles and leave the team, by its owners; what they looked after and let in goes with them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from tests.api import campaigning, conversing
from tests.api.conftest import SANDBOX_URL, Link, Tenant

from overture.actions.context import Context
from overture.store import invitations, members, sign_ins
from overture.store.pool import Pool

PASSWORD = "a long sentence of my own"
Joined = tuple[httpx.AsyncClient, dict[str, Any]]
Join = Callable[[str], Awaitable[Joined]]


@pytest.fixture
def join(client: httpx.AsyncClient, application: FastAPI) -> Join:
    """Add a member of a role, who has signed in: `browser, member = await join("admin")`."""

    async def add(role: str) -> Joined:
        email = f"{role}@example.com"
        made = (await client.post("/members", json={"name": role.title(), "email": email, "role": role})).json()
        browser = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=application),
            base_url="http://overture/api/v2",
            headers={"X-Overture-Session": "1"},
        )
        invitation = made["invitation"]["url"].partition("#")[2]
        begun = await browser.post("/session/invitation", json={"invitation": invitation, "password": PASSWORD})
        assert begun.status_code == 201, begun.text
        return browser, made["member"]

    return add


async def _token(client: httpx.AsyncClient, member: dict[str, Any]) -> dict[str, str]:
    """Make a token for a member; return it as headers."""
    made = await client.post("/tokens", json={"name": "Program", "memberId": member["id"]})
    return {"Authorization": f"Bearer {made.json()['token']}"}


async def _acts(client: httpx.AsyncClient, action: str) -> list[dict[str, Any]]:
    acts: list[dict[str, Any]] = (await client.get("/audit", params={"action": action})).json()["data"]
    return acts


# ---------------------------------------------------------------- roles


async def test_a_role_holds_from_the_next_call_on_and_is_written_down_once(
    client: httpx.AsyncClient, join: Join
) -> None:
    browser, member = await join("user")
    path = f"/members/{member['id']}"
    invitee = {"name": "Eve", "role": "user"}
    assert (await browser.post("/members", json=invitee)).status_code == 403
    for _ in range(2):
        changed = await client.patch(path, json={"role": "admin"})
        assert (changed.status_code, changed.json()) == (200, member | {"role": "admin"})
    assert (await browser.post("/members", json=invitee)).status_code == 201
    (act,) = await _acts(client, "member.roleChanged")
    assert (act["object"]["id"], act["before"], act["after"]) == (member["id"], {"role": "user"}, {"role": "admin"})
    assert (await client.patch(path, json={})).json() == member | {"role": "admin"}


async def test_whoever_becomes_an_owner_loses_what_admins_may_have_the_secret_of(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, join: Join
) -> None:
    browser, member = await join("user")
    admin, _ = await join("admin")
    headers = await _token(admin, member)
    invitation = (await admin.post(f"/members/{member['id']}/invitation")).json()["url"].partition("#")[2]
    assert (await client.patch(f"/members/{member['id']}", json={"role": "owner"})).status_code == 200
    assert (await stranger.get("/team", headers=headers)).status_code == 401
    refused = await browser.post("/session/invitation", json={"invitation": invitation, "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (404, "invitationNotFound")
    assert (await browser.get("/session")).json()["member"]["role"] == "owner", "the session goes on"
    (act,) = await _acts(client, "member.roleChanged")
    (token,) = [one for one in (await client.get("/tokens")).json()["data"] if one["revokedAt"]]
    assert act["before"] == {"role": "user", "tokenIds": [token["id"]]}


async def test_the_last_owner_stays_one(client: httpx.AsyncClient, join: Join, team: Tenant) -> None:
    await join("admin")
    last = f"/members/{team.actor.member_id}"
    for refused in (await client.patch(last, json={"role": "admin"}), await client.delete(last)):
        assert (refused.status_code, refused.json()["code"]) == (409, "lastOwner")
        assert refused.json()["details"] == {"id": team.actor.member_id}
    assert (await client.patch(last, json={"role": "owner"})).status_code == 200
    browser, _ = await join("owner")
    assert (await client.patch(last, json={"role": "user"})).json()["role"] == "user"
    assert (await browser.delete(last)).status_code == 204


async def test_two_owners_who_demote_each_other_leave_one(client: httpx.AsyncClient, join: Join, team: Tenant) -> None:
    browser, member = await join("owner")
    answers = await asyncio.gather(
        client.patch(f"/members/{member['id']}", json={"role": "user"}),
        browser.delete(f"/members/{team.actor.member_id}"),
    )
    assert [answer.is_success for answer in answers].count(True) == 1
    left = (await client.get("/members")).json()["data"] if answers[0].is_success else [member]
    assert [one["role"] for one in left].count("owner") == 1


@pytest.mark.parametrize("role", ["admin", "user"])
async def test_only_owners_change_roles_and_remove(
    client: httpx.AsyncClient, join: Join, role: str, team: Tenant
) -> None:
    browser, member = await join(role)
    for other in (member["id"], team.actor.member_id):
        path = f"/members/{other}"
        for refused in (await browser.patch(path, json={"role": "user"}), await browser.delete(path)):
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert len((await client.get("/members")).json()["data"]) == 2


@pytest.mark.parametrize("body", [{"role": "chief"}, {"role": None}, {"role": 1}, {"name": "Ana"}])
async def test_a_change_that_cannot_be_is_refused_with_the_place(
    client: httpx.AsyncClient, team: Tenant, body: dict[str, Any]
) -> None:
    refused = await client.patch(f"/members/{team.actor.member_id}", json=body)
    assert campaigning.issue_paths(refused) == [[*body]]


async def test_another_teams_member_is_not_changed(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, team: Tenant
) -> None:
    path = f"/members/{team.actor.member_id}"
    for refused in (await other_client.patch(path, json={"role": "user"}), await other_client.delete(path)):
        assert (refused.status_code, refused.json()["code"]) == (404, "memberNotFound")
    assert (await client.get(path)).json()["role"] == "owner"


# ---------------------------------------------------------------- removal


async def test_a_removed_member_comes_in_by_no_way(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, join: Join
) -> None:
    browser, member = await join("admin")
    headers = await _token(client, member)
    invitation = (await client.post(f"/members/{member['id']}/invitation")).json()["url"].partition("#")[2]
    path = f"/members/{member['id']}"
    assert (await client.delete(path)).status_code == 204

    assert (await browser.get("/team")).status_code == 401
    assert (await stranger.get("/team", headers=headers)).status_code == 401
    signing = await browser.post("/session", json={"email": member["email"], "password": PASSWORD})
    assert signing.status_code == 401
    accepted = await browser.post("/session/invitation", json={"invitation": invitation, "password": PASSWORD})
    assert accepted.json()["code"] == "invitationNotFound"
    assert [one["name"] for one in (await client.get("/members")).json()["data"]] == ["Owner"]
    for refused in (
        await client.get(path),
        await client.delete(path),
        await client.patch(path, json={"role": "user"}),
        await client.post(f"{path}/invitation"),
        await client.post("/tokens", json={"name": "A", "memberId": member["id"]}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (404, "memberNotFound")
    _, anew = await join("admin")
    assert anew["id"] != member["id"], "the address is free again"


async def test_what_a_removed_member_looked_after_is_nobodys(
    client: httpx.AsyncClient, context: Context, join: Join, link: Link, team: Tenant
) -> None:
    account = await link("ana")
    _, member = await join("user")
    (owner,) = [one for one in (await client.get("/members")).json()["data"] if one["role"] == "owner"]
    for number, person in enumerate(("11", "12", "13")):
        said = conversing.message(number, person, "Hello", is_inbound=True)
        await conversing.read(context.pool, team.id, account["id"], said)
    threads = {one["contactId"]: one["id"] for one in (await client.get("/threads")).json()["data"]}
    (mine, theirs, shared) = threads
    for contact, assignee in ((mine, owner), (theirs, member), (shared, owner)):
        await client.patch(f"/contacts/{contact}", json={"assigneeId": assignee["id"]})
    for contact in (theirs, shared):
        await client.patch(f"/threads/{threads[contact]}", json={"assigneeId": member["id"]})
    campaign = await campaigning.create(client, account)
    automations = [
        (
            await client.post(
                f"/campaigns/{campaign['id']}/automations",
                json={"trigger": "replied", "action": "assign", "actionData": {"memberId": one["id"]}},
            )
        ).json()
        for one in (owner, member)
    ]
    seen = (await client.get("/events", params={"limit": 1000})).json()["lastSeq"]

    assert (await client.delete(f"/members/{member['id']}")).status_code == 204

    contacts = [(await client.get(f"/contacts/{one}")).json()["assigneeId"] for one in threads]
    assert contacts == [owner["id"], None, owner["id"]]
    held = {one["id"]: one["assigneeId"] for one in (await client.get("/threads")).json()["data"]}
    assert [held[threads[one]] for one in (mine, theirs, shared)] == [owner["id"], None, owner["id"]]
    after = (await campaigning.read(client, campaign))["automations"]
    assert [one["enabled"] for one in after] == [True, False]
    told = (await client.get("/events", params={"afterSeq": seen})).json()["data"]
    assert {(one["type"], one["object"]["id"], one["data"]["assigneeId"]) for one in told} == {
        ("contact.assigneeChanged", theirs, None),
        ("thread.unassigned", threads[theirs], None),
        ("thread.assigned", threads[shared], owner["id"]),
    }
    (act,) = await _acts(client, "member.removed")
    assert act["object"]["id"] == member["id"]
    assert act["after"] is None
    assert act["before"] == {
        "name": "User",
        "email": "user@example.com",
        "role": "user",
        "tokenIds": [],
        "automationIds": [automations[1]["id"]],
        "contactsCount": 1,
        "threadsCount": 2,
    }


async def test_the_name_stays_beside_what_they_wrote(
    client: httpx.AsyncClient, context: Context, join: Join, link: Link, sandbox: Starlette
) -> None:
    account = await link("ana")
    await campaigning.write_to_anyone(context)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox), base_url=SANDBOX_URL) as platform:
        people = (await platform.get("/_sandbox/people", params={"limit": 50})).json()
    person = next(one for one in people if one["nature"] == "open")
    browser, member = await join("user")
    target = {"type": "profile", "accountLinkId": account["id"], "platform": "twitter", "platformId": person["id"]}
    sent = await browser.post("/messages", json={"target": target, "content": "Good day"})
    assert sent.status_code == 201, sent.text
    await client.delete(f"/members/{member['id']}")
    path = f"/messages/{sent.json()['message']['id']}"
    shown = (await client.get(path, params={"expand": "sentBy"})).json()["sentBy"]
    assert (shown["memberId"], shown["member"]["name"], shown["member"]["email"]) == (member["id"], "User", None)


async def test_nothing_is_begun_for_a_member_while_they_are_removed(
    client: httpx.AsyncClient, database: Pool, join: Join, link: Link, context: Context, team: Tenant
) -> None:
    account = await link("ana")
    browser, member = await join("user")
    await conversing.read(context.pool, team.id, account["id"], conversing.message(1, "11", "Hello", is_inbound=True))
    (thread,) = (await client.get("/threads")).json()["data"]
    invitation = (await client.post(f"/members/{member['id']}/invitation")).json()["url"].partition("#")[2]
    keys = {"team_id": team.id, "member_id": member["id"]}
    password = {"currentPassword": PASSWORD, "newPassword": PASSWORD + "!"}
    async with database.acquire() as removing, removing.transaction():
        await members.lock(removing, **keys)
        calls = {
            "token": client.post("/tokens", json={"name": "A", "memberId": member["id"]}),
            "invitation": client.post(f"/members/{member['id']}/invitation"),
            "contact": client.patch(f"/contacts/{thread['contactId']}", json={"assigneeId": member["id"]}),
            "thread": client.patch(f"/threads/{thread['id']}", json={"assigneeId": member["id"]}),
            "accepted": browser.post("/session/invitation", json={"invitation": invitation, "password": PASSWORD}),
            "signed in": browser.post("/session", json={"email": member["email"], "password": PASSWORD}),
            "password": browser.put("/session/password", json=password),
        }
        begun = {name: asyncio.create_task(call) for name, call in calls.items()}
        await asyncio.wait(begun.values(), timeout=1)
        assert not any(call.done() for call in begun.values())
        await invitations.void(removing, **keys)
        await sign_ins.forget(removing, **keys)
        await members.remove(removing, **keys, now=await context.clock.now())
    answers = {name: (await call).status_code for name, call in begun.items()}
    assert answers == dict.fromkeys(("token", "invitation", "contact", "thread", "accepted"), 404) | dict.fromkeys(
        ("signed in", "password"), 401
    )

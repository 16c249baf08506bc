"""Contacts: what a team notes about people, and their consent."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from tests.api import campaigning
from tests.api.conftest import Link, SteeredClock, Tenant

from overture import ids
from overture.actions.context import Context
from overture.engine import sync
from overture.store.pool import Pool

FIELDS = {
    "id",
    "profiles",
    "statusId",
    "status",
    "tagIds",
    "tags",
    "notes",
    "valuation",
    "assigneeId",
    "assignee",
    "consent",
    "createdAt",
    "updatedAt",
}


async def find(client: httpx.AsyncClient, *platform_ids: str, **query: Any) -> list[dict[str, Any]]:
    response = await client.get("/contacts", params={"platform": "twitter", "platformId": platform_ids, **query})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


async def change(client: httpx.AsyncClient, contact: dict[str, Any], **body: Any) -> dict[str, Any]:
    response = await client.patch(f"/contacts/{contact['id']}", json=body)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


async def events(database: Pool) -> list[tuple[str, str, Any]]:
    rows = await database.fetch("SELECT type, object_id, data FROM event WHERE object_type = 'contact' ORDER BY seq")
    return [(row["type"], row["object_id"], row["data"]) for row in rows]


@pytest.fixture
async def ana(client: httpx.AsyncClient) -> dict[str, Any]:
    """Somebody who is on a list, and of whom nothing is noted."""
    await campaigning.fill(client, await campaigning.make_list(client, "A"), "1", "2")
    (found,) = await find(client, "1")
    return found


async def test_whoever_the_team_knows_has_a_contact_and_looking_makes_none(
    client: httpx.AsyncClient, database: Pool, ana: dict[str, Any]
) -> None:
    assert set(ana) == FIELDS
    assert ids.is_valid(ana["id"])
    assert [profile["platformId"] for profile in ana["profiles"]] == ["1"]
    assert (ana["statusId"], ana["tagIds"], ana["consent"], ana["status"], ana["tags"]) == (None, [], None, None, None)
    assert (await client.get(f"/contacts/{ana['id']}")).json() == ana
    assert await database.fetchval("SELECT count(*) FROM contact") == 0


async def test_a_contact_keeps_its_id_and_its_beginning_when_something_is_noted(
    client: httpx.AsyncClient, clock: SteeredClock, ana: dict[str, Any]
) -> None:
    clock.at += timedelta(days=1)
    changed = await change(client, ana, notes="Prefers mornings")
    assert changed == {**ana, "notes": "Prefers mornings", "updatedAt": "2026-11-24T09:00:00.000Z"}
    assert await find(client, "1") == [changed]


async def test_contacts_are_found_by_platform_id_or_by_username(
    client: httpx.AsyncClient, database: Pool, ana: dict[str, Any]
) -> None:
    await database.execute("UPDATE profile SET username = 'Ana' WHERE platform_id = '1'")
    assert {contact["profiles"][0]["platformId"] for contact in await find(client, "2", "1", "99", "x")} == {"1", "2"}
    for username in ("ana", "@ANA"):
        response = await client.get("/contacts", params={"platform": "twitter", "username": [username, "nobody"]})
        assert [contact["id"] for contact in response.json()["data"]] == [ana["id"]]
    assert await find(client, "99") == []


async def test_a_hundred_are_found_page_by_page(client: httpx.AsyncClient) -> None:
    numbers = [str(number) for number in range(1, 102)]
    await campaigning.fill(client, await campaigning.make_list(client, "A"), *numbers)
    query: dict[str, Any] = {"platform": "twitter", "platformId": numbers[:100], "limit": 60}
    first = (await client.get("/contacts", params=query)).json()
    second = (await client.get("/contacts", params={**query, "cursor": first["nextCursor"]})).json()
    shown = [contact["profiles"][0]["platformId"] for contact in first["data"] + second["data"]]
    assert (len(first["data"]), sorted(shown, key=int), second["nextCursor"]) == (60, numbers[:100], None)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"platformId": "1"}, ["platform"]),
        ({"platform": "twitter"}, ["platformId"]),
        ({"platform": "twitter", "platformId": "1", "username": "ana"}, ["platformId"]),
        ({"platform": "twitter", "platformId": [str(number) for number in range(101)]}, ["platformId"]),
        ({"platform": "twitter", "platformId": "1", "expand": "moon"}, ["expand", 0]),
    ],
)
async def test_a_search_for_nobody_or_too_many_is_refused(
    client: httpx.AsyncClient, query: dict[str, Any], path: list[str | int]
) -> None:
    assert campaigning.issue_paths(await client.get("/contacts", params=query)) == [path]


async def test_an_unknown_platform_is_named(client: httpx.AsyncClient) -> None:
    response = await client.get("/contacts", params={"platform": "fax", "platformId": "1"})
    assert (response.status_code, response.json()["code"]) == (422, "platformNotSupported")


async def test_everything_is_noted_told_and_cleared(
    client: httpx.AsyncClient, database: Pool, ana: dict[str, Any]
) -> None:
    (owner,) = (await client.get("/members")).json()["data"]
    won = (await client.get("/statuses/won")).json()
    await change(client, ana, status="WÓN", notes="Met", valuation=1200.5, assigneeId=owner["id"])
    shown = (await client.get(f"/contacts/{ana['id']}", params={"expand": ["status", "assignee", "tags"]})).json()
    assert (shown["statusId"], shown["status"]) == (won["id"], won)
    assert (shown["assigneeId"], shown["assignee"], shown["tags"]) == (owner["id"], owner, [])
    assert (shown["notes"], shown["valuation"]) == ("Met", 1200.5)
    assert await change(client, ana, status=won["id"], valuation=1200.5) == {
        **shown,
        "status": None,
        "tags": None,
        "assignee": None,
    }
    cleared = await change(client, ana, status=None, notes=None, valuation=None, assigneeId=None)
    assert cleared == {**ana, "updatedAt": cleared["updatedAt"]}
    told = [
        ("contact.statusChanged", {"statusId": won["id"]}),
        ("contact.notesChanged", {"notes": "Met"}),
        ("contact.valuationChanged", {"valuation": 1200.5}),
        ("contact.assigneeChanged", {"assigneeId": owner["id"]}),
        ("contact.statusChanged", {"statusId": None}),
        ("contact.notesChanged", {"notes": None}),
        ("contact.valuationChanged", {"valuation": None}),
        ("contact.assigneeChanged", {"assigneeId": None}),
    ]
    assert await events(database) == [(kind, ana["id"], data) for kind, data in told]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"status": "nowhere"}, 404, "statusNotFound"),
        ({"assigneeId": "m" + "0" * 23}, 404, "memberNotFound"),
        ({"valuation": -1}, 400, "invalidRequest"),
        ({"valuation": "5"}, 400, "invalidRequest"),
        ({"notes": "x" * 10_001}, 400, "invalidRequest"),
        ({"consent": {"basis": "hope", "evidence": "x"}}, 400, "invalidRequest"),
        ({"consent": {"basis": "signedUp"}}, 400, "invalidRequest"),
        ({"tagIds": []}, 400, "invalidRequest"),
    ],
)
async def test_what_cannot_be_noted_is_refused_and_changes_nothing(
    client: httpx.AsyncClient, ana: dict[str, Any], body: dict[str, Any], status: int, code: str
) -> None:
    response = await client.patch(f"/contacts/{ana['id']}", json={"notes": "Met", **body})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert await find(client, "1") == [ana]


async def test_tags_are_put_on_and_taken_off_once(
    client: httpx.AsyncClient, database: Pool, ana: dict[str, Any]
) -> None:
    made = [(await client.post("/tags", json={"name": name})).json() for name in ("VIP", "Speaker")]
    first, second = (tag["id"] for tag in made)
    for reference, after in (("vip", [first]), (second, [first, second]), ("VIP", [first, second])):
        answer = await client.put(f"/contacts/{ana['id']}/tags/{reference}")
        assert (answer.status_code, answer.json()["tagIds"]) == (200, after)
    shown = (await find(client, "1", expand="tags"))[0]
    assert shown["tags"] == made
    for _ in range(2):
        answer = await client.delete(f"/contacts/{ana['id']}/tags/vip")
        assert (answer.status_code, answer.json()["tagIds"]) == (200, [second])
    assert await events(database) == [
        ("contact.tagsChanged", ana["id"], {"tagIds": tag_ids}) for tag_ids in ([first], [first, second], [second])
    ]
    response = await client.put(f"/contacts/{ana['id']}/tags/none")
    assert (response.status_code, response.json()["code"]) == (404, "tagNotFound")


async def test_consent_recorded_lets_leads_in_and_withdrawn_takes_out_whom_nobody_wrote_to(
    client: httpx.AsyncClient, context: Context, link: Link, ana: dict[str, Any]
) -> None:
    account = await link("ana")
    campaign = await campaigning.create(client, account)
    await client.post(f"/campaigns/{campaign['id']}/leads", json={"platformIds": ["1"]})
    await campaigning.put(context, campaign, "3", state="inSequence", account=account, contacted=timedelta(days=1))
    assert (await campaigning.lead(client, campaign, "1"))["reason"] == "consentMissing"
    (contacted,) = await find(client, "3")
    consent = {"basis": "agreedInConversation", "evidence": "At our stand"}
    for contact in (ana, contacted):
        changed = await change(client, contact, consent=consent)
        assert changed["consent"] == {**consent, "recordedAt": "2026-11-23T09:00:00.000Z", "recordedBy": "test"}
    assert (await campaigning.read(client, campaign))["isSyncing"] is True
    await _sync(context, campaign)
    assert (await campaigning.lead(client, campaign, "1"))["state"] == "assessing"

    revision = await context.pool.fetchval("SELECT revision FROM team_gate")
    for contact in (ana, contacted):
        assert (await change(client, contact, consent=None))["consent"] is None
    assert await context.pool.fetchval("SELECT revision FROM team_gate") == revision + 2
    await _sync(context, campaign)
    lead = await campaigning.lead(client, campaign, "1")
    assert (lead["state"], lead["reason"]) == ("excluded", "consentMissing")
    assert (await campaigning.lead(client, campaign, "3"))["state"] == "inSequence"
    acts = (await client.get("/audit", params={"objectId": ana["id"]})).json()["data"]
    assert [(act["action"], act["before"], act["after"]) for act in acts] == [
        ("consent.withdrawn", consent, None),
        ("consent.recorded", None, consent),
    ]


async def test_the_same_consent_again_keeps_its_time(
    client: httpx.AsyncClient, clock: SteeredClock, ana: dict[str, Any]
) -> None:
    consent = {"basis": "signedUp", "evidence": "Form"}
    first = await change(client, ana, consent=consent)
    clock.at += timedelta(days=1)
    assert await change(client, ana, consent=consent) == first
    second = await change(client, ana, consent={**consent, "evidence": "Another form"})
    assert second["consent"]["recordedAt"] == "2026-11-24T09:00:00.000Z"


async def test_consent_recorded_anew_is_no_longer_that_of_an_import(
    client: httpx.AsyncClient, database: Pool, ana: dict[str, Any]
) -> None:
    consent = {"basis": "signedUp", "evidence": "Form"}
    await change(client, ana, consent=consent)
    await database.execute("UPDATE contact SET consent_import_id = 'j' || substr(id, 2)")
    await change(client, ana, notes="Met", consent=consent)
    assert await database.fetchval("SELECT consent_import_id IS NOT NULL FROM contact")
    await change(client, ana, consent={**consent, "evidence": "Another form"})
    assert await database.fetchval("SELECT consent_import_id FROM contact") is None


async def test_consent_given_with_leads_is_shown_on_their_contacts(
    client: httpx.AsyncClient, link: Link, ana: dict[str, Any]
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    await campaigning.add(client, campaign, "1")
    (after,) = await find(client, "1")
    assert (after["id"], after["consent"]["evidence"]) == (ana["id"], "form")


async def test_another_teams_contact_does_not_exist(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, ana: dict[str, Any]
) -> None:
    assert await find(other_client, "1") == []
    for response in (
        await other_client.get(f"/contacts/{ana['id']}"),
        await other_client.patch(f"/contacts/{ana['id']}", json={"notes": "Mine"}),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "contactNotFound")
    (member,) = (await other_client.get("/members")).json()["data"]
    response = await client.patch(f"/contacts/{ana['id']}", json={"assigneeId": member["id"]})
    assert (response.status_code, response.json()["code"]) == (404, "memberNotFound")


async def _sync(context: Context, campaign: dict[str, Any]) -> None:
    team_id = await context.pool.fetchval("SELECT team_id FROM campaign WHERE id = $1", campaign["id"])
    await sync.step(context.pool, team_id=team_id, campaign_id=campaign["id"], now=await context.clock.now())


async def test_a_person_is_forgotten(
    client: httpx.AsyncClient, database: Pool, team: Tenant, ana: dict[str, Any]
) -> None:
    await change(client, ana, notes="Likes tulips")
    forgotten = await client.post(f"/contacts/{ana['id']}/forget")
    assert forgotten.status_code == 200, forgotten.text
    (profile,) = forgotten.json()["profiles"]
    assert (profile["platformId"], profile["username"], forgotten.json()["notes"]) == (None, None, None)
    assert await find(client, "1") == []
    assert (await client.get(f"/contacts/{ana['id']}")).json() == forgotten.json()
    (suppression,) = (await client.get("/suppressions")).json()["data"]
    assert (suppression["source"], suppression["profile"]["id"]) == ("forgotten", profile["id"])
    await database.execute("UPDATE member SET role = 'user' WHERE team_id = $1", team.id)
    (other,) = await find(client, "2")
    refused = await client.post(f"/contacts/{other['id']}/forget")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert await find(client, "2") == [other]


PROFILE_FIELDS = {
    *("id", "platform", "platformId", "username", "handle", "displayName", "avatarUrl", "bio", "location"),
    *("websiteUrl", "websiteDomain", "verified", "isOrganization", "isProtected", "followerCount", "followingCount"),
    *("postCount", "engagementCount", "listedCount", "accountStatus", "platformCreatedAt", "profileUrl", "updatedAt"),
    "platformData",
}
"""What a client of the Inbox API v2 reads from a profile."""


async def test_a_profile_has_every_field_of_the_reference_and_what_the_platform_told(
    client: httpx.AsyncClient, link: Link, sandbox: Starlette
) -> None:
    await link("ana")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox), base_url="http://x") as platform:
        people = (await platform.get("/_sandbox/people", params={"limit": 50})).json()
    person = next(one for one in people if one["nature"] == "open")
    listed = await campaigning.make_list(client, "A")
    await client.post(f"/lists/{listed['id']}/leads", json={"usernames": [person["username"]]})
    (contact,) = await find(client, person["id"])
    (profile,) = contact["profiles"]
    assert set(profile) >= PROFILE_FIELDS
    assert profile["handle"] == f"@{person['username']}"
    assert profile["profileUrl"] == f"https://x.com/i/user/{person['id']}"
    assert profile["updatedAt"] == profile["lookedUpAt"]
    assert profile["isProtected"] is False
    for count in ("followerCount", "followingCount", "postCount", "engagementCount", "listedCount"):
        assert profile[count] >= 0, count


async def test_forgetting_tells_of_everything_that_is_noted_no_more(
    client: httpx.AsyncClient, database: Pool, ana: dict[str, Any]
) -> None:
    await change(client, ana, notes="Prefers mornings", valuation=12)
    await client.post("/tags", json={"name": "VIP"})
    await client.put(f"/contacts/{ana['id']}/tags/vip")
    assert (await client.post(f"/contacts/{ana['id']}/forget")).status_code == 200
    told = {kind: data for kind, contact_id, data in (await events(database))[3:] if contact_id == ana["id"]}
    assert told == {
        "contact.notesChanged": {"notes": None},
        "contact.valuationChanged": {"valuation": None},
        "contact.tagsChanged": {"tagIds": []},
    }

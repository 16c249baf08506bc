"""Answers of v1: always 200, campaigns of exactly the vendor's fields, people as prospects."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.conftest import SteeredClock

CAMPAIGN = {
    "id",
    "name",
    "description",
    "status",
    "enabled",
    "dryRun",
    "targetsCount",
    "contactedCount",
    "repliesCount",
    "completionRate",
    "replyRate",
    "hourlyMessageRate",
    "scheduleTimezone",
    "scheduleHours",
    "isBuildingPlan",
    "isSyncing",
    "scopeAssessedCount",
    "accountLinkIds",
    "rules",
    "sequence",
    "automations",
    "createdAt",
    "updatedAt",
    "pausedAt",
    "completedAt",
    "lastStartedAt",
}
PROSPECT = {
    "platform",
    "platformId",
    "externalId",
    "documentId",
    "displayName",
    "username",
    "handle",
    "image",
    "imageNormalized",
    "bio",
    "location",
    "profileUrl",
    "websiteUrl",
    "websiteDomain",
    "verified",
    "profileType",
    "isProtected",
    "followerCount",
    "followingCount",
    "postCount",
    "engagementCount",
    "listedCount",
    "platformCreatedAt",
    "firstSeenAt",
    "lastUpdatedAt",
    "lastEnrichedAt",
    "lastActiveAt",
    "source",
    "isFresh",
    "isStale",
    "confidence",
    "platformData",
}
PLATFORM_DATA = {
    "isVerifiedBlue",
    "isVerifiedGold",
    "isVerifiedGray",
    "professionalCategory",
    "urlEntities",
    "bannerUrl",
    "tweetsCount",
    "favoritesCount",
    "rawData",
}
MESSAGE = {"steps": [campaigning.message("Hi")]}


async def test_a_campaign_has_exactly_the_fields_of_the_vendor(v1: httpx.AsyncClient, account: dict[str, Any]) -> None:
    made = (await v1.post("/campaigns/v2", json={"name": "A", "accountLinkIds": [account["id"]]})).json()
    path = f"/campaigns/v2/{made['id']}"
    for answer in (
        made,
        (await v1.get(path)).json(),
        (await v1.get("/campaigns/v2")).json()["data"][0],
        (await v1.patch(path, json={"name": "B"})).json(),
        (await v1.post(f"{path}/disable")).json(),
    ):
        assert set(answer) == CAMPAIGN
        assert set(answer["rules"]) == {"syncedLists", "excludedLists", "excludeContacted", "excludeMutuals"}
        assert set(answer["sequence"]) == {"version", "steps"}
    await v1.put(f"{path}/sequence", json=MESSAGE)
    started = await v1.post(f"{path}/enable")
    assert (started.status_code, set(started.json())) == (200, CAMPAIGN)


async def test_a_new_sequence_answers_with_version_and_steps_alone(
    v1: httpx.AsyncClient, campaign: dict[str, Any]
) -> None:
    replaced = (await v1.put(f"/campaigns/v2/{campaign['id']}/sequence", json=MESSAGE)).json()
    assert set(replaced) == {"version", "steps"}
    assert replaced["version"] == 1
    assert [(step["rank"], step["type"]) for step in replaced["steps"]] == [(0, "message")]


async def test_every_success_is_200_and_a_deletion_says_so(v1: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    path = f"/campaigns/v2/{campaign['id']}"
    listed = (await v1.post("/lists", json={"name": "A"})).json()
    column = (await v1.post(f"/lists/{listed['id']}/columns", json={"name": "Company"})).json()
    own = (await v1.post(f"{path}/columns", json={"name": "Company"})).json()
    assert set(own) == {"id", "name", "type", "description", "createdAt", "updatedAt"}
    status = (await v1.get("/statuses")).json()[0]
    automation = {"trigger": "replied", "action": "setStatus", "actionData": {"statusId": status["id"]}}
    added = (await v1.post(f"{path}/automations", json=automation)).json()
    for gone in (
        f"{path}/automations/{added['id']}",
        f"{path}/columns/{own['id']}",
        f"/lists/{listed['id']}/columns/{column['id']}",
        f"/lists/{listed['id']}",
        path,
    ):
        response = await v1.delete(gone)
        assert (response.status_code, response.json()) == (200, {"success": True}), gone


async def test_leads_of_a_list_come_as_prospects_with_their_account_status(
    v1: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    path = f"/lists/{(await v1.post('/lists', json={'name': 'A'})).json()['id']}/leads"
    added = (await v1.post(path, json={"platformIds": ["1000000000000000007", "x y"]})).json()
    assert added == {"added": ["1000000000000000007"], "skipped": [], "failed": ["x y"]}
    page = (await v1.get(path)).json()
    assert set(page) == {"data", "nextCursor"}
    (lead,) = page["data"]
    assert set(lead["prospect"]) == PROSPECT | {"accountStatus"}
    assert set(lead["prospect"]["platformData"]) == PLATFORM_DATA
    assert lead["data"] == {}
    native = (await client.get(path)).json()["data"][0]["profile"]
    assert lead["prospect"]["externalId"] == native["id"]
    column = (await v1.post(path.replace("/leads", "/columns"), json={"name": "Company"})).json()
    changed = (await v1.patch(f"{path}/1000000000000000007", json={"data": {column["id"]: "Acme"}})).json()
    assert changed["data"] == {column["id"]: "Acme"}
    assert changed["prospect"]["platformId"] == "1000000000000000007"
    removed = await v1.request("DELETE", path, json={"platformIds": ["1000000000000000007"]})
    assert removed.json() == {"removed": 1}


async def test_leads_of_a_campaign_come_as_prospects(v1: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    path = f"/campaigns/v2/{campaign['id']}/leads"
    counts = (await v1.post(path, json={"platformIds": ["7", "8"]})).json()
    assert counts == {"added": 2, "skipped": 0, "failed": 0}
    first, second = (await v1.get(path)).json()["data"]
    assert set(first["prospect"]) == PROSPECT
    column = (await v1.post(f"/campaigns/v2/{campaign['id']}/columns", json={"name": "Company"})).json()["id"]
    for by, name, value in (
        ({}, first["prospect"]["platformId"], "Acme"),
        ({"by": "externalId"}, first["prospect"]["externalId"], "Brown"),
        ({"by": "platformId", "platform": "twitter"}, first["prospect"]["platformId"], "Case"),
    ):
        changed = (await v1.patch(f"{path}/{name}", json={**by, "data": {column: value}})).json()
        assert changed["prospect"]["externalId"] == first["prospect"]["externalId"]
        assert changed["data"] == {column: value}
    external = {"externalIds": [second["prospect"]["externalId"]]}
    assert (await v1.post(path, json=external)).json() == {"added": 0, "skipped": 1, "failed": 0}


@pytest.mark.usefixtures("account")
async def test_a_prospect_tells_what_is_known(v1: httpx.AsyncClient, clock: SteeredClock, sandbox: Any) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox), base_url="http://x.sandbox") as platform:
        person = (await platform.get("/_sandbox/people", params={"limit": 1})).json()[0]
    path = f"/lists/{(await v1.post('/lists', json={'name': 'A'})).json()['id']}/leads"
    await v1.post(path, json={"usernames": [f"@{person['username']}"]})
    known = (await v1.get(path)).json()["data"][0]["prospect"]
    assert known["platformId"] == person["id"]
    assert (known["username"], known["handle"]) == (person["username"], f"@{person['username']}")
    assert known["profileUrl"] == f"https://x.com/i/user/{person['id']}"
    assert known["firstSeenAt"] == known["lastEnrichedAt"] == known["lastUpdatedAt"] == "2026-11-23T09:00:00.000Z"
    assert (known["isFresh"], known["isStale"], known["confidence"]) == (True, False, 1.0)
    assert known["accountStatus"] == "active"
    for age, is_fresh, is_stale in ((timedelta(days=8), False, False), (timedelta(days=31), False, True)):
        clock.at += age
        aged = (await v1.get(path)).json()["data"][0]["prospect"]
        assert (aged["isFresh"], aged["isStale"]) == (is_fresh, is_stale)


async def test_a_prospect_known_by_its_id_alone_has_every_field(v1: httpx.AsyncClient) -> None:
    path = f"/lists/{(await v1.post('/lists', json={'name': 'A'})).json()['id']}/leads"
    await v1.post(path, json={"platformIds": ["7"]})
    known = (await v1.get(path)).json()["data"][0]["prospect"]
    assert (known["displayName"], known["username"], known["handle"]) == ("7", "", "")
    assert (known["lastEnrichedAt"], known["confidence"], known["isStale"]) == (None, 0.0, True)


async def test_what_a_program_needs_to_find_its_ids_comes_as_plain_arrays(
    v1: httpx.AsyncClient, account: dict[str, Any]
) -> None:
    (found,) = (await v1.get("/account-links")).json()
    assert found == {
        "id": account["id"],
        "platform": "twitter",
        "platformId": account["platformId"],
        "name": account["displayName"],
        "username": "ana",
        "image": account["avatarUrl"],
        "createdAt": account["createdAt"],
        "status": "active",
        "syncedAt": account["syncedAt"],
    }
    statuses = (await v1.get("/statuses")).json()
    assert [set(status) for status in statuses] == [{"id", "name", "color", "createdAt"}] * 5
    assert {"name", "hex"} == set((await v1.get("/colors")).json()[0])


async def test_a_plain_array_holds_everything_there_is(v1: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    for number in range(105):
        for path in ("/tags", "/statuses"):
            assert (await client.post(path, json={"name": f"Name {number}"})).status_code == 201
    assert len((await v1.get("/tags")).json()) == 105
    assert len((await v1.get("/statuses")).json()) == 5 + 105


async def test_members_and_tags_have_the_fields_of_v1(v1: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    (owner,) = (await v1.get("/members")).json()
    assert set(owner) == {"id", "userId", "name", "email", "image", "role", "createdAt", "updatedAt"}
    assert (owner["name"], owner["role"], owner["email"], owner["userId"]) == ("Owner", "owner", "", owner["id"])
    assert (await v1.get("/tags")).json() == []
    made = (await client.post("/tags", json={"name": "VIP", "color": "red"})).json()
    assert (await v1.get("/tags")).json() == [{"id": made["id"], "name": "VIP", "color": made["color"]}]


async def test_the_team_has_the_fields_of_v1(v1: httpx.AsyncClient) -> None:
    team = (await v1.get("/team")).json()
    assert set(team) == {
        "id",
        "name",
        "slug",
        "image",
        "createdAt",
        "updatedAt",
        "currency",
        "allowSupportAccess",
    }
    assert (team["name"], team["slug"]) == ("First", "first")


@pytest.mark.parametrize("path", ["/lists", "/campaigns/v2"])
async def test_pages_go_on_with_a_cursor(v1: httpx.AsyncClient, campaign: dict[str, Any], path: str) -> None:
    await v1.post("/campaigns/v2", json={"name": "B", "accountLinkIds": campaign["accountLinkIds"]})
    whole = [one["id"] for one in (await v1.get(path)).json()["data"]]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = (await v1.get(path, params=query)).json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["nextCursor"]
    assert seen == whole
    assert len(seen) == 2

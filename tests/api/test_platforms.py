"""Platforms, and the owner's choice of whom the team may write to first."""

from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.conftest import SANDBOX_URL, Link, Tenant

from overture.actions import accounts, apps
from overture.actions.context import Context, operator
from overture.core.grants import Grant
from overture.store.pool import Pool

POLICY = "/platforms/twitter/policy"
DEFAULT = {"contactPolicy": "inboundOrConsent", "note": None, "changedAt": None, "changedBy": None}
ANYONE = {"contactPolicy": "anyoneReachable", "note": "Agreed with counsel."}


async def test_platforms_tell_what_overture_can_do_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/platforms")).json() == [
        {
            "platform": "twitter",
            "name": "X",
            "usernamePrefix": "@",
            "capabilities": ["message:send", "import:followers", "import:following", "import:likes"],
            "limits": {
                "characters": 10_000,
                "mediaCount": 0,
                "mediaBytes": None,
                "mediaTypes": {"image": [], "video": [], "gif": [], "file": [], "audio": []},
                "appDailyMessages": 1440,
                "accountDailyMessages": 500,
            },
            "mutationWindows": {},
            "threadState": {
                "archive": {"observe": False, "mutate": False},
                "read": {"observe": False, "mutate": False},
            },
            "hasApp": False,
            "redirectUri": "http://127.0.0.1:8080/oauth/twitter/callback",
        }
    ]
    registered = {"clientId": "sandbox-client"}
    assert (await client.put("/platforms/twitter/app", json=registered)).status_code == 200
    assert [one["hasApp"] for one in (await client.get("/platforms")).json()] == [True]


async def test_an_account_can_do_no_more_than_its_platform(client: httpx.AsyncClient, link: Link) -> None:
    (platform,) = (await client.get("/platforms")).json()
    assert set((await link("ana"))["capabilities"]) <= set(platform["capabilities"])


async def test_without_a_choice_only_who_wrote_or_agreed_is_written_to(client: httpx.AsyncClient, link: Link) -> None:
    assert (await client.get(POLICY)).json() == DEFAULT
    await link("ana")
    assert (await client.get(POLICY)).json() == DEFAULT


async def test_a_choice_is_kept_with_who_made_it_when_and_why(client: httpx.AsyncClient, link: Link) -> None:
    account = await link("ana")
    campaign = await campaigning.create(client, account)
    chosen = await client.put(POLICY, json=ANYONE)
    assert chosen.status_code == 200
    assert chosen.json() == {**ANYONE, "changedAt": "2026-11-23T09:00:00.000Z", "changedBy": "test"}
    assert (await client.get(POLICY)).json() == chosen.json()
    assert (await campaigning.read(client, campaign))["contactPolicy"] == "anyoneReachable"
    (act,) = (await client.get("/audit", params={"action": "policy.changed"})).json()["data"]
    assert act["before"] == {"contactPolicy": "inboundOrConsent", "note": None}
    assert act["after"] == ANYONE
    assert act["object"]["type"] == "platformApp"


async def test_the_same_choice_once_more_changes_nothing(client: httpx.AsyncClient, link: Link) -> None:
    await link("ana")
    first = (await client.put(POLICY, json=ANYONE)).json()
    assert (await client.put(POLICY, json=ANYONE)).json() == first
    assert len((await client.get("/audit", params={"action": "policy.changed"})).json()["data"]) == 1


async def test_a_choice_may_be_made_before_the_first_account_is_linked(
    client: httpx.AsyncClient, link: Link, database: Pool
) -> None:
    assert (await client.put(POLICY, json=ANYONE)).status_code == 200
    await link("ana")
    apps = await database.fetch("SELECT contact_policy, base_url FROM platform_app")
    assert [tuple(row) for row in apps] == [("anyoneReachable", SANDBOX_URL)]
    assert await database.fetchval("SELECT daily_cap FROM app_budget") == 1440


async def test_a_choice_holds_for_every_app_and_the_widest_is_told(
    client: httpx.AsyncClient, link: Link, context: Context, team: Tenant, database: Pool
) -> None:
    await link("ana")
    await accounts.link(
        context, team.actor, platform="twitter", grant=Grant(access_token="sandbox-ben"), base_url=f"{SANDBOX_URL}/"
    )
    await database.execute(
        "UPDATE platform_app SET contact_policy = 'anyoneReachable' WHERE base_url = $1", f"{SANDBOX_URL}/"
    )
    assert (await client.get(POLICY)).json()["contactPolicy"] == "anyoneReachable"
    back = {"contactPolicy": "inboundOrConsent", "note": "Not any more."}
    assert (await client.put(POLICY, json=back)).status_code == 200
    assert (await client.get(POLICY)).json()["contactPolicy"] == "inboundOrConsent"
    apps = await database.fetch("SELECT contact_policy, policy_note FROM platform_app")
    assert {tuple(row) for row in apps} == {("inboundOrConsent", "Not any more.")}


@pytest.mark.parametrize("role", ["admin", "user"])
async def test_only_an_owner_chooses(client: httpx.AsyncClient, link: Link, database: Pool, role: str) -> None:
    await link("ana")
    await database.execute("UPDATE member SET role = $1", role)
    refused = await client.put(POLICY, json=ANYONE)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await client.get(POLICY)).json() == DEFAULT


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ["contactPolicy"]),
        ({"contactPolicy": "everyone"}, ["contactPolicy"]),
        ({"contactPolicy": "anyoneReachable"}, ["note"]),
        ({"contactPolicy": "anyoneReachable", "note": "  "}, ["note"]),
        ({"contactPolicy": "inboundOrConsent", "note": "a" * 1001}, ["note"]),
        ({**ANYONE, "changedBy": "Me"}, ["changedBy"]),
    ],
)
async def test_a_choice_that_cannot_be_is_refused(
    client: httpx.AsyncClient, body: dict[str, Any], path: list[str]
) -> None:
    assert campaigning.issue_paths(await client.put(POLICY, json=body)) == [path]
    assert (await client.get(POLICY)).json() == DEFAULT


async def test_a_platform_there_is_not_has_no_policy(client: httpx.AsyncClient) -> None:
    for response in (
        await client.get("/platforms/myspace/policy"),
        await client.put("/platforms/myspace/policy", json=ANYONE),
    ):
        assert (response.status_code, response.json()["code"]) == (422, "platformNotSupported")
        assert response.json()["details"] == {"platform": "myspace", "supported": ["twitter"]}


async def test_another_address_of_the_platform_is_written_down_with_who_set_it(
    client: httpx.AsyncClient, context: Context, team: Tenant, link: Link, database: Pool
) -> None:
    await link("ana")
    app_id = await database.fetchval("SELECT id FROM platform_app WHERE team_id = $1", team.id)
    for _ in range(2):
        await apps.readdress(context, operator(team.id), app_id=app_id, base_url="http://elsewhere.example")
    (act,) = (await client.get("/audit", params={"action": "platformApp.readdressed"})).json()["data"]
    assert (act["actor"]["type"], act["object"]) == ("operator", {"type": "platformApp", "id": app_id})
    assert act["before"] == {"baseUrl": SANDBOX_URL}
    assert act["after"] == {"baseUrl": "http://elsewhere.example"}
    rows = await database.fetch("SELECT base_url FROM account_directory WHERE team_id = $1", team.id)
    assert [row["base_url"] for row in rows] == ["http://elsewhere.example"]

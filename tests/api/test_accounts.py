"""Account links."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.api.conftest import SANDBOX_URL, START, Link, Tenant, Wakes

from overture import ids
from overture.actions.context import Context
from overture.api import app as api_app
from overture.sandbox import accounts as sandbox_accounts
from overture.sandbox import signatures
from overture.store.pool import Pool

ANA = sandbox_accounts.DEFAULT[0]
KEYS = {
    "accessToken": ANA.key,
    "accessTokenSecret": ANA.key_secret,
    "consumerKey": signatures.CONSUMER_KEY,
    "consumerSecret": signatures.CONSUMER_SECRET,
}


async def _offline(database: Pool, account_id: str) -> None:
    await database.execute("UPDATE account_link SET status = 'offline' WHERE id = $1", account_id)
    await database.execute("UPDATE account_gate SET open = false WHERE account_id = $1", account_id)


async def _is_open(database: Pool, account_id: str) -> bool:
    is_open: bool = await database.fetchval("SELECT open FROM account_gate WHERE account_id = $1", account_id)
    return is_open


async def _campaign_with(database: Pool, team_id: str, account_id: str, status: str) -> str:
    campaign_id = ids.new("c")
    await database.execute(
        """
        INSERT INTO campaign (team_id, id, name, status, enabled, schedule_hours, created_at, updated_at,
                              last_started_at, completed_at)
        VALUES ($1, $2, 'C', $3, $3 <> 'draft', '{}', $4, $4, $4, $5)
        """,
        team_id,
        campaign_id,
        status,
        START,
        START if status == "completed" else None,
    )
    await database.execute(
        "INSERT INTO campaign_gate (team_id, campaign_id, open) VALUES ($1, $2, $3)",
        team_id,
        campaign_id,
        status == "active",
    )
    await database.execute(
        """
        INSERT INTO campaign_account (team_id, account_id, campaign_id, position, draw, opening_draw)
        VALUES ($1, $2, $3, 0, 1, 0)
        """,
        team_id,
        account_id,
        campaign_id,
    )
    return campaign_id


async def test_an_account_is_linked_with_its_token_alone(
    link: Link, database: Pool, context: Context, team: Tenant, wakes: Wakes
) -> None:
    account = await link("ana")
    account_id = account.pop("id")
    assert ids.is_valid(account_id)
    assert account.pop("platformId").isdigit()
    account.pop("avatarUrl")
    account.pop("budgets")
    account.pop("hearing")
    assert account == {
        "platform": "twitter",
        "username": "ana",
        "displayName": "Ana Ruiz",
        "status": "active",
        "pauseReasons": [],
        "offlineReason": None,
        "capabilities": ["message:send", "import:followers", "import:following", "import:likes"],
        "scopes": None,
        "missingScopes": [],
        "hourlyLimit": 25,
        "dailyLimit": 200,
        "historyFrom": None,
        "syncedAt": None,
        "createdAt": "2026-11-23T09:00:00.000Z",
    }
    sealed = await database.fetchval("SELECT sealed_token FROM account_link WHERE id = $1", account_id)
    assert b"sandbox-ana" not in sealed
    assert context.sealer.open(sealed, context=f"{team.id}:{account_id}") == "sandbox-ana"
    assert await _is_open(database, account_id)
    duty = await database.fetchrow("SELECT kind, due_at FROM duty WHERE key = $1", account_id)
    assert duty is not None and tuple(duty) == ("replies", START)
    app = await database.fetchrow(
        """
        SELECT p.base_url, p.contact_policy, b.daily_cap FROM platform_app p
          JOIN app_budget b ON b.team_id = p.team_id AND b.app_id = p.id
        """
    )
    assert app is not None
    assert (app["base_url"], app["contact_policy"]) == (SANDBOX_URL, "inboundOrConsent")
    assert wakes.count == 1


async def test_accounts_of_a_team_share_its_app(link: Link, database: Pool) -> None:
    await link("ana")
    await link("ben")
    assert await database.fetchval("SELECT count(*) FROM platform_app") == 1
    assert await database.fetchval("SELECT count(DISTINCT app_id) FROM account_link") == 1


async def test_linking_again_brings_an_offline_account_back(
    client: httpx.AsyncClient, link: Link, database: Pool
) -> None:
    first = await link("ana")
    await _offline(database, first["id"])
    again = await link("ana")
    assert (again["id"], again["status"], again["offlineReason"]) == (first["id"], "active", None)
    assert await _is_open(database, first["id"])
    assert len((await client.get("/account-links")).json()["data"]) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("unauthorized", "taken back"),
        ("tokenExpired", "taken back"),
        ("accountSuspended", "X has suspended @ana"),
        ("scopeMissing", "direct messages"),
        ("keysRefused", "keys of @ana"),
        ("somethingNew", "taken back"),
    ],
)
async def test_an_offline_account_tells_why_and_how_it_comes_back(
    client: httpx.AsyncClient, link: Link, database: Pool, code: str, words: str
) -> None:
    account = await link("ana")
    await _offline(database, account["id"])
    await database.execute("UPDATE account_link SET offline_code = $1, offline_at = $2", code, START)
    reason = (await client.get(f"/account-links/{account['id']}")).json()["offlineReason"]
    assert (reason["code"], reason["since"]) == (code, "2026-11-23T09:00:00.000Z")
    assert words in reason["message"]
    assert 'POST /account-links with {"platform": "twitter"}' in reason["message"]
    assert (await link("ana"))["offlineReason"] is None


async def test_an_account_that_went_offline_before_reasons_were_kept_tells_the_way_back(
    client: httpx.AsyncClient, link: Link, database: Pool
) -> None:
    account = await link("ana")
    await _offline(database, account["id"])
    reason = (await client.get(f"/account-links/{account['id']}")).json()["offlineReason"]
    assert (reason["code"], reason["since"]) == ("unauthorized", None)


async def test_a_new_token_does_not_undo_a_pause_by_hand(client: httpx.AsyncClient, link: Link, database: Pool) -> None:
    account = await link("ana")
    await client.patch(f"/account-links/{account['id']}", json={"status": "paused"})
    assert (await link("ana"))["pauseReasons"] == ["manual"]
    assert not await _is_open(database, account["id"])


async def test_an_account_belongs_to_one_team_at_a_time(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, link: Link
) -> None:
    account = await link("ana")
    body = {"platform": "twitter", "tokens": {"accessToken": "sandbox-ana"}}
    refused = await other_client.post("/account-links", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "accountLinkTaken")
    assert (await client.delete(f"/account-links/{account['id']}")).status_code == 204
    assert (await other_client.post("/account-links", json=body)).status_code == 200


async def test_a_token_the_platform_refuses_is_the_clients_mistake(client: httpx.AsyncClient) -> None:
    body = {"platform": "twitter", "tokens": {"accessToken": "sandbox-nobody"}}
    response = await client.post("/account-links", json=body)
    assert response.status_code == 400
    assert response.json()["details"]["issues"][0]["path"] == ["tokens", "accessToken"]


async def test_an_account_is_linked_by_its_keys(client: httpx.AsyncClient, database: Pool) -> None:
    linked = await client.post("/account-links", json={"platform": "twitter", "tokens": KEYS})
    assert (linked.status_code, linked.json()["username"]) == (200, "ana")
    sealed = await database.fetchval("SELECT sealed_token FROM account_link")
    acts = await client.get("/audit")
    for secret in KEYS.values():
        assert secret.encode() not in sealed
        assert secret not in linked.text + acts.text
    wrong = {"platform": "twitter", "tokens": {**KEYS, "consumerSecret": "wrong"}}
    refused = await client.post("/account-links", json=wrong)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidRequest")


async def test_a_platform_that_does_not_answer_is_told_as_such(context: Context, team: Tenant) -> None:
    silent: FastAPI = api_app.create_app(context, platform_urls={"twitter": "http://x.sandbox/nowhere"})
    transport = httpx.ASGITransport(app=silent)
    async with httpx.AsyncClient(transport=transport, base_url="http://t/api/v2", headers=team.headers) as client:
        body = {"platform": "twitter", "tokens": {"accessToken": "sandbox-ana"}}
        response = await client.post("/account-links", json=body)
    assert (response.status_code, response.json()["code"]) == (503, "platformUnavailable")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"platform": "twitter"}, 422, "capabilityNotSupported"),
        ({"platform": "myspace"}, 422, "platformNotSupported"),
        ({"platform": "myspace", "tokens": {"accessToken": "x"}}, 422, "platformNotSupported"),
        ({}, 400, "invalidRequest"),
        ({"platform": "twitter", "tokens": {}}, 400, "invalidRequest"),
        ({"platform": "twitter", "tokens": {"accessToken": ""}}, 400, "invalidRequest"),
        ({"platform": "twitter", "tokens": {"accessToken": "a\nb"}}, 400, "invalidRequest"),
        ({"platform": "twitter", "tokens": {"accessToken": "é"}}, 400, "invalidRequest"),
        ({"platform": "twitter", "tokens": {"accessToken": "a", "consumerKey": "b"}}, 400, "invalidRequest"),
        ({"platform": "twitter", "tokens": {"accessTokenSecret": "a"}}, 400, "invalidRequest"),
        ({"platform": "twitter", "tokens": {"accessToken": "a"}, "baseUrl": "http://x"}, 400, "invalidRequest"),
    ],
)
async def test_what_cannot_be_linked_is_refused(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    response = await client.post("/account-links", json=body)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_limits_are_set_and_checked(client: httpx.AsyncClient, link: Link, database: Pool) -> None:
    account_id = (await link("ana"))["id"]
    path = f"/account-links/{account_id}"
    await database.execute("UPDATE account_pace SET hourly_room = 9, daily_room = 9")
    changed = (await client.patch(path, json={"hourlyLimit": 10, "dailyLimit": 80})).json()
    assert (changed["hourlyLimit"], changed["dailyLimit"]) == (10, 80)
    assert await database.fetchval("SELECT hourly_room + daily_room FROM account_pace") == 0
    assert await database.fetchval("SELECT revision FROM account_gate") == 1
    for wrong in ({"hourlyLimit": 0}, {"hourlyLimit": 26}, {"dailyLimit": 501}, {"hourlyLimit": None}):
        assert (await client.patch(path, json=wrong)).status_code == 400, wrong
    assert (await client.get(path)).json() == changed


async def test_a_pause_by_hand_closes_the_gate_until_a_person_resumes(
    client: httpx.AsyncClient, link: Link, database: Pool
) -> None:
    account_id = (await link("ana"))["id"]
    path = f"/account-links/{account_id}"
    paused = (await client.patch(path, json={"status": "paused"})).json()
    assert (paused["status"], paused["pauseReasons"]) == ("paused", ["manual"])
    assert not await _is_open(database, account_id)
    resumed = (await client.patch(path, json={"status": "active"})).json()
    assert (resumed["status"], resumed["pauseReasons"]) == ("active", [])
    assert await _is_open(database, account_id)
    events = await database.fetch("SELECT type FROM event ORDER BY seq")
    assert [row["type"] for row in events] == ["accountLink.paused", "accountLink.resumed"]


async def test_an_offline_account_cannot_be_resumed_without_a_token(
    client: httpx.AsyncClient, link: Link, database: Pool
) -> None:
    account_id = (await link("ana"))["id"]
    await _offline(database, account_id)
    refused = await client.patch(f"/account-links/{account_id}", json={"status": "active"})
    assert (refused.status_code, refused.json()["code"]) == (409, "accountLinkDisconnected")
    assert refused.json()["details"] == {"accountLinkId": account_id, "status": "offline"}
    assert not await _is_open(database, account_id)


@pytest.mark.parametrize("status", ["active", "paused"])
async def test_an_account_that_a_campaign_under_way_uses_stays(
    client: httpx.AsyncClient, link: Link, database: Pool, team: Tenant, status: str
) -> None:
    account_id = (await link("ana"))["id"]
    campaign_id = await _campaign_with(database, team.id, account_id, status)
    refused = await client.delete(f"/account-links/{account_id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "accountLinkInUse")
    assert refused.json()["details"] == {"campaignIds": [campaign_id]}
    assert (await client.get(f"/account-links/{account_id}")).status_code == 200


@pytest.mark.parametrize("status", ["draft", "completed"])
async def test_a_disconnected_account_leaves_its_campaigns_and_its_token_is_gone(
    client: httpx.AsyncClient, link: Link, database: Pool, team: Tenant, status: str
) -> None:
    account_id = (await link("ana"))["id"]
    await _campaign_with(database, team.id, account_id, status)
    assert (await client.delete(f"/account-links/{account_id}")).status_code == 204
    for method in ("GET", "DELETE"):
        response = await client.request(method, f"/account-links/{account_id}")
        assert response.json()["code"] == "accountLinkNotFound"
    assert await database.fetchval("SELECT sealed_token FROM account_link") == b""
    assert not await database.fetchval("SELECT is_member FROM campaign_account")
    assert not await _is_open(database, account_id)
    assert await database.fetchval("SELECT count(*) FROM duty") == 0
    assert (await link("ana"))["id"] != account_id


async def test_accounts_are_listed_by_state(client: httpx.AsyncClient, link: Link, database: Pool) -> None:
    ana, ben = await link("ana"), await link("ben")
    await _offline(database, ana["id"])
    listed = await client.get("/account-links", params=[("status", "active"), ("status", "paused")])
    assert [row["id"] for row in listed.json()["data"]] == [ben["id"]]
    assert (await client.get("/account-links", params={"status": "asleep"})).status_code == 400
    nowhere = await client.get("/account-links", params={"platform": "myspace"})
    assert nowhere.json() == {"data": [], "nextCursor": None}


async def test_another_teams_account_does_not_exist(other_client: httpx.AsyncClient, link: Link) -> None:
    path = f"/account-links/{(await link('ana'))['id']}"
    for method, body in (("GET", None), ("PATCH", {"hourlyLimit": 1}), ("DELETE", None)):
        response = await other_client.request(method, path, json=body)
        assert (response.status_code, response.json()["code"]) == (404, "accountLinkNotFound")

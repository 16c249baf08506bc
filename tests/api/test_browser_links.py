"""Accounts are linked in a browser, through the team's own app, and nobody hands over a token."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.applications import Starlette
from tests.api.conftest import SANDBOX_URL

from overture import clock as clocks
from overture.actions import linking
from overture.channels.port import ChannelError
from overture.channels.x import oauth
from overture.store.pool import Pool

APP = {
    "clientId": "sandbox-client",
    "clientSecret": "sandbox-secret",
    "bearerToken": "sandbox-bearer",
    "consumerSecret": "sandbox-consumer-secret",
}
CALLBACK = "http://127.0.0.1:8080/oauth/twitter/callback"


@pytest_asyncio.fixture
async def browser(application: FastAPI, sandbox: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A person's browser: it reaches the platform and Overture, and sends no token."""
    routes = {
        "all://x.sandbox": httpx.ASGITransport(app=sandbox),
        "all://127.0.0.1:8080": httpx.ASGITransport(app=application),
    }
    async with httpx.AsyncClient(mounts=routes, follow_redirects=False) as opened:
        yield opened


@pytest_asyncio.fixture
async def registered(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.put("/platforms/twitter/app", json=APP)
    assert answer.status_code == 200, answer.text
    kept: dict[str, Any] = answer.json()
    return kept


async def begun(client: httpx.AsyncClient) -> str:
    answer = await client.post("/account-links", json={"platform": "twitter"})
    assert answer.status_code == 200, answer.text
    page: str = answer.json()["authorizeUrl"]
    return page


async def agree(browser: httpx.AsyncClient, page: str, account: str = "ana") -> str:
    """Agree on the platform's page (decline without an account); return where it sends the browser."""
    answer = await browser.post(page, data={"account": account})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def linked_names(client: httpx.AsyncClient) -> list[str]:
    return [account["username"] for account in (await client.get("/account-links")).json()["data"]]


async def test_an_account_is_linked_once_its_holder_has_agreed(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any]
) -> None:
    page = await begun(client)
    asked = dict(parse_qsl(urlsplit(page).query))
    assert page.startswith(f"{SANDBOX_URL}/i/oauth2/authorize?")
    assert asked["redirect_uri"] == registered["redirectUri"] == CALLBACK
    assert asked["scope"].split() == registered["scopes"]
    assert await linked_names(client) == []

    end = await browser.get(await agree(browser, page))

    assert end.status_code == 200
    assert "@ana" in end.text
    assert end.headers["cache-control"] == "no-store"
    assert end.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in end.headers["content-security-policy"]
    assert await linked_names(client) == ["ana"]
    acts = (await client.get("/audit")).json()["data"]
    assert acts[0]["action"] == "accountLink.linked"
    assert acts[0]["actor"]["name"] == "test"


async def test_an_account_that_is_linked_again_takes_the_new_grant(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any], database: Pool
) -> None:
    del registered
    await browser.get(await agree(browser, await begun(client)))
    await database.execute("UPDATE account_link SET status = 'offline'")
    await browser.get(await agree(browser, await begun(client)))
    accounts = (await client.get("/account-links")).json()["data"]
    assert [(account["username"], account["status"]) for account in accounts] == [("ana", "active")]


async def test_who_declines_links_nothing(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any]
) -> None:
    del registered
    back = await agree(browser, await begun(client), account="")
    end = await browser.get(back)
    assert end.status_code == 400
    assert "not granted" in end.text
    assert await linked_names(client) == []


async def test_a_link_is_ended_once(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any]
) -> None:
    del registered
    back = await agree(browser, await begun(client))
    assert (await browser.get(back)).status_code == 200
    again = await browser.get(back)
    assert again.status_code == 400
    assert "used already" in again.text


async def test_a_link_that_is_not_ended_in_ten_minutes_is_forgotten(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any], database: Pool
) -> None:
    del registered
    back = await agree(browser, await begun(client))
    real = clocks.wall_now
    with mock.patch.object(clocks, "wall_now", lambda: real() + linking.PATIENCE + timedelta(seconds=1)):
        assert (await browser.get(back)).status_code == 400
        await begun(client)
    assert await database.fetchval("SELECT count(*) FROM link_request") == 1
    assert await linked_names(client) == []


async def test_a_code_that_comes_too_late_is_told_to_the_person(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any], sandbox: Starlette
) -> None:
    del registered
    back = await agree(browser, await begun(client))
    real = sandbox.state.grants._clock
    sandbox.state.grants._clock = lambda: real() + 31
    end = await browser.get(back)
    assert end.status_code == 400
    assert "Begin again" in end.text
    assert await linked_names(client) == []


async def test_a_link_of_a_token_that_was_revoked_meanwhile_comes_to_nothing(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any]
) -> None:
    del registered
    made = (await client.post("/tokens", json={"name": "Second"})).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    answer = await client.post("/account-links", json={"platform": "twitter"}, headers=headers)
    await client.delete(f"/tokens/{made['id']}")
    assert (await browser.get(await agree(browser, answer.json()["authorizeUrl"]))).status_code == 400
    assert await linked_names(client) == []


async def test_an_account_of_another_team_is_not_taken_over(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any]
) -> None:
    del registered
    body = {"platform": "twitter", "tokens": {"accessToken": "sandbox-ana"}}
    assert (await other_client.post("/account-links", json=body)).status_code == 200
    end = await browser.get(await agree(browser, await begun(client)))
    assert end.status_code == 400
    assert "another team" in end.text


async def test_what_the_platform_did_not_grant_is_told_with_what_it_costs(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any]
) -> None:
    del registered
    page = await begun(client)
    less = page.replace("dm.write+", "")
    assert less != page
    end = await browser.get(await agree(browser, less))
    assert end.status_code == 400
    assert "dm.write" in end.text
    assert "send messages" in end.text
    assert await linked_names(client) == []


async def test_what_only_imports_need_may_be_refused(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any]
) -> None:
    del registered
    less = (await begun(client)).replace("follows.read+", "").replace("+like.read", "")
    end = await browser.get(await agree(browser, less))
    assert end.status_code == 200
    assert "Without follows.read nobody&#x27;s followers" in end.text
    assert "without like.read who liked a post cannot be imported" in end.text
    (account,) = (await client.get("/account-links")).json()["data"]
    assert account["capabilities"] == ["message:send"]
    assert account["scopes"] == ["dm.read", "dm.write", "tweet.read", "users.read", "offline.access"]
    assert [missing["scope"] for missing in account["missingScopes"]] == ["follows.read", "like.read"]
    assert "imported" in account["missingScopes"][0]["costs"]

    await browser.get(await agree(browser, await begun(client)))

    (account,) = (await client.get("/account-links")).json()["data"]
    assert account["missingScopes"] == []
    assert "import:followers" in account["capabilities"]


async def test_a_token_handed_over_has_not_told_its_scopes(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any]
) -> None:
    del registered
    less = (await begun(client)).replace("follows.read+", "")
    await browser.get(await agree(browser, less))
    body = {"platform": "twitter", "tokens": {"accessToken": "sandbox-ana"}}
    account = (await client.post("/account-links", json=body)).json()
    assert (account["scopes"], account["missingScopes"]) == (None, [])


@pytest.mark.parametrize(
    "query",
    ["", "?state=", "?state=made-up&code=x", "?code=x", "?state=%00&code=x", "?state=" + "x" * 5_000, "?error=denied"],
)
async def test_an_address_that_no_platform_sent_links_nothing(browser: httpx.AsyncClient, query: str) -> None:
    answer = await browser.get(CALLBACK + query)
    assert answer.status_code == 400
    assert "Not linked" in answer.text


async def test_without_an_app_of_the_team_tokens_are_asked_for(client: httpx.AsyncClient) -> None:
    answer = await client.post("/account-links", json={"platform": "twitter"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "capabilityNotSupported"
    assert "PUT /platforms/twitter/app" in answer.json()["message"]


async def test_the_secrets_of_the_app_are_never_told(
    client: httpx.AsyncClient, registered: dict[str, Any], database: Pool
) -> None:
    shown = (await client.get("/platforms/twitter/app")).json()
    assert shown == registered
    assert shown["hasClientSecret"] is shown["hasBearerToken"] is shown["hasConsumerSecret"] is True
    assert shown["clientId"] == "sandbox-client"
    acts = await client.get("/audit")
    assert acts.json()["data"][0]["action"] == "platformApp.registered"
    kept = await database.fetchrow(
        "SELECT sealed_client_secret, sealed_bearer_token, sealed_consumer_secret FROM platform_app"
    )
    assert kept is not None
    for secret, sealed in zip(list(APP.values())[1:], kept, strict=True):
        assert secret not in shown.values()
        assert secret not in acts.text
        assert secret.encode() not in sealed


async def test_an_app_is_replaced_and_forgotten(client: httpx.AsyncClient, registered: dict[str, Any]) -> None:
    del registered
    public = await client.put("/platforms/twitter/app", json={"clientId": "sandbox-public"})
    for one in ("hasClientSecret", "hasBearerToken", "hasConsumerSecret"):
        assert public.json()[one] is False
    assert (await client.delete("/platforms/twitter/app")).status_code == 204
    for answer in (await client.get("/platforms/twitter/app"), await client.delete("/platforms/twitter/app")):
        assert answer.status_code == 404
        assert answer.json()["code"] == "appNotFound"
    assert (await client.get("/audit")).json()["data"][0]["action"] == "platformApp.removed"


async def test_an_app_is_registered_by_owners_alone(
    client: httpx.AsyncClient, registered: dict[str, Any], database: Pool
) -> None:
    await database.execute("UPDATE member SET role = 'admin'")
    for answer in (
        await client.put("/platforms/twitter/app", json={"clientId": "another"}),
        await client.delete("/platforms/twitter/app"),
    ):
        assert answer.status_code == 403
    assert (await client.get("/platforms/twitter/app")).json() == registered


async def test_an_app_belongs_to_its_team(other_client: httpx.AsyncClient, registered: dict[str, Any]) -> None:
    del registered
    assert (await other_client.get("/platforms/twitter/app")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"clientId": ""},
        {"clientId": "a b"},
        {"clientId": "é"},
        {"clientId": 5},
        {"clientId": "a", "clientSecret": ""},
        {"clientId": "a", "bearerToken": ""},
        {"clientId": "a", "bearerToken": "two words"},
        {"clientId": "a", "consumerSecret": "\u0000"},
        {"clientId": "a", "consumerSecret": "a" * 256},
    ],
)
async def test_an_app_that_cannot_be_one_is_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await client.put("/platforms/twitter/app", json=body)).status_code == 400
    assert (await client.get("/platforms/twitter/app")).status_code == 404


async def test_an_outage_in_the_middle_of_a_link_is_told(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, registered: dict[str, Any]
) -> None:
    del registered
    back = await agree(browser, await begun(client))
    outage = ChannelError("unavailable", "HTTP 503: try later")
    with mock.patch.object(oauth.Authority, "exchange", mock.AsyncMock(side_effect=outage)):
        end = await browser.get(back)
    assert end.status_code == 400
    assert "Begin again" in end.text

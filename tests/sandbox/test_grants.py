"""OAuth 2.0 of the platform is as unforgiving as X's: codes and refresh tokens serve once, and soon end."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from tests.sandbox import calls

from overture.sandbox.grants import ACCESS_SECONDS, CODE_SECONDS, NEEDED, Grants
from overture.sandbox.grants import SCOPES as SCOPES_THERE_ARE
from overture.sandbox.limits import Endpoint

VERIFIER = "v" * 43
REDIRECT = "http://127.0.0.1:8080/oauth/twitter/callback"
SCOPES = "dm.read dm.write tweet.read users.read offline.access"
ASKED = {
    "response_type": "code",
    "client_id": "sandbox-client",
    "redirect_uri": REDIRECT,
    "scope": SCOPES,
    "state": "anything",
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("="),
    "code_challenge_method": "S256",
}
BASIC = ("sandbox-client", "sandbox-secret")


@dataclass
class Clock:
    """The machine's clock."""

    at: float = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock(app: Starlette) -> Iterator[Clock]:
    clock = Clock()
    grants: Grants = app.state.grants
    grants._clock = clock
    yield clock


async def code_of(client: calls.Client, account: str = "ana", **asked: str) -> str:
    """Grant what is asked as an account, and return the code the browser is sent back with."""
    answer = await client.post("/i/oauth2/authorize", params=ASKED | asked, data={"account": account})
    assert answer.status_code == 302, answer.text
    address = urlsplit(answer.headers["location"])
    told = dict(parse_qsl(address.query))
    assert told["state"] == "anything"
    assert answer.headers["location"].startswith(f"{REDIRECT}?")
    return told["code"]


async def trade(client: calls.Client, form: Mapping[str, str], auth: tuple[str, str] | None = BASIC) -> httpx.Response:
    headers = {} if auth is None else {"authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode()}
    return await client.post("/2/oauth2/token", data=dict(form), headers={"authorization": ""} | headers)


def exchanging(code: str, **more: str) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return form | more


async def tokens_of(client: calls.Client, **asked: str) -> dict[str, Any]:
    answer = await trade(client, exchanging(await code_of(client, **asked)))
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


async def me(client: calls.Client, token: str) -> httpx.Response:
    return await client.get("/2/users/me", headers={"authorization": f"Bearer {token}"})


async def refresh(client: calls.Client, token: str) -> httpx.Response:
    return await trade(client, {"grant_type": "refresh_token", "refresh_token": token})


async def test_the_page_names_the_app_and_what_it_asks_for(client: calls.Client) -> None:
    page = await client.get("/i/oauth2/authorize", params=ASKED)
    assert page.status_code == 200
    for text in ("sandbox-client", "dm.write", "@ana", "@ben", "Cancel"):
        assert text in page.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_type", "token"),
        ("client_id", "nobody"),
        ("redirect_uri", "http://example.com/"),
        ("redirect_uri", "javascript:alert(1)"),
        ("scope", "dm.read everything"),
        ("scope", ""),
        ("state", ""),
        ("state", "x" * 501),
        ("code_challenge", ""),
        ("code_challenge_method", "S512"),
    ],
)
async def test_what_an_app_asks_wrongly_is_told_to_the_person(client: calls.Client, name: str, value: str) -> None:
    for answer in (
        await client.get("/i/oauth2/authorize", params=ASKED | {name: value}),
        await client.post("/i/oauth2/authorize", params=ASKED | {name: value}, data={"account": "ana"}),
    ):
        assert answer.status_code == 400
        assert name in answer.text


async def test_who_cancels_is_sent_back_without_a_code(client: calls.Client) -> None:
    answer = await client.post("/i/oauth2/authorize", params=ASKED, data={"account": ""})
    assert dict(parse_qsl(urlsplit(answer.headers["location"]).query)) == {
        "state": "anything",
        "error": "access_denied",
    }


async def test_a_code_becomes_tokens_of_the_account_that_agreed(client: calls.Client) -> None:
    tokens = await tokens_of(client, account="ben")
    assert tokens["expires_in"] == ACCESS_SECONDS
    assert tokens["scope"] == SCOPES
    assert (await me(client, tokens["access_token"])).json()["data"]["username"] == "ben"


async def test_without_offline_access_there_is_no_refresh_token(client: calls.Client) -> None:
    assert "refresh_token" not in await tokens_of(client, scope="tweet.read users.read")


async def test_a_public_app_proves_nothing_but_the_verifier(client: calls.Client) -> None:
    code = await code_of(client, client_id="sandbox-public")
    assert (await trade(client, exchanging(code, client_id="sandbox-public"), None)).status_code == 200


@pytest.mark.parametrize("auth", [("sandbox-client", "wrong"), ("nobody", "sandbox-secret"), None])
async def test_an_app_that_does_not_prove_to_be_one_gets_nothing(
    client: calls.Client, auth: tuple[str, str] | None
) -> None:
    answer = await trade(client, exchanging(await code_of(client), client_id="sandbox-client"), auth)
    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "nonsense"},
        {"redirect_uri": "http://127.0.0.1:8080/elsewhere"},
        {"code_verifier": "w" * 43},
        {"grant_type": "password"},
    ],
)
async def test_a_code_is_of_its_app_address_and_verifier_alone(client: calls.Client, wrong: dict[str, str]) -> None:
    answer = await trade(client, exchanging(await code_of(client)) | wrong)
    assert answer.status_code == 400
    assert answer.json()["error_description"]


async def test_what_lacks_is_named(client: calls.Client) -> None:
    answer = await trade(client, {"grant_type": "authorization_code", "code": "x"})
    assert answer.status_code == 400
    assert "redirect_uri" in answer.json()["error_description"]


async def test_a_code_serves_once(client: calls.Client) -> None:
    code = await code_of(client)
    assert (await trade(client, exchanging(code))).status_code == 200
    assert (await trade(client, exchanging(code))).status_code == 400


async def test_a_code_lives_for_half_a_minute(client: calls.Client, clock: Clock) -> None:
    code = await code_of(client)
    clock.at += CODE_SECONDS + 1
    assert (await trade(client, exchanging(code))).status_code == 400


async def test_an_access_token_lives_for_two_hours(client: calls.Client, clock: Clock) -> None:
    token = (await tokens_of(client))["access_token"]
    clock.at += ACCESS_SECONDS
    assert (await me(client, token)).status_code == 200
    clock.at += 1
    assert (await me(client, token)).status_code == 401


async def test_a_refresh_token_serves_once_and_brings_the_next(client: calls.Client) -> None:
    first = await tokens_of(client)
    second = (await refresh(client, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await me(client, second["access_token"])).status_code == 200


async def test_a_refresh_token_that_is_used_again_ends_all_that_came_of_it(client: calls.Client) -> None:
    first = await tokens_of(client)
    second = (await refresh(client, first["refresh_token"])).json()
    assert (await refresh(client, first["refresh_token"])).status_code == 400
    assert (await refresh(client, second["refresh_token"])).status_code == 400
    assert (await me(client, second["access_token"])).status_code == 401


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
async def test_revoking_a_token_ends_the_grant(client: calls.Client, name: str) -> None:
    tokens = await tokens_of(client)
    header = {"authorization": "Basic " + base64.b64encode(b"sandbox-client:sandbox-secret").decode()}
    answer = await client.post("/2/oauth2/revoke", data={"token": tokens[name]}, headers=header)
    assert answer.json() == {"revoked": True}
    assert (await me(client, tokens["access_token"])).status_code == 401
    assert (await refresh(client, tokens["refresh_token"])).status_code == 400


@pytest.mark.parametrize("endpoint", Endpoint)
def test_every_call_needs_scopes_that_can_be_granted(endpoint: Endpoint) -> None:
    assert set() < NEEDED[endpoint] < SCOPES_THERE_ARE


async def test_a_token_opens_only_what_was_granted(client: calls.Client) -> None:
    token = (await tokens_of(client, scope="tweet.read users.read dm.read"))["access_token"]
    header = {"authorization": f"Bearer {token}"}
    assert (await client.get("/2/dm_events", headers=header)).status_code == 200
    sent = await client.post("/2/dm_conversations/with/1/messages", json={"text": "hi"}, headers=header)
    assert sent.status_code == 403
    assert sent.json()["detail"] == "Forbidden"


@pytest.mark.parametrize("token", ["oauth2.", "oauth2.x.y", "oauth2.e30.00", "oauth2.é.x", ""])
async def test_a_made_up_token_opens_nothing(client: calls.Client, token: str) -> None:
    answer = await client.get("/2/users/me", headers={b"authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401
    assert (await refresh(client, token)).status_code == 400

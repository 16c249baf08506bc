"""Sessions: members sign in with an address and a password, and the cookie they get is good for our own page alone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from tests.api.conftest import Tenant

from overture import clock
from overture.actions import invitations
from overture.actions.context import Context, operator
from overture.api import app as api_app
from overture.store.pool import Pool

EMAIL, PASSWORD = "Ana@Example.com", "a long sentence of my own"
OURS = {"X-Overture-Session": "1"}


@pytest_asyncio.fixture
async def page(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at our page: it keeps cookies."""
    async with _browser(application) as opened:
        yield opened


@pytest.fixture
async def other_page(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Another browser."""
    async with _browser(application) as opened:
        yield opened


@pytest.fixture
async def invitation(context: Context, team: Tenant) -> str:
    made = await invitations.invite_first(context, operator(team.id))
    assert made is not None
    return made.secret


@pytest.fixture
async def signed_in(page: httpx.AsyncClient, invitation: str) -> httpx.AsyncClient:
    """A browser in which the owner has chosen a password."""
    answer = await _accept(page, invitation)
    assert answer.status_code == 201, answer.text
    return page


def _browser(application: FastAPI, url: str = "http://overture") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url=f"{url}/api/v2", headers=OURS)


async def _accept(page: httpx.AsyncClient, invitation: str, **other: Any) -> httpx.Response:
    body = {"invitation": invitation, "email": EMAIL, "password": PASSWORD} | other
    return await page.post("/session/invitation", json=body)


async def _sign_in(page: httpx.AsyncClient, email: str = EMAIL, password: str = PASSWORD) -> httpx.Response:
    return await page.post("/session", json={"email": email, "password": password})


# ---------------------------------------------------------------- in and out


async def test_the_first_owner_chooses_a_password_and_is_in(
    page: httpx.AsyncClient, invitation: str, team: Tenant
) -> None:
    answer = await _accept(page, invitation)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["member"]["id"], told["member"]["email"]) == (team.actor.member_id, EMAIL)
    assert told["team"] == {"id": team.id, "name": "First"}
    assert (await page.get("/session")).json() == told
    assert (await page.get("/team")).json()["id"] == team.id


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    page: httpx.AsyncClient, invitation: str, context: Context
) -> None:
    flags = (await _accept(page, invitation)).headers["Set-Cookie"].split("; ")
    assert flags[0].startswith("overture_session=ovt_")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(flags) and "Secure" not in flags
    by_tls = api_app.create_app(context, public_url="https://overture.example")
    async with _browser(by_tls, "https://overture.example") as secure:
        flags = (await _sign_in(secure)).headers["Set-Cookie"].split("; ")
        assert flags[0].startswith("__Host-overture_session=") and "Secure" in flags
        assert (await secure.get("/session")).status_code == 200


async def test_a_member_signs_in_by_address_in_any_case(
    signed_in: httpx.AsyncClient, other_page: httpx.AsyncClient, team: Tenant
) -> None:
    answer = await _sign_in(other_page, email=" aNA@example.COM ")
    assert answer.status_code == 201
    assert (await other_page.get("/team")).json()["id"] == team.id
    assert (await signed_in.get("/team")).status_code == 200, "both go on"


async def test_whoever_signs_out_is_out_and_others_stay_in(
    signed_in: httpx.AsyncClient, other_page: httpx.AsyncClient
) -> None:
    await _sign_in(other_page)
    stolen = dict(other_page.cookies)
    assert (await other_page.delete("/session")).status_code == 204
    assert not other_page.cookies
    other_page.cookies.update(stolen)
    gone = await other_page.get("/team")
    assert (gone.status_code, gone.json()["code"]) == (401, "unauthorized")
    assert (await signed_in.get("/team")).status_code == 200


async def test_secrets_are_kept_as_hashes_alone(signed_in: httpx.AsyncClient, invitation: str, database: Pool) -> None:
    secret = signed_in.cookies["overture_session"]
    tables = ("api_token", "token_directory", "sign_in", "invitation", "audit_entry", "sign_in_try")
    rows = [str(dict(row)) for table in tables for row in await database.fetch(f"TABLE {table}")]
    assert not any(one in row for one in (secret, invitation, PASSWORD) for row in rows)
    assert (await database.fetchval("SELECT password_hash FROM sign_in")).startswith("$argon2id$")


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(("email", "password"), [(EMAIL, PASSWORD + "!"), ("ben@example.com", PASSWORD), ("x", "x")])
async def test_what_does_not_belong_together_lets_nobody_in(
    other_page: httpx.AsyncClient, email: str, password: str
) -> None:
    refused = await _sign_in(other_page, email, password)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    assert "Set-Cookie" not in refused.headers
    assert (await other_page.get("/team")).status_code == 401


# ---------------------------------------------------------------- what a session may do


async def test_a_session_acts_as_its_member(signed_in: httpx.AsyncClient, team: Tenant) -> None:
    made = (await signed_in.post("/lists", json={"name": "A"})).json()
    (act,) = (await signed_in.get("/audit", params={"objectId": made["id"]})).json()["data"]
    assert act["actor"] == {"type": "member", "id": team.actor.member_id, "name": "Owner"}
    token = (await signed_in.post("/tokens", json={"name": "Mine"})).json()
    assert (token["memberId"], token["role"]) == (team.actor.member_id, "owner")


async def test_sessions_are_no_tokens(signed_in: httpx.AsyncClient, stranger: httpx.AsyncClient, team: Tenant) -> None:
    listed = (await signed_in.get("/tokens")).json()["data"]
    assert [token["id"] for token in listed] == [team.actor.token_id]
    secret = signed_in.cookies["overture_session"]
    assert (await stranger.get("/team", headers={"Authorization": f"Bearer {secret}"})).status_code == 401
    assert (await stranger.get("/team", headers={"Cookie": f"overture_session={team.token}"})).status_code == 401


async def test_a_token_is_told_whose_it_is_and_has_no_session(client: httpx.AsyncClient, team: Tenant) -> None:
    told = (await client.get("/session")).json()
    assert (told["member"]["id"], told["endsAt"]) == (team.actor.member_id, None)
    for refused in (
        await client.delete("/session"),
        await client.put("/session/password", json={"currentPassword": PASSWORD, "newPassword": PASSWORD + "!"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await client.get("/team")).status_code == 200


async def test_a_token_goes_before_a_cookie(signed_in: httpx.AsyncClient, other_team: Tenant) -> None:
    assert (await signed_in.get("/team", headers=other_team.headers)).json()["id"] == other_team.id
    assert (await signed_in.get("/team", headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_sessions_have_a_count_of_calls_of_their_own(context: Context, invitation: str, team: Tenant) -> None:
    application = api_app.create_app(context, call_limits=(2, 100, 100))
    async with _browser(application) as page:
        await _accept(page, invitation)
        codes = [(await page.get("/team")).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        assert (await page.get("/team", headers=team.headers)).status_code == 200


# ---------------------------------------------------------------- pages of others


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://overture:8081"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_page_of_somebody_else_cannot_use_the_cookie(
    signed_in: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    for answer in (
        await signed_in.get("/lists", headers=headers),
        await signed_in.post("/lists", json={"name": "A"}, headers=headers),
        await signed_in.post("/session", json={"email": EMAIL, "password": PASSWORD}, headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    listed = (await signed_in.get("/lists")).json()["data"]
    assert [one["kind"] for one in listed] == ["contacted", "mutual"]


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "http://overture"}, {"Origin": "http://127.0.0.1:8080"}, {}]
)
async def test_our_own_page_can(signed_in: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await signed_in.post("/lists", json={"name": "A"}, headers=headers)).status_code == 200
    assert (await signed_in.get("/lists", headers={"Sec-Fetch-Site": "none"})).status_code == 200


async def test_what_changes_something_must_say_that_it_is_ours(signed_in: httpx.AsyncClient) -> None:
    del signed_in.headers["X-Overture-Session"]
    assert (await signed_in.get("/lists")).status_code == 200
    for refused in (
        await signed_in.post("/lists", json={"name": "A"}),
        await signed_in.post("/lists", json={"name": "A"}, headers={"X-Overture-Session": "2"}),
        await signed_in.delete("/session"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert "X-Overture-Session" in refused.json()["message"]


# ---------------------------------------------------------------- ends


async def test_a_session_that_is_not_used_ends(signed_in: httpx.AsyncClient, database: Pool) -> None:
    now = clock.wall_now()
    await database.execute("UPDATE api_token SET idle_until = $1 WHERE ends_at IS NOT NULL", now - timedelta(seconds=1))
    gone = await signed_in.get("/team")
    assert (gone.status_code, gone.json()["message"]) == (401, "The session has ended. Sign in again.")


async def test_a_session_that_is_used_goes_on_until_its_end(signed_in: httpx.AsyncClient, database: Pool) -> None:
    soon = clock.wall_now() + timedelta(hours=2)
    await database.execute("UPDATE api_token SET idle_until = $1 WHERE ends_at IS NOT NULL", soon)
    await signed_in.get("/team")
    prolonged = await database.fetchval("SELECT idle_until FROM api_token WHERE ends_at IS NOT NULL")
    assert prolonged > soon + timedelta(days=6)
    await database.execute("UPDATE api_token SET idle_until = $1, ends_at = $1 WHERE ends_at IS NOT NULL", soon)
    await signed_in.get("/team")
    assert await database.fetchval("SELECT idle_until FROM api_token WHERE ends_at IS NOT NULL") == soon


async def test_a_changed_password_ends_the_other_sessions(
    signed_in: httpx.AsyncClient, other_page: httpx.AsyncClient
) -> None:
    await _sign_in(other_page)
    change = {"currentPassword": PASSWORD, "newPassword": "quite another sentence"}
    wrong = await signed_in.put("/session/password", json=change | {"currentPassword": "something else"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "forbidden")
    short = await signed_in.put("/session/password", json=change | {"newPassword": "short"})
    assert short.json()["details"]["issues"][0]["path"] == ["newPassword"]
    assert (await other_page.get("/team")).status_code == 200, "nothing has changed yet"
    assert (await signed_in.put("/session/password", json=change)).json() == {"success": True}
    assert (await signed_in.get("/team")).status_code == 200
    assert (await other_page.get("/team")).status_code == 401
    assert (await _sign_in(other_page)).status_code == 401
    assert (await _sign_in(other_page, password=change["newPassword"])).status_code == 201


# ---------------------------------------------------------------- guessing


async def test_nobody_guesses_a_password_for_long(
    signed_in: httpx.AsyncClient, other_page: httpx.AsyncClient, database: Pool
) -> None:
    codes = [(await _sign_in(other_page, password=f"guess {number}")).status_code for number in range(12)]
    assert codes == [401] * 10 + [429] * 2
    right = await _sign_in(other_page)
    assert (right.status_code, right.json()["code"]) == (429, "rateLimited")
    assert 0 < int(right.headers["Retry-After"]) <= 900
    assert (await signed_in.get("/team")).status_code == 200, "who is in stays in"
    await database.execute("UPDATE sign_in_try SET since = since - interval '16 minutes'")
    assert (await _sign_in(other_page)).status_code == 201


@pytest.mark.usefixtures("signed_in")
async def test_who_signs_in_is_counted_anew(other_page: httpx.AsyncClient) -> None:
    for _ in range(2):
        for number in range(9):
            assert (await _sign_in(other_page, password=f"guess {number}")).status_code == 401
        assert (await _sign_in(other_page)).status_code == 201


async def test_nobody_tries_many_addresses_for_long(other_page: httpx.AsyncClient, database: Pool) -> None:
    assert (await _sign_in(other_page, email="0@example.com")).status_code == 401
    await database.execute("UPDATE sign_in_try SET tries = tries + 47")
    codes = [(await _sign_in(other_page, email=f"{number}@example.com")).status_code for number in range(1, 5)]
    assert codes == [401, 401, 429, 429]


# ---------------------------------------------------------------- invitations


async def test_an_invitation_serves_once(
    page: httpx.AsyncClient, other_page: httpx.AsyncClient, invitation: str
) -> None:
    assert (await _accept(page, invitation)).status_code == 201
    again = await _accept(other_page, invitation)
    assert (again.status_code, again.json()["code"]) == (404, "invitationNotFound")


async def test_an_invitation_ends(page: httpx.AsyncClient, invitation: str, database: Pool) -> None:
    await database.execute("UPDATE invitation SET ends_at = $1", clock.wall_now())
    assert (await _accept(page, invitation)).json()["code"] == "invitationNotFound"


@pytest.mark.parametrize(
    ("other", "path"),
    [
        ({"password": "short"}, ["password"]),
        ({"password": "x" * 201}, ["password"]),
        ({"email": "nobody"}, ["email"]),
        ({"email": None}, ["email"]),
        ({"email": "a b@example.com"}, ["email"]),
    ],
)
async def test_what_will_not_do_leaves_the_invitation(
    page: httpx.AsyncClient, invitation: str, other: dict[str, Any], path: list[str]
) -> None:
    refused = await _accept(page, invitation, **other)
    assert (refused.status_code, refused.json()["details"]["issues"][0]["path"]) == (400, path)
    assert (await _accept(page, invitation)).status_code == 201


@pytest.mark.usefixtures("signed_in")
async def test_the_first_invitation_is_made_only_as_long_as_nobody_can_sign_in(context: Context, team: Tenant) -> None:
    assert await invitations.invite_first(context, operator(team.id)) is None


async def test_a_new_member_is_invited_and_signs_in(
    signed_in: httpx.AsyncClient, other_page: httpx.AsyncClient
) -> None:
    made = await signed_in.post("/members", json={"name": " Ben ", "email": "ben@example.com", "role": "user"})
    assert made.status_code == 201, made.text
    member, invitation = made.json()["member"], made.json()["invitation"]
    assert (member["name"], member["role"], member["email"]) == ("Ben", "user", "ben@example.com")
    address, _, secret = invitation["url"].partition("#")
    assert address == "http://127.0.0.1:8080/welcome"
    answer = await other_page.post("/session/invitation", json={"invitation": secret, "password": PASSWORD})
    assert answer.json()["member"] == member
    refused = await other_page.post("/members", json={"name": "Eve", "role": "user"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    acts = (await signed_in.get("/audit", params={"objectId": member["id"]})).json()["data"]
    expected = ["member.signedIn", "member.passwordChosen", "member.invited", "member.added"]
    assert [act["action"] for act in acts] == expected


async def test_an_invitation_anew_voids_the_former_and_ends_sessions_once_it_is_used(
    signed_in: httpx.AsyncClient, other_page: httpx.AsyncClient, team: Tenant
) -> None:
    path = f"/members/{team.actor.member_id}/invitation"
    first, second = [(await signed_in.post(path)).json()["url"].partition("#")[2] for _ in range(2)]
    assert (await _accept(other_page, first)).status_code == 404
    assert (await signed_in.get("/team")).status_code == 200
    assert (await _accept(other_page, second, password=PASSWORD + "!")).status_code == 201
    assert (await signed_in.get("/team")).status_code == 401


async def test_an_address_signs_in_one_member(signed_in: httpx.AsyncClient, other_page: httpx.AsyncClient) -> None:
    made = (await signed_in.post("/members", json={"name": "Ben", "role": "admin"})).json()
    secret = made["invitation"]["url"].partition("#")[2]
    taken = await _accept(other_page, secret, email=EMAIL.upper())
    assert (taken.status_code, taken.json()["code"]) == (409, "emailTaken")
    assert (await _accept(other_page, secret, email="ben@example.com")).status_code == 201
    owner = await other_page.post("/members", json={"name": "Eve", "role": "owner"})
    assert owner.status_code == 403, "an admin makes no owners"

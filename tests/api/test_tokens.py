"""Tokens: made, listed, revoked; each acts for a member and may do what that member may."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from tests.api.conftest import START, Tenant

from overture import ids, secrets
from overture.actions import tokens
from overture.actions.context import Context, operator
from overture.store.pool import Pool

As = Callable[[str], Awaitable[tuple[httpx.AsyncClient, str]]]


@pytest_asyncio.fixture
async def as_role(application: FastAPI, context: Context, team: Tenant) -> AsyncIterator[As]:
    """Make a member of a role; return a client with a token that acts for them, and the member's id."""
    async with AsyncExitStack() as stack:

        async def make(role: str) -> tuple[httpx.AsyncClient, str]:
            member_id = ids.new("m")
            await context.pool.execute(
                "INSERT INTO member (team_id, id, name, role, created_at) VALUES ($1, $2, 'Someone', $3, $4)",
                team.id,
                member_id,
                role,
                START,
            )
            _, secret = await tokens.create(context, operator(team.id), name=role, member_id=member_id)
            opened = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=application),
                base_url="http://overture/api/v2",
                headers={"Authorization": f"Bearer {secret}"},
            )
            return await stack.enter_async_context(opened), member_id

        yield make


async def test_a_token_is_shown_once_and_opens_the_team(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, team: Tenant, database: Pool
) -> None:
    made = await client.post("/tokens", json={"name": " Dashboard "})
    assert made.status_code == 201
    body = made.json()
    secret = body.pop("token")
    assert body == {
        "id": body["id"],
        "name": "Dashboard",
        "memberId": team.actor.member_id,
        "role": "owner",
        "createdAt": "2026-11-23T09:00:00.000Z",
        "revokedAt": None,
    }
    opened = await stranger.get("/team", headers={"Authorization": f"Bearer {secret}"})
    assert opened.json()["id"] == team.id
    listed = (await client.get("/tokens")).json()
    assert listed["data"][1] == body
    assert secret not in str(listed)
    rows = [str(dict(row)) for table in ("api_token", "audit_entry") for row in await database.fetch(f"TABLE {table}")]
    assert not any(secret in row for row in rows)


async def test_a_revoked_token_opens_nothing_and_stays_listed(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    made = (await client.post("/tokens", json={"name": "A"})).json()
    for _ in range(2):
        assert (await client.delete(f"/tokens/{made['id']}")).status_code == 204
    refused = await stranger.get("/team", headers={"Authorization": f"Bearer {made['token']}"})
    assert refused.status_code == 401
    assert (await client.get("/tokens")).json()["data"][1]["revokedAt"] == "2026-11-23T09:00:00.000Z"
    acts = (await client.get("/audit", params={"objectId": made["id"]})).json()["data"]
    assert [act["action"] for act in acts] == ["token.revoked", "token.created"]


async def test_a_token_may_revoke_itself(client: httpx.AsyncClient, team: Tenant) -> None:
    assert (await client.delete(f"/tokens/{team.actor.token_id}")).status_code == 204
    assert (await client.get("/team")).status_code == 401


async def test_tokens_are_listed_in_the_order_they_were_made(client: httpx.AsyncClient) -> None:
    for name in ("a", "b", "c"):
        await client.post("/tokens", json={"name": name})
    first = (await client.get("/tokens", params={"limit": 2})).json()
    second = (await client.get("/tokens", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [row["name"] for row in first["data"] + second["data"]] == ["test", "a", "b", "c"]
    assert second["nextCursor"] is None


async def test_a_keyed_call_shows_the_secret_again_and_keeps_it_sealed(
    client: httpx.AsyncClient, database: Pool
) -> None:
    calls = [await client.post("/tokens", json={"name": "A"}, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert calls[0].json() == calls[1].json()
    assert calls[1].headers["Idempotency-Replayed"] == "true"
    kept = await database.fetchval("SELECT body FROM idempotency_key")
    assert calls[0].json()["token"].encode() not in kept
    assert len((await client.get("/tokens")).json()["data"]) == 2


async def test_a_user_makes_and_revokes_their_own_tokens_only(
    client: httpx.AsyncClient, as_role: As, team: Tenant
) -> None:
    user, member_id = await as_role("user")
    made = await user.post("/tokens", json={"name": "Mine"})
    assert (made.json()["memberId"], made.json()["role"]) == (member_id, "user")
    assert (await user.delete(f"/tokens/{made.json()['id']}")).status_code == 204
    refused = await user.post("/tokens", json={"name": "Theirs", "memberId": team.actor.member_id})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    refused = await user.delete(f"/tokens/{team.actor.token_id}")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await client.get("/team")).status_code == 200


async def test_an_admin_makes_tokens_for_everybody_but_owners(as_role: As, team: Tenant) -> None:
    admin, _ = await as_role("admin")
    _, user_id = await as_role("user")
    assert (await admin.post("/tokens", json={"name": "For a user", "memberId": user_id})).status_code == 201
    refused = await admin.post("/tokens", json={"name": "For an owner", "memberId": team.actor.member_id})
    assert refused.status_code == 403


async def test_a_token_of_nobody_may_do_what_a_user_may(client: httpx.AsyncClient, context: Context) -> None:
    await context.pool.execute("UPDATE api_token SET member_id = NULL")
    assert (await client.get("/tokens")).json()["data"][0]["role"] == "user"
    policy = {"contactPolicy": "inboundOrConsent"}
    assert (await client.put("/platforms/twitter/policy", json=policy)).status_code == 403
    assert (await client.post("/tokens", json={"name": "A"})).json()["memberId"] is None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalidRequest"),
        ({"name": " "}, 400, "invalidRequest"),
        ({"name": "A", "role": "owner"}, 400, "invalidRequest"),
        ({"name": "A", "memberId": 5}, 400, "invalidRequest"),
        ({"name": "A", "memberId": "m" * 24}, 404, "memberNotFound"),
        ({"name": "A", "memberId": "nobody"}, 404, "memberNotFound"),
    ],
)
async def test_a_token_that_cannot_be_is_refused(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    response = await client.post("/tokens", json=body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert len((await client.get("/tokens")).json()["data"]) == 1


async def test_another_teams_token_does_not_exist(
    client: httpx.AsyncClient, other_team: Tenant, context: Context
) -> None:
    refused = await client.delete(f"/tokens/{other_team.actor.token_id}")
    assert (refused.status_code, refused.json()["code"]) == (404, "tokenNotFound")
    member = await client.post("/tokens", json={"name": "A", "memberId": other_team.actor.member_id})
    assert member.json()["code"] == "memberNotFound"
    async with context.pool.acquire() as connection:
        found = await connection.fetchval(
            "SELECT count(*) FROM token_directory WHERE hash = $1", secrets.token_hash(other_team.token)
        )
    assert found == 1

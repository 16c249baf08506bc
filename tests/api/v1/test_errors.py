"""Errors of v1: `{"error": {code, message, status, details, requestId}}`, the code in UPPER_SNAKE."""

import json

import httpx
import pytest
from fastapi import FastAPI
from tests.api.conftest import Tenant

from overture import errors as raised
from overture.actions.context import Context
from overture.api.admissions import Admissions
from overture.api.v1 import errors

JSON = {"Content-Type": "application/json"}
UNKNOWN = "c0mdbz3k91yq0c8f4w2n7xhs"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("campaignNotFound", "CAMPAIGN_NOT_FOUND"),
        ("invalidRequest", "INVALID_REQUEST"),
        ("internal", "INTERNAL"),
        ("idempotencyKeyReused", "IDEMPOTENCY_KEY_REUSED"),
        ("contactNotFound", "PROSPECT_NOT_FOUND"),
    ],
)
def test_a_code_is_the_one_of_v2_in_upper_snake(code: str, expected: str) -> None:
    answer = errors.shape(raised.Conflict("No.", code=code), "r1").model_dump()
    assert answer == {"error": {"code": expected, "message": "No.", "status": 409, "details": None, "requestId": "r1"}}


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("GET", f"/campaigns/v2/{UNKNOWN}", None, 404, "CAMPAIGN_NOT_FOUND"),
        ("GET", f"/lists/{UNKNOWN}", None, 404, "LIST_NOT_FOUND"),
        ("GET", "/lists?limit=0", None, 400, "INVALID_REQUEST"),
        ("GET", "/lists?cursor=x", None, 400, "INVALID_CURSOR"),
        ("POST", "/lists", b"{", 400, "INVALID_REQUEST"),
        ("POST", "/lists", b'{"name": 5}', 400, "INVALID_REQUEST"),
        ("POST", "/lists", b'{"name": "' + b"x" * 9_000_000 + b'"}', 413, "BODY_TOO_LARGE"),
    ],
)
async def test_every_refusal_has_this_form(
    v1: httpx.AsyncClient, method: str, path: str, content: bytes | None, status: int, code: str
) -> None:
    response = await v1.request(method, path, content=content, headers=JSON)
    _check(response, status, code)


async def test_a_wrong_place_is_named(v1: httpx.AsyncClient) -> None:
    response = await v1.post("/lists", json={"name": 5})
    assert response.json()["error"]["details"] == {"issues": [{"path": ["name"], "message": "Must be a string."}]}


async def test_without_a_token_nothing_is_served(v1_stranger: httpx.AsyncClient, team: Tenant) -> None:
    for path in ("/lists", "/campaigns/v2", f"/campaigns/{UNKNOWN}", "/team"):
        response = await v1_stranger.get(path)
        _check(response, 401, "UNAUTHORIZED")
        assert response.headers["WWW-Authenticate"] == "Bearer"
    assert (await v1_stranger.get("/team", headers=team.headers)).json()["id"] == team.id


async def test_what_another_team_has_is_not_there(v1: httpx.AsyncClient, other_client: httpx.AsyncClient) -> None:
    theirs = (await other_client.post("/lists", json={"name": "Theirs"})).json()["id"]
    _check(await v1.get(f"/lists/{theirs}"), 404, "LIST_NOT_FOUND")


async def test_what_breaks_inside_is_not_told(v1: httpx.AsyncClient, context: Context) -> None:
    await context.pool.execute("ALTER TABLE list RENAME TO secret_name")
    response = await v1.get("/lists")
    _check(response, 500, "INTERNAL")
    assert "secret_name" not in response.text


async def test_an_answer_says_how_many_calls_are_left(
    application: FastAPI, context: Context, v1: httpx.AsyncClient
) -> None:
    application.state.admissions = Admissions(context.pool, (2, 100, 1000))
    assert (await v1.get("/team")).headers["X-RateLimit-Limit"] == "2"
    assert (await v1.get("/nowhere")).status_code == 404
    assert (await v1.get("/team")).headers["X-RateLimit-Remaining"] == "0"
    refused = await v1.get("/team")
    _check(refused, 429, "RATE_LIMITED")
    assert int(refused.headers["Retry-After"]) > 0


async def test_a_call_sent_again_with_its_key_is_done_once(v1: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k"}
    first = await v1.post("/lists", json={"name": "A"}, headers=key)
    again = await v1.post("/lists", json={"name": "A"}, headers=key)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    _check(await v1.post("/lists", json={"name": "B"}, headers=key), 422, "IDEMPOTENCY_KEY_REUSED")


def _check(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    answer = json.loads(response.text)
    assert set(answer) == {"error"}
    error = answer["error"]
    assert set(error) == {"code", "message", "status", "details", "requestId"}
    assert (error["code"], error["status"]) == (code, status)
    assert error["requestId"] == response.headers["X-Request-Id"]

"""What HTTP expects of any server: methods, pages from elsewhere, compression."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from tests.api.conftest import Tenant

from overture.actions.context import Context
from overture.api import app as api_app
from overture.api import routing

PAGE = "https://app.example"
PREFLIGHT = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}


@pytest.fixture
def streamed(application: FastAPI) -> list[int]:
    """The pieces that `/streamed` has made; it would go on for ever but for its end at 10 000."""
    made: list[int] = []
    router = routing.router()

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(10_000):
            made.append(number)
            yield b"a,b,c\n" * 100
            await asyncio.sleep(0)

    @router.get("/streamed")
    async def stream() -> StreamingResponse:
        return StreamingResponse(pieces(), media_type="text/csv")

    application.include_router(router, prefix="/api/v2")
    return made


# ---------------------------------------------------------------- methods


async def test_an_unknown_address_and_an_unknown_method_are_told_apart(client: httpx.AsyncClient) -> None:
    nowhere = await client.get("/lists/x/y/z")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "notFound")
    slash = await client.get("/lists/")
    assert slash.status_code == 404
    wrong = await client.put("/lists", json={})
    assert (wrong.status_code, wrong.json()["code"]) == (405, "methodNotAllowed")
    assert wrong.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    one = await client.post("/lists/x")
    assert one.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


async def test_options_tells_the_methods_of_an_address_without_a_token(stranger: httpx.AsyncClient) -> None:
    for path, methods in (("/lists", "GET, HEAD, OPTIONS, POST"), ("/campaigns/x/enable", "OPTIONS, POST")):
        answer = await stranger.options(path)
        assert (answer.status_code, answer.headers["Allow"], answer.content) == (204, methods, b"")
    nowhere = await stranger.options("/lists/x/y/z")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "notFound")


async def test_head_answers_as_get_but_for_the_body(client: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    for using, path, status in (
        (client, "/lists", 200),
        (client, "/lists?limit=0", 400),
        (client, "/lists/x", 404),
        (client, "/nowhere", 404),
        (stranger, "/lists", 401),
    ):
        got, head = await using.get(path), await using.head(path)
        assert got.status_code == head.status_code == status
        assert head.content == b""
        varying = ("x-request-id", "content-length")
        assert {name: value for name, value in got.headers.items() if name not in varying} == {
            name: value for name, value in head.headers.items() if name not in varying
        }
        assert head.headers["Content-Length"] == got.headers["Content-Length"]


async def test_head_is_refused_where_there_is_no_get(client: httpx.AsyncClient) -> None:
    answer = await client.head("/campaigns/x/enable")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "OPTIONS, POST")


async def test_head_of_a_stream_does_not_read_it_to_its_end(client: httpx.AsyncClient, streamed: list[int]) -> None:
    answer = await client.head("/streamed")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert len(streamed) < 100


# ---------------------------------------------------------------- pages from elsewhere


@pytest.fixture
async def open_to_pages(context: Context, team: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    application = api_app.create_app(context, call_limits=(300, 300, 300), cors_origins=[PAGE])
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://overture/api/v2", headers=team.headers
    ) as opened:
        yield opened


async def test_no_page_may_call_unless_it_is_named(client: httpx.AsyncClient) -> None:
    for answer in (
        await client.get("/lists", headers={"Origin": PAGE}),
        await client.options("/lists", headers=PREFLIGHT),
    ):
        assert answer.is_success
        assert not any(name.startswith("access-control") for name in answer.headers)


async def test_a_named_page_may_call_and_read_what_it_needs(open_to_pages: httpx.AsyncClient) -> None:
    for number, headers in enumerate(("authorization", "content-type, idempotency-key, x-request-id")):
        asked = await open_to_pages.options("/lists", headers=PREFLIGHT | {"Access-Control-Request-Headers": headers})
        assert asked.status_code == 200, number
        assert asked.headers["Access-Control-Allow-Origin"] == PAGE
        assert {"POST", "PATCH", "PUT", "DELETE"} <= set(asked.headers["Access-Control-Allow-Methods"].split(", "))
        assert asked.headers["X-Request-Id"]
    for answer in (
        await open_to_pages.get("/lists", headers={"Origin": PAGE}),
        await open_to_pages.get("/lists/x", headers={"Origin": PAGE}),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert "X-Request-Id" in exposed and "X-RateLimit-Remaining" in exposed


async def test_a_page_reads_also_what_broke(open_to_pages: httpx.AsyncClient, context: Context) -> None:
    await context.pool.execute("ALTER TABLE list RENAME TO gone")
    answer = await open_to_pages.get("/lists", headers={"Origin": PAGE})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


async def test_another_page_may_not_call(open_to_pages: httpx.AsyncClient) -> None:
    other = {"Origin": "https://app.example.evil"}
    assert (await open_to_pages.options("/lists", headers=PREFLIGHT | other)).status_code == 400
    assert "Access-Control-Allow-Origin" not in (await open_to_pages.get("/lists", headers=other)).headers


# ---------------------------------------------------------------- compression


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("identity", False), ("gzip;q=0", False), ("br, gzip; q=0.0, x", False)],
)
async def test_large_answers_are_compressed_for_those_who_take_it(
    client: httpx.AsyncClient, accepted: str, is_compressed: bool
) -> None:
    for number in range(20):
        await client.post("/statuses", json={"name": f"Status {number}"})
    plain = (await client.get("/statuses", headers={"Accept-Encoding": "identity"})).json()
    async with client.stream("GET", "/statuses", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_compressed
    assert len(raw) == int(answer.headers["Content-Length"])
    assert httpx.Response(200, content=gzip.decompress(raw) if is_compressed else raw).json() == plain
    small = await client.get("/team", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in small.headers


async def test_streams_are_compressed_piece_by_piece(client: httpx.AsyncClient, streamed: list[int]) -> None:
    async with client.stream("GET", "/streamed", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip" and "Content-Length" not in answer.headers
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert gzip.decompress(raw) == b"a,b,c\n" * 100 * len(streamed)
    assert len(raw) < len(streamed) * 100


async def test_what_is_kept_for_a_key_is_not_the_compressed_answer(client: httpx.AsyncClient) -> None:
    body = {"name": "A", "description": "x" * 1000}
    bodies = []
    for accepted in ("gzip", "identity", "gzip"):
        answer = await client.post("/lists", json=body, headers={"Idempotency-Key": "k", "Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == ("gzip" if accepted == "gzip" else None)
        bodies.append(answer.json())
    assert bodies[0] == bodies[1] == bodies[2]

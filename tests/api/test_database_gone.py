"""While the database is away or full, calls are answered 503 in the usual form, and work again by themselves."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from tests.crash.machine import Machine, machine

from overture import clock, secrets
from overture.actions.context import Context
from overture.api import app as api_app
from overture.channels.registry import Registry
from overture.clock import WallClock
from overture.store import migrate, quotas, room
from overture.store.pool import Pool, open_pool, say_note

TOKEN = {"Authorization": "Bearer some-token"}


@pytest.fixture(scope="module")
def server() -> Iterator[Machine]:
    with machine() as started:
        yield started


@pytest_asyncio.fixture
async def pool(server: Machine) -> AsyncIterator[Pool]:
    opened = await open_pool(server.url)
    async with opened.acquire() as connection:
        await migrate.migrate(connection, now=clock.wall_now())
    yield opened
    opened.terminate()


@pytest.fixture
def application(pool: Pool) -> FastAPI:
    context = Context(
        pool=pool,
        clock=WallClock(),
        channels=Registry([]),
        sealer=secrets.Sealer([bytes(range(32))]),
        wake=lambda: None,
    )
    return api_app.create_app(context, call_limits=(100, 1000, 10000))


@pytest_asyncio.fixture
async def client(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://overture", headers=TOKEN) as opened:
        yield opened


async def test_a_database_that_is_away_is_503_until_it_is_back(server: Machine, client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v2/lists")).status_code == 401
    await asyncio.to_thread(server.stop)
    try:
        for method, path in (("GET", "/api/v2/lists"), ("POST", "/api/v2/lists"), ("GET", "/api/v2/campaigns")):
            answer = await client.request(method, path, json={"name": "Spring"} if method == "POST" else None)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            body = answer.json()
            assert (body["code"], body["requestId"]) == ("databaseUnavailable", answer.headers["X-Request-Id"])
        older = await client.get("/api/v1/team")
        assert (older.status_code, older.json()["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
    finally:
        await asyncio.to_thread(server.start)
    assert (await client.get("/api/v2/lists")).status_code == 401
    assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize(
    "refusal", [asyncpg.DiskFullError, asyncpg.TooManyConnectionsError, asyncpg.AdminShutdownError, ConnectionError]
)
async def test_what_the_database_cannot_do_now_is_503(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, refusal: type[Exception]
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise refusal("could not extend file")

    monkeypatch.setattr(quotas, "admit", refuse)
    answer = await client.get("/api/v2/lists")
    assert (answer.status_code, answer.json()["code"]) == (503, "databaseUnavailable")
    assert "could not extend" not in answer.text


async def test_what_is_broken_by_ourselves_stays_500(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(*_: object, **__: object) -> None:
        raise asyncpg.UndefinedTableError("no such table")

    monkeypatch.setattr(quotas, "admit", break_down)
    assert (await client.get("/api/v2/lists")).status_code == 500


async def test_a_full_database_that_a_worker_found_is_not_ready(
    client: httpx.AsyncClient, pool: Pool, monkeypatch: pytest.MonkeyPatch, server: Machine
) -> None:
    async def refuse(_: object) -> None:
        raise asyncpg.DiskFullError("No space left on device")

    worker = await open_pool(server.url, size=1, name="overture worker host:1")
    async with worker.acquire() as connection:
        await say_note(connection, "No space left")
        assert (await client.get("/readyz")).status_code == 200  # it was so, and is no more
        monkeypatch.setattr(room, "probe", refuse)
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert "takes no writes: No space left on device" in answer.json()["reason"]
    worker.terminate()
    assert pool.get_size() > 0

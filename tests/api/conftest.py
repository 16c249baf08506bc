"""A whole server without sockets: the real application over a real database and the real sandbox platform."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from tests.api.judged import Judged
from tests.engine import conftest as engine
from tests.engine.conftest import World

from overture import secrets
from overture.actions import teams, tokens
from overture.actions.context import Actor, Context, operator
from overture.api import app as api_app
from overture.channels.registry import Registry
from overture.channels.x.channel import XChannel
from overture.core.words import MemberRole
from overture.sandbox import app as sandbox_app
from overture.store.pool import Pool

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SANDBOX_URL = "http://x.sandbox"


@dataclass
class SteeredClock:
    """Engine time that stands still until a test moves it."""

    at: datetime = START

    async def now(self) -> datetime:
        return self.at


@dataclass
class Wakes:
    """How often the engine was told that work has come."""

    count: int = 0

    def __call__(self) -> None:
        self.count += 1


@dataclass(kw_only=True)
class Tenant:
    """A team with a token. `actor` is for calling actions directly."""

    id: str
    token: str
    actor: Actor
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock()


@pytest.fixture
def wakes() -> Wakes:
    return Wakes()


@pytest.fixture
def sandbox() -> Starlette:
    """A platform with 5000 people and the accounts ana, ben and chloe."""
    return sandbox_app.create_app(people=5_000, seed=1, start=START)


@pytest_asyncio.fixture
async def context(database: Pool, clock: SteeredClock, wakes: Wakes, sandbox: Starlette) -> AsyncIterator[Context]:
    channels = Registry([XChannel(transport=httpx.ASGITransport(app=sandbox))])
    sealer = secrets.Sealer([bytes(range(32))])
    yield Context(pool=database, clock=clock, channels=channels, sealer=sealer, wake=wakes)
    await channels.close()


_ROUTES: dict[int, list[BaseRoute]] = {}


def _with_known_routes(application: FastAPI) -> FastAPI:
    """Take the table of routes an application before had: making it is most of what a test of one call costs."""
    faces = [application, *(route.app for route in application.routes if isinstance(route, Mount))]
    for number, face in enumerate(faces):
        routes: list[BaseRoute] = face.router.routes  # type: ignore[attr-defined] # a face is an application, too
        known = _ROUTES.setdefault(number, list(routes))
        routes[:] = [own if isinstance(own, Mount) else one for own, one in zip(routes, known, strict=True)]
    return application


@pytest.fixture
def application(context: Context) -> FastAPI:
    return _with_known_routes(api_app.create_app(context, platform_urls={"twitter": SANDBOX_URL}))


async def _tenant(context: Context, name: str) -> Tenant:
    team = await teams.create(context, name=name, owner_name="Owner")
    made, token = await tokens.create(context, operator(team.id), name="test")
    actor = Actor(team_id=team.id, token_id=made.id, name="test", member_id=made.member_id, role=MemberRole.OWNER)
    return Tenant(id=team.id, token=token, actor=actor, headers={"Authorization": f"Bearer {token}"})


@pytest_asyncio.fixture
async def team(context: Context) -> Tenant:
    return await _tenant(context, "First")


@pytest_asyncio.fixture
async def other_team(context: Context) -> Tenant:
    return await _tenant(context, "Second")


def _client(application: FastAPI, headers: dict[str, str], version: str = "v2") -> httpx.AsyncClient:
    transport = Judged(httpx.ASGITransport(app=application))
    return httpx.AsyncClient(transport=transport, base_url=f"http://overture/api/{version}", headers=headers)


@pytest_asyncio.fixture
async def client(application: FastAPI, team: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """Calls `/api/v2` as the first team: `await client.get("/lists")`."""
    async with _client(application, team.headers) as opened:
        yield opened


@pytest_asyncio.fixture
async def other_client(application: FastAPI, other_team: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """Calls `/api/v2` as the second team."""
    async with _client(application, other_team.headers) as opened:
        yield opened


@pytest_asyncio.fixture
async def stranger(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Calls `/api/v2` without a token."""
    async with _client(application, {}) as opened:
        yield opened


@pytest_asyncio.fixture
async def v1(application: FastAPI, team: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """Calls `/api/v1` as the first team."""
    async with _client(application, team.headers, "v1") as opened:
        yield opened


@pytest_asyncio.fixture
async def v1_stranger(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Calls `/api/v1` without a token."""
    async with _client(application, {}, "v1") as opened:
        yield opened


@pytest_asyncio.fixture
async def world(database: Pool) -> AsyncIterator[World]:
    """A team whose engine can be run in virtual time: `await world.run_until(condition)`."""
    async with engine.opened(database, engine.platform_without_limits()) as opened:
        yield opened


@pytest_asyncio.fixture
async def world_client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Calls `/api/v2` as the team of `world`; `/api/v1/...` reaches the other face."""
    application = _with_known_routes(api_app.create_app(world.context, platform_urls={"twitter": engine.SANDBOX_URL}))
    _, token = await tokens.create(world.context, operator(world.actor.team_id), name="test")
    async with _client(application, {"Authorization": f"Bearer {token}"}) as opened:
        yield opened


@pytest.fixture
def world_v1(world_client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Calls `/api/v1` as the team of `world`."""
    world_client.base_url = httpx.URL("http://overture/api/v1")
    return world_client


Link = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def link(client: httpx.AsyncClient) -> Link:
    """Link a sandbox account to the first team: `account = await link("ana")`."""

    async def link_account(username: str = "ana", using: httpx.AsyncClient = client) -> dict[str, Any]:
        body = {"platform": "twitter", "tokens": {"accessToken": f"sandbox-{username}"}}
        response = await using.post("/account-links", json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    return link_account

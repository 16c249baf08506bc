"""How many calls a team may make."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from tests.api.conftest import Tenant

from overture import clock
from overture.actions import tokens
from overture.actions.context import Context
from overture.api import app as api_app

pytestmark = pytest.mark.usefixtures("wall")
NOW = datetime(2026, 11, 25, 10, 0, 0, 500_000, tzinfo=UTC)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Wall time that stands still until a test moves it."""
    instant = [NOW]
    monkeypatch.setattr(clock, "wall_now", lambda: instant[0])
    return instant


@pytest_asyncio.fixture
async def servers(context: Context, team: Tenant) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two processes' applications over one database, for calls of one team."""
    opened = []
    for _ in range(2):
        application = api_app.create_app(context, call_limits=(5, 8, 100))
        transport = httpx.ASGITransport(app=application)
        opened.append(httpx.AsyncClient(transport=transport, base_url="http://overture/api/v2", headers=team.headers))
    yield opened
    for client in opened:
        await client.aclose()


async def test_every_answer_tells_where_the_team_stands(servers: list[httpx.AsyncClient]) -> None:
    found, missing = await servers[0].get("/lists"), await servers[0].get("/lists/x")
    wrong = await servers[0].post("/lists", json={})
    for response, remaining in ((found, "4"), (missing, "3"), (wrong, "2")):
        assert response.headers["X-RateLimit-Limit"] == "5"
        assert response.headers["X-RateLimit-Remaining"] == remaining
        assert response.headers["X-RateLimit-Reset"] == str(int(NOW.timestamp()) + 61)


async def test_processes_share_the_count(servers: list[httpx.AsyncClient]) -> None:
    answers = await asyncio.gather(*(servers[number % 2].get("/lists") for number in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 15


async def test_a_refusal_tells_which_window_and_until_when(
    servers: list[httpx.AsyncClient], wall: list[datetime]
) -> None:
    for _ in range(5):
        assert (await servers[0].get("/lists")).status_code == 200
    for _ in range(10):
        refused = await servers[1].post("/lists", json={"name": "A"})
        assert (refused.status_code, refused.json()["code"]) == (429, "rateLimited")
    assert refused.json()["details"] == {"window": "minute", "limit": 5, "resetAt": "2026-11-25T10:01:01.000Z"}
    assert refused.headers["Retry-After"] == "61"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    wall[0] += timedelta(seconds=int(refused.headers["Retry-After"]))
    # Refused calls did not count: three are left of the hour's eight.
    statuses = [(await servers[0].get("/lists")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    last = await servers[0].get("/lists")
    assert last.json()["details"]["window"] == "hour"


async def test_the_switch_that_stops_all_sending_works_also_when_no_call_is_left(
    servers: list[httpx.AsyncClient],
) -> None:
    for _ in range(5):
        await servers[0].get("/lists")
    assert (await servers[0].get("/team")).status_code == 429
    stopped = await servers[0].post("/team/stop")
    assert (stopped.status_code, stopped.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert stopped.json()["stoppedAt"] is not None
    assert (await servers[0].post("/team/resume")).status_code == 429


async def test_tokens_of_a_team_share_its_limits_and_teams_do_not(
    servers: list[httpx.AsyncClient], context: Context, team: Tenant, other_team: Tenant
) -> None:
    _, second = await tokens.create(context, team.actor, name="second")
    for _ in range(5):
        await servers[0].get("/lists")
    assert (await servers[0].get("/lists", headers={"Authorization": f"Bearer {second}"})).status_code == 429
    assert (await servers[0].get("/lists", headers=other_team.headers)).status_code == 200


async def test_calls_without_a_good_token_count_nowhere(servers: list[httpx.AsyncClient]) -> None:
    for _ in range(10):
        refused = await servers[0].get("/lists", headers={"Authorization": "Bearer wrong"})
        assert refused.status_code == 401 and "X-RateLimit-Limit" not in refused.headers
    assert (await servers[0].get("/lists")).status_code == 200


async def test_without_limits_nothing_is_counted(client: httpx.AsyncClient, context: Context) -> None:
    assert "X-RateLimit-Limit" not in (await client.get("/lists")).headers
    assert await context.pool.fetchval("SELECT count(*) FROM call_count") == 0

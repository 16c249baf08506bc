"""One call, whatever its body, keeps nobody else waiting: what a process serves others with is not spent on it."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

SIZE = 7 * 1024 * 1024
JSON = {"Content-Type": "application/json"}
MOST_READINGS = 5
"""A call may cost the loop so much of its own processor time, in readings of a body of that size there and then."""


def _wide() -> str:
    return "{" + ",".join(f'"k{number}": 1' for number in range(SIZE // 14)) + "}"


def _filled(form: str, entry: str) -> str:
    return form.replace("*", ",".join([entry] * (SIZE // (len(entry) + 1))))


def _values() -> str:
    return '{"leads": [{"username": "ana", "data": ' + _wide() + "}]}"


BODIES: dict[str, Callable[[], str]] = {
    "a field nobody knows, half a million times": _wide,
    "columns nobody knows, half a million": _values,
    "an array of numbers where there are to be names": lambda: _filled('{"usernames": [*]}', "1"),
    "leads without end": lambda: _filled('{"leads": [*]}', "{}"),
    "numbers too large to be kept": lambda: _filled('{"leads": [*]}', "9" * 40),
    "one number of millions of digits": lambda: '{"name": ' + "9" * SIZE + "}",
    "nested without end": lambda: "[" * (SIZE // 2) + "]" * (SIZE // 2),
    "objects in objects": lambda: '{"a":' * 200_000 + "1" + "}" * 200_000,
    "text that cannot be stored": lambda: _filled('{"usernames": [*]}', '"\\u0000"'),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("version", ["v2", "v1"])
async def test_a_heavy_body_is_refused_without_holding_up_the_loop(
    client: httpx.AsyncClient, v1: httpx.AsyncClient, version: str, kind: str
) -> None:
    caller = {"v2": client, "v1": v1}[version]
    made = (await client.post("/lists", json={"name": "A"})).json()["id"]
    content = BODIES[kind]().encode()
    like_it = _wide()
    before = time.thread_time()
    json.loads(like_it)
    reading = time.thread_time() - before
    before = time.thread_time()
    response = await caller.post(f"/lists/{made}/leads", content=content, headers=JSON)
    spent = time.thread_time() - before
    assert response.status_code == 400, response.text[:300]
    assert len(response.content) < 100_000
    assert spent < MOST_READINGS * reading
    assert (await client.get(f"/lists/{made}")).json()["leadsCount"] == 0


async def test_of_very_many_faults_a_hundred_are_named_and_all_are_counted(client: httpx.AsyncClient) -> None:
    for count in (101, 9_000, 300_000):
        body: dict[str, Any] = {"name": "A"} | {f"k{number}": 1 for number in range(count)}
        response = await client.post("/lists", content=json.dumps(body), headers=JSON)
        told = response.json()["details"]
        assert (response.status_code, told["issuesCount"]) == (400, count)
        assert told["issues"][0] == {
            "path": ["k0"],
            "message": "There is no such field here; check its spelling or leave it out.",
        }
        assert len(told["issues"]) <= 100
        assert response.json()["message"].endswith(f"(and {count - 1} more)")


async def test_others_are_answered_while_a_heavy_body_is_read(client: httpx.AsyncClient) -> None:
    content = _wide().encode()
    heavy = asyncio.create_task(client.post("/lists", content=content, headers=JSON))
    answered = 0
    while not heavy.done():
        assert (await client.get("/team")).status_code == 200
        answered += 1
    assert (await heavy).status_code == 400
    assert answered > 10

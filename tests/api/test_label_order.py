"""The order of statuses and of tags: the team's own, wherever they are listed."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.conftest import Tenant

from overture import ids

KINDS = pytest.mark.parametrize("kind", ["status", "tag"])
PATHS = {"status": "/statuses", "tag": "/tags"}


async def _listed(client: httpx.AsyncClient, kind: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await client.get(PATHS[kind])).json()["data"]
    return listed


async def _furnish(client: httpx.AsyncClient, kind: str) -> list[str]:
    """Have five of a kind; return their ids."""
    for name in ("A", "B", "C", "D", "E"):
        if kind == "tag":
            await client.post("/tags", json={"name": name})
    return [one["id"] for one in await _listed(client, kind)]


@KINDS
async def test_the_order_holds_wherever_they_are_listed_and_new_ones_come_last(
    client: httpx.AsyncClient, v1: httpx.AsyncClient, kind: str
) -> None:
    first, *others = await _furnish(client, kind)
    wanted = [*reversed(others), first]
    answer = await client.put(f"{PATHS[kind]}/order", json={"ids": wanted})
    assert answer.status_code == 200, answer.text
    made = (await client.post(PATHS[kind], json={"name": "New one"})).json()

    listed = await _listed(client, kind)
    assert answer.json() == listed[:-1]
    assert [one["id"] for one in listed] == [*wanted, made["id"]]
    assert [one["id"] for one in (await v1.get(PATHS[kind])).json()] == [*wanted, made["id"]]
    page = (await client.get(PATHS[kind], params={"limit": 4})).json()
    rest = (await client.get(PATHS[kind], params={"limit": 4, "cursor": page["nextCursor"]})).json()
    assert page["data"] + rest["data"] == listed

    await client.delete(f"{PATHS[kind]}/{wanted[1]}")
    left = [made["id"], wanted[0], *wanted[2:]]
    await client.put(f"{PATHS[kind]}/order", json={"ids": left})
    assert [one["id"] for one in await _listed(client, kind)] == left


@KINDS
async def test_an_order_is_written_down_where_it_changed_and_once(
    client: httpx.AsyncClient, kind: str, team: Tenant
) -> None:
    a, b, c, d, e = await _furnish(client, kind)
    for _ in range(2):
        assert (await client.put(f"{PATHS[kind]}/order", json={"ids": [a, c, d, b, e]})).status_code == 200
    action = f"{PATHS[kind].removeprefix('/')}.ordered"
    (act,) = (await client.get("/audit", params={"action": action})).json()["data"]
    assert act["object"] == {"type": "team", "id": team.id}
    assert (act["before"], act["after"]) == ({"ids": [b, c, d]}, {"ids": [c, d, b]})


@KINDS
async def test_an_order_must_name_each_once(client: httpx.AsyncClient, kind: str) -> None:
    before = await _furnish(client, kind)
    a, b, c, d, e = before
    path = f"{PATHS[kind]}/order"
    wrong: list[tuple[dict[str, Any], list[list[Any]]]] = [
        ({}, [["ids"]]),
        ({"ids": None}, [["ids"]]),
        ({"ids": [a, 5, c, d, e]}, [["ids", 1]]),
        ({"ids": [a, b, a, c, d, e, b]}, [["ids", 2], ["ids", 6]]),
        ({"ids": [e, d, c, b]}, [["ids"]]),
        ({"ids": []}, [["ids"]]),
    ]
    for body, paths in wrong:
        assert campaigning.issue_paths(await client.put(path, json=body)) == paths, body
    for unknown in (ids.new("w"), "nobody"):
        refused = await client.put(path, json={"ids": [*before, unknown]})
        assert (refused.status_code, refused.json()["code"]) == (404, f"{kind}NotFound")
        assert refused.json()["details"] == {"id": unknown}
    assert [one["id"] for one in await _listed(client, kind)] == before


@KINDS
async def test_another_teams_are_not_ordered(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, kind: str
) -> None:
    before = await _furnish(client, kind)
    refused = await other_client.put(f"{PATHS[kind]}/order", json={"ids": before[::-1]})
    assert (refused.status_code, refused.json()["code"]) == (404, f"{kind}NotFound")
    assert [one["id"] for one in await _listed(client, kind)] == before


@KINDS
async def test_of_two_orders_at_once_one_holds_whole(client: httpx.AsyncClient, kind: str) -> None:
    before = await _furnish(client, kind)
    wanted = [before[::-1], [*before[2:], *before[:2]]]
    answers = await asyncio.gather(*(client.put(f"{PATHS[kind]}/order", json={"ids": one}) for one in wanted))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [one["id"] for one in await _listed(client, kind)] in wanted


@KINDS
async def test_one_may_be_called_order(client: httpx.AsyncClient, kind: str) -> None:
    made = (await client.post(PATHS[kind], json={"name": "Order"})).json()
    assert (await client.get(f"{PATHS[kind]}/order")).json() == made
    assert (await client.delete(f"{PATHS[kind]}/order")).status_code == 204

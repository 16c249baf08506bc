"""System lists are read like lists and written by nobody."""

from typing import Any

import httpx
import pytest

WRITES: list[tuple[str, str, Any]] = [
    ("PATCH", "", {"name": "Mine"}),
    ("DELETE", "", None),
    ("POST", "/columns", {"name": "City"}),
    ("POST", "/leads", {"platformIds": ["1"]}),
    ("DELETE", "/leads", {"platformIds": ["1"]}),
    ("PATCH", "/leads/1", {"data": {}}),
    ("POST", "/import-jobs", {"data": {"type": "csv", "content": "id\n1\n", "fileName": "a.csv"}}),
]


async def system_list(client: httpx.AsyncClient, kind: str) -> dict[str, Any]:
    listed = (await client.get("/lists")).json()["data"]
    found: dict[str, Any] = next(one for one in listed if one["kind"] == kind)
    return found


@pytest.mark.parametrize("kind", ["contacted", "mutual"])
async def test_no_call_writes_a_system_list(client: httpx.AsyncClient, kind: str) -> None:
    before = await system_list(client, kind)
    for method, path, body in WRITES:
        refused = await client.request(method, f"/lists/{before['id']}{path}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "listNotWritable"), (method, path, refused.text)
        assert refused.json()["details"] == {"kind": kind}
    assert await system_list(client, kind) == before


@pytest.mark.parametrize("kind", ["contacted", "mutual"])
async def test_a_system_list_is_read_like_any_other(client: httpx.AsyncClient, kind: str) -> None:
    found = await system_list(client, kind)
    assert (await client.get(f"/lists/{found['id']}")).json() == found
    assert found["leadsCount"] == 0
    for part in ("columns", "leads", "import-jobs"):
        answer = await client.get(f"/lists/{found['id']}/{part}")
        assert (answer.status_code, answer.json()) == (200, {"data": [], "nextCursor": None})

"""A call with an `Idempotency-Key` is done once, whatever becomes of its answer."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message
from tests.api.conftest import Link, Tenant, Wakes

from overture import clock as clocks
from overture.actions import people
from overture.actions.context import Context
from overture.api import routing
from overture.api.auth import CurrentContext
from overture.api.fingerprint import Fingerprint
from overture.engine import retain
from overture.store import idempotency
from overture.store.pool import Connection, Pool


async def _create(client: httpx.AsyncClient, key: str = "k", name: str = "A", path: str = "/lists") -> httpx.Response:
    return await client.post(path, json={"name": name}, headers={"Idempotency-Key": key})


async def _lists(pool: Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM list WHERE kind = 'user'")
    return count


async def test_a_call_sent_again_gets_the_first_answer_and_does_nothing(
    client: httpx.AsyncClient, database: Pool
) -> None:
    first, second = await _create(client), await _create(client)
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert first.headers["Content-Type"] == second.headers["Content-Type"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await _lists(database) == 1


async def test_the_status_of_the_first_answer_is_kept(client: httpx.AsyncClient) -> None:
    answers = [await _create(client, path="/statuses", name="Warm") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


async def test_a_key_serves_one_call_only(client: httpx.AsyncClient, database: Pool) -> None:
    await _create(client)
    for other in (await _create(client, name="B"), await _create(client, path="/statuses")):
        assert (other.status_code, other.json()["code"]) == (422, "idempotencyKeyReused")
    assert await _lists(database) == 1


async def test_no_body_and_an_empty_object_are_the_same_call(application: FastAPI, client: httpx.AsyncClient) -> None:
    router = routing.router()

    @router.post("/nothing")
    async def nothing() -> dict[str, bool]:
        return {"done": True}

    application.include_router(router, prefix="/api/v2")
    headers = {"Idempotency-Key": "k"}
    assert (await client.post("/nothing", headers=headers)).status_code == 200
    assert (await client.post("/nothing", headers=headers, json={})).headers["Idempotency-Replayed"] == "true"


async def test_another_team_has_keys_of_its_own(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, database: Pool
) -> None:
    ids = {(await _create(using)).json()["id"] for using in (client, other_client)}
    assert len(ids) == await _lists(database) == 2


async def test_a_refused_call_may_be_corrected_under_its_key(client: httpx.AsyncClient, database: Pool) -> None:
    assert (await _create(client, name="")).status_code == 400
    assert (await _create(client, path="/lists/x/columns")).status_code == 404
    assert (await _create(client)).status_code == 200
    assert await database.fetchval("SELECT count(*) FROM idempotency_key") == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
async def test_a_key_is_1_to_255_printable_characters(client: httpx.AsyncClient, key: str) -> None:
    response = await client.post("/lists", json={"name": "A"}, headers={b"Idempotency-Key": key.encode()})
    assert response.status_code == 400
    assert response.json()["details"]["issues"][0]["path"] == ["Idempotency-Key"]


async def test_a_key_is_given_once(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/lists", json={"name": "A"}, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    )
    assert response.status_code == 400
    assert (await _create(client, "x" * 255)).status_code == 200


async def test_while_its_twin_runs_a_call_is_refused(client: httpx.AsyncClient, database: Pool, team: Tenant) -> None:
    async with database.acquire() as connection, connection.transaction():
        assert await idempotency.try_lock(connection, team_id=team.id, key="k")
        refused = await _create(client)
        assert (refused.status_code, refused.json()["code"]) == (409, "requestInProgress")
        assert (await _create(client, key="another")).status_code == 200
    assert (await _create(client)).status_code == 200


async def test_of_many_at_once_one_is_done(client: httpx.AsyncClient, database: Pool) -> None:
    answers = await asyncio.gather(*(_create(client) for _ in range(25)))
    done = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.json()["id"] for answer in done}) == 1
    assert await _lists(database) == 1


async def test_a_crash_between_effect_and_record_leaves_neither(
    client: httpx.AsyncClient, database: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = idempotency.keep

    async def crash(connection: Connection, **arguments: Any) -> None:
        await database.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
        await keep(connection, **arguments)

    monkeypatch.setattr(idempotency, "keep", crash)
    assert (await _create(client)).status_code == 503
    assert await _lists(database) == 0
    monkeypatch.undo()
    assert (await _create(client)).status_code == 200
    assert await _lists(database) == 1


async def test_what_the_database_gave_up_is_run_again(application: FastAPI, client: httpx.AsyncClient) -> None:
    router, runs = routing.router(), [0]

    @router.post("/contended")
    async def contended(context: CurrentContext) -> dict[str, int | str]:
        runs[0] += 1
        async with context.pool.acquire() as connection, connection.transaction():
            await connection.execute("UPDATE team SET name = name || $1", str(runs[0]))
            if runs[0] < 3:
                raise asyncpg.DeadlockDetectedError("deadlock detected")
            name = await connection.fetchval("SELECT name FROM team")
        return {"runs": runs[0], "name": name}

    application.include_router(router, prefix="/api/v2")
    assert (await client.post("/contended", headers={"Idempotency-Key": "k"})).json() == {
        "runs": 3,
        "name": "First3",
    }


async def test_the_engine_is_woken_once_and_only_by_the_first(
    client: httpx.AsyncClient, link: Link, wakes: Wakes
) -> None:
    await link("ana")
    list_id = (await client.post("/lists", json={"name": "A"})).json()["id"]
    before = wakes.count
    for _ in range(2):
        body = {"platformIds": ["1", "2"]}
        added = await client.post(f"/lists/{list_id}/leads", json=body, headers={"Idempotency-Key": "k"})
        assert len(added.json()["added"]) == 2
    assert wakes.count == before + 1


async def test_while_the_platform_is_asked_the_list_can_be_changed(
    client: httpx.AsyncClient, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    await link("ana")
    list_id = (await client.post("/lists", json={"name": "A"})).json()["id"]
    asked, go_on, resolve = asyncio.Event(), asyncio.Event(), people.resolve

    async def slow(*arguments: Any, **options: Any) -> Any:
        asked.set()
        await go_on.wait()
        return await resolve(*arguments, **options)

    monkeypatch.setattr(people, "resolve", slow)
    adding = asyncio.create_task(
        client.post(f"/lists/{list_id}/leads", json={"platformIds": ["1"]}, headers={"Idempotency-Key": "k"})
    )
    await asked.wait()
    async with asyncio.timeout(5):
        assert (await client.patch(f"/lists/{list_id}", json={"name": "B"})).status_code == 200
    go_on.set()
    assert (await adding).status_code == 200


async def test_a_key_is_forgotten_after_a_day(client: httpx.AsyncClient, context: Context) -> None:
    first = await _create(client)
    await context.pool.execute("UPDATE idempotency_key SET created_at = created_at - $1::interval", idempotency.KEPT)
    assert (await _create(client)).json()["id"] != first.json()["id"]
    now = clocks.wall_now()
    for later, left in ((timedelta(hours=23), 1), (timedelta(hours=25), 0)):
        await retain.step(context.pool, now=now, wall_now=now + later)
        assert await context.pool.fetchval("SELECT count(*) FROM idempotency_key") == left


async def test_other_methods_have_no_keys(client: httpx.AsyncClient) -> None:
    list_id = (await _create(client)).json()["id"]
    changed = await client.patch(f"/lists/{list_id}", json={"name": "B"}, headers={"Idempotency-Key": "k"})
    assert changed.json()["name"] == "B"


# ---------------------------------------------------------------- fingerprints


async def _fingerprint(body: bytes, content_type: str, cuts: list[int] | None = None, query: bytes = b"") -> bytes:
    places = [0, *sorted(min(cut, len(body)) for cut in cuts or []), len(body)]
    pieces = [body[start:end] for start, end in itertools.pairwise(places)]

    async def receive() -> Message:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    headers = [(b"content-type", content_type.encode())]
    scope = {"type": "http", "method": "POST", "path": "/x", "query_string": query, "headers": headers}
    return await Fingerprint(Request(scope, receive)).finish()


@given(st.binary(max_size=60), st.lists(st.integers(0, 200), max_size=6), st.lists(st.integers(0, 200), max_size=6))
async def test_a_file_sent_again_is_the_same_request(content: bytes, cuts: list[int], others: list[int]) -> None:
    def upload(boundary: str) -> tuple[bytes, str]:
        mark = b"--" + boundary.encode()
        return mark + b"\r\n\r\n" + content + b"\r\n" + mark + b"--\r\n", f"multipart/form-data; boundary={boundary}"

    first, second = upload("q7XnotInContentA"), upload("q7XnotInContentBB")
    assert await _fingerprint(*first, cuts) == await _fingerprint(*second, others)
    longer = first[0].replace(b"\r\n\r\n", b"\r\n\r\n?", 1)
    assert await _fingerprint(*first) != await _fingerprint(longer, first[1])


async def test_every_part_of_a_request_counts() -> None:
    first = await _fingerprint(b"{}", "application/json")
    assert first == await _fingerprint(b"", "application/json")
    assert first != await _fingerprint(b"{ }", "application/json")
    assert first != await _fingerprint(b"{}", "application/json", query=b"a=1")

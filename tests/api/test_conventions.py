"""What holds for every call: tokens, bodies, queries, pages, errors."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.api.conftest import Tenant

from overture.actions import tokens
from overture.actions.context import Context

JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1024 * 1024


async def _post(client: httpx.AsyncClient, content: bytes | str, **headers: str) -> httpx.Response:
    return await client.post("/lists", content=content, headers=JSON | headers)


# ---------------------------------------------------------------- tokens


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic {token}",
        "{token}",
        "Bearer {token} {token}",
        "Bearer " + "x" * 5000,
    ],
)
async def test_without_a_good_token_nothing_is_served(
    stranger: httpx.AsyncClient, team: Tenant, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.format(token=team.token)}
    for path in ("/lists", "/lists/x", "/statuses"):
        response = await stranger.get(path, headers=headers)
        assert response.status_code == 401
        assert response.json()["code"] == "unauthorized"
        assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_the_scheme_of_a_token_has_no_case(stranger: httpx.AsyncClient, team: Tenant) -> None:
    response = await stranger.get("/team", headers={"Authorization": f"bearer  {team.token}"})
    assert response.json()["id"] == team.id


async def test_a_revoked_token_opens_nothing(client: httpx.AsyncClient, context: Context, team: Tenant) -> None:
    assert (await client.get("/team")).status_code == 200
    assert team.actor.token_id is not None
    await tokens.revoke(context, team.actor, token_id=team.actor.token_id)
    assert (await client.get("/team")).status_code == 401


async def test_the_token_is_asked_for_before_anything_else_is_told(stranger: httpx.AsyncClient) -> None:
    for response in (
        await stranger.post("/lists", content=b"{"),
        await stranger.get("/lists", params={"limit": "x"}),
        await stranger.post("/lists", content=b"x" * (9 * MEBIBYTE)),
    ):
        assert response.status_code == 401


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"name": "A",}',
        b"[]",
        b'"A"',
        b"null",
        b"5",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "\xff"}',
        b'{"name": "A\x00"}',
        b"\xff\xfe{\x00}\x00",
        b'{"name": "A\\u0000B"}',
        b'{"name": "A\\ud800"}',
        b'{"name": "A\\udc00\\ud800"}',
        b'{"n\\u0000": "A"}',
        b'{"name": 9007199254740993}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b'{"name": 1e999}',
        b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
        b'{"name": ["' + b"x" * 1000 + b'"]}',
    ],
)
async def test_a_body_that_is_no_storable_object_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    response = await _post(client, content)
    assert response.status_code == 400, response.text
    assert response.json()["code"] == "invalidRequest"
    assert response.json()["details"]["issues"][0]["message"]


async def test_what_cannot_be_stored_is_named_by_its_place(client: httpx.AsyncClient) -> None:
    body = '{"leads": [{"platformId": "1"}, {"platformId": "2", "data": {"a": ["x", "\\u0000"]}}]}'
    list_id = (await client.post("/lists", json={"name": "A"})).json()["id"]
    response = await client.post(f"/lists/{list_id}/leads", content=body, headers=JSON)
    (issue,) = response.json()["details"]["issues"]
    assert issue["path"] == ["leads", 1, "data", "a", 1]


async def test_whole_surrogate_pairs_are_text(client: httpx.AsyncClient) -> None:
    response = await _post(client, b'{"name": "duck \\ud83e\\udd86"}')
    assert response.json()["name"] == "duck 🦆"


async def test_a_repeated_name_takes_its_last_value_and_a_byte_order_mark_is_no_matter(
    client: httpx.AsyncClient,
) -> None:
    response = await _post(client, b'\xef\xbb\xbf{"name": "A", "name": "B"}')
    assert response.json()["name"] == "B"


@pytest.mark.parametrize("content", [b"", b"  \n"])
async def test_a_post_without_a_body_equals_an_empty_object(client: httpx.AsyncClient, content: bytes) -> None:
    for headers in ({}, JSON, {"Content-Type": "text/plain"}):
        response = await client.post("/lists", content=content, headers=headers)
        assert response.status_code == 400
        assert response.json()["details"]["issues"] == [{"path": ["name"], "message": "This is required; add it."}]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Content-Type": "application/json"}, 200),
        ({"Content-Type": "Application/JSON; charset=UTF-8"}, 200),
        ({"Content-Type": "application/merge-patch+json"}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "application/json; charset=utf-16"}, 415),
        ({"Content-Type": "nonsense"}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
    ],
)
async def test_bodies_are_json(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    response = await client.post("/lists", content=b'{"name": "A"}', headers=headers)
    assert response.status_code == status, response.text
    if status == 415:
        assert response.json()["code"] == "unsupportedMediaType"


async def test_types_are_strict(client: httpx.AsyncClient) -> None:
    values: tuple[Any, ...] = (5, True, None, [], {}, 1.5)
    for wrong in values:
        response = await client.post("/lists", json={"name": wrong})
        assert response.status_code == 400
        assert response.json()["details"]["issues"][0]["message"] == "Must be a string."


async def test_an_unknown_query_parameter_is_named_once_however_often_it_comes(client: httpx.AsyncClient) -> None:
    response = await client.get("/lists?expand=a&expand=b&limit=1&limit=2&limit=3")
    assert [issue["path"] for issue in response.json()["details"]["issues"]] == [["expand"], ["limit"]]


async def test_what_must_not_be_empty_says_so(client: httpx.AsyncClient) -> None:
    for body, path in (({"name": ""}, ["name"]), ({"name": "x", "accountLinkIds": []}, ["accountLinkIds"])):
        response = await client.post("/campaigns", json={"accountLinkIds": ["a0mwwi5flw7qkzcl23vuy4kj"]} | body)
        assert {"path": path, "message": "Must not be empty."} in response.json()["details"]["issues"]


async def test_every_wrong_place_is_named_at_once(client: httpx.AsyncClient) -> None:
    response = await client.post("/lists", json={"name": "", "description": 1, "nmae": "A", "leadsCount": 3})
    paths = [issue["path"] for issue in response.json()["details"]["issues"]]
    assert sorted(paths) == [["description"], ["leadsCount"], ["name"], ["nmae"]]
    assert response.json()["message"].endswith("(and 3 more)")


async def test_a_call_that_takes_no_body_names_what_it_was_sent(
    application: FastAPI, client: httpx.AsyncClient
) -> None:
    from overture.api import routing  # noqa: PLC0415 - only this test makes a route of its own

    router = routing.router()

    @router.post("/nothing")
    async def nothing() -> dict[str, bool]:
        return {"done": True}

    application.include_router(router, prefix="/api/v2")
    for content in (b"", b"{}"):
        assert (await client.post("/nothing", content=content)).json() == {"done": True}
    refused = await client.post("/nothing", json={"force": True})
    assert refused.json()["details"]["issues"][0]["path"] == ["force"]
    assert (await client.post("/nothing", content=b"[]")).status_code == 400


async def test_a_body_that_is_too_large_is_refused_announced_or_not(client: httpx.AsyncClient) -> None:
    large = b'{"name": "' + b"x" * (8 * MEBIBYTE) + b'"}'
    announced = await _post(client, large)
    assert (announced.status_code, announced.json()["code"]) == (413, "bodyTooLarge")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    chunked = await client.post("/lists", content=chunks(), headers=JSON)
    assert (chunked.status_code, chunked.json()["code"]) == (413, "bodyTooLarge")
    boast = await _post(client, b"{}", **{"Content-Length": "9" * 30})
    assert boast.status_code == 413


async def test_a_body_just_below_the_limit_is_read(client: httpx.AsyncClient) -> None:
    body = b'{"name": "A"}'
    response = await _post(client, body + b" " * (8 * MEBIBYTE - len(body)))
    assert response.status_code == 200


# ---------------------------------------------------------------- queries and pages


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limt=5", ["limt"]),
        ("limit=5&limit=6", ["limit"]),
        ("limit=0", ["limit"]),
        ("limit=101", ["limit"]),
        ("limit=ten", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=9999999999999999999999", ["limit"]),
        ("limit=1.5", ["limit"]),
        ("cursor=%00", ["cursor"]),
        ("=5", [""]),
    ],
)
async def test_a_wrong_query_is_refused_with_its_name(client: httpx.AsyncClient, query: str, path: list[str]) -> None:
    response = await client.get(f"/lists?{query}")
    assert response.status_code == 400
    assert response.json()["code"] == "invalidRequest"
    assert response.json()["details"]["issues"][0]["path"] == path


async def _cursor(client: httpx.AsyncClient, path: str) -> str:
    cursor: str = (await client.get(path, params={"limit": 1})).json()["nextCursor"]
    assert cursor
    return cursor


async def test_a_cursor_is_good_only_where_it_was_given(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient
) -> None:
    cursor = await _cursor(client, "/lists")
    changed = ("B" if cursor[-5] != "B" else "C").join((cursor[:-5], cursor[-4:]))
    assert (await client.get("/lists", params={"cursor": cursor, "limit": 7})).status_code == 200
    for using, path, value in (
        (other_client, "/lists", cursor),
        (client, "/statuses", cursor),
        (client, "/account-links", cursor),
        (client, "/lists", ""),
        (client, "/lists", "x"),
        (client, "/lists", cursor[:-1]),
        (client, "/lists", cursor + "A"),
        (client, "/lists", changed),
        (client, "/lists", cursor[5:]),
        (client, "/lists", "é"),
        (client, "/lists", "A" * 10_000),
        (client, "/lists", await _cursor(client, "/statuses")),
    ):
        response = await using.get(path, params={"cursor": value})
        assert (response.status_code, response.json()["code"]) == (400, "invalidCursor"), (path, value)


async def test_a_cursor_is_bound_to_its_filters(client: httpx.AsyncClient, link: Any) -> None:
    await link("ana")
    await link("ben")
    first = (await client.get("/account-links", params={"limit": 1, "status": "active"})).json()
    query = {"cursor": first["nextCursor"], "status": "active"}
    assert len((await client.get("/account-links", params=query)).json()["data"]) == 1
    refused = await client.get("/account-links", params=query | {"status": "paused"})
    assert refused.json()["code"] == "invalidCursor"


# ---------------------------------------------------------------- answers


async def test_every_answer_has_a_request_id_and_is_not_cached(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    seen = set()
    for response in (
        await client.get("/lists"),
        await client.get("/lists/x"),
        await client.get("/nowhere"),
        await client.put("/lists"),
        await stranger.get("/lists"),
        await _post(client, b"{"),
    ):
        assert response.headers["Cache-Control"] == "no-store"
        seen.add(response.headers["X-Request-Id"])
        if response.status_code >= 400:
            answer = response.json()
            assert set(answer) == {"code", "message", "details", "requestId"}
            assert answer["requestId"] == response.headers["X-Request-Id"]
    assert len(seen) == 6


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("my id: 5!", True), ("x" * 128, True), ("x" * 129, False), ("é", False), ("a\tb", False), (" ", False)],
)
async def test_a_sane_request_id_of_the_caller_is_kept(client: httpx.AsyncClient, given: str, is_kept: bool) -> None:
    response = await client.get("/lists", headers={b"X-Request-Id": given.encode()})
    assert (response.headers["X-Request-Id"] == given) is is_kept
    assert response.headers["X-Request-Id"]


async def test_what_breaks_inside_is_logged_and_not_told(
    client: httpx.AsyncClient, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    await context.pool.execute("ALTER TABLE list RENAME TO secret_name")
    response = await client.get("/lists")
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert response.json()["details"] is None
    assert "secret_name" not in response.text and "list" not in response.json()["message"]
    assert response.headers["X-Request-Id"] in caplog.text
    assert "UndefinedTable" in caplog.text

"""What holds for every operation there is, read from the documents, so that new ones are held to it too."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from tests.api import sweep
from tests.api.conftest import Link, Tenant
from tests.api.sweep import NOWHERE, Document, Operation, World

from overture.actions import tokens
from overture.actions.context import Context

Broken = list[tuple[Any, ...]]


@pytest_asyncio.fixture
async def world(context: Context, client: httpx.AsyncClient, link: Link) -> World:
    return await sweep.furnish(context, client, await link("ana"))


@pytest.fixture
def document(application: FastAPI) -> Document:
    return Document(application.openapi())


@pytest.fixture(params=["v2", "v1"])
def face(request: pytest.FixtureRequest, client: httpx.AsyncClient, v1: httpx.AsyncClient) -> httpx.AsyncClient:
    """Either face of the API."""
    return v1 if request.param == "v1" else client


async def _operations(face: httpx.AsyncClient) -> list[Operation]:
    return list(Document((await face.get("/openapi.json")).json()).operations())


def _ids(operation: Operation) -> list[str]:
    """Name the parameters of its path that name objects of a team."""
    return [name for name in operation.parameters("path") if name != "platform"]


def _reading(document: Document) -> Iterator[Operation]:
    """The operations that read a body."""
    return (operation for operation in document.operations() if document.body(operation) is not None)


# ---------------------------------------------------------------- documents


def test_every_route_of_the_api_is_documented(application: FastAPI) -> None:
    routes = {
        (method, route.path.replace(":path}", "}"))  # of a parameter that takes slashes
        for route in iter_route_contexts(application.routes)
        for method in route.methods or ()
        if route.path and route.path.startswith("/api/v2") and not route.path.endswith("/openapi.json")
    }
    document = application.openapi()
    told = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    assert {(method, path) for method, path in routes if method != "HEAD"} == told


def test_every_operation_asks_for_a_token_but_those_by_which_members_sign_in(document: Document) -> None:
    open_ = {
        operation.name for operation in document.operations() if operation.told["security"] != [{"HTTPBearer": []}]
    }
    assert open_ == {"POST /session", "POST /session/invitation"}


# ---------------------------------------------------------------- tokens


async def test_no_operation_is_served_without_a_good_token(
    face: httpx.AsyncClient, world: World, context: Context, team: Tenant
) -> None:
    made, revoked = await tokens.create(context, team.actor, name="revoked")
    await tokens.revoke(context, team.actor, token_id=made.id)
    broken: Broken = []
    for operation in await _operations(face):
        if operation.is_open:
            continue
        for value in (None, "", "Bearer", "Basic x", "Bearer wrong", "Bearer a b", f"Bearer {revoked}"):
            headers = {"Content-Type": "application/json"} | ({} if value is None else {"Authorization": value})
            request = face.build_request(
                operation.method, world.path(operation), content=b"{", headers=headers, params={"unheard": "of"}
            )
            if value is None:
                del request.headers["Authorization"]
            answer = await face.send(request)
            if answer.status_code != 401 or answer.headers.get("WWW-Authenticate") != "Bearer":
                broken.append((operation.name, value, answer.status_code))
    assert broken == []


async def test_what_belongs_to_another_team_is_not_there(
    other_client: httpx.AsyncClient, world: World, document: Document
) -> None:
    broken: Broken = []
    for operation in document.operations():
        if _ids(operation):
            answer = await other_client.request(
                operation.method,
                world.path(operation),
                params=world.query(operation),
                json=world.body(operation, document),
            )
            if answer.status_code != 404 or not answer.json()["code"].endswith("NotFound"):
                broken.append((operation.name, answer.status_code, answer.text))
    assert broken == []


async def test_nothing_of_another_team_changed(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, world: World, document: Document
) -> None:
    async def seen() -> list[Any]:
        gets = [one for one in document.operations() if one.method == "GET" and one.path != "/audit"]
        same = {"X-Request-Id": "same"}
        return [(await client.get(world.path(operation), headers=same)).text for operation in gets]

    before = await seen()
    for operation in document.operations():
        await other_client.request(operation.method, world.path(operation), json=world.body(operation, document))
    assert await seen() == before


# ---------------------------------------------------------------- answers


async def test_every_answer_has_the_headers_and_every_refusal_the_form(face: httpx.AsyncClient, world: World) -> None:
    broken: Broken = []
    for operation in await _operations(face):
        for path, given in ((world.path(operation), "mine"), (world.path(operation, **_unknown(operation)), "yours")):
            if operation.method == "DELETE" and given == "mine":
                continue
            answer = await face.request(operation.method, path, headers={"X-Request-Id": given}, content=b"[]")
            told = answer.headers
            problems = [
                told.get("X-Request-Id") != given,
                told.get("Cache-Control") != "no-store",
                told.get("X-Content-Type-Options") != "nosniff",
                not answer.is_success and not _is_refusal(answer, given),
            ]
            if any(problems):
                broken.append((operation.name, problems, answer.status_code, answer.text))
    assert broken == []


def _unknown(operation: Operation) -> dict[str, str]:
    return dict.fromkeys(operation.parameters("path"), NOWHERE)


def _is_refusal(answer: httpx.Response, request_id: str) -> bool:
    error = answer.json()
    if "error" in error:
        error = error["error"]
        assert error.pop("status") == answer.status_code
    is_whole = set(error) == {"code", "message", "details", "requestId"} and error["requestId"] == request_id
    return is_whole and bool(error["code"]) and error["message"].endswith((".", ")"))


async def test_what_is_not_there_is_told_by_its_kind(
    client: httpx.AsyncClient, world: World, document: Document
) -> None:
    """The last id of an address is unknown or malformed; all before it are right."""
    broken: Broken = []
    for operation in document.operations():
        names = _ids(operation)
        for wrong in (NOWHERE, "x", "1" * 24, "custom_" + NOWHERE) if names else ():
            path = world.path(operation, **{names[-1]: wrong})
            answer = await client.request(
                operation.method, path, params=world.query(operation), json=world.body(operation, document)
            )
            if answer.status_code != 404 or not answer.json()["code"].endswith("NotFound"):
                broken.append((operation.name, wrong, answer.status_code, answer.text))
    assert broken == []


# ---------------------------------------------------------------- methods


async def test_every_address_tells_and_keeps_to_its_methods(
    client: httpx.AsyncClient, world: World, document: Document
) -> None:
    told_at = [(re.compile(re.sub(r"{\w+}", "[^/]+", one.path)), one.method) for one in document.operations()]
    by_path: dict[str, set[str]] = {}
    for operation in document.operations():
        path = world.path(operation)
        by_path[path] = {"OPTIONS"} | {method for template, method in told_at if template.fullmatch(path)}
    broken: Broken = []
    for path, methods in by_path.items():
        allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
        told = await client.options(path, headers={"Authorization": ""})
        if (told.status_code, told.headers.get("Allow"), told.content) != (204, allowed, b""):
            broken.append(("OPTIONS", path, told.status_code, told.headers.get("Allow"), allowed))
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "UNHEARD"} - methods:
            refused = await client.request(method, path)
            if (refused.status_code, refused.headers.get("Allow")) != (405, allowed):
                broken.append((method, path, refused.status_code, refused.headers.get("Allow")))
        if "GET" in methods:
            got, head = await client.get(path), await client.head(path)
            if head.content or got.status_code != head.status_code:
                broken.append(("HEAD", path, head.status_code, head.content))
    assert broken == []


# ---------------------------------------------------------------- queries and bodies


async def test_an_unknown_query_parameter_is_named(client: httpx.AsyncClient, world: World, document: Document) -> None:
    broken: Broken = []
    for operation in document.operations():
        body = world.body(operation, document)
        answer = await client.request(operation.method, world.path(operation), params={"unheard": "of"}, json=body)
        if answer.status_code != 400 or answer.json()["details"]["issues"][0]["path"] != ["unheard"]:
            broken.append((operation.name, answer.status_code, answer.text))
    assert broken == []


async def test_an_unknown_field_anywhere_is_named(client: httpx.AsyncClient, world: World, document: Document) -> None:
    broken: Broken = []
    for operation in _reading(document):
        body, schema = world.body(operation, document), document.body(operation)
        assert schema is not None
        objects = [place for place, kind in document.typed(schema, body) if kind == "object"]
        for place in (one for one in objects if not _is_free(schema, document, one)):
            wrong = sweep.put(body, (*place, "unheard"), 1)
            answer = await client.request(operation.method, world.path(operation), json=wrong)
            if answer.status_code != 400 or [*place, "unheard"] not in _paths(answer):
                broken.append((operation.name, place, answer.status_code, answer.text))
    assert broken == []


async def test_types_are_strict_everywhere(client: httpx.AsyncClient, world: World, document: Document) -> None:
    lenient: Broken = []
    wrong: dict[str, tuple[Any, ...]] = {
        "string": (5, True, [], {}),
        "integer": ("5", True, 1.5, []),
        "number": ("5", True, []),
        "boolean": ("true", 1, 0),
        "array": ({}, "x", 1),
        "object": ([], "x", 1),
    }
    for operation in _reading(document):
        body, schema = world.body(operation, document), document.body(operation)
        assert schema is not None
        for place, kind in document.typed(schema, body):
            for value in wrong[kind]:
                changed = sweep.put(body, place, value)
                answer = await client.request(operation.method, world.path(operation), json=changed)
                if answer.status_code != 400 or not any(path[: len(place)] == list(place) for path in _paths(answer)):
                    lenient.append((operation.name, place, value, answer.status_code, answer.text))
    assert lenient == []


def _paths(answer: httpx.Response) -> list[list[str | int]]:
    if answer.status_code != 400:
        return []
    return [issue["path"] for issue in answer.json()["details"]["issues"]]


def _is_free(schema: dict[str, Any], document: Document, place: sweep.Place) -> bool:
    """Tell whether an object takes fields of any name."""
    for part in place:
        schema = document.resolve(schema)
        schema = schema.get("items", {}) if isinstance(part, int) else schema["properties"][part]
    return document.resolve(schema).get("additionalProperties") is not False


async def test_no_body_equals_an_empty_object(client: httpx.AsyncClient, world: World, document: Document) -> None:
    different: Broken = []
    for operation in document.operations():
        if operation.method == "POST":
            path = world.path(operation)
            without, empty = await client.post(path), await client.post(path, json={})
            if without.status_code != empty.status_code or _paths(without) != _paths(empty):
                different.append((operation.name, without.text, empty.text))
    assert different == []


# ---------------------------------------------------------------- pages


async def test_a_cursor_of_elsewhere_is_refused_by_every_collection(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, world: World, document: Document
) -> None:
    paged = [one for one in document.operations() if "cursor" in one.parameters("query")]
    cursors: dict[str, str] = {}
    for operation in paged:
        page = (await client.get(world.path(operation), params={**world.query(operation), "limit": 1})).json()
        assert len(page["data"]) <= 1, operation.name
        if page["nextCursor"] is not None:
            cursors[operation.name] = page["nextCursor"]
    broken: Broken = []
    for operation in paged:
        path, query = world.path(operation), world.query(operation)
        assert (await client.get(path, params={**query, "limit": 100})).json()["nextCursor"] is None
        for name, cursor in {**cursors, "nobody": "x", "empty": ""}.items():
            answer = await client.get(path, params={**query, "cursor": cursor})
            expected = 200 if name == operation.name else 400
            if answer.status_code != expected or (expected == 400 and answer.json()["code"] != "invalidCursor"):
                broken.append((operation.name, name, answer.status_code, answer.text))
        own = cursors.get(operation.name)
        if own is not None:
            foreign = await other_client.get(path, params={**query, "cursor": own})
            if foreign.status_code == 200:
                broken.append((operation.name, "of another team", foreign.text))
    assert broken == []
    assert len(cursors) >= 8, "most collections of this world have a second page"


# ---------------------------------------------------------------- calls sent again


async def test_every_post_is_done_once_for_its_key(client: httpx.AsyncClient, world: World, document: Document) -> None:
    posts = [operation for operation in document.operations() if operation.method == "POST" and not operation.is_open]
    done = 0
    broken: Broken = []
    for operation in posts:
        assert "Idempotency-Key" in operation.parameters("header")
        path, body = world.path(operation), world.body(operation, document)
        headers = {"Idempotency-Key": operation.name}
        first = await client.post(path, json=body, headers=headers)
        again = await client.post(path, json=body, headers=headers)
        other = await client.post(f"{path}?", json={"unheard": "of"}, headers=headers)
        if first.is_success:
            done += 1
            is_replayed = again.headers.get("Idempotency-Replayed") == "true"
            if not is_replayed or (first.status_code, first.content) != (again.status_code, again.content):
                broken.append((operation.name, first.text, again.text))
        elif "Idempotency-Replayed" in again.headers or first.status_code != again.status_code:
            broken.append((operation.name, first.text, again.text))
        # What is wrong with a body may be told before its key is looked at.
        if other.is_success:
            broken.append((operation.name, other.text))
    assert broken == []
    assert done >= len(posts) * 3 // 4, "most of the posts succeed in this world"

"""What holds for the answers of every operation, read from the document, so that new ones are held to it too."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from tests.api import sweep
from tests.api.conftest import Link
from tests.api.sweep import Document, Operation, World

from overture.actions.context import Context

MADE = {
    "POST /campaigns/{campaign_id}/leads/{identifier}/trial",
    "POST /members",
    "POST /members/{member_id}/invitation",
    "POST /messages",
    "POST /session",
    "POST /session/invitation",
    "POST /statuses",
    "POST /suppressions",
    "POST /tags",
    "POST /tokens",
    "POST /webhooks",
}
ID = re.compile("(custom_)?[a-z][0-9a-z]{23}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest_asyncio.fixture
async def world(context: Context, client: httpx.AsyncClient, link: Link) -> World:
    return await sweep.furnish(context, client, await link("ana"))


@pytest.fixture
def document(application: FastAPI) -> Document:
    return Document(application.openapi())


def _success(operation: Operation) -> tuple[str, dict[str, Any]]:
    # A replay of a message that was sent has another status than the first answer.
    return max((status, answer) for status, answer in operation.told["responses"].items() if status < "300")


def _schema(answer: dict[str, Any]) -> dict[str, Any] | None:
    schema: dict[str, Any] | None = answer.get("content", {}).get("application/json", {}).get("schema")
    return schema


def _objects(document: Document, schema: dict[str, Any], seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every named object that an answer holds, at any depth."""
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _objects(document, part, seen)
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    if name in seen:
        return
    if name:
        seen.add(name)
        schema = document.resolve(schema)
        yield name, schema
    for one in (*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(one, dict):
            yield from _objects(document, one, seen)


def _values(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of an answer with the name it has."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield name, one
            yield from _values(one, name)
    elif isinstance(value, list):
        for one in value:
            yield place, one
            yield from _values(one, place)


def test_success_is_200_and_what_is_made_with_a_name_of_its_own_201(document: Document) -> None:
    for operation in document.operations():
        status, answer = _success(operation)
        expected = "201" if operation.name in MADE else "200" if answer.get("content") else "204"
        assert status == expected, operation.name
        assert status != "204" or operation.method == "DELETE", operation.name


def test_every_field_of_every_answer_is_always_there(document: Document) -> None:
    seen: set[str] = set()
    for operation in document.operations():
        for name, schema in _objects(document, _schema(_success(operation)[1]) or {}, seen):
            assert set(schema.get("properties", {})) == set(schema.get("required", ())), (operation.name, name)
    assert len(seen) > 20, "answers were found"


async def test_ids_and_times_have_one_form_everywhere(
    client: httpx.AsyncClient, world: World, document: Document
) -> None:
    await client.post("/suppressions", json={"externalId": world.ids["profile_id"]})
    ids = instants = 0
    for operation in document.operations():
        if operation.method != "GET" or not (_success(operation)[1]["content"].get("application/json")):
            continue
        if "attachments" in operation.path:  # no message has one
            continue
        answer = await client.get(world.path(operation), params=world.query(operation))
        assert answer.status_code == 200, operation.name
        for name, value in _values(answer.json()):
            if value is None or name in {"platformId", "clientId"}:  # the names of others
                continue
            if name == "id" or name.endswith(("Id", "Ids")):
                for one in value if isinstance(value, list) else [value]:
                    assert ID.fullmatch(one), (operation.name, name, one)
                    ids += 1
            if name.endswith("At") or name in ("since", "until"):
                assert INSTANT.fullmatch(value), (operation.name, name, value)
                instants += 1
    assert ids > 50 and instants > 50, "ids and times were found"


async def test_a_patch_that_names_nothing_changes_nothing(
    client: httpx.AsyncClient, world: World, document: Document
) -> None:
    operations = {one.name: one for one in document.operations()}
    changed = 0
    for operation in operations.values():
        reading = operations.get(f"GET {operation.path}")
        if operation.method != "PATCH" or reading is None or document.body(operation) is None:
            continue
        path, body = world.path(operation), document.body(operation)
        if body is not None and body.get("required"):
            continue
        before = await client.get(path)
        answer = await client.patch(path, json={})
        assert (answer.status_code, answer.json()) == (200, before.json()), operation.name
        assert (await client.get(path)).json() == before.json()
        changed += 1
    assert changed >= 6


async def test_null_clears_only_what_may_be_empty(client: httpx.AsyncClient, world: World, document: Document) -> None:
    for operation in document.operations():
        schema = document.body(operation)
        if operation.method != "PATCH" or schema is None:
            continue
        whole = world.body(operation, document)
        for name, told in schema["properties"].items():
            may_be_null = {"type": "null"} in told.get("anyOf", ())
            answer = await client.patch(world.path(operation), json={**whole, name: None})
            if may_be_null:
                assert answer.status_code == 200, (operation.name, name, answer.text)
                assert answer.json().get(name) is None, (operation.name, name)
            else:
                assert answer.status_code == 400, (operation.name, name, answer.text)
                assert answer.json()["details"]["issues"][0]["path"][0] == name


COME_AS_A_WHOLE = {"GET /statuses", "GET /tags"}
"""What is few comes in one page unless a limit is asked for."""


async def test_a_page_holds_fifty_unless_asked_for_up_to_a_hundred(
    client: httpx.AsyncClient, world: World, document: Document
) -> None:
    for operation in document.operations():
        for parameter in operation.told.get("parameters", ()):
            if parameter["name"] == "limit":
                bounds = {name: parameter["schema"].get(name) for name in ("minimum", "maximum", "default")}
                most, usual = (1000, 100) if operation.name == "GET /events" else (100, 50)
                default = None if operation.name in COME_AS_A_WHOLE else usual
                assert bounds == {"minimum": 1, "maximum": most, "default": default}, operation.name
    path = f"/lists/{world.ids['list_id']}/leads"
    await client.post(path, json={"platformIds": [str(number) for number in range(1, 106)]})
    for query, count in (({}, 50), ({"limit": 1}, 1), ({"limit": 100}, 100)):
        page = (await client.get(path, params=query)).json()
        assert (len(page["data"]), page["nextCursor"] is not None) == (count, True)

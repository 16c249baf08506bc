"""Nothing a client sends breaks the server: every operation of the document is fed with wrong values everywhere."""

from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.api import sweep
from tests.api.conftest import Link
from tests.api.sweep import Document, World

from overture.actions.context import Context

LARGEST = 2**53 - 1
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    7,
    1.5,
    -1e-300,
    LARGEST,
    -LARGEST,
    "",
    " ",
    "x",
    "0",
    "1" * 25,
    "x" * 300,
    "\u202e🦆\u0007",
    "2026-13-45",
    "%",
    "u" + "0" * 23,
    [],
    [None],
    [LARGEST],
    ["x", "x"],
    [["x"]],
    [{}],
    {},
    {"": ""},
    {"0": None},
    {"0": {"start": -1, "end": LARGEST}},
    {"custom_x": {"a": [1]}},
)
TEXTS = ("", " ", "x", "-1", "0", "1e3", "9" * 40, "%00", "🦆", "a" * 3000, "x,y", "null", "true")
PATHS = ("x", "%00", "%ff", "%2e%2e", "u" + "0" * 23, "9" * 400, "🦆", "%20", "'; --")


@pytest_asyncio.fixture
async def world(context: Context, client: httpx.AsyncClient, link: Link) -> World:
    return await sweep.furnish(context, client, await link("ana"))


@pytest.fixture(params=["v2", "v1"])
def swept(request: pytest.FixtureRequest, client: httpx.AsyncClient, v1: httpx.AsyncClient) -> httpx.AsyncClient:
    """Either face of the API."""
    return v1 if request.param == "v1" else client


@pytest.mark.timeout(600)
async def test_wrong_values_anywhere_never_break_the_server(swept: httpx.AsyncClient, world: World) -> None:
    document = Document((await swept.get("/openapi.json")).json())
    broken: list[tuple[Any, ...]] = []
    for operation in document.operations():
        body = world.body(operation, document)
        if operation.method == "DELETE" and body is None:
            continue
        path = world.path(operation)
        for place in [] if body is None else list(sweep.places(body)):
            for value in VALUES:
                response = await swept.request(operation.method, path, json=sweep.put(body, place, value))
                if response.status_code >= 500:
                    broken.append((operation.name, place, value))
        for name in operation.parameters("query"):
            for text in TEXTS:
                response = await swept.request(operation.method, f"{path}?{name}={text}")
                if response.status_code >= 500:
                    broken.append((operation.name, name, text))
    assert broken == []


async def test_wrong_addresses_never_break_the_server(swept: httpx.AsyncClient, world: World) -> None:
    document = Document((await swept.get("/openapi.json")).json())
    broken: list[tuple[Any, ...]] = []
    for operation in document.operations():
        body = world.body(operation, document)
        for name in operation.parameters("path"):
            for wrong in PATHS:
                response = await swept.request(operation.method, world.path(operation, **{name: wrong}), json=body)
                if not 400 <= response.status_code < 500:
                    broken.append((operation.name, name, wrong, response.status_code))
    assert broken == []

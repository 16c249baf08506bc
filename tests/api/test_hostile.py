"""Nothing a client sends breaks the server: every operation of the document is fed with wrong values everywhere."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.api.conftest import Link

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


class Document:
    """The OpenAPI document, read for what its operations take."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, operations in self._document["paths"].items():
            for method, operation in operations.items():
                yield method.upper(), path.removeprefix("/api/v2"), operation

    def body(self, operation: dict[str, Any]) -> dict[str, Any] | None:
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        return None if content is None else self.resolve(content["schema"])

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self.resolve(schema[key][0])
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return self.resolve(self._document["components"]["schemas"][name])
        return schema

    def example(self, schema: dict[str, Any], depth: int = 0) -> Any:
        """Make a value that looks right."""
        if schema.get("examples"):
            return schema["examples"][0]
        resolved = self.resolve(schema)
        if resolved.get("examples"):
            return resolved["examples"][0]
        kind = resolved.get("type")
        if kind == "object":
            fields = resolved.get("properties", {}) if depth < 5 else {}
            return {name: self.example(field, depth + 1) for name, field in fields.items()}
        if kind == "array":
            return [self.example(resolved.get("items", {}), depth + 1)]
        return resolved.get("const", {"string": "x", "integer": 1, "number": 1, "boolean": True}.get(kind or ""))


def _with_known_ids(example: Any, known: dict[str, str]) -> Any:
    """Put ids that exist in the place of those of the documents, so that the rest of a body is right."""
    text = json.dumps(example)
    text = text.replace("custom_f0mdbz3k91yq0c8f4w2n7xhs", known["column_id"])
    for letter, name in (
        ("a", "account_link_id"),
        ("l", "list_id"),
        ("u", "profile_id"),
        ("w", "status_id"),
        ("h", "tag_id"),
    ):
        text = text.replace(f"{letter}0mdbz3k91yq0c8f4w2n7xhs", known[name])
    return json.loads(text)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _places(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _places(one, (*path, number))


def _put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    head, *rest = path
    if isinstance(value, dict):
        return {key: _put(one, tuple(rest), new) if key == head else one for key, one in value.items()}
    return [_put(one, tuple(rest), new) if number == head else one for number, one in enumerate(value)]


@pytest.fixture
async def known(client: httpx.AsyncClient, link: Link) -> dict[str, str]:
    """Ids that exist, by the name of the path parameter."""
    account = await link("ana")
    made = {"account_link_id": account["id"], "status_ref": "new", "tag_ref": "vip", "platform_id": "1"}
    made["list_id"] = (await client.post("/lists", json={"name": "A"})).json()["id"]
    lists = f"/lists/{made['list_id']}"
    made["column_id"] = (await client.post(f"{lists}/columns", json={"name": "A"})).json()["id"]
    await client.post(f"{lists}/leads", json={"platformIds": ["1"]})
    made["profile_id"] = (await client.get(f"{lists}/leads")).json()["data"][0]["profile"]["id"]
    made["tag_id"] = (await client.post("/tags", json={"name": "VIP"})).json()["id"]
    made["member_id"] = (await client.get("/members")).json()["data"][0]["id"]
    made["status_id"] = (await client.get("/statuses/new")).json()["id"]
    campaign = await client.post("/campaigns", json={"name": "A", "accountLinkIds": [account["id"]]})
    if campaign.is_success:
        made["campaign_id"] = campaign.json()["id"]
    return made


@pytest.fixture(params=["v2", "v1"])
def swept(request: pytest.FixtureRequest, client: httpx.AsyncClient, v1: httpx.AsyncClient) -> httpx.AsyncClient:
    """Either face of the API."""
    return v1 if request.param == "v1" else client


async def test_wrong_values_anywhere_never_break_the_server(swept: httpx.AsyncClient, known: dict[str, str]) -> None:
    document = Document((await swept.get("/openapi.json")).json())
    broken = []
    for method, template, operation in document.operations():
        if method == "DELETE" and document.body(operation) is None:
            continue
        path = template
        for name, value in known.items():
            path = path.replace(f"{{{name}}}", value)
        schema = document.body(operation)
        example = None if schema is None else _with_known_ids(document.example(schema), known)
        for place in [] if schema is None else list(_places(example)):
            for value in VALUES:
                body = _put(example, place, value)
                response = await swept.request(method, path.replace("{", "").replace("}", ""), json=body)
                if response.status_code >= 500:
                    broken.append((method, path, place, value))
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                for text in TEXTS:
                    response = await swept.request(method, f"{path}?{parameter['name']}={text}")
                    if response.status_code >= 500:
                        broken.append((method, path, parameter["name"], text))
    assert broken == []


async def test_wrong_addresses_never_break_the_server(swept: httpx.AsyncClient, known: dict[str, str]) -> None:
    document = Document((await swept.get("/openapi.json")).json())
    broken = []
    for method, template, operation in document.operations():
        schema = document.body(operation)
        body = None if schema is None else document.example(schema)
        names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
        for name in names:
            for wrong in PATHS:
                path = template.replace(f"{{{name}}}", wrong)
                for other, value in known.items():
                    path = path.replace(f"{{{other}}}", value)
                response = await swept.request(method, path.replace("{", "").replace("}", ""), json=body)
                if not 400 <= response.status_code < 500:
                    broken.append((method, path, response.status_code))
    assert broken == []

"""What sweeps over all operations share: the OpenAPI document read for what each takes, and a team with one of each."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.api import campaigning, conversing

from overture.actions.context import Context

NOWHERE = "u" + "0" * 23
"""An id that nothing has."""

Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of the document; `path` is its template, without the base address."""

    method: str
    path: str
    told: dict[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether it is served without a token."""
        return not self.told["security"]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> list[str]:
        """Name its parameters in the path, query or header."""
        return [one["name"] for one in self.told.get("parameters", []) if one["in"] == place]


class Document:
    """The OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def operations(self) -> Iterator[Operation]:
        for path, operations in self._document["paths"].items():
            for method, told in operations.items():
                yield Operation(method=method.upper(), path=path.removeprefix("/api/v2"), told=told)

    def body(self, operation: Operation) -> dict[str, Any] | None:
        """Return the schema of what it reads."""
        content = operation.told.get("requestBody", {}).get("content", {}).get("application/json")
        return None if content is None else self.resolve(content["schema"])

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follow references, and of alternatives take the first."""
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
            return {name: self.example(one, depth + 1) for name, one in fields.items()}
        if kind == "array":
            return [self.example(resolved.get("items", {}), depth + 1)]
        return resolved.get("const", {"string": "x", "integer": 1, "number": 1, "boolean": True}.get(kind or ""))

    def typed(self, schema: dict[str, Any], value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
        """Walk a body beside its schema: every place whose type the document fixes, and that type."""
        if "anyOf" in schema or "oneOf" in schema:
            chosen = [one for one in schema.get("anyOf", schema.get("oneOf", [])) if self._fits(one, value)]
            if len(chosen) != 1:
                return
            schema = chosen[0]
        schema = self.resolve(schema)
        kind = schema.get("type")
        if kind is None:
            return
        yield place, kind
        if kind == "object":
            for name, one in schema.get("properties", {}).items():
                if name in value:
                    yield from self.typed(one, value[name], (*place, name))
        elif kind == "array":
            for number, one in enumerate(value):
                yield from self.typed(schema.get("items", {}), one, (*place, number))

    def _fits(self, schema: dict[str, Any], value: Any) -> bool:
        schema = self.resolve(schema)
        kinds = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}
        if not isinstance(value, kinds.get(schema.get("type", ""), ())):
            return False
        if not isinstance(value, dict):
            return True
        # Of several kinds of object, the one whose `type` says so.
        return self.resolve(schema.get("properties", {}).get("type", {})).get("const") in (None, value.get("type"))


@dataclass(kw_only=True)
class World:
    """A team that has one of each: ids that exist, for addresses and bodies."""

    ids: dict[str, str] = field(default_factory=dict)
    orders: dict[str, list[str]] = field(default_factory=dict)
    """All statuses and all tags, by the address at which they are put in order."""

    def path(self, operation: Operation, **other: str) -> str:
        """Fill the address of an operation; what the world has not got is an id that nothing has."""
        path = operation.path
        for name in operation.parameters("path"):
            path = path.replace(f"{{{name}}}", other.get(name) or self._id(operation, name))
        return path

    def query(self, operation: Operation) -> dict[str, Any]:
        """Return what an operation must be asked with."""
        if operation.name == "DELETE /messages/{message_id}":
            return {"scope": "all"}
        if operation.name == "DELETE /messages/{message_id}/reactions":
            return {"emoji": "👍"}
        return {"platform": "twitter", "platformId": ["1", "2"]} if operation.path == "/contacts" else {}

    def body(self, operation: Operation, document: Document) -> Any:
        """Make a body that is right: the example of the document, with ids that exist."""
        schema = document.body(operation)
        if schema is None:
            return None
        if operation.path in self.orders:
            return {"ids": self.orders[operation.path]}
        example = json.dumps(document.example(schema))
        example = example.replace("custom_f0mdbz3k91yq0c8f4w2n7xhs", self._id(operation, "column_id"))
        letters = {
            "a": "account_link_id",
            "l": "list_id",
            "u": "profile_id",
            "w": "status_id",
            "h": "tag_id",
            "m": "member_id",
            "r": "thread_id",
            "g": "message_id",
        }
        for letter, name in letters.items():
            example = example.replace(f"{letter}0mdbz3k91yq0c8f4w2n7xhs", self.ids[name])
        return json.loads(example)

    def _id(self, operation: Operation, name: str) -> str:
        of_campaign = f"campaign_{name}"
        if operation.path.startswith("/campaigns") and of_campaign in self.ids:
            return self.ids[of_campaign]
        return self.ids.get(name, NOWHERE)


async def furnish(context: Context, client: httpx.AsyncClient, account: dict[str, Any]) -> World:
    """Make one of each for the team of `client`, so that most calls succeed."""

    async def make(path: str, **body: Any) -> dict[str, Any]:
        response = await client.post(path, json=body)
        assert response.is_success, (path, response.text)
        made: dict[str, Any] = response.json()
        return made

    ids = {"account_link_id": account["id"], "platform": "twitter", "platform_id": "1", "identifier": "3", "index": "0"}
    registered = await client.put("/platforms/twitter/app", json={"clientId": "sandbox-client"})
    assert registered.is_success, registered.text
    ids["list_id"] = (await make("/lists", name="A"))["id"]
    lists = f"/lists/{ids['list_id']}"
    ids["column_id"] = (await make(f"{lists}/columns", name="A"))["id"]
    await make(f"{lists}/columns", name="B")
    await make(f"{lists}/leads", platformIds=["1", "2"])
    ids["profile_id"] = (await client.get(f"{lists}/leads")).json()["data"][0]["profile"]["id"]
    ids["contact_id"] = "o" + ids["profile_id"][1:]
    for number in range(2):
        csv = {"type": "csv", "content": f"platformId\n{number}\n", "fileName": "a.csv"}
        ids["job_id"] = (await make(f"{lists}/import-jobs", data=csv))["id"]
    ids["status_id"] = ids["status_ref"] = (await client.get("/statuses/new")).json()["id"]
    ids["tag_id"] = ids["tag_ref"] = (await make("/tags", name="A"))["id"]
    await make("/tags", name="B")
    ids["member_id"] = (await make("/members", name="Ben", role="user"))["member"]["id"]
    ids["token_id"] = (await make("/tokens", name="A"))["id"]
    await client.delete("/statuses/won")  # the documents' examples make it
    text = {"type": "message", "data": {"segments": [{"type": "static", "text": "Hi"}]}}
    for _ in range(2):
        made = await make(
            "/campaigns", name="A", accountLinkIds=[account["id"]], columns=[{"name": "A"}], sequence={"steps": [text]}
        )
    ids["campaign_id"] = made["id"]
    campaign = f"/campaigns/{made['id']}"
    ids["campaign_column_id"] = (await client.get(f"{campaign}/columns")).json()["data"][0]["id"]
    await make(f"{campaign}/leads", platformIds=["1", "2"])
    await campaigning.write_to_anyone(context)
    await campaigning.put(context, made, ids["identifier"], state="held", reason="wroteFirst")
    team = (await client.get("/team")).json()
    for number in range(2):
        said = conversing.message(number, str(21 + number), "Hello", is_inbound=True)
        await conversing.read(context.pool, team["id"], account["id"], said)
    thread = (await client.get("/threads")).json()["data"][0]
    ids["thread_id"], ids["message_id"] = thread["id"], thread["lastMessage"]["id"]
    automation = {
        "trigger": "replied",
        "action": "setStatus",
        "actionData": {"statusId": ids["status_id"]},
    }
    ids["automation_id"] = (await make(f"{campaign}/automations", **automation))["id"]
    ids["webhook_id"] = (await make("/webhooks", url="https://crm.example/hooks/overture"))["id"]
    ids["delivery_id"] = (await make(f"/webhooks/{ids['webhook_id']}/test"))["id"]
    await context.pool.execute("UPDATE webhook_delivery SET state = 'delivered', ended_at = created_at")
    orders = {
        f"{path}/order": [one["id"] for one in (await client.get(path)).json()["data"]]
        for path in ("/statuses", "/tags")
    }
    return World(ids=ids, orders=orders)


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Walk all places of a body."""
    yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, (*path, number))


def put(value: Any, path: Place, new: Any) -> Any:
    """Return the body with something else in one place."""
    if not path:
        return new
    head, *rest = path
    if isinstance(value, dict):
        kept = {key: put(one, tuple(rest), new) if key == head else one for key, one in value.items()}
        return kept if head in kept else kept | {str(head): new}
    return [put(one, tuple(rest), new) if number == head else one for number, one in enumerate(value)]

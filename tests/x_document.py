"""X's own OpenAPI document, where this machine holds a copy: what it says of the answers of X, or of its sandbox.

The document is under X's Developer Agreement and no part of this repository.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

PLACE = Path(__file__).parents[2] / "shared" / "contracts" / "x-openapi.json"

needed = pytest.mark.skipif(
    not PLACE.is_file(), reason="X's OpenAPI document is not on this machine (../shared/contracts)"
)
"""Skips a test where the document is not there."""

_UNDOCUMENTED_PROBLEMS = frozenset(
    {"client-forbidden", "credits", "credits-depleted", "rate-limit-exceeded", "unsupported-authentication"}
    | {"usage-capped"}
)
"""Types of problems that X's pages and real answers show, and its document leaves out."""

_UNDOCUMENTED_MEMBERS = frozenset({"errors", "meta", "tweet_count"})
"""Members of real answers that the document leaves out.

The parts of an invalid request, what asks for the next page of subscriptions, and a name that has changed.
"""

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "detail"],
    "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "detail": {"type": "string"}},
}
_ID = {"id": {"type": "string", "pattern": "^[0-9]{1,19}$"}}
_GUIDES = {
    "User": {"required": ["id", "name", "username"], "properties": _ID},
    "DmEvent": {"required": ["id", "event_type"], "properties": _ID},
}
"""What X's guides say is always there; its document demands nothing of an answer's objects."""

_WINDOWS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")


@cache
def document() -> dict[str, Any]:
    """Return the document as one that JSON Schema understands: each enum value once, null where it is allowed."""
    read: dict[str, Any] = _understood(json.loads(PLACE.read_text()))
    schemas = read["components"]["schemas"]
    for name, more in _GUIDES.items():
        schemas[name] = {"allOf": [schemas[name], more]}
    return read


def faults(request: httpx.Request, answer: httpx.Response) -> list[str]:
    """Return what the document has against an answer; nothing where the call is none of its operations."""
    operation = _operation(request.method.lower(), request.url.path)
    if operation is None:
        return []
    found = _faults_of_windows(answer)
    told = operation["responses"].get(str(answer.status_code))
    if told is None and answer.is_success:
        return [*found, f"status {answer.status_code} is not among those of the operation"]
    content = (told or operation["responses"]["default"])["content"]
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind not in content:
        return [*found, f"the answer is {kind or 'of no type'}"]
    try:
        body = answer.json()
    except ValueError:
        return [*found, "the answer is no JSON"]
    if told is not None:
        return [*found, *_against(content[kind]["schema"], body)]
    return [*found, *_faults_of_refusal(body, kind, answer.status_code)]


def _faults_of_refusal(body: Any, kind: str, status: int) -> list[str]:
    if kind == "application/problem+json":
        found = _against(_PROBLEM, body)
        if found:
            return found
        if body.get("status", status) != status:
            found.append(f"the problem says {body['status']}, the answer {status}")
        named = document()["components"]["schemas"]["Problem"]["discriminator"]["mapping"].get(body["type"])
        if named is not None:
            found += _against({"$ref": named}, body)
        elif body["type"] != "about:blank" and body["type"].rsplit("/", 1)[-1] not in _UNDOCUMENTED_PROBLEMS:
            found.append(f"there is no problem of type {body['type']}")
        return found
    # The older style: the document describes one error, X puts them into a list.
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list) or not errors:
        return ["a refusal without errors"]
    return [fault for error in errors for fault in _against({"$ref": "#/components/schemas/Error"}, error)]


def _faults_of_windows(answer: httpx.Response) -> list[str]:
    found = []
    for prefix in _WINDOWS:
        told = [answer.headers.get(f"{prefix}-{part}") for part in ("limit", "remaining", "reset")]
        if any(value is not None for value in told) and not all(value and value.isdecimal() for value in told):
            found.append(f"{prefix}: {told}")
    return found


@cache
def _operations() -> list[tuple[re.Pattern[str], str]]:
    # A path without parameters wins over one whose parameter would swallow its last part.
    templates = sorted(document()["paths"], key=lambda one: one.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", template)), template) for template in templates]


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for pattern, template in _operations():
        operation: dict[str, Any] | None = document()["paths"][template].get(method)
        if operation is not None and pattern.fullmatch(path):
            return operation
    return None


def _against(schema: dict[str, Any], body: Any) -> list[str]:
    return [
        f"{list(fault.instance_path)}: {fault.message}" for fault in _validator(json.dumps(schema)).iter_errors(body)
    ]


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {"allOf": [json.loads(schema)], "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def _understood(node: Any) -> Any:
    """Turn OpenAPI 3.0 into JSON Schema. Objects with named members are closed: what the document lacks is a fault."""
    if isinstance(node, list):
        return [_understood(one) for one in node]
    if not isinstance(node, dict):
        return node
    read = {key: _understood(value) for key, value in node.items()}
    if isinstance(read.get("enum"), list):
        read["enum"] = list(dict.fromkeys(read["enum"]))
    if read.pop("nullable", False) is True and isinstance(read.get("type"), str):
        read["type"] = [read["type"], "null"]
    if read.get("type") == "object" and isinstance(read.get("properties"), dict):
        read.setdefault("additionalProperties", False)
        read["properties"] = {name: {} for name in _UNDOCUMENTED_MEMBERS} | read["properties"]
    return read

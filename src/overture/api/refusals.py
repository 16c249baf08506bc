"""How calls may be refused: the codes an operation declares, and those that follow from its shape.

What only some operations refuse, they declare where they are made: `openapi_extra=refusals.of("campaignActive")`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overture.api import failures, idempotency, refusal_codes
from overture.api.failures import Shape
from overture.errors import ApiError

_DECLARED = "x-refusals"
_ANSWER = {"$ref": "#/components/schemas/ErrorAnswer"}

_UNKNOWN: Mapping[str, str] = {
    "identifier": "leadNotFound",
    "index": "attachmentNotFound",
    "job_id": "importJobNotFound",
    "platform": "platformNotSupported",
    "platform_id": "leadNotFound",
    "profile_id": "suppressionNotFound",
}
"""The codes for parameters of the path whose names do not tell them."""

_HEADERS: Mapping[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "Always `Bearer`.", "schema": {"type": "string"}}},
    503: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}},
}


def _plain(code: str) -> str:
    return code


def _of_codes(_status: int, codes: Sequence[str]) -> dict[str, Any]:
    return {"code": {"enum": list(codes)}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How one face of the API answers refusals."""

    name: Callable[[str], str] = _plain
    """Makes its name of a code."""

    shape: Shape = failures.shape
    """Puts an error into its body."""

    properties: Callable[[int, Sequence[str]], dict[str, Any]] = _of_codes
    """Makes of a status and the names of its codes the schemas by which such an answer is narrower than any other."""


def of(*codes: str) -> dict[str, Any]:
    """Declare how an operation refuses, beside what follows from its shape."""
    return {_DECLARED: codes}


def declared(extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return of what an operation gave the document only how it refuses."""
    return of(*(extra or {}).get(_DECLARED, ()))


def complete(operation: dict[str, Any], method: str, form: Form, shared: dict[str, Any]) -> None:
    """Write every way in which an operation of the document refuses into its responses, by status.

    Args:
        operation: the operation.
        method: its method.
        form: how refusals look.
        shared: the document's shared responses; those with one code alone are written there once, under its name.
    """
    responses: dict[str, Any] = operation["responses"]
    responses.pop("default", None)
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys((*_implied(operation, method), *operation.pop(_DECLARED, ()))):
        by_status.setdefault(refusal_codes.of(code).status, []).append(code)
    for status in sorted(by_status):
        response = _response(status, by_status[status], form)
        if len(by_status[status]) == 1:
            (code,) = by_status[status]
            shared[code] = response
            response = {"$ref": f"#/components/responses/{code}"}
        responses[str(status)] = response


def _implied(operation: Mapping[str, Any], method: str) -> Iterable[str]:
    yield "invalidRequest"
    parameters: Sequence[Mapping[str, Any]] = operation.get("parameters", ())
    if any(one["name"] == "cursor" for one in parameters):
        yield "invalidCursor"
    yield "unauthorized"
    in_path = [one["name"] for one in parameters if one["in"] == "path"]
    if in_path:
        yield from ("notFound", *(_unknown(name) for name in in_path))
    if method in ("post", "put", "patch") or "requestBody" in operation:
        yield from ("bodyTooLarge", "unsupportedMediaType")
    if any(one["name"] == idempotency.HEADER for one in parameters):
        yield from ("requestInProgress", "idempotencyKeyReused")
    yield from ("rateLimited", "internal", "databaseUnavailable")


def _unknown(parameter: str) -> str:
    """Return the code for a parameter of the path that names nothing: `listNotFound` for `list_id`."""
    head, *rest = parameter.removesuffix("_id").removesuffix("_ref").split("_")
    return _UNKNOWN.get(parameter) or head + "".join(word.capitalize() for word in rest) + "NotFound"


def _response(status: int, codes: Sequence[str], form: Form) -> dict[str, Any]:
    narrower = {"type": "object", "properties": form.properties(status, [form.name(code) for code in codes])}
    content = {
        "schema": {"allOf": [_ANSWER, narrower]},
        "examples": {form.name(code): _example(code, form) for code in codes},
    }
    response: dict[str, Any] = {
        "description": "\n".join(f"- `{form.name(code)}`: {refusal_codes.of(code).meaning}" for code in codes),
        "content": {"application/json": content},
    }
    if status in _HEADERS:
        response["headers"] = _HEADERS[status]
    return response


def _example(code: str, form: Form) -> dict[str, Any]:
    refusal = refusal_codes.of(code)
    error = ApiError(refusal.meaning.replace("`", ""), code=code, details=refusal.details)
    error.status = refusal.status
    return {"value": form.shape(error, "5f0c2a9be41d7c3388a1e6f2").model_dump(mode="json")}

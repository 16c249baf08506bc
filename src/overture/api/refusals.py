"""How calls may be refused: the codes an operation declares, and those that follow from its shape.

What only some operations refuse, they declare where they are made: `openapi_extra=refusals.of("campaignActive")`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_DECLARED = "x-refusals"
_ANSWER = {"$ref": "#/components/schemas/ErrorAnswer"}

_CODES: Mapping[str, tuple[int, str]] = {
    "invalidRequest": (400, "Something in the body or the query is wrong; `details.issues` names each place."),
    "invalidCursor": (400, "The cursor is not one of this call with these filters."),
    "unauthorized": (401, "The token is missing or malformed, or opens nothing."),
    "forbidden": (403, "The token may not do this."),
    "notFound": (404, "There is nothing at this address."),
    "accountLinkDisconnected": (409, "The account is disconnected; link it again."),
    "accountLinkInUse": (409, "Active campaigns send from the account."),
    "accountLinkTaken": (409, "Another team has linked the account."),
    "campaignActive": (409, "The campaign is active; pause it first."),
    "columnInUse": (409, "Steps or campaigns use the column; `details` names them."),
    "importJobFinished": (409, "The job has ended already."),
    "importJobNotFinished": (409, "The job has not ended yet."),
    "leadEnded": (409, "The sequence of the lead has ended already."),
    "leadKeptOut": (409, "Something keeps the lead out, as the message says."),
    "leadNotRestorable": (409, "The lead was neither canceled nor removed."),
    "leadNotHeld": (409, "The lead is not held."),
    "listInUse": (409, "Campaigns sync or exclude the list; `details.campaignIds` names them."),
    "listNotWritable": (409, "System lists keep themselves."),
    "nameTaken": (409, "There is one of this name already."),
    "nothingToUndo": (409, "The job only checked its file."),
    "requestInProgress": (409, "A call with this `Idempotency-Key` is still running."),
    "sendInProgress": (409, "A message to the lead is on its way; try again when it has arrived."),
    "bodyTooLarge": (413, "The body is larger than this call takes."),
    "unsupportedMediaType": (415, "The body is not of a type this call reads."),
    "capabilityNotSupported": (422, "The platform, or this installation, cannot do it; `details.capability`."),
    "idempotencyKeyReused": (422, "This `Idempotency-Key` was used for another call."),
    "platformNotSupported": (422, "There is no such platform here; `details.supported` lists those there are."),
    "preflightFailed": (422, "The campaign cannot start; `details.issues` tells why and what to do."),
    "tagLimitReached": (422, "The team has as many tags as it may; `details.max`."),
    "recipientUnavailable": (422, "The person may not be written to; `details.reason`."),
    "rateLimited": (429, "The team has made as many calls as it may; `Retry-After` tells how long to wait."),
    "internal": (500, "Something broke on our side; report the request id."),
    "databaseUnavailable": (
        503,
        "The database cannot be used now; try again after `Retry-After`.",
    ),
    "platformUnavailable": (503, "The platform does not answer now; try again later."),
}
_UNKNOWN: Mapping[str, str] = {
    "identifier": "leadNotFound",
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
        by_status.setdefault(_status(code), []).append(code)
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
    if method == "post":
        yield from ("requestInProgress", "idempotencyKeyReused")
    yield from ("rateLimited", "internal", "databaseUnavailable")


def _unknown(parameter: str) -> str:
    """Return the code for a parameter of the path that names nothing: `listNotFound` for `list_id`."""
    head, *rest = parameter.removesuffix("_id").removesuffix("_ref").split("_")
    return _UNKNOWN.get(parameter) or head + "".join(word.capitalize() for word in rest) + "NotFound"


def _status(code: str) -> int:
    assert code in _CODES or code.endswith("NotFound"), f"refusals.py does not know {code}"
    return _CODES[code][0] if code in _CODES else 404


def _response(status: int, codes: Sequence[str], form: Form) -> dict[str, Any]:
    narrower = {"type": "object", "properties": form.properties(status, [form.name(code) for code in codes])}
    response: dict[str, Any] = {
        "description": "\n".join(f"- `{form.name(code)}`: {_meaning(code)}" for code in codes),
        "content": {"application/json": {"schema": {"allOf": [_ANSWER, narrower]}}},
    }
    if status in _HEADERS:
        response["headers"] = _HEADERS[status]
    return response


def _meaning(code: str) -> str:
    if code in _CODES:
        return _CODES[code][1]
    words = "".join(" " + letter.lower() if letter.isupper() else letter for letter in code.removesuffix("NotFound"))
    return f"There is no such {words} in this team."

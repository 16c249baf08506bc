"""Errors on the wire: `{code, message, details, requestId}`."""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from overture.api import bodies, methods
from overture.errors import (
    ApiError,
    InvalidRequest,
    MethodNotAllowed,
    Path,
    PlatformRateLimited,
    RateLimited,
    RouteNotFound,
    Unauthorized,
    Unavailable,
)

_RETRY_SECONDS = 5

_MESSAGES: Mapping[str, str] = {
    "missing": "This is required; add it.",
    "extra_forbidden": "There is no such field here; check its spelling or leave it out.",
    "string_type": "Must be a string.",
    "int_type": "Must be a whole number, not in quotes.",
    "int_from_float": "Must be a whole number.",
    "int_parsing": "Must be a whole number.",
    "float_type": "Must be a number, not in quotes.",
    "float_parsing": "Must be a number.",
    "finite_number": "Must be a finite number.",
    "bool_type": "Must be true or false.",
    "bool_parsing": "Must be true or false.",
    "list_type": "Must be an array.",
    "dict_type": "Must be an object.",
    "model_type": "Must be an object.",
    "model_attributes_type": "Must be an object.",
    "none_required": "Must be null.",
    "string_pattern_mismatch": "Has the wrong form; it must match {pattern}.",
    "string_too_short": "Must have {min_length} characters or more.",
    "string_too_long": "Must have at most {max_length} characters.",
    "too_short": "Must have {min_length} entries or more.",
    "too_long": "Must have at most {max_length} entries.",
    "greater_than": "Must be greater than {gt}.",
    "greater_than_equal": "Must be at least {ge}.",
    "less_than": "Must be less than {lt}.",
    "less_than_equal": "Must be at most {le}.",
    "enum": "Must be one of {expected}.",
    "literal_error": "Must be one of {expected}.",
    "union_tag_not_found": "This is required: it tells which kind of object this is.",
    "union_tag_invalid": "Must be one of {expected_tags}.",
}

_OF_TAG = frozenset({"union_tag_not_found", "union_tag_invalid"})
"""Faults of the field that tells the kind of an object; the validation places them on the object."""

Shape = Callable[[ApiError, str], bodies.Answer]
"""How an error and the id of its request look in a body."""


Handler = Callable[[Request, Exception], Coroutine[Any, Any, Response]]


def shape(error: ApiError, request_id: str) -> bodies.Answer:
    """Put an error into its wire form."""
    return bodies.ErrorAnswer(code=error.code, message=error.message, details=error.details, request_id=request_id)


def answer(error: ApiError, request_id: str, *, shape: Shape = shape) -> JSONResponse:
    """Make the HTTP answer of an error."""
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RateLimited | PlatformRateLimited):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str((error.details or {}).get("retryAfterSeconds", _RETRY_SECONDS))
    content = shape(error, request_id).model_dump(mode="json")
    return JSONResponse(content, status_code=error.status, headers=headers)


def install(app: FastAPI, *, shape: Shape = shape) -> None:
    """Make `app` answer every error in our form, with bodies of this shape."""
    for kind, told in ((ApiError, _told), (RequestValidationError, _invalid), (HTTPException, _raised_by_framework)):
        app.add_exception_handler(kind, _handler(told, shape))


def issues(errors: Iterable[Mapping[str, Any]], body: object) -> InvalidRequest:
    """Turn what the validation found into issues with the path in the body, or the name of the parameter."""
    return InvalidRequest(places(errors, body))


def places(errors: Iterable[Mapping[str, Any]], body: object) -> list[tuple[Path, str]]:
    """Return each place that the validation found wrong, with what is wrong there, once."""
    found: dict[tuple[tuple[str | int, ...], str], None] = {}
    for error in errors:
        source, *location = error["loc"]
        path = place(location, body, error["type"]) if source == "body" else tuple(location)
        if error["type"] in _OF_TAG:
            path = (*path, error["ctx"]["discriminator"].strip("'"))
        found[path, _message(error)] = None
    return list(found)


def place(location: Sequence[str | int], body: object, kind: str) -> tuple[str | int, ...]:
    """Leave out of a location what is no place in the body: names of alternatives and of models."""
    path: list[str | int] = []
    current: Any = body
    for number, part in enumerate(location):
        is_place = isinstance(current, dict) and part in current
        if isinstance(current, list) and isinstance(part, int):
            is_place = part < len(current)
        if is_place:
            current = current[part]
        elif kind != "missing" or number < len(location) - 1:
            continue
        path.append(part)
    return tuple(path)


def _message(error: Mapping[str, Any]) -> str:
    kind = error["type"]
    context = error.get("ctx") or {}
    if kind == "value_error":
        return str(context.get("error") or error["msg"])
    if kind in ("too_short", "string_too_short") and context["min_length"] == 1:
        return "Must not be empty."
    template = _MESSAGES.get(kind)
    if template is None:
        return str(error["msg"]).rstrip(".") + "."
    return template.format_map(context)


def _handler(told: Callable[[Request, Any], ApiError], shape: Shape) -> Handler:
    async def handle(request: Request, raised: Exception) -> Response:
        error = told(request, raised)
        if isinstance(error, MethodNotAllowed) and request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": methods.allowed(request)})
        response = answer(error, request.state.request_id, shape=shape)
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = methods.allowed(request)
        return response

    return handle


def _told(_: Request, error: ApiError) -> ApiError:
    return error


def _invalid(_: Request, error: RequestValidationError) -> ApiError:
    return issues(error.errors(), error.body)


def _raised_by_framework(request: Request, error: HTTPException) -> ApiError:
    """Translate what the framework raises by itself: unknown addresses and methods."""
    method, path = request.method, request.url.path
    if error.status_code == HTTPStatus.NOT_FOUND:
        return RouteNotFound(f"There is nothing at {path}. Check the address.")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed(f"{path} does not take {method}; use {methods.allowed(request)}.")
    unforeseen = ApiError(str(error.detail), code="invalidRequest")
    unforeseen.status = error.status_code
    return unforeseen

"""Errors on the wire: `{code, message, details, requestId}`."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from overture.api import bodies
from overture.errors import ApiError, InvalidRequest, MethodNotAllowed, RateLimited, RouteNotFound, Unauthorized

_MOST_ISSUES = 100

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
    "string_too_short": "Must have at least {min_length} character(s).",
    "string_too_long": "Must have at most {max_length} characters.",
    "too_short": "Must have at least {min_length} entries.",
    "too_long": "Must have at most {max_length} entries.",
    "greater_than": "Must be greater than {gt}.",
    "greater_than_equal": "Must be at least {ge}.",
    "less_than": "Must be less than {lt}.",
    "less_than_equal": "Must be at most {le}.",
    "enum": "Must be one of {expected}.",
    "literal_error": "Must be one of {expected}.",
    "union_tag_not_found": "Must have the field {discriminator}, which tells its kind.",
    "union_tag_invalid": "The field {discriminator} must be one of {expected_tags}.",
}


def answer(error: ApiError, request_id: str) -> JSONResponse:
    """Make the HTTP answer of an error."""
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after_seconds)
    content = bodies.ErrorAnswer(code=error.code, message=error.message, details=error.details, request_id=request_id)
    return JSONResponse(content.model_dump(mode="json"), status_code=error.status, headers=headers)


def install(app: FastAPI) -> None:
    """Make `app` answer every error in our form."""
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def issues(errors: Iterable[Mapping[str, Any]], body: object) -> InvalidRequest:
    """Turn what the validation found into issues with the path in the body, or the name of the parameter."""
    found: dict[tuple[tuple[str | int, ...], str], None] = {}
    for error in errors:
        source, *location = error["loc"]
        path = _path(location, body, error["type"]) if source == "body" else tuple(location)
        found[path, _message(error)] = None
    return InvalidRequest(list(found)[:_MOST_ISSUES])


def _path(location: Sequence[str | int], body: object, kind: str) -> tuple[str | int, ...]:
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
    template = _MESSAGES.get(kind)
    if template is None:
        return str(error["msg"]).rstrip(".") + "."
    return template.format_map(context)


async def _on_api_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return answer(error, request.state.request_id)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(issues(error.errors(), error.body), request.state.request_id)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    """Translate what the framework raises by itself: unknown addresses and methods."""
    assert isinstance(error, HTTPException)
    request_id = request.state.request_id
    method, path = request.method, request.url.path
    if error.status_code == HTTPStatus.NOT_FOUND:
        return answer(RouteNotFound(f"There is nothing at {path}. Check the address."), request_id)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(_methods(request))
        response = answer(MethodNotAllowed(f"{path} does not take {method}; use {allowed}."), request_id)
        response.headers["Allow"] = allowed
        return response
    unforeseen = ApiError(str(error.detail), code="invalidRequest")
    unforeseen.status = error.status_code
    return answer(unforeseen, request_id)


def _methods(request: Request) -> list[str]:
    """List the methods of an address; the framework knows only those of the first route it met."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.methods and route.path_regex.match(request.scope["path"]):
            methods |= route.methods
    return sorted(methods)

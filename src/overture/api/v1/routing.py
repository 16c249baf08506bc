"""The route of v1: forgiving where v2 is strict, otherwise the same; and the taking over of v2's operations."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request

from overture.api import bodies, refusals, routing
from overture.api.v1 import errors, leniency
from overture.errors import Path

Convert = Callable[[Any, datetime], Any]
"""Makes v1's answer out of v2's, as of an instant of engine time."""


class Route(routing.Route):
    """One operation of v1."""

    def checked_query(self, request: Request, names: Mapping[str, bool]) -> Request:
        """Return the request with its arrays in one form and without unknown parameters."""
        known, unknown = leniency.known_pairs(request.query_params.multi_items(), names)
        leniency.tell(request, unknown)
        flat = {**request.scope, "query_string": urlencode(known).encode()}
        return super().checked_query(Request(flat, request.receive), names)

    def checked_body(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body without unknown members."""
        if self.body_field is None:
            everything: list[Path] = [(name,) for name in body]
            leniency.tell(request, everything)
            return {}
        kind = self.body_field.field_info.annotation
        body, unknown = leniency.without_unknown(kind, body, never=getattr(kind, "never_passed_over", ()))
        leniency.tell(request, unknown)
        return body


class StreamedRoute(Route):
    """One operation that reads the bytes of its body by itself, under the limit of its address."""

    reads_json = False


def router(tag: str) -> APIRouter:
    """Make the router of one resource; `tag` is its heading in the document."""
    refused: dict[int | str, dict[str, Any]] = {
        "default": {"model": errors.ErrorAnswer, "description": "Refused: `error.code` tells why."}
    }
    return APIRouter(route_class=Route, tags=[tag], responses=refused)


def take_over(
    into: APIRouter,
    source: APIRouter,
    endpoint: Callable[..., Awaitable[Any]],
    path: str,
    *,
    answer: Any = None,
    convert: Convert | None = None,
) -> None:
    """Serve an operation of v2 at an address of v1.

    Args:
        into: the router of v1.
        source: the router of v2 that has the operation.
        endpoint: the operation.
        path: its address in v1.
        answer: the model of v1's answer, where it is another than v2's.
        convert: makes that answer out of v2's.
    """
    route = _route(source, endpoint)
    is_empty = route.status_code == 204

    @functools.wraps(endpoint)
    async def serve(**arguments: Any) -> Any:
        result = await endpoint(**arguments)
        if is_empty:
            return bodies.Success()
        return result if convert is None else convert(result, await arguments["context"].clock.now())

    into.add_api_route(
        path,
        serve,
        methods=sorted(route.methods or ()),
        summary=route.summary,
        description=route.description,
        response_model=bodies.Success if is_empty else answer or route.response_model,
        response_class=route.response_class,
        responses={status: told for status, told in route.responses.items() if status != "default"},
        openapi_extra=refusals.declared(route.openapi_extra),
        route_class_override=StreamedRoute if isinstance(route, routing.StreamedRoute) else Route,
    )


def refusing_as(source: APIRouter, endpoint: Callable[..., Awaitable[Any]]) -> dict[str, Any]:
    """Declare that an operation of v1 refuses as one of v2 does."""
    return refusals.declared(_route(source, endpoint).openapi_extra)


def _route(source: APIRouter, endpoint: Callable[..., Awaitable[Any]]) -> routing.Route:
    (route,) = (one for one in source.routes if isinstance(one, routing.Route) and one.endpoint is endpoint)
    return route


def take_over_all(
    into: APIRouter, source: APIRouter, *, beginning: tuple[str, str] = ("", ""), without: frozenset[str] = frozenset()
) -> None:
    """Serve the operations of a v2 resource in v1.

    Args:
        into: the router of v1.
        source: the router of v2.
        beginning: how their addresses begin in v2, and how instead in v1.
        without: names of endpoints to leave out.
    """
    before, instead = beginning
    for route in source.routes:
        if isinstance(route, routing.Route) and route.endpoint.__name__ not in without:
            take_over(into, source, route.endpoint, instead + route.path.removeprefix(before))

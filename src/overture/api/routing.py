"""The route every resource uses: token first, then query and body, then the operation.

A module of the API makes its router with `router = routing.router()` and takes its arguments as
`context: CurrentContext, actor: CurrentActor, paging: CurrentPage, body: SomeBody`.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, get_args, get_origin

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from overture.api import auth, bodies, excess, idempotency, reading
from overture.api.fingerprint import Fingerprint
from overture.errors import InvalidRequest, Path, RouteNotFound

_SMALL = 64 * 1024
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """One operation that needs a token and reads JSON or nothing."""

    reads_json = True
    answers_secret = False
    is_urgent = False
    takes_key = True
    answers_by_key = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if self.takes_key and "POST" in (options.get("methods") or ()):
            extra = options.get("openapi_extra") or {}
            documented = [*extra.get("parameters", ()), idempotency.DOCUMENTED]
            options["openapi_extra"] = {**extra, "parameters": documented}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handler:
        """Return the framework's handler behind our checks."""
        handle = super().get_route_handler()
        names = dict(_query_parameters(self.dependant))
        has_body = self.body_field is not None
        must_be_empty = not has_body and bool(_WITH_BODY & (self.methods or set()))

        async def handle_checked(request: Request) -> Response:
            await self.admit(request)
            _check_path(request)
            request = _limited(self.checked_query(request, names))
            key = idempotency.key_of(request) if self.takes_key else None
            fingerprint = None
            if key is not None:
                fingerprint = Fingerprint(request)
                request = Request(request.scope, fingerprint.receive)
            if self.reads_json and (has_body or must_be_empty):
                request = _Read(request, await self._read(request))
            if key is None or fingerprint is None:
                return await handle(request)
            if self.answers_by_key:
                request.state.key = (key, await fingerprint.finish())
                return await handle(request)
            return await idempotency.serve(
                request,
                key=key,
                fingerprint=fingerprint,
                handle=handle,
                may_repeat=self.reads_json,
                is_secret=self.answers_secret,
            )

        return handle_checked

    async def admit(self, request: Request) -> None:
        """Find out who asks.

        Raises:
            ApiError: nobody may ask this, or not by this request.
        """
        await auth.authenticate(request, is_urgent=self.is_urgent)

    async def _read(self, request: Request) -> dict[str, Any]:
        raw = await reading.read(request)
        if len(raw) <= _SMALL:
            return self.checked_body(request, reading.parse(raw))
        # What costs time is done beside the loop, which serves everybody.
        return await asyncio.to_thread(self._understood, request, raw)

    def _understood(self, request: Request, raw: bytes) -> dict[str, Any]:
        body = self.checked_body(request, reading.parse(raw))
        if self.body_field is not None:
            excess.check(self.body_field.field_info.annotation, body)
        return body

    def checked_query(self, request: Request, names: Mapping[str, bool]) -> Request:
        """Return the request with its query as the operation takes it.

        Args:
            request: the request.
            names: the parameters of the operation; whether each may be repeated.

        Raises:
            InvalidRequest: a parameter that there is not, or one twice.
        """
        _check_query(request, names)
        return request

    def checked_body(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - for subclasses
        """Return the body as the operation takes it.

        Raises:
            InvalidRequest: the operation takes no body, and there is one.
        """
        if self.body_field is None and body:
            unknown = "There is no such field here; this call takes no body."
            raise InvalidRequest([((name,), unknown) for name in body])
        return body


class StreamedRoute(Route):
    """One operation that reads the bytes of its body by itself, under the limit of its address."""

    reads_json = False


class UrgentRoute(Route):
    """One operation that is served also when the team has made as many calls as it may."""

    is_urgent = True


class SecretRoute(Route):
    """One operation whose answer may hold a secret: what is kept of it is sealed."""

    answers_secret = True


class OpenRoute(Route):
    """One operation that needs no token, as it is how members come by a session. Without a team there are no keys."""

    takes_key = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        extra = options.get("openapi_extra") or {}
        super().__init__(path, endpoint, **{**options, "openapi_extra": {**extra, "security": []}})

    async def admit(self, request: Request) -> None:
        """Let anybody ask."""


class KeyedRoute(Route):
    """One operation that keeps its keys itself, as its effect cannot be one transaction with its answer."""

    answers_by_key = True


def router(tag: str | None = None, *, route_class: type[Route] = Route) -> APIRouter:
    """Make the router of one resource; `tag` is its heading in the documents."""
    refused: dict[int | str, dict[str, Any]] = {
        "default": {"model": bodies.ErrorAnswer, "description": "Refused: `code` tells why."}
    }
    return APIRouter(route_class=route_class, tags=[tag] if tag else None, responses=refused)


class _Read(Request):
    """A request whose JSON has been read and checked."""

    def __init__(self, request: Request, body: dict[str, Any]) -> None:
        headers = [pair for pair in request.scope["headers"] if pair[0] != b"content-type"]
        headers.append((b"content-type", b"application/json"))
        super().__init__({**request.scope, "headers": headers}, request.receive)
        self._checked = body

    async def body(self) -> bytes:
        return b"{}"

    async def json(self) -> Any:
        return self._checked


def _limited(request: Request) -> Request:
    limit = reading.byte_limit(request.scope["path"], request.headers.get("content-type", ""))
    return Request(request.scope, reading.limited(request.receive, request.headers, limit))


def _check_path(request: Request) -> None:
    if not all(reading.is_storable(str(value)) for value in request.path_params.values()):
        raise RouteNotFound("There is nothing at this address. Check it.")


def _check_query(request: Request, names: Mapping[str, bool]) -> None:
    found: dict[tuple[Path, str], None] = {}  # each once, however often a parameter is repeated
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in names:
            known = ", ".join(sorted(names)) or "none"
            found[(name,), f"There is no such query parameter; known here: {known}."] = None
        elif name in seen and not names[name]:
            found[(name,), "This query parameter is given more than once; give it once."] = None
        elif not reading.is_storable(value):
            found[(name,), "The text has a NUL, which no value here has; remove it."] = None
        seen.add(name)
    if found:
        raise InvalidRequest(list(found))


def _query_parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Name the query parameters of an operation, and tell which may be repeated."""
    for parameter in dependant.query_params:
        yield parameter.alias, _is_array(parameter.field_info.annotation)
    for dependency in dependant.dependencies:
        yield from _query_parameters(dependency)


def _is_array(annotation: Any) -> bool:
    if get_origin(annotation) in (list, tuple, set, frozenset):
        return True
    return any(_is_array(argument) for argument in get_args(annotation) if argument is not annotation)

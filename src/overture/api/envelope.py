"""What every answer has in common: a request id, no caching, what was said along the way, an error body in any case."""

import logging
import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from overture.api import failures
from overture.errors import ApiError, Unavailable
from overture.store.pool import GONE, PASSING

REQUEST_ID = "X-Request-Id"
_log = logging.getLogger(__name__)
_SAID = "said_headers"
_RETRY_SECONDS = 5
_SANE_ID = re.compile(r"[\x20-\x7e]{1,128}")


class Envelope:
    """The outermost layer: the headers of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
                if message["status"] == HTTPStatus.NO_CONTENT:
                    del headers["Content-Type"]
                for name, value in scope["state"].get(_SAID, {}).items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Unbroken:
    """Answers for what breaks inside; the log has it, the client gets the request id."""

    def __init__(self, app: ASGIApp, *, shape: failures.Shape = failures.shape) -> None:
        self._app = app
        self._shape = shape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noticed(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noticed)
        except (*GONE, *PASSING) as error:
            request_id = scope["state"]["request_id"]
            _log.warning("request %s: the database cannot be used: %r", request_id, error)
            if started:
                raise
            await failures.answer(_away(), request_id, shape=self._shape)(scope, receive, send)
        except Exception:
            request_id = scope["state"]["request_id"]
            _log.exception("request %s broke: %s %s", request_id, scope["method"], scope["path"])
            if started:
                raise
            broken = ApiError("Something broke on our side. Try again; if it stays, report the request id.")
            await failures.answer(broken, request_id, shape=self._shape)(scope, receive, send)


def _away() -> Unavailable:
    return Unavailable(
        "The database cannot be used at this moment. Try again in a few seconds; a POST with an Idempotency-Key is not "
        "done twice.",
        code="databaseUnavailable",
        details={"retryAfterSeconds": _RETRY_SECONDS},
    )


def say(request: Request, headers: Mapping[str, str]) -> None:
    """Put headers on the answer of a request, whatever the answer will be."""
    request.scope["state"].setdefault(_SAID, {}).update(headers)


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get(REQUEST_ID, "").strip()
    return given if _SANE_ID.fullmatch(given) else secrets.token_hex(12)

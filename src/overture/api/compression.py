"""Large answers travel compressed to those who take them so, whole or in a stream."""

import re

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

SMALLEST = 1024
"""Bytes from which an answer is worth the work."""

_LEVEL = 5  # a third of the time of the highest, for a few percent more bytes
_REFUSED = re.compile(r"\bgzip\s*;\s*q=0(\.0*)?\s*(,|$)", re.IGNORECASE)


class Compression:
    """The layer that compresses."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = GZipMiddleware(app, minimum_size=SMALLEST, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_refused = scope["type"] == "http" and _REFUSED.search(Headers(scope=scope).get("accept-encoding", ""))
        await (self._plain if is_refused else self._compressed)(scope, receive, send)

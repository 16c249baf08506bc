"""What was asked, as a digest: method, address and body, taken while the body streams by."""

import hashlib
from email.message import Message as Headers

from fastapi import Request
from starlette.types import Message

from overture.errors import InvalidRequest


class Fingerprint:
    """Reads the body of a request on behalf of whoever serves it.

    A client that uploads a file again draws a new multipart boundary; the boundary is left out, so that the same
    file is the same request.
    """

    def __init__(self, request: Request) -> None:
        scope = request.scope
        self._digest = hashlib.sha256()
        for part in (scope["method"].encode(), scope["path"].encode(), scope["query_string"]):
            self._digest.update(len(part).to_bytes(4) + part)
        self._receive = request.receive
        self._boundary = _boundary(request.headers.get("content-type", ""))
        self._pending = b""
        self._is_empty = True
        self._has_ended = False

    async def receive(self) -> Message:
        """Pass on the next piece of the body."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._add(message.get("body", b""))
            self._has_ended = not message.get("more_body", False)
        return message

    async def finish(self) -> bytes:
        """Read what is left of the body and return the digest of the whole request.

        Raises:
            InvalidRequest: the client went away in the middle of it.
        """
        while not self._has_ended:
            if (await self.receive())["type"] != "http.request":
                raise InvalidRequest([((), "The body broke off; send it again.")])
        whole = self._digest.copy()
        # No body equals `{}`.
        whole.update(b"{}" if self._is_empty else self._pending)
        return whole.digest()

    def _add(self, piece: bytes) -> None:
        if not piece:
            return
        self._is_empty = False
        if self._boundary is None:
            self._digest.update(piece)
            return
        *parts, rest = (self._pending + piece).split(self._boundary)
        for part in parts:
            self._digest.update(part + b"\r\n")
        # The end may be the beginning of a boundary.
        settled = max(len(rest) - len(self._boundary) + 1, 0)
        self._digest.update(rest[:settled])
        self._pending = rest[settled:]


def _boundary(content_type: str) -> bytes | None:
    parsed = Headers()
    parsed["content-type"] = content_type
    boundary = parsed.get_boundary() if parsed.get_content_maintype() == "multipart" else None
    return boundary.encode("latin-1", "replace") if boundary else None

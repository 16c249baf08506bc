"""What goes back over the wire: JSON, and the two ways in which an answer can fail to arrive."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from overture.sandbox.refusals import Refusal

# Longer than any client waits; it only bounds what a forgotten connection can hold.
LONGEST_SILENCE = 15 * 60.0


def shown(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON; all beyond ASCII is escaped, so that even half a surrogate pair can be echoed."""
    body = json.dumps(content, separators=(",", ":"))
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def refused(refusal: Refusal) -> Response:
    """Answer with an entry of the table of refusals."""
    body = json.dumps(dict(refusal.body), separators=(",", ":"))
    return Response(body, status_code=refusal.status, media_type=refusal.media_type)


class Silence(Response):
    """Never answers: ends when the client hangs up, the platform closes, or after a quarter of an hour."""

    def __init__(self, closing: asyncio.Event) -> None:
        super().__init__()
        self._closing = closing

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Wait, then drop the connection without a word."""
        waits = {asyncio.ensure_future(_hang_up(receive)), asyncio.ensure_future(self._closing.wait())}
        try:
            await asyncio.wait(waits, timeout=LONGEST_SILENCE, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        # A server that gets no answer makes up a 500; a beginning without an end makes it hang up.
        await send(_beginning(200, [(b"content-length", b"1")]))


class Severed(Response):
    """Begins an answer and drops the connection in the middle of its body."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        """Send the head and half of the body; the server closes a connection whose answer never ends."""
        body = bytes(self._whole.body)
        await send(_beginning(self._whole.status_code, self._whole.raw_headers))
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


def _beginning(status: int, headers: list[tuple[bytes, bytes]]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""What every address answers beside its operations: HEAD where GET is, and which methods it takes."""

import asyncio

from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def allowed(request: Request) -> str:
    """List the methods of an address as `Allow` does; the framework knows only those of the first route it met."""
    methods: set[str] = {"OPTIONS"}
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    for route in iter_route_contexts(request.app.routes):
        if route.methods and route.path_regex.match(path):
            methods |= route.methods
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


class Head:
    """The layer that answers HEAD with the headers of GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await _head(self._app, scope, send)
        else:
            await self._app(scope, receive, send)


async def _head(app: ASGIApp, scope: Scope, send: Send) -> None:
    """Serve GET and keep its body back; a stream is told to end, as to a client that went away."""
    has_read, is_answered = False, asyncio.Event()

    async def receive() -> Message:
        nonlocal has_read
        if not has_read:
            has_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await is_answered.wait()
        return {"type": "http.disconnect"}

    async def send_without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            if is_answered.is_set():
                return
            is_answered.set()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await send(message)

    await app({**scope, "method": "GET"}, receive, send_without_body)

"""HTTP servers that live inside somebody else's event loop and leave signals alone."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from overture.errors import StartError

_BACKLOG = 2048
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not bound to
GRACE_SECONDS = 1.0
"""How long a server that stops waits for the answers it is giving."""


def listen(host: str, port: int) -> socket.socket:
    """Take a port, so that a clash shows before anything is started. Port 0 takes any that is free.

    Raises:
        StartError: the port is in use or may not be taken, or the host is not this machine's.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise StartError(_refusal(host, port, error)) from error


def url(listening: socket.socket) -> str:
    """Return the address at which this machine reaches a port that was taken."""
    host, port = listening.getsockname()[:2]
    host = _ANYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def served(app: ASGIApp, listening: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve `app` on a port that was taken; yields, once it answers, the task that ends only when it breaks.

    Raises:
        StartError: the application did not come up.
    """
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(GRACE_SECONDS),
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            await asyncio.wait([serving], timeout=0.01)
            if serving.done():
                raise StartError("The server did not come up; the log lines above say why.")
        yield serving
    finally:
        server.should_exit = True
        await asyncio.wait([serving])


class _Server(uvicorn.Server):
    """A server whose process decides itself what a signal means."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _refusal(host: str, port: int, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"There is no host {host!r}: {error.strerror}. Use an address of this machine, as in 127.0.0.1."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program. Stop that one, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"This user may not open port {port}. Choose one from 1024 on with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine. Use one that is, as in 127.0.0.1."
    return f"Port {port} on {host} cannot be opened: {os.strerror(error.errno or 0)}."

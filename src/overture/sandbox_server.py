"""The sandbox platform as a server: beside the engine in one process, or in a process of its own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette

from overture import processes, serving
from overture.errors import StartError
from overture.sandbox import accounts, app


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """The people of the sandbox: how many, and the seed they are drawn from."""

    people: int
    seed: int


def make(crowd: Crowd, *, record: Path | None, start: datetime | None, may_like: bool = False) -> Starlette:
    """Build the platform; one that has a record goes on where it ends. `may_like`: the app's plan lets it like posts.

    Raises:
        StartError: the record cannot be used, or a number is out of range.
    """
    try:
        return app.create_app(people=crowd.people, seed=crowd.seed, record=record, start=start, may_like=may_like)
    except (OSError, ValueError) as error:
        raise StartError(f"The sandbox cannot start: {error}.") from error


@asynccontextmanager
async def served(platform: Starlette, listening: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve the platform; at the end the calls that a fault holds open are ended too."""
    async with serving.served(platform, listening) as task:
        try:
            yield task
        finally:
            platform.state.closing.set()


def account_names() -> str:
    """Name the sending accounts; the token of each is `sandbox-` and its name."""
    return ", ".join(account.username for account in accounts.DEFAULT)


async def run(*, host: str, port: int, crowd: Crowd, record: Path | None, say: Callable[[str], None]) -> None:
    """Serve the platform by itself, on the machine's clock until its clock is set, until told to stop.

    Raises:
        StartError: the port, the record or a number cannot be used.
    """
    stopping = processes.stop_signal()
    with serving.listen(host, port) as listening:
        async with served(make(crowd, record=record, start=None), listening) as task:
            say(f"The sandbox platform is ready: {serving.url(listening)} (accounts {account_names()}, each with the")
            say("token sandbox-NAME; controls under /_sandbox). Ctrl-C stops it.")
            await processes.until(stopping, [task])

"""A network of its own for a worker: one cable to the database and the platform, which can be cut."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.crash.worker import Post

_PIECE = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Cable:
    """A pair of interfaces between this network and the one called `namespace`; `address` is our end's."""

    namespace: str
    interface: str
    address: str

    def cut(self) -> None:
        """Let nothing through."""
        _ip("link", "set", self.interface, "down")

    def mend(self) -> None:
        """Let everything through again."""
        _ip("link", "set", self.interface, "up")


@dataclass(frozen=True, kw_only=True, slots=True)
class Far:
    """Where the database and the platform are, seen from the other end."""

    dsn: str
    platform_url: str


@contextmanager
def made() -> Iterator[Cable]:
    """Make a network and a cable to it; skips the test where that is not allowed."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("a network of its own needs root and the program ip (Debian: iproute2)")
    number = os.getpid() % 16_000
    name = f"overture{number}"
    cable = Cable(namespace=name, interface=f"ovt{number}a", address=f"10.213.{number // 64}.{number % 64 * 4 + 1}")
    other, far = f"ovt{number}b", f"10.213.{number // 64}.{number % 64 * 4 + 2}"
    try:
        _ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network can be made here: {error.stderr.strip()}")
    try:
        _ip("link", "add", cable.interface, "type", "veth", "peer", "name", other, "netns", name)
        _ip("addr", "add", f"{cable.address}/30", "dev", cable.interface)
        _ip("-n", name, "addr", "add", f"{far}/30", "dev", other)
        _ip("-n", name, "link", "set", other, "up")
        cable.mend()
        yield cable
    finally:
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", cable.interface)
        _ip("netns", "del", name)


@asynccontextmanager
async def relayed(cable: Cable, post: Post) -> AsyncIterator[Far]:
    """Make the database and the platform of a post known at our end of the cable."""
    database, platform = urlsplit(post.dsn), urlsplit(post.platform_url)
    options = {name: values[0] for name, values in parse_qs(database.query).items()}
    socket = f"{options['host']}/.s.PGSQL.{options['port']}"
    async with AsyncExitStack() as stack:
        ports = []
        for connect in (
            lambda: asyncio.open_unix_connection(socket),
            lambda: asyncio.open_connection(platform.hostname, platform.port),
        ):
            server = await asyncio.start_server(_relay_to(connect), cable.address, 0)
            ports.append(server.sockets[0].getsockname()[1])
            stack.callback(server.close)
        yield Far(
            dsn=f"postgresql://{database.username}@{cable.address}:{ports[0]}{database.path}",
            platform_url=f"http://{cable.address}:{ports[1]}",
        )


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def _relay_to(
    connect: Callable[[], Coroutine[Any, Any, _Streams]],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await connect()
        await asyncio.gather(_carry(reader, asks), _carry(answers, writer))

    return relay


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)

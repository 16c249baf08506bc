"""Where measurements are made: an embedded database of their own, durable as in real operation, gone afterwards."""

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from overture import clock
from overture.store import migrate, pool
from overture.store.embedded import Embedded
from overture.store.pool import Connection, Pool

POOL_SIZE = 8
_REMOVE_SECONDS = 15.0
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Workplace:
    """A server on which databases are made, copied and dropped by name."""

    def __init__(self, dsn: str) -> None:
        """Take the address of any database of the server."""
        self._dsn = dsn

    def dsn(self, name: str) -> str:
        """Return the address of the database `name`."""
        return urlunsplit(urlsplit(self._dsn)._replace(path=f"/{name}"))

    async def make_bare(self, name: str) -> None:
        """Make an empty database."""
        async with self._server() as server:
            await server.execute(f'CREATE DATABASE "{name}"')

    async def make(self, name: str) -> None:
        """Make a database with the current schema."""
        await self.make_bare(name)
        async with self.connected(name) as connection:
            await migrate.migrate(connection, now=clock.wall_now())

    async def copy(self, source: str, name: str) -> None:
        """Make `name` as `source` is now; nobody may be connected to `source`."""
        async with self._server() as server:
            await server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY file_copy')
            await server.execute("CHECKPOINT")

    async def drop(self, name: str) -> None:
        """Remove a database."""
        async with self._server() as server:
            await server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def version(self) -> str:
        """Return the version of PostgreSQL."""
        async with self._server() as server:
            found: str = await server.fetchval("SHOW server_version")
        return found

    async def log_bytes(self) -> int:
        """Return how many bytes the server has written to its log (WAL) so far."""
        async with self._server() as server:
            position: int = await server.fetchval("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
        return position

    @asynccontextmanager
    async def copied(self, source: str, name: str) -> AsyncIterator[str]:
        """Yield the name of a copy of `source` that is dropped at the end."""
        await self.copy(source, name)
        try:
            yield name
        finally:
            await self.drop(name)

    @asynccontextmanager
    async def connected(self, name: str) -> AsyncIterator[Connection]:
        """Yield one connection, set up as the program's are."""
        connection = await asyncpg.connect(self.dsn(name), server_settings=pool.SERVER_SETTINGS)
        try:
            await pool.prepare(connection)
            yield connection
        finally:
            connection.terminate()

    @asynccontextmanager
    async def pooled(self, name: str) -> AsyncIterator[Pool]:
        """Yield a pool as the program has one."""
        opened = await pool.open_pool(self.dsn(name), size=POOL_SIZE)
        try:
            yield opened
        finally:
            opened.terminate()

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[Connection]:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            yield connection
        finally:
            connection.terminate()


@contextmanager
def opened(directory: Path | None = None) -> Iterator[Workplace]:
    """Yield a workplace in a fresh folder below `directory` (None = the system's place for temporary files)."""
    path = Path(tempfile.mkdtemp(prefix="overture-bench-", dir=directory))
    path.chmod(0o711)  # the database's own user must be able to pass when we are root
    try:
        server = Embedded(path)
        try:
            yield Workplace(server.start())
        finally:
            with _uninterrupted():
                server.stop()
    finally:
        with _uninterrupted():
            _remove(path)


def _remove(path: Path) -> None:
    """Remove a folder, into which a program that was just killed may write for a moment yet."""
    deadline = time.monotonic() + _REMOVE_SECONDS
    while path.exists() and time.monotonic() < deadline:
        shutil.rmtree(path, ignore_errors=True)
        time.sleep(0.05)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let every order to stop end the measurements the way Ctrl-C does, so that they clean up."""
    heeded = [number for number in _STOPS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _interrupt) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def heeding(work: Awaitable[None]) -> None:
    """Await `work`; an order to stop cancels it, so that its parts end in their order.

    Raises:
        asyncio.CancelledError: it was ordered to stop.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    before = {number: signal.getsignal(number) for number in _STOPS}
    heeded = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, task.cancel)
    try:
        await work
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let cleaning up come to its end, however often Ctrl-C is pressed."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt

"""Connections to PostgreSQL, all set up alike."""

import json
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

GONE = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a connection that broke off in the middle of an answer says at its next use
    asyncpg.PostgresConnectionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
)
"""How a database shows that it cannot be used now: it has gone, goes, comes up, is full or cannot read its disk."""

PASSING = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""Who meets one of these was in somebody's way; the same again will do."""

OLDEST_MAJOR = 15
CONNECT_TIMEOUT_SECONDS = 15.0
_QUERIES_OF_A_CONNECTION = 1_000_000
"""After so many a connection is made anew, so that no server process grows for ever. The new one plans all again."""
SERVER_SETTINGS = {"application_name": "overture", "jit": "off", "timezone": "UTC"}
_JSONB_VERSION = b"\x01"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_LONGEST_MACHINE = 16
_LONGEST_NAME = 63
_LATEST, _EARLIEST = 2**63 - 1, -(2**63)
_LAST, _FIRST = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)


class DatabaseUnreachable(ConnectionError):
    """The database cannot be used; the text says which and why, without its password."""


def program_name(role: str) -> str:
    """Return what this process calls itself at the database, where others see it: its role, machine and number."""
    machine = re.sub(r"[^!-~]", "-", socket.gethostname())[:_LONGEST_MACHINE]
    return f"overture {role} {machine}:{os.getpid()}"


async def say_note(connection: Connection, note: str | None) -> None:
    """Let others see at the database, by the name of this connection, what keeps this process from working."""
    name: str = await connection.fetchval("SELECT reset_val FROM pg_settings WHERE name = 'application_name'")
    words = re.sub(r"[^ -~]", "-", note or "")
    # The database cuts a name at 63 bytes.
    await connection.execute("SELECT set_config('application_name', $1, false)", f"{name} {words}"[:_LONGEST_NAME])


async def open_pool(dsn: str, *, size: int = 10, name: str = "overture", idle_seconds: float | None = None) -> Pool:
    """Open a pool of at most `size` connections that read and write `jsonb` and `json` as Python values.

    Args:
        dsn: the address, `postgresql://…`.
        size: how many connections may be open at once.
        name: what the connections are called at the database.
        idle_seconds: how long a transaction may be left alone before the database ends it; None = for ever.

    Raises:
        DatabaseUnreachable: nothing answers, it refuses us, or it is older than PostgreSQL 15.
    """
    settings = SERVER_SETTINGS | {"application_name": name}
    if idle_seconds is not None:
        settings["idle_in_transaction_session_timeout"] = f"{idle_seconds * 1000:.0f}"
    try:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            max_queries=_QUERIES_OF_A_CONNECTION,
            timeout=CONNECT_TIMEOUT_SECONDS,
            server_settings=settings,
            init=prepare,
            reset=_reset,
        )
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error) or type(error).__name__
        raise DatabaseUnreachable(f"The database {_describe(dsn)} cannot be used: {reason}") from error
    async with pool.acquire() as connection:
        major = connection.get_server_version().major
    if major < OLDEST_MAJOR:
        await pool.close()
        raise DatabaseUnreachable(
            f"The database {_describe(dsn)} is PostgreSQL {major}; Overture needs {OLDEST_MAJOR} or newer."
        )
    return pool


async def prepare(connection: Connection) -> None:
    """Teach one connection our forms of JSON and of instants. Binary, because COPY takes nothing else."""
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_encode_instant, decoder=_decode_instant, format="tuple"
    )
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: _JSONB_VERSION + _dump(value),
        decoder=lambda data: _load(data[1:]),
        format="binary",
    )
    await connection.set_type_codec("json", schema="pg_catalog", encoder=_dump, decoder=_load, format="binary")


class SingleConnection:
    """Stands for a pool where all work must happen on one connection, inside its open transaction.

    Whoever takes the connection here must give it back before another task takes it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.execute = connection.execute
        self.fetch = connection.fetch
        self.fetchrow = connection.fetchrow
        self.fetchval = connection.fetchval

    @asynccontextmanager
    async def acquire(self, *, timeout: float | None = None) -> AsyncIterator[Connection]:  # noqa: ARG002, ASYNC109 - as a pool's
        """Hand out the connection."""
        yield self._connection


@asynccontextmanager
async def hot_transaction(connection: Connection) -> AsyncIterator[None]:
    """Open a transaction of the send path: its statements are planned once per connection, not once per call.

    They find everything by key, whatever the arguments; planning them anew costs more than running them.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        yield


@asynccontextmanager
async def search_transaction(connection: Connection) -> AsyncIterator[None]:
    """Open a transaction that searches: its statements are planned for their arguments, each time.

    What is rare and what is common are found by different keys, and how a name begins by none that is planned for all.
    """
    async with connection.transaction(readonly=True):
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        yield


async def _reset(connection: Connection) -> None:
    """Give a connection back as it was taken: nothing changes its settings, only a transaction can be left."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


def _encode_instant(instant: datetime) -> tuple[int]:
    """Write an instant as the database counts it; the ends of our calendar are its infinities."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone: instants are always in UTC")
    if instant.year == MAXYEAR:
        return (_LATEST,)
    if instant.year == MINYEAR:
        return (_EARLIEST,)
    return ((instant - _EPOCH) // _MICROSECOND,)


def _decode_instant(counted: tuple[int]) -> datetime:
    """Read an instant; the infinities are the ends of our calendar, in UTC like every other instant."""
    microseconds = counted[0]
    if _EARLIEST < microseconds < _LATEST:
        return _EPOCH + timedelta(0, 0, microseconds)
    return _LAST if microseconds == _LATEST else _FIRST


def _dump(value: Any) -> bytes:
    return _ENCODER.encode(value).encode()


def _load(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        # A number that no float holds is infinite there, not an error.
        return json.loads(data)


def _describe(dsn: str) -> str:
    """Name the database of an address, leaving out its user and password."""
    try:
        parts = urlsplit(dsn)
        host = parts.hostname or parse_qs(parts.query).get("host", ["the default host"])[0]
        name = parts.path.lstrip("/") or "(no name)"
        return f"{name} on {host}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "(its address is not well formed)"

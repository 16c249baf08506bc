"""Connections whose every statement passes the turnstile, and an observer of the locks between them."""

from __future__ import annotations

import asyncio
import functools
import itertools
import select
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any

import asyncpg
from tests.simulation.turnstile import Actor, Turnstile

from overture.store import pool as pools
from overture.store.pool import Pool

_BLOCKED = """
SELECT p, by FROM unnest($1::integer[]) AS v (p), LATERAL pg_blocking_pids(p) AS w (by) WHERE cardinality(by) > 0
"""
_END = "SELECT pg_terminate_backend(p) FROM unnest($1::integer[]) AS v (p)"
_ALIVE = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1::integer[])"

_TEAM_ID = 1
_OWNERS = slice(6, 10)
"""Which arguments of a statement that writes intents hold their accounts, campaigns, leads and profiles; that for one
message by hand has a single account and profile there."""

_OF_THE_SESSION = "SET LOCAL plan_cache_mode"
"""What is left out: all statements of a simulated run are planned once per session."""

_ENDS = ("COMMIT", "ROLLBACK;")

INTENDED = "COMMIT of intents"
"""How the turn is called that makes intents exist for everybody."""

REWRITES: list[tuple[str, str]] = []
"""Changes to the text of statements, for a program that is broken on purpose."""


_TYPES: dict[frozenset[int], Any] = {}

_SOON_MILLISECONDS = 3
"""How long an answer is waited for before anybody looks whether a lock holds the statement up."""


class Driven:
    """A call to the database whose answer is taken from its socket there and then, not by way of the event loop.

    One at a time has a turn, so there is nobody for the loop to look after meanwhile; this is half the cost of a turn.
    An answer that does not come soon is left to the loop.
    """

    def __init__(self, call: Coroutine[Any, Any, Any], connection: Any, *, milliseconds: int | None) -> None:
        self._call = call
        self._transport = connection._transport
        self._milliseconds = milliseconds

    def __await__(self) -> Generator[Any, Any, Any]:
        """Go on with the call whenever what it waits for is there."""
        thrown: BaseException | None = None
        while True:
            try:
                awaited = self._call.send(None) if thrown is None else self._call.throw(thrown)
            except StopIteration as end:
                return end.value
            thrown = None
            if awaited is not None and self._is_answered(awaited):
                awaited._asyncio_future_blocking = False
                continue
            try:
                yield awaited
            except BaseException as error:
                thrown = error

    def _is_answered(self, awaited: asyncio.Future[Any]) -> bool:
        """Read from the socket until that is there which the call awaits; tell whether it came soon."""
        while not awaited.done():
            if self._transport.is_closing():
                return False
            socket = select.poll()
            socket.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
            if not socket.poll(self._milliseconds):
                return False
            self._transport._read_ready()
        return True


class LockObserver:
    """Looks at the database over a session of its own, outside of simulated time."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._connection: asyncpg.Connection[asyncpg.Record] = self._loop.run_until_complete(asyncpg.connect(dsn))

    def blocked(self, pids: Sequence[int]) -> dict[int, set[int]]:
        """Return those of `pids` that wait for a lock, each with the sessions it waits for."""
        rows: list[asyncpg.Record] = self._finish(self._connection.fetch(_BLOCKED, list(pids)))
        return {row["p"]: set(row["by"]) for row in rows}

    def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask something else."""
        rows: list[asyncpg.Record] = self._finish(self._connection.fetch(query, *arguments))
        return rows

    def end(self, pids: Sequence[int]) -> None:
        """End sessions, and return when they are gone."""
        self._finish(self._connection.fetch(_END, list(pids)))
        while self._finish(self._connection.fetchval(_ALIVE, list(pids))):
            pass

    def close(self) -> None:
        """End the session."""
        self._connection.terminate()

    def _finish(self, call: Coroutine[Any, Any, Any]) -> Any:
        """Wait for an answer without a loop: the one of the simulation stands still."""
        try:
            next(Driven(call, self._connection, milliseconds=None).__await__())
        except StopIteration as end:
            return end.value
        raise ConnectionError("the session that looks at the others is gone")


@functools.cache
def _label(statement: str) -> str:
    return " ".join(statement.split())[:60]


def connection_class(actor: Actor, turnstile: Turnstile) -> type[asyncpg.Connection[asyncpg.Record]]:
    """Make the class of one actor's connections."""

    class Turning(asyncpg.Connection):
        """Waits for its turn before every statement; a transaction begins with the first that does something."""

        async def _introspect_types(self, typeoids: Any, timeout: Any) -> Any:  # noqa: ASYNC109 - as the driver's
            """Ask once in a history, not in each session, what types are: the driver's question is a dear one."""
            key = frozenset(typeoids)
            if key not in _TYPES:
                _TYPES[key] = await super()._introspect_types(typeoids, timeout)  # type: ignore[misc] # the driver's own
            return _TYPES[key]

        _is_inside = False
        _written: frozenset[str] = frozenset()
        _beginning: str | None = None
        place = 0

        async def execute(self, *args: Any, **options: Any) -> Any:
            """Take a turn."""
            return await self._turn(super().execute, args, options)

        async def executemany(self, *args: Any, **options: Any) -> Any:
            """Take a turn."""
            return await self._turn(super().executemany, args, options)

        async def fetch(self, *args: Any, **options: Any) -> Any:
            """Take a turn."""
            return await self._turn(super().fetch, args, options)

        async def fetchval(self, *args: Any, **options: Any) -> Any:
            """Take a turn."""
            return await self._turn(super().fetchval, args, options)

        async def fetchrow(self, *args: Any, **options: Any) -> Any:
            """Take a turn."""
            return await self._turn(super().fetchrow, args, options)

        async def copy_records_to_table(self, *args: Any, **options: Any) -> Any:
            """Take a turn."""
            return await self._turn(super().copy_records_to_table, args, options)

        async def _turn(self, call: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
            if self._is_inside or actor.is_connecting:
                return await call(*args, **options)
            for old, new in REWRITES:
                args = (str(args[0]).replace(old, new), *args[1:])
            statement = _label(str(args[0]))
            if statement.startswith(_OF_THE_SESSION):
                return None
            if statement.startswith("BEGIN"):
                self._beginning = str(args[0])
                return None
            if statement.startswith(_ENDS) and self._beginning is not None:
                self._beginning = None
                return None
            if self._written and statement.startswith("COMMIT"):
                statement = INTENDED
            pid = self.get_server_pid()
            await turnstile.enter(actor, statement, place=self.place, pid=pid)
            actor.pids.add(pid)
            turnstile.begin(pid, actor)
            self._is_inside = True
            beginning, self._beginning = self._beginning, None
            try:
                if beginning is not None:
                    await Driven(super().execute(beginning), self, milliseconds=_SOON_MILLISECONDS)
                result = await Driven(call(*args, **options), self, milliseconds=_SOON_MILLISECONDS)
            except Exception:
                self._is_inside = False
                await turnstile.leave(actor, statement, is_alone=turnstile.end(pid), place=self.place, pid=pid)
                raise
            except BaseException:
                self._is_inside = False
                turnstile.end(pid)
                raise
            self._is_inside = False
            turnstile.passed_by(pid, str(args[0]))
            self._note_beginnings(str(args[0]), args)
            await turnstile.leave(actor, statement, is_alone=turnstile.end(pid), place=self.place, pid=pid)
            return result

        def _note_beginnings(self, statement: str, args: tuple[Any, ...]) -> None:
            """Note with what turn attempts began to exist for everybody."""
            if "INSERT INTO attempt " in statement:
                owners = [[each] if isinstance(each, str) else each for each in args[_OWNERS]]
                self._written = frozenset({args[_TEAM_ID]}.union(*owners))
            elif statement.startswith("COMMIT") and self._written:
                turnstile.begun += [(turnstile.passed, owner) for owner in sorted(self._written)]
                self._written = frozenset()
            elif statement.startswith("ROLLBACK"):
                self._written = frozenset()

    return Turning


def _connecting(actor: Actor, turnstile: Turnstile) -> Callable[..., Any]:
    """Make what connects anew when the database has ended a session: nothing else happens meanwhile."""
    numbers = itertools.count(-1_000, -1)

    async def connect(*args: Any, **options: Any) -> asyncpg.Connection[asyncpg.Record]:
        if actor.is_connecting:
            return await asyncpg.connect(*args, **options)
        if actor.is_dead or turnstile.is_closed:
            # The pool of a killed process would fill itself up again.
            await asyncio.get_running_loop().create_future()
        number = next(numbers)
        turnstile.begin(number, actor)
        try:
            return await asyncpg.connect(*args, **options)
        finally:
            turnstile.end(number)

    return connect


async def open_pool(dsn: str, actor: Actor, turnstile: Turnstile, *, size: int) -> Pool:
    """Open all connections of an actor, in its turn."""
    await turnstile.enter(actor, "connects")
    # No session has this number: connecting waits for no lock.
    number = -1 - len(actor.pids)
    turnstile.begin(number, actor)
    actor.is_connecting = True
    try:
        opened: Pool = await asyncpg.create_pool(
            dsn,
            min_size=size,
            max_size=size,
            max_inactive_connection_lifetime=0,
            server_settings=pools.SERVER_SETTINGS,
            init=pools.prepare,
            reset=pools._reset,
            connect=_connecting(actor, turnstile),
            connection_class=connection_class(actor, turnstile),
        )
        holders = [await opened.acquire() for _ in range(size)]
        actor.pids |= {connection.get_server_pid() for connection in holders}
        for place, connection in enumerate(holders, 1):
            connection._con.place = place  # type: ignore[attr-defined] # the pool lends a proxy of it
            await opened.release(connection)
    finally:
        actor.is_connecting = False
        turnstile.end(number)
    return opened

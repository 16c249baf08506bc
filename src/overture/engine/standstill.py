"""Standstill: while the database is away or full, a worker claims nothing and says so; it goes on by itself."""

import structlog

from overture.store import room
from overture.store.pool import GONE, Connection, Pool, say_note

_log = structlog.get_logger(__name__)


class Standstill:
    """What one worker knows of its database: nothing, as long as everything works."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool
        self._reason: str | None = None

    @property
    def is_on(self) -> bool:
        """Whether the worker stands still."""
        return self._reason is not None

    def begin(self, error: BaseException) -> None:
        """Stand still from now on: `error` came from the database."""
        if self._reason is None:
            self._reason = _words(error)
            _log.error("stands_still", reason=self._reason, error=repr(error))

    async def is_over(self) -> bool:
        """Find out whether the database takes writes again; True where nothing was wrong."""
        if self._reason is None:
            return True
        try:
            async with self._pool.acquire() as connection:
                await self._try(connection)
        except GONE as error:
            self._reason = _words(error)
            return False
        # Some of the connections still bear the note, or are broken: all are made anew.
        await self._pool.expire_connections()
        _log.warning("goes_on", after=self._reason)
        self._reason = None
        return True

    async def _try(self, connection: Connection) -> None:
        # Where others can see it: a database that is full still tells who is connected, and under which name.
        await say_note(connection, self._reason)
        await room.probe(connection)


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__

"""Engine time of a virtual run: an instant kept in the database, so that a restart goes on from where it was."""

from datetime import datetime

from overture.clock import wall_now
from overture.store.pool import Connection, Pool


class VirtualClock:
    """Engine time of the one process that conducts a virtual run; the row is what a restart goes on from."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._instant: datetime | None = None

    async def now(self) -> datetime:
        """Return the instant the run has reached."""
        if self._instant is None:
            async with self._pool.acquire() as connection:
                self._instant = await read(connection) or wall_now()
        return self._instant

    async def move(self, instant: datetime) -> None:
        """Move the run on to `instant`; it never goes back."""
        async with self._pool.acquire() as connection:
            await self.move_on(connection, instant)

    async def move_on(self, connection: Connection, instant: datetime) -> None:
        """Move the run on over a connection the caller holds."""
        self._instant = await connection.fetchval(
            "UPDATE virtual_clock SET instant = greatest(instant, $1) RETURNING instant", instant
        )


async def start(connection: Connection, instant: datetime) -> datetime:
    """Begin a virtual run at `instant`, or go on with the one there is; return the instant it has reached."""
    await connection.execute("INSERT INTO virtual_clock (instant) VALUES ($1) ON CONFLICT DO NOTHING", instant)
    reached = await read(connection)
    assert reached is not None
    return reached


async def read(connection: Connection) -> datetime | None:
    """Return the instant a virtual run has reached; None in real operation."""
    instant: datetime | None = await connection.fetchval("SELECT instant FROM virtual_clock")
    return instant

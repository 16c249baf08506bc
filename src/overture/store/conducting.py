"""Who moves the clock of a virtual run: one process at a time."""

from overture.store.pool import Connection

# Any constant will do, as long as it is not the one of the migrations.
_LOCK_KEY = 0x6F766572_636C6F63


async def claim(connection: Connection) -> bool:
    """Take the clock for as long as this connection lives; tell whether nobody else had it."""
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY)
    return taken

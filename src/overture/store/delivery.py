"""Whether campaigns of this database only simulate sending: decided once, by the first start on it."""

from overture.store.pool import Connection


async def decide(connection: Connection, *, is_dry: bool) -> bool:
    """Decide whether campaigns are dry runs, unless that is decided already; tell what holds."""
    await connection.execute("INSERT INTO delivery (is_dry) VALUES ($1) ON CONFLICT DO NOTHING", is_dry)
    decided = await read(connection)
    assert decided is not None
    return decided


async def read(connection: Connection) -> bool | None:
    """Tell whether campaigns are dry runs; None where no start has decided yet."""
    decided: bool | None = await connection.fetchval("SELECT is_dry FROM delivery")
    return decided

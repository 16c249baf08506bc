"""Whether campaigns of this database only simulate sending: decided once, by the first start on it."""

from overture.store.pool import Connection


async def decide(connection: Connection, *, is_dry: bool) -> bool:
    """Decide whether campaigns are dry runs, unless that is decided already; tell what holds."""
    await connection.execute("INSERT INTO delivery (is_dry) VALUES ($1) ON CONFLICT DO NOTHING", is_dry)
    decided: bool = await connection.fetchval("SELECT is_dry FROM delivery")
    return decided

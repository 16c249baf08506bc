"""Sweeping: find what a dead worker left behind, and what was overlooked."""

from datetime import datetime

from overture import clock as clocks
from overture.engine import complete
from overture.store import claims, duties, idempotency, ledger
from overture.store.pool import Pool


async def sweep(pool: Pool, *, now: datetime) -> None:
    """Look after all teams once, at `now` (engine time)."""
    async with pool.acquire() as connection, connection.transaction():
        for team_id, account_id in await ledger.orphaned_accounts(connection, wall_now=clocks.wall_now()):
            await duties.want(connection, team_id=team_id, kind="reconcile", key=account_id, due_at=now)
    async with pool.acquire() as connection, connection.transaction():
        await claims.wake_overlooked(connection, now=now)
    async with pool.acquire() as connection:
        await idempotency.sweep(connection, wall_now=clocks.wall_now())
    await complete.sweep(pool, now=now)

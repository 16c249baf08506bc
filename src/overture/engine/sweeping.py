"""Sweeping: find what a dead worker left behind and what was overlooked, and delete what is kept no longer."""

from datetime import datetime

from overture import clock as clocks
from overture.engine import complete, retain
from overture.store import duties, ledger, wakeups
from overture.store.pool import Pool


async def sweep(pool: Pool, *, now: datetime) -> None:
    """Look after all teams once, at `now` (engine time)."""
    async with pool.acquire() as connection, connection.transaction():
        for team_id, account_id in await ledger.orphaned_accounts(connection, wall_now=clocks.wall_now()):
            await duties.want(connection, team_id=team_id, kind="reconcile", key=account_id, due_at=now)
    async with pool.acquire() as connection, connection.transaction():
        await wakeups.give_overlooked(connection, now=now)
    await complete.sweep(pool, now=now)
    await retain.step(pool, now=now, wall_now=clocks.wall_now())

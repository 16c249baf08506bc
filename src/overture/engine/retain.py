"""Retain: delete what need not be kept any longer, a bounded batch in each transaction."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from overture.store import idempotency, retention
from overture.store.pool import Connection, Pool

EVENTS_KEPT = timedelta(days=30)
"""For how long events can be read again."""

IMPORTS_KEPT = timedelta(days=90)
"""For how long an import can be undone, and the rows it did not take be read, after it ended."""

DELIVERIES_KEPT = timedelta(days=30)
"""For how long it is kept how deliveries of webhooks went, after they ended."""

SESSIONS_KEPT = timedelta(days=1)
"""For how long sessions of members are kept after their last possible end."""

PUSHED_KEPT = timedelta(days=2)
"""For how long it is known which events a platform has told already; it tells each again for hours at most."""

TEAMS = 50
IMPORTS = 10
BATCH = 2_000
_MOST_BATCHES = 50
"""Batches in one go: what is left waits for the next, so that nothing else waits for this."""


async def step(pool: Pool, *, now: datetime, wall_now: datetime) -> None:
    """Prune once; `now` is engine time."""

    async def events(connection: Connection) -> int:
        return await retention.prune_events(connection, before=now - EVENTS_KEPT, teams=TEAMS, count=BATCH)

    async def answers(connection: Connection) -> int:
        return await retention.prune_answers(connection, before=wall_now - idempotency.KEPT, count=BATCH)

    async def imports(connection: Connection) -> int:
        return await retention.prune_imports(connection, before=now - IMPORTS_KEPT, now=now, jobs=IMPORTS, count=BATCH)

    async def deliveries(connection: Connection) -> int:
        return await retention.prune_deliveries(connection, before=wall_now - DELIVERIES_KEPT, count=BATCH)

    async def sessions(connection: Connection) -> int:
        before = wall_now - SESSIONS_KEPT
        return await retention.prune_sessions(connection, before=before, wall_now=wall_now, count=BATCH)

    async def pushed(connection: Connection) -> int:
        return await retention.prune_pushed(connection, before=now - PUSHED_KEPT, count=BATCH)

    for prune in (events, answers, imports, deliveries, sessions, pushed):
        await _all_of(pool, prune)


async def _all_of(pool: Pool, prune: Callable[[Connection], Awaitable[int]]) -> None:
    for _ in range(_MOST_BATCHES):
        async with pool.acquire() as connection:
            if not await prune(connection):
                return

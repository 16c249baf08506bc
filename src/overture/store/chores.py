"""What the queue of chores keeps of chores that are done."""

from datetime import datetime

from overture.store.pool import Connection

_AT_ONCE = 10_000


async def prune(connection: Connection, *, before: datetime) -> bool:
    """Forget some of what happened before an instant (wall time); tell whether there may be more."""
    counts = [
        await connection.fetchval(
            f"""
            WITH gone AS (
                DELETE FROM {table}
                 WHERE id = ANY(ARRAY(SELECT id FROM {table} ORDER BY id LIMIT $2)) AND created < $1 RETURNING id
            )
            SELECT count(*) FROM gone
            """,
            before,
            _AT_ONCE,
        )
        for table in ("pgqueuer_log", "pgqueuer_statistics")
    ]
    return _AT_ONCE in counts

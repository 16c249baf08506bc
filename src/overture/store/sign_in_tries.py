"""Sign-ins that were tried: counted, so that nobody can guess for long."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from overture.store.pool import Connection

WINDOW = timedelta(minutes=15)
_FORGOTTEN_AT_ONCE = 100


async def count(connection: Connection, *, most: Mapping[bytes, int], wall_now: datetime) -> datetime | None:
    """Count one try under each key; return until when none may follow where it is one too many, else None.

    Args:
        connection: outside a transaction that could be rolled back.
        most: how many tries each key may have within `WINDOW`.
        wall_now: wall time.
    """
    await connection.execute(
        """
        DELETE FROM sign_in_try t
         USING (SELECT key FROM sign_in_try WHERE since <= $1 ORDER BY since LIMIT $2 FOR UPDATE SKIP LOCKED) old
         WHERE t.key = old.key
        """,
        wall_now - WINDOW,
        _FORGOTTEN_AT_ONCE,
    )
    since: datetime | None = await connection.fetchval(
        """
        WITH counted AS (
            INSERT INTO sign_in_try AS t (key, tries, since)
            SELECT key, 1, $3 FROM unnest($1::bytea[]) AS asked (key) ORDER BY key
            ON CONFLICT (key) DO UPDATE
               SET tries = CASE WHEN t.since <= $4 THEN 1 ELSE t.tries + 1 END,
                   since = CASE WHEN t.since <= $4 THEN excluded.since ELSE t.since END
            RETURNING key, tries, since
        )
        SELECT max(c.since) FROM counted c JOIN unnest($1::bytea[], $2::integer[]) AS asked (key, most) USING (key)
         WHERE c.tries > asked.most
        """,
        list(most),
        list(most.values()),
        wall_now,
        wall_now - WINDOW,
    )
    return None if since is None else since + WINDOW


async def forget(connection: Connection, *, key: bytes) -> None:
    """Begin to count anew under a key."""
    await connection.execute("DELETE FROM sign_in_try WHERE key = $1", key)

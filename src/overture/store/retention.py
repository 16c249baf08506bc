"""Retention: deletes what was kept for as long as promised, over all teams, a bounded number of rows at a time."""

from datetime import datetime

from overture.store.pool import Connection


async def prune_events(connection: Connection, *, before: datetime, teams: int, count: int) -> int:
    """Delete events written before `before`, up to `count` of each of up to `teams` teams; return how many.

    A team's events are as old as they are in order, so only the first of each is looked at to find out. Workers that
    prune at once share the teams.
    """
    done: str = await connection.execute(
        """
        WITH old AS MATERIALIZED (
            SELECT q.team_id FROM team_seq q
             WHERE (SELECT e.created_at FROM event e WHERE e.team_id = q.team_id ORDER BY e.seq LIMIT 1) < $1
             ORDER BY q.team_id LIMIT $2
        )
        DELETE FROM event e
         USING old o CROSS JOIN LATERAL (
            SELECT f.seq, f.created_at FROM event f WHERE f.team_id = o.team_id
             ORDER BY f.seq LIMIT $3 FOR UPDATE SKIP LOCKED) d
         WHERE e.team_id = o.team_id AND e.seq = d.seq AND d.created_at < $1
        """,
        before,
        teams,
        count,
    )
    return int(done.rpartition(" ")[2])


async def prune_answers(connection: Connection, *, before: datetime, count: int) -> int:
    """Delete up to `count` answers kept for an `Idempotency-Key` since before `before` (wall time); return how many."""
    done: str = await connection.execute(
        """
        DELETE FROM idempotency_key k
         USING (SELECT team_id, key FROM idempotency_key WHERE created_at <= $1
                 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED) d
         WHERE k.team_id = d.team_id AND k.key = d.key
        """,
        before,
        count,
    )
    return int(done.rpartition(" ")[2])

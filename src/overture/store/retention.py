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


async def prune_deliveries(connection: Connection, *, before: datetime, count: int) -> int:
    """Delete up to `count` deliveries of webhooks that ended before `before` (wall time); return how many."""
    done: str = await connection.execute(
        """
        DELETE FROM webhook_delivery d
         USING (SELECT team_id, id FROM webhook_delivery WHERE ended_at < $1 AND state <> 'pending'
                 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED) old
         WHERE d.team_id = old.team_id AND d.id = old.id
        """,
        before,
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


async def prune_sessions(connection: Connection, *, before: datetime, wall_now: datetime, count: int) -> int:
    """Delete up to `count` sessions that ended before `before`, and invitations that have ended; return how many.

    A link in a browser that was begun by a session keeps it until the link is forgotten.
    """
    await connection.execute("DELETE FROM invitation WHERE ends_at <= $1", wall_now)
    done: str = await connection.execute(
        """
        WITH old AS (
            SELECT t.team_id, t.id FROM api_token t
             WHERE t.ends_at < $1
               AND NOT EXISTS (SELECT FROM link_request r WHERE r.team_id = t.team_id AND r.token_id = t.id)
             ORDER BY t.ends_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM api_token t USING old WHERE t.team_id = old.team_id AND t.id = old.id RETURNING t.hash
        )
        DELETE FROM token_directory d USING gone WHERE d.hash = gone.hash
        """,
        before,
        count,
    )
    return int(done.rpartition(" ")[2])


async def prune_pushed(connection: Connection, *, before: datetime, count: int) -> int:
    """Delete up to `count` events of platforms that were taken before `before`; return how many."""
    done: str = await connection.execute(
        """
        DELETE FROM pushed_event p
         USING (SELECT team_id, account_id, event_id FROM pushed_event WHERE taken_at < $1
                 ORDER BY taken_at LIMIT $2 FOR UPDATE SKIP LOCKED) old
         WHERE p.team_id = old.team_id AND p.account_id = old.account_id AND p.event_id = old.event_id
        """,
        before,
        count,
    )
    return int(done.rpartition(" ")[2])


async def prune_imports(connection: Connection, *, before: datetime, now: datetime, jobs: int, count: int) -> int:
    """Delete the rejects and what undoing needs of imports that ended before `before`; return how many were looked at.

    Of up to `jobs` imports, up to `count` rows of each kind; one of which nothing is left is not looked at again.
    Whoever undoes an import holds its row: it is passed over.
    """
    looked_at: int = await connection.fetchval(
        """
        WITH old AS MATERIALIZED (
            SELECT team_id, id FROM import_job WHERE completed_at < $1 AND pruned_at IS NULL
             ORDER BY completed_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
        ), rejects AS (
            DELETE FROM import_reject r
             USING old o CROSS JOIN LATERAL (
                SELECT line FROM import_reject WHERE team_id = o.team_id AND job_id = o.id ORDER BY line LIMIT $4) d
             WHERE r.team_id = o.team_id AND r.job_id = o.id AND r.line = d.line
        ), leads AS (
            DELETE FROM import_lead l
             USING old o CROSS JOIN LATERAL (
                SELECT profile_id FROM import_lead WHERE team_id = o.team_id AND job_id = o.id
                 ORDER BY profile_id LIMIT $4) d
             WHERE l.team_id = o.team_id AND l.job_id = o.id AND l.profile_id = d.profile_id
        ), done AS (
            UPDATE import_job j SET pruned_at = $2 FROM old o
             WHERE j.team_id = o.team_id AND j.id = o.id
               AND NOT EXISTS (SELECT FROM import_reject r WHERE r.team_id = o.team_id AND r.job_id = o.id OFFSET $4)
               AND NOT EXISTS (SELECT FROM import_lead l WHERE l.team_id = o.team_id AND l.job_id = o.id OFFSET $4)
        )
        SELECT count(*) FROM old
        """,
        before,
        now,
        jobs,
        count,
    )
    return looked_at

"""Duties: what the engine does by itself, as rows with a due instant and a lease."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """One leased duty. `wanted` is the request it serves: requests that come later make it due again."""

    team_id: str
    kind: str
    key: str
    wanted: int
    starts: int


async def want(connection: Connection, *, team_id: str, kind: str, key: str, due_at: datetime) -> None:
    """Ask for a duty at `due_at` (engine time) at the latest; running ones run again."""
    await connection.execute(
        """
        INSERT INTO duty AS d (team_id, kind, key, due_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (team_id, kind, key) DO UPDATE
           SET due_at = least(d.due_at, excluded.due_at), wanted = d.wanted + 1, starts = 0
        """,
        team_id,
        kind,
        key,
        due_at,
    )


async def want_syncs(connection: Connection, *, team_id: str, campaign_ids: Iterable[str], due_at: datetime) -> None:
    """Ask for the syncs of several campaigns; in one transaction once, or two could wait for each other."""
    for campaign_id in sorted(set(campaign_ids)):
        await want(connection, team_id=team_id, kind="sync", key=campaign_id, due_at=due_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """How many duties to take, and of which teams none."""

    count: int
    but_not: Sequence[str] = ()


async def lease(
    connection: Connection,
    *,
    now: datetime,
    wall_now: datetime,
    lease_until: datetime,
    calling_kinds: Sequence[str],
    calling: Wanted,
    working: Wanted,
) -> list[Duty]:
    """Take due duties that nobody holds, oldest due first, across teams.

    Those of `calling_kinds` are counted apart from the others: `calling` says how many, `working` how many others.
    """
    rows = await connection.fetch(
        """
        WITH calling AS (
            SELECT team_id, kind, key FROM duty
             WHERE due_at <= $1 AND lease_until <= $2 AND kind = ANY($4::text[]) AND team_id <> ALL($6::text[])
             ORDER BY due_at, team_id, kind, key LIMIT $5 FOR NO KEY UPDATE SKIP LOCKED
        ), working AS (
            SELECT team_id, kind, key FROM duty
             WHERE due_at <= $1 AND lease_until <= $2 AND kind <> ALL($4::text[]) AND team_id <> ALL($8::text[])
             ORDER BY due_at, team_id, kind, key LIMIT $7 FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE duty d SET lease_until = $3, starts = d.starts + 1
          FROM (SELECT * FROM calling UNION ALL SELECT * FROM working) taken
         WHERE d.team_id = taken.team_id AND d.kind = taken.kind AND d.key = taken.key
        RETURNING d.team_id, d.kind, d.key, d.wanted, d.starts
        """,
        now,
        wall_now,
        lease_until,
        list(calling_kinds),
        calling.count,
        list(calling.but_not),
        working.count,
        list(working.but_not),
    )
    return [Duty(**row) for row in sorted(rows, key=lambda row: (row["team_id"], row["kind"], row["key"]))]


async def finish(connection: Connection, *, duty: Duty, next_due: datetime | None, now: datetime) -> None:
    """End a run: due again at `next_due` (None = not by itself), or at once if it was asked for meanwhile."""
    await connection.execute(
        """
        UPDATE duty SET lease_until = '-infinity', starts = 0, done = $4, last_error = NULL,
               due_at = CASE WHEN wanted > $4 THEN least($6::timestamptz, coalesce($5::timestamptz, 'infinity'))
                             ELSE coalesce($5::timestamptz, 'infinity') END
         WHERE team_id = $1 AND kind = $2 AND key = $3
        """,
        duty.team_id,
        duty.kind,
        duty.key,
        duty.wanted,
        next_due,
        now,
    )


async def give_back(connection: Connection, *, duty: Duty) -> None:
    """Let go of a run that broke off for no fault of its own, unless somebody else has taken it up since."""
    await connection.execute(
        """
        UPDATE duty SET lease_until = '-infinity', starts = starts - 1
         WHERE team_id = $1 AND kind = $2 AND key = $3 AND starts = $4 AND lease_until > '-infinity'
        """,
        duty.team_id,
        duty.kind,
        duty.key,
        duty.starts,
    )


async def fail(connection: Connection, *, duty: Duty, error: str, retry_at: datetime) -> None:
    """End a run that broke: it is tried again at `retry_at` (engine time)."""
    await connection.execute(
        """
        UPDATE duty SET lease_until = '-infinity', last_error = $4, due_at = $5
         WHERE team_id = $1 AND kind = $2 AND key = $3
        """,
        duty.team_id,
        duty.kind,
        duty.key,
        error,
        retry_at,
    )


async def drop(connection: Connection, *, team_id: str, kind: str, key: str) -> None:
    """Forget a duty for good."""
    await connection.execute("DELETE FROM duty WHERE team_id = $1 AND kind = $2 AND key = $3", team_id, kind, key)


async def pending(connection: Connection, *, team_id: str, kind: str, keys: Sequence[str]) -> set[str]:
    """Return those of `keys` for which a requested run has not ended yet."""
    rows = await connection.fetch(
        "SELECT key FROM duty WHERE team_id = $1 AND kind = $2 AND key = ANY($3::text[]) AND wanted > done",
        team_id,
        kind,
        list(keys),
    )
    return {row["key"] for row in rows}


async def nearest(connection: Connection) -> datetime | None:
    """Return the next instant at which any duty is due; None when none ever is."""
    instant: datetime | None = await connection.fetchval(
        "SELECT due_at FROM duty WHERE due_at < 'infinity' ORDER BY due_at LIMIT 1"
    )
    return instant

"""The least a sender can do: claim due leads and record an attempt for each, in batches, on narrow tables."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture import ids
from overture.bench.workplace import Workplace
from overture.store.pool import Connection

BATCH = 100
CONNECTIONS = 2
_DATABASE = "bench_minimal"
_SCHEMA = """
    CREATE TABLE due (team_id text COLLATE "C", due_at timestamptz, lead_id text COLLATE "C", lease_until timestamptz,
                      PRIMARY KEY (team_id, lead_id)) WITH (fillfactor = 80);
    CREATE INDEX due_next ON due (team_id, due_at) WHERE lease_until IS NULL;
    CREATE TABLE attempt (team_id text COLLATE "C", id text COLLATE "C", lead_id text COLLATE "C", state text,
                          intent_at timestamptz, PRIMARY KEY (team_id, id));
"""
_CLAIM = """
    UPDATE due d SET lease_until = $2
      FROM (SELECT lead_id FROM due WHERE team_id = $1 AND lease_until IS NULL AND due_at <= $2
             ORDER BY due_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED) taken
     WHERE d.team_id = $1 AND d.lead_id = taken.lead_id
    RETURNING d.lead_id
"""
_RECORD = """
    INSERT INTO attempt (team_id, id, lead_id, state, intent_at)
    SELECT $1, v.id, v.lead_id, 'intent', $2 FROM unnest($3::text[], $4::text[]) AS v (id, lead_id)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Least:
    """Leads claimed and recorded a second, and the bytes the database's log took for each."""

    rate: float
    log_bytes: float


async def measure(workplace: Workplace, *, leads: int) -> Least:
    """Claim and record all of `leads`."""
    team_id = ids.new("t")
    await workplace.make_bare(_DATABASE)
    try:
        async with workplace.connected(_DATABASE) as connection:
            await connection.execute(_SCHEMA)
            await connection.execute(
                """
                INSERT INTO due SELECT $1, '2026-01-01'::timestamptz + n * interval '1 second',
                       $2 || lpad(to_hex(n), 8, '0')
                  FROM generate_series(1, $3::int) AS n
                """,
                team_id,
                ids.batch("d"),
                leads,
            )
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")
        ready = [asyncio.Event() for _ in range(CONNECTIONS)]
        start = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            workers = [tasks.create_task(_work(workplace, team_id, event, start)) for event in ready]
            for event in ready:
                await event.wait()
            written = await workplace.log_bytes()
            began = time.perf_counter()
            start.set()
            await asyncio.wait(workers)
            seconds = time.perf_counter() - began
            return Least(rate=leads / seconds, log_bytes=(await workplace.log_bytes() - written) / leads)
    finally:
        await workplace.drop(_DATABASE)


async def _work(workplace: Workplace, team_id: str, ready: asyncio.Event, start: asyncio.Event) -> None:
    async with workplace.connected(_DATABASE) as connection:
        now = await connection.fetchval("SELECT '2027-01-01'::timestamptz")
        claim, record = await connection.prepare(_CLAIM), await connection.prepare(_RECORD)
        ready.set()
        await start.wait()
        while await _claim_and_record(connection, claim, record, team_id, now):
            pass


async def _claim_and_record(connection: Connection, claim: Any, record: Any, team_id: str, now: datetime) -> bool:
    async with connection.transaction():
        rows = await claim.fetch(team_id, now, BATCH)
        lead_ids = [row["lead_id"] for row in rows]
        await record.fetch(team_id, now, ids.many("q", len(lead_ids)), lead_ids)
    return bool(rows)

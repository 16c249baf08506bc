"""Sync: leads that join and leave a list reach the campaign that follows it, against bare statements over as many."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from overture import ids
from overture.bench import crowd
from overture.bench.crowd import Crowd
from overture.bench.workplace import Workplace
from overture.engine import sync
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Connection, Pool

_READY, _RUN = "bench_sync", "bench_sync_run"
_BARE_IN = """
    WITH added AS (
        INSERT INTO lead (team_id, id, campaign_id, profile_id, state, is_direct, joined_at)
        SELECT m.team_id, $3 || lpad(to_hex(row_number() OVER (ORDER BY m.profile_id)), 8, '0'), $2, m.profile_id,
               'assessing', false, $4
          FROM list_change h
          JOIN list_lead m ON m.team_id = $1 AND m.list_id = h.list_id AND m.profile_id = h.profile_id
         WHERE h.team_id = $1
        RETURNING id, profile_id
    )
    INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id) SELECT $1, $2, id, profile_id FROM added
"""
_BARE_OUT = """
    WITH gone AS (
        UPDATE lead l SET state = 'removed', reason = 'leftLists' FROM list_change h
         WHERE h.team_id = $1 AND l.team_id = $1 AND l.campaign_id = $2 AND l.profile_id = h.profile_id RETURNING l.id
    )
    DELETE FROM assess_queue q USING gone WHERE q.team_id = $1 AND q.campaign_id = $2 AND q.lead_id = gone.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Synced:
    """Seconds for as many leads to come in and to go out, by the sync and by bare statements."""

    leads: int
    in_seconds: float
    out_seconds: float
    bare_in_seconds: float
    bare_out_seconds: float


class SyncWrong(Exception):
    """The sync did not bring every lead, or did not take every one out."""


async def measure(workplace: Workplace, *, leads: int, say: Callable[[str], None]) -> Synced:
    """Let `leads` leads join a campaign that has as many already, and leave it, by the sync and bare.

    Raises:
        SyncWrong: a lead was left over.
    """
    say(f"making a list of {leads:,} people that a campaign of as many leads follows")
    await workplace.make(_READY)
    async with workplace.connected(_READY) as connection:
        made = await crowd.make(connection, sealer=Sealer([bytes(KEY_BYTES)]), accounts=1)
        await crowd.add_people(connection, made, leads=leads)
        # Those who are there already were added by hand: they stay.
        await connection.execute("UPDATE lead SET is_direct = true WHERE team_id = $1", made.team_id)
        list_id = await crowd.add_list(connection, made, people=leads)
        await connection.execute("VACUUM ANALYZE")
    say("joining and leaving by the sync")
    async with workplace.copied(_READY, _RUN), workplace.pooled(_RUN) as pool:
        in_seconds = await _run(pool, made, expected=leads, state="assessing")
        async with pool.acquire() as connection:
            await _leave(connection, made, list_id)
        out_seconds = await _run(pool, made, expected=leads, state="removed")
    say("the same rows by bare statements")
    async with workplace.copied(_READY, _RUN), workplace.connected(_RUN) as connection:
        keys = (made.team_id, made.campaign_id)
        bare_in = await _timed(connection, _BARE_IN, *keys, ids.batch("d"), crowd.START)
        await connection.execute("DELETE FROM list_change")
        await _leave(connection, made, list_id)
        bare_out = await _timed(connection, _BARE_OUT, *keys)
    await workplace.drop(_READY)
    return Synced(
        leads=leads,
        in_seconds=in_seconds,
        out_seconds=out_seconds,
        bare_in_seconds=bare_in,
        bare_out_seconds=bare_out,
    )


async def _leave(connection: Connection, made: Crowd, list_id: str) -> None:
    """Take everybody off the list."""
    await connection.execute(
        """
        WITH raised AS (
            UPDATE list SET revision = revision + 1, leads_count = 0 WHERE team_id = $1 AND id = $2 RETURNING revision
        ), gone AS (
            DELETE FROM list_lead WHERE team_id = $1 AND list_id = $2 RETURNING profile_id
        )
        INSERT INTO list_change (team_id, list_id, revision, profile_id)
        SELECT $1, $2, revision, profile_id FROM raised, gone
        """,
        made.team_id,
        list_id,
    )
    await connection.execute("VACUUM ANALYZE lead, assess_queue, list_change, list_lead")


async def _run(pool: Pool, made: Crowd, *, expected: int, state: str) -> float:
    began = time.perf_counter()
    await sync.step(pool, team_id=made.team_id, campaign_id=made.campaign_id, now=crowd.START)
    seconds = time.perf_counter() - began
    found = await pool.fetchval(
        "SELECT count(*) FROM lead WHERE team_id = $1 AND campaign_id = $2 AND state = $3",
        made.team_id,
        made.campaign_id,
        state,
    )
    if found != expected:
        raise SyncWrong(f"{found:,} of {expected:,} leads became {state}")
    return seconds


async def _timed(connection: Connection, statement: str, *arguments: object) -> float:
    prepared = await connection.prepare(statement)
    began = time.perf_counter()
    await prepared.fetch(*arguments)
    return time.perf_counter() - began

"""The plan: a queue spread over accounts, and mended when one leaves or comes, against bare statements over as many."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from overture.bench import crowd
from overture.bench.crowd import Crowd
from overture.bench.workplace import Workplace
from overture.engine import plan
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Connection, Pool

ACCOUNTS = 50
REACH_SETS = 300
_READY, _RUN = "bench_plan", "bench_plan_run"
_BARE = """
    INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
    SELECT team_id, ($3::text[])[1 + (row_number() OVER (ORDER BY lead_id) - 1) * $4::bigint / count(*) OVER ()],
           campaign_id, true, $5, lead_id
      FROM plan_queue WHERE team_id = $1 AND campaign_id = $2
"""


_BARE_MOVE = """
    WITH chosen AS (
        SELECT lead_id FROM lead_due WHERE team_id = $1 AND account_id = $2 AND campaign_id = $3 AND is_first
    ), turned AS (
        INSERT INTO lead_turn (team_id, lead_id, at, state, was, account_id)
        SELECT $1, lead_id, $5, 'ready', $2, $4 FROM chosen
    )
    UPDATE lead_due d SET account_id = $4 FROM chosen WHERE d.team_id = $1 AND d.lead_id = chosen.lead_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mended:
    """Seconds to mend the plan after one account left or came, and for a bare statement that moves as many leads."""

    moved: int
    seconds: float
    bare_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """Seconds for the plan and for the bare statement over as many leads, and what it took to mend it."""

    leads: int
    seconds: float
    bare_seconds: float
    left: Mended
    came: Mended


class PlanWrong(Exception):
    """The plan did not place every lead."""


async def measure(workplace: Workplace, *, leads: int, say: Callable[[str], None]) -> Planned:
    """Plan `leads` leads that wait in `REACH_SETS` sets of `ACCOUNTS` accounts, and spread them bare.

    Raises:
        PlanWrong: a lead was left over.
    """
    say(f"making {leads:,} leads that wait for the plan")
    await workplace.make(_READY)
    async with workplace.connected(_READY) as connection:
        made = await crowd.make(connection, sealer=Sealer([bytes(KEY_BYTES)]), accounts=ACCOUNTS)
        account_ids = [made.accounts + format(number, "08x") for number in range(ACCOUNTS)]
        await crowd.add_people(connection, made, leads=leads)
        await _queue(connection, made, account_ids)
        await connection.execute("VACUUM ANALYZE")
    say("the plan")
    async with workplace.copied(_READY, _RUN), workplace.pooled(_RUN) as pool:
        began = time.perf_counter()
        placed = await plan.step(pool, team_id=made.team_id, campaign_id=made.campaign_id, now=crowd.START)
        seconds = time.perf_counter() - began
        if placed != leads:
            raise PlanWrong(f"the plan placed {placed:,} of {leads:,} leads")
        # A minute later the database would have done so by itself.
        await pool.execute("ANALYZE lead_due, plan_queue, lead")
        say("an account leaves, and comes back")
        left = await _mend(pool, made, account_ids[0], status="offline")
        came = await _mend(pool, made, account_ids[0], status="active")
    say("the same leads spread by one statement")
    async with workplace.copied(_READY, _RUN), workplace.connected(_RUN) as connection:
        statement = await connection.prepare(_BARE)
        began = time.perf_counter()
        await statement.fetch(made.team_id, made.campaign_id, account_ids, ACCOUNTS, crowd.START)
        bare_seconds = time.perf_counter() - began
    await workplace.drop(_READY)
    return Planned(leads=leads, seconds=seconds, bare_seconds=bare_seconds, left=left, came=came)


async def _mend(pool: Pool, made: Crowd, account_id: str, *, status: str) -> Mended:
    """Let an account be lost or found, mend the plan, and then move its leads there and back by bare statements."""
    await pool.execute(
        "UPDATE account_link SET status = $3 WHERE team_id = $1 AND id = $2", made.team_id, account_id, status
    )
    before = await _planned(pool, made, account_id)
    began = time.perf_counter()
    await plan.step(pool, team_id=made.team_id, campaign_id=made.campaign_id, now=crowd.START)
    seconds = time.perf_counter() - began
    after = await _planned(pool, made, account_id)
    if not (before if status == "offline" else after) or (status == "offline" and after):
        raise PlanWrong(f"an account that is {status} has {after:,} leads and had {before:,}")
    other = made.accounts + format(1, "08x")
    return Mended(moved=abs(before - after), seconds=seconds, bare_seconds=await _move_bare(pool, made, other))


async def _planned(pool: Pool, made: Crowd, account_id: str) -> int:
    """Count the leads that an account is to write to."""
    count: int = await pool.fetchval(
        "SELECT count(*) FROM lead_due WHERE team_id = $1 AND account_id = $2", made.team_id, account_id
    )
    return count


async def _move_bare(pool: Pool, made: Crowd, account_id: str) -> float:
    """Give all leads of one account to another by one statement, and undo it; return the seconds."""
    async with pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        began = time.perf_counter()
        await connection.execute(
            _BARE_MOVE, made.team_id, account_id, made.campaign_id, made.accounts + format(2, "08x"), crowd.START
        )
        seconds = time.perf_counter() - began
        await undone.rollback()
    return seconds


async def _queue(connection: Connection, made: Crowd, account_ids: list[str]) -> None:
    """Make reach sets, and queue the leads, each in one of them in turn."""
    draws = Random(1)  # noqa: S311 - the same sets in every run
    sets = {tuple(sorted(draws.sample(account_ids, draws.randint(5, ACCOUNTS)))) for _ in range(REACH_SETS)}
    await connection.executemany(
        "INSERT INTO reach_set (team_id, campaign_id, id, account_ids) VALUES ($1, $2, $3, $4)",
        [(made.team_id, made.campaign_id, number, names) for number, names in enumerate(sorted(sets), start=1)],
    )
    await connection.execute(
        """
        INSERT INTO plan_queue (team_id, campaign_id, lead_id, reach_id)
        SELECT team_id, campaign_id, id, 1 + row_number() OVER (ORDER BY id) % $3
          FROM lead WHERE team_id = $1 AND campaign_id = $2 ORDER BY id
        """,
        made.team_id,
        made.campaign_id,
        len(sets),
    )

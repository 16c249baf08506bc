"""The plan: a campaign's queue spread over its accounts, against one bare statement that spreads the same leads."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from overture.bench import crowd
from overture.bench.crowd import Crowd
from overture.bench.workplace import Workplace
from overture.engine import plan
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Connection

ACCOUNTS = 50
REACH_SETS = 300
_READY, _RUN = "bench_plan", "bench_plan_run"
_BARE = """
    INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
    SELECT team_id, ($3::text[])[1 + (row_number() OVER (ORDER BY lead_id) - 1) * $4::bigint / count(*) OVER ()],
           campaign_id, true, $5, lead_id
      FROM plan_queue WHERE team_id = $1 AND campaign_id = $2
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """Seconds for the plan and for the bare statement over as many leads."""

    leads: int
    seconds: float
    bare_seconds: float


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
    say("the same leads spread by one statement")
    async with workplace.copied(_READY, _RUN), workplace.connected(_RUN) as connection:
        statement = await connection.prepare(_BARE)
        began = time.perf_counter()
        await statement.fetch(made.team_id, made.campaign_id, account_ids, ACCOUNTS, crowd.START)
        bare_seconds = time.perf_counter() - began
    await workplace.drop(_READY)
    return Planned(leads=leads, seconds=seconds, bare_seconds=bare_seconds)


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

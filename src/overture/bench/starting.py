"""Starting: from enabling a campaign to its first message, by a worker in a process of its own."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from overture import clock
from overture.actions import campaign_life
from overture.actions import context as contexts
from overture.actions.context import Context
from overture.bench import crew, crowd, noop
from overture.bench.crew import Crew
from overture.bench.crowd import Crowd
from overture.bench.workplace import Workplace
from overture.channels.registry import Registry
from overture.engine import assess, dispatch, plan, sync
from overture.secrets import KEY_BYTES, Sealer
from overture.store import duties
from overture.store.pool import Connection, Pool

ACCOUNTS = 50
_NAME = "bench_starting"
_PLANNED_SECONDS = 120.0
_SENT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """Seconds from enabling a campaign of `people` leads to its first accepted message.

    `planned`: its leads had been planned before. `fresh`: its list was synced, assessed and planned first. `bare`: the
    same steps as for the latter, called one after another by nobody but us.
    """

    people: int
    planned: Sequence[float]
    fresh: Sequence[float]
    bare: Sequence[float]


async def measure(workplace: Workplace, *, people: int, starts: int, say: Callable[[str], None]) -> Started:
    """Start campaigns that follow a list of `people`, `starts` times each way.

    Raises:
        WorkerFailed: a campaign did not begin to send.
    """
    await workplace.make(_NAME)
    workers = Crew(workplace, _NAME, speed=1)
    async with workplace.pooled(_NAME) as pool:
        context = Context(
            pool=pool,
            clock=workers.clock,
            channels=Registry([noop.NoopChannel()]),
            sealer=Sealer([bytes(KEY_BYTES)]),
            wake=lambda: None,
        )
        planned, fresh = [], []
        async with workers.worker() as hand:
            say(f"{starts} starts of campaigns with {people:,} planned leads")
            for _ in range(starts):
                made = await _make(pool, people)
                await _ask_for_sync(pool, made)
                await _until_planned(pool, made, people)
                planned.append(await _start(context, made))
            say(f"{starts} starts of campaigns that follow a list of {people:,}")
            for _ in range(starts):
                made = await _make(pool, people)
                began = time.perf_counter()
                await _ask_for_sync(pool, made)
                await _start(context, made)
                fresh.append(time.perf_counter() - began)
            await hand.end()
        say("the same steps one after another")
        bare = [await _start_bare(context, await _make(pool, people)) for _ in range(starts)]
    await workplace.drop(_NAME)
    return Started(people=people, planned=planned, fresh=fresh, bare=bare)


async def _make(pool: Pool, people: int) -> Crowd:
    """Make a team with a draft that follows a list."""
    async with pool.acquire() as connection:
        made = await crowd.make(connection, sealer=Sealer([bytes(KEY_BYTES)]), accounts=ACCOUNTS)
        await _make_draft(connection, made)
        await crowd.add_list(connection, made, people=people)
        await connection.execute("ANALYZE profile, list_lead, list_change, lead, account_link, campaign_account")
    return made


async def _make_draft(connection: Connection, made: Crowd) -> None:
    await connection.execute(
        "UPDATE campaign SET status = 'draft', enabled = false, last_started_at = NULL WHERE team_id = $1",
        made.team_id,
    )
    await connection.execute("UPDATE campaign_gate SET open = false WHERE team_id = $1", made.team_id)


async def _ask_for_sync(pool: Pool, made: Crowd) -> None:
    async with pool.acquire() as connection:
        await duties.want(connection, team_id=made.team_id, kind="sync", key=made.campaign_id, due_at=crowd.START)


async def _until_planned(pool: Pool, made: Crowd, people: int) -> None:
    async def is_planned() -> bool:
        count: int = await pool.fetchval("SELECT count(*) FROM lead_due WHERE team_id = $1", made.team_id)
        return count == people

    await crew.until(is_planned, seconds=_PLANNED_SECONDS, every=0.2, what="plan")


async def _start(context: Context, made: Crowd) -> float:
    """Enable a campaign as the API does; return the seconds until its first message was accepted."""

    async def has_sent() -> bool:
        found: bool = await context.pool.fetchval(
            "SELECT EXISTS (SELECT FROM attempt WHERE team_id = $1 AND state = 'accepted')", made.team_id
        )
        return found

    began = time.perf_counter()
    await campaign_life.enable(context, contexts.operator(made.team_id), campaign_id=made.campaign_id)
    await crew.until(has_sent, seconds=_SENT_SECONDS, every=0.005, what="message of a campaign that was enabled")
    return time.perf_counter() - began


async def _start_bare(context: Context, made: Crowd) -> float:
    """Enable a campaign and do what has to be done until its first messages may leave."""
    pool, channels, now = context.pool, context.channels, crowd.START
    campaign = {"team_id": made.team_id, "campaign_id": made.campaign_id}
    assessor = assess.Assessor(pool=pool, channels=channels, sealer=context.sealer)
    dispatcher = dispatch.Dispatcher(
        pool=pool,
        channels=channels,
        draws=Random(1),  # noqa: S311 - the same draws in every run
    )
    began = time.perf_counter()
    await campaign_life.enable(context, contexts.operator(made.team_id), campaign_id=made.campaign_id)
    await sync.step(pool, **campaign, now=now)
    while await assessor.step(**campaign, now=now) is not None:
        pass
    await plan.step(pool, **campaign, now=now)
    claimed = await dispatcher.claim(made.team_id, now=await context.clock.now(), wall_now=clock.wall_now())
    seconds = time.perf_counter() - began
    if not claimed.ready:
        raise crew.WorkerFailed("a campaign that was enabled has nothing to send")
    return seconds

"""Fairness: nobody waits for what somebody else has too much of, or for a platform that does not answer them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from random import Random

import pytest
from tests.engine.conftest import World

from overture.bench import crowd
from overture.bench.crowd import Crowd
from overture.bench.noop import NoopChannel, StandingClock
from overture.channels import port
from overture.channels.registry import Registry
from overture.core.outcome import Outcome
from overture.engine import dispatch
from overture.engine.outflow import SENDS_AT_ONCE
from overture.engine.supervisor import Engine
from overture.secrets import KEY_BYTES, Sealer
from overture.store import duties, wakeups
from overture.store.pool import Pool

PROMPT_SECONDS = 3.0
"""How soon a team gets what is due to it, on a busy machine; what it must not wait for takes 10 s and more."""

SEALER = Sealer([bytes(KEY_BYTES)])


class Platform(NoopChannel):
    """Notes who sends and whose inbox is read, in order; teams whose address is in `hanging` get no answer."""

    def __init__(self) -> None:
        super().__init__()
        self.senders: list[str] = []
        self.readers: list[str] = []
        self.hanging: set[str] = set()

    async def send(self, credentials: port.Credentials, *, recipient_id: str, text: str, now: datetime) -> Outcome:
        """Accept, or never answer."""
        self.senders.append(credentials.base_url)
        await self._hang(credentials)
        return await super().send(credentials, recipient_id=recipient_id, text=text, now=now)

    async def read_inbox(
        self, credentials: port.Credentials, *, until_id: str | None, own_id: str, page: str | None = None
    ) -> port.Inbox:
        """Nothing has come in, or no answer."""
        self.readers.append(credentials.base_url)
        await self._hang(credentials)
        return await super().read_inbox(credentials, until_id=until_id, own_id=own_id, page=page)

    async def _hang(self, credentials: port.Credentials) -> None:
        if credentials.base_url in self.hanging:
            await asyncio.sleep(60)


async def make_team(pool: Pool, name: str, *, accounts: int, is_due: bool = True) -> Crowd:
    """Make a team with a lead for each account; its platform's address is its name."""
    async with pool.acquire() as connection:
        team = await crowd.make(connection, sealer=SEALER, accounts=accounts)
        await crowd.add_people(connection, team, leads=accounts)
        await connection.execute("UPDATE platform_app SET base_url = $2 WHERE team_id = $1", team.team_id, name)
        if is_due:
            await crowd.make_due(connection, team, accounts=accounts, leads=accounts)
        else:
            await connection.execute("UPDATE account_pace SET wake_at = 'infinity' WHERE team_id = $1", team.team_id)
            await connection.execute("UPDATE team_due SET next_at = 'infinity' WHERE team_id = $1", team.team_id)
    return team


async def let_send(pool: Pool, team: Crowd) -> None:
    """Make the team's leads due now."""
    async with pool.acquire() as connection, connection.transaction():
        await crowd.make_due(connection, team, accounts=1, leads=1)
        await wakeups.give(connection, team_id=team.team_id, account_ids=[team.accounts + "0" * 8], at=crowd.START)


async def want(pool: Pool, team: Crowd, *, accounts: int) -> None:
    """Let the inboxes of a team be read."""
    async with pool.acquire() as connection, connection.transaction():
        for number in range(accounts):
            key = team.accounts + format(number, "08x")
            await duties.want(connection, team_id=team.team_id, kind="replies", key=key, due_at=crowd.START)


@asynccontextmanager
async def engine_of(pool: Pool, platform: Platform) -> AsyncIterator[Engine]:
    engine = Engine(
        pool=pool,
        clock=StandingClock(crowd.START),
        channels=Registry([platform]),
        sealer=SEALER,
        draws=Random(1),
    )
    running = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(is_reached: Callable[[], bool], seconds: float) -> float:
    """Wait; return how long it took."""
    began = time.monotonic()
    while not is_reached():
        assert time.monotonic() < began + seconds, f"not within {seconds} s"
        await asyncio.sleep(0.005)
    return time.monotonic() - began


async def test_many_large_teams_do_not_keep_a_small_one_waiting(
    database: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "BATCH", 10)
    large, each = 18, 50
    for number in range(large):
        await make_team(database, f"http://large{number}.invalid", accounts=each)
    small = await make_team(database, "http://small.invalid", accounts=1)
    # The small one was served a moment ago, the large ones never.
    await database.execute("UPDATE team_due SET last_served = $2 WHERE team_id = $1", small.team_id, crowd.START)
    platform = Platform()

    async with engine_of(database, platform):
        await until(lambda: "http://small.invalid" in platform.senders, 60)

    # Each of the others had one turn, or two where claims run side by side; to be served to their end takes five.
    assert platform.senders.index("http://small.invalid") <= 2 * large * dispatch.BATCH


async def test_a_team_whose_platform_does_not_answer_delays_no_other(database: Pool) -> None:
    await make_team(database, "http://large.invalid", accounts=SENDS_AT_ONCE)
    small = await make_team(database, "http://small.invalid", accounts=1, is_due=False)
    platform = Platform()
    platform.hanging.add("http://large.invalid")

    async with engine_of(database, platform) as engine:
        await until(lambda: len(platform.senders) >= SENDS_AT_ONCE // 2, 60)
        await asyncio.sleep(0.5)
        assert len(platform.senders) == SENDS_AT_ONCE // 2, "it holds half of what can be sent at once, no more"
        await let_send(database, small)
        engine.wake()
        await until(lambda: "http://small.invalid" in platform.senders, PROMPT_SECONDS)


async def test_inboxes_that_do_not_answer_delay_neither_others_nor_other_work(database: Pool) -> None:
    large = await make_team(database, "http://large.invalid", accounts=60, is_due=False)
    small = await make_team(database, "http://small.invalid", accounts=1, is_due=False)
    platform = Platform()
    platform.hanging.add("http://large.invalid")
    await want(database, large, accounts=60)

    async with engine_of(database, platform) as engine:
        await until(lambda: len(platform.readers) > 4, 60)
        await asyncio.sleep(0.5)
        await want(database, small, accounts=1)
        async with database.acquire() as connection:
            await duties.want(connection, team_id=small.team_id, kind="sync", key=small.campaign_id, due_at=crowd.START)
        engine.wake()
        await until(lambda: "http://small.invalid" in platform.readers, PROMPT_SECONDS)
        deadline = time.monotonic() + PROMPT_SECONDS
        while await pending(database, small, ["sync"]):
            assert time.monotonic() < deadline, "the sync waits for inboxes"
            await asyncio.sleep(0.01)


async def pending(pool: Pool, team: Crowd, kinds: Sequence[str]) -> bool:
    return bool(
        await pool.fetchval(
            "SELECT count(*) FROM duty WHERE team_id = $1 AND kind = ANY($2) AND wanted > done",
            team.team_id,
            list(kinds),
        )
    )


async def test_rows_that_somebody_holds_delay_neither_claims_nor_outcomes_of_others(database: Pool) -> None:
    held = await make_team(database, "http://held.invalid", accounts=2)
    other = await make_team(database, "http://other.invalid", accounts=1, is_due=False)
    platform = Platform()

    async with database.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM lead WHERE team_id = $1 FOR UPDATE", held.team_id)
        async with engine_of(database, platform) as engine:
            await asyncio.sleep(0.5)
            assert platform.senders == [], "the claim waits for the rows"
            await let_send(database, other)
            engine.wake()
            await until(lambda: platform.senders == ["http://other.invalid"], PROMPT_SECONDS)
            deadline = time.monotonic() + PROMPT_SECONDS
            while not await database.fetchval("SELECT count(*) FROM attempt WHERE state = 'accepted'"):
                assert time.monotonic() < deadline, "its outcome is not written down"
                await asyncio.sleep(0.01)


async def test_an_outcome_that_waits_for_rows_delays_no_other_team(database: Pool) -> None:
    held = await make_team(database, "http://held.invalid", accounts=1)
    other = await make_team(database, "http://other.invalid", accounts=1, is_due=False)
    platform = Platform()
    answer = asyncio.Event()

    async def wait(_: port.Credentials) -> None:
        await answer.wait()

    platform._hang = wait  # type: ignore[assignment,method-assign] # held until the rows are
    async with engine_of(database, platform) as engine, database.acquire() as holder, holder.transaction():
        await until(lambda: len(platform.senders) == 1, 60)
        await holder.execute("SELECT FROM lead WHERE team_id = $1 FOR UPDATE", held.team_id)
        answer.set()
        await asyncio.sleep(0.3)
        await let_send(database, other)
        engine.wake()
        deadline = time.monotonic() + PROMPT_SECONDS
        while not await database.fetchval("SELECT count(*) FROM attempt WHERE state = 'accepted'"):
            assert time.monotonic() < deadline, "it waits for the other team's"
            await asyncio.sleep(0.01)
    assert await database.fetchval("SELECT team_id FROM attempt WHERE state = 'accepted'") == other.team_id


async def test_two_campaigns_share_an_account_evenly(world: World) -> None:
    """At rates that the account's own limit does not allow together."""
    await world.link("ana")
    await world.pool.execute("UPDATE account_link SET hourly_limit = 6")
    people = await world.people(nature="open", talk="silent")
    first = await world.campaign([await world.make_list(people[:12], "First")], rate=25)
    second = await world.campaign([await world.make_list(people[12:24], "Second")], rate=25)

    async def are_sent() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) >= 16 FROM attempt WHERE is_first"))

    await world.run_until(are_sent)

    order = [
        row["campaign_id"]
        for row in await world.pool.fetch("SELECT campaign_id FROM attempt WHERE is_first ORDER BY intent_at, id")
    ]
    shares = [order[:count].count(first) - order[:count].count(second) for count in range(1, len(order) + 1)]
    assert max(map(abs, shares)) <= 1, order

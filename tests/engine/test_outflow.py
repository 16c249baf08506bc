"""Outflow: what a large team has due is claimed and settled side by side, a small one's in one go."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

import pytest
from tests.engine.claiming import ready_world
from tests.engine.conftest import World

from overture import clock as clocks
from overture.engine import dispatch, outflow, sending, settle, settling
from overture.engine.standstill import Standstill

PATIENCE_SECONDS = 30.0


class Claims:
    """Counts claims; none of them ends before as many are under way as a test awaits."""

    def __init__(self, dispatcher: type[dispatch.Dispatcher], monkeypatch: pytest.MonkeyPatch) -> None:
        self.under_way = 0
        self.most = 0
        self.counts: list[int] = []
        self.awaited = 0
        self._changed = asyncio.Condition()
        self._claim = dispatcher.claim
        monkeypatch.setattr(dispatcher, "claim", self._counted())

    def _counted(self) -> object:
        claims = self

        async def claim(dispatcher: dispatch.Dispatcher, team_id: str, **given: int) -> dispatch.Claimed:
            claims.under_way += 1
            claims.most = max(claims.most, claims.under_way)
            claims.counts.append(given["count"])
            async with claims._changed:
                claims._changed.notify_all()
                await claims._changed.wait_for(lambda: claims.most >= claims.awaited)
            try:
                return await claims._claim(dispatcher, team_id, **given)  # type: ignore[arg-type]
            finally:
                claims.under_way -= 1

        return claim

    async def until(self, most: int) -> None:
        """Wait until so many were under way at once."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._changed:
            await self._changed.wait_for(lambda: self.most >= most)


def outflow_of(world: World, ended: Callable[[], None] = lambda: None) -> tuple[outflow.Outflow, asyncio.Event]:
    """An outflow with nobody else about; the event tells that there is more to claim."""
    more = asyncio.Event()
    flow = outflow.Outflow(
        pool=world.pool,
        clock=world.clock,
        channels=world.context.channels,
        keyring=world.keyring,
        draws=Random(1),
        standstill=Standstill(pool=world.pool),
        wake=lambda _duties: more.set(),
        ended=ended,
    )
    return flow, more


async def until_idle(flow: outflow.Outflow) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not flow.is_idle:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.005)


async def test_a_team_with_more_due_than_a_claim_takes_is_claimed_twice_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready_world(world, 9)
    monkeypatch.setattr(dispatch, "BATCH", 1)
    claims = Claims(dispatch.Dispatcher, monkeypatch)
    flow, more = outflow_of(world)

    await flow.serve(world.actor.team_id)
    await until_idle(flow)
    assert (claims.most, more.is_set()) == (1, True), "nothing is known of a team before its first claim"
    claims.awaited = 2
    await flow.serve(world.actor.team_id)
    assert world.actor.team_id in flow.sated(), "two at once is the most"
    await claims.until(2)
    await until_idle(flow)

    assert claims.counts == [1, 1, 1]
    assert len(await world.messages()) == 3
    assert flow.sated() == []


async def test_a_team_whose_claim_found_less_is_claimed_once_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready_world(world, 9)
    claims = Claims(dispatch.Dispatcher, monkeypatch)
    flow, _ = outflow_of(world)

    for _ in range(2):
        await flow.serve(world.actor.team_id)
        assert flow.sated() == [world.actor.team_id]
        await until_idle(flow)

    assert claims.most == 1
    assert len(await world.messages()) == 3, "each account sent once, and its gap holds"


async def test_claims_side_by_side_share_the_places_of_a_team(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await ready_world(world, 9)
    monkeypatch.setattr(dispatch, "BATCH", 1)
    monkeypatch.setattr(outflow, "SENDS_AT_ONCE", 2)
    claims = Claims(dispatch.Dispatcher, monkeypatch)
    flow, _ = outflow_of(world)
    await flow.serve(world.actor.team_id)
    await until_idle(flow)

    await flow.serve(world.actor.team_id)
    assert flow.sated() == [world.actor.team_id]
    await until_idle(flow)

    assert claims.counts == [1, 1], "the one place of a lone team is taken before the claim looks"


async def test_it_tells_when_it_is_idle(world: World) -> None:
    """Virtual time goes on at that moment; nobody looks again for a while."""
    await ready_world(world, 9)
    was_idle: list[bool] = []
    flow, _ = outflow_of(world, ended=lambda: was_idle.append(flow.is_idle))

    for _ in range(2):
        await flow.serve(world.actor.team_id)
        await until_idle(flow)
        await asyncio.sleep(0)
        assert was_idle[-1]


async def test_once_it_stops_nothing_is_claimed(world: World) -> None:
    await ready_world(world, 9)
    flow, _ = outflow_of(world)

    flow.stop()
    await flow.serve(world.actor.team_id)
    await flow.finish()

    assert await world.messages() == []


async def claimed_results(world: World) -> list[settle.Result]:
    """Send what is due, and keep the outcomes."""
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    claimed = await dispatcher.claim(world.actor.team_id, now=await world.clock.now(), wall_now=clocks.wall_now())
    return [
        await sending.send(one, channels=world.context.channels, keyring=world.keyring, clock=world.clock)
        for one in claimed.ready
    ]


async def settled_while_the_first_hangs(world: World, waiting: int) -> Counter[str]:
    """Settle one result that has to wait for its account and then `waiting` others; return what was settled first."""
    results = await claimed_results(world)
    first, others = results[0], results[1 : 1 + waiting]
    settled: Counter[str] = Counter()
    begun = asyncio.Event()

    def done(_team_id: str, batch: Sequence[settle.Result]) -> None:
        settled.update(result.account_id for result in batch)

    settler = settling.Settler(
        pool=world.pool, clock=world.clock, taken_up=lambda _team_id, _count: begun.set(), settled=done
    )
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM account_pace WHERE account_id = $1 FOR NO KEY UPDATE", first.account_id)
        settler.put(world.actor.team_id, first)
        await begun.wait()
        for result in others:
            settler.put(world.actor.team_id, result)
        await asyncio.sleep(0.5)
        early = Counter(settled)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await settler.finish()
    assert settled.total() == 1 + waiting
    assert settler.is_idle
    return early


async def test_what_a_whole_claim_brings_is_settled_beside_what_is_being_settled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready_world(world, 9)
    monkeypatch.setattr(dispatch, "BATCH", 2)

    assert (await settled_while_the_first_hangs(world, waiting=2)).total() == 2


async def test_less_than_a_claim_brings_waits_for_what_is_being_settled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready_world(world, 9)
    monkeypatch.setattr(dispatch, "BATCH", 2)

    assert (await settled_while_the_first_hangs(world, waiting=1)).total() == 0

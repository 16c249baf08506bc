"""Several workers on one database: they join, leave, die, freeze and are cut off, and no message is sent twice.

Engine time is virtual and moved from here; the wall clock of all runs ten times as fast, so that leases end soon.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
from tests.crash import network, stage, worker
from tests.crash.machine import Machine, machine
from tests.crash.points import Point
from tests.crash.stage import Stage
from tests.crash.telling import Account, Shift, Telling
from tests.crash.worker import Post, Wall

from overture.store.pool import Pool
from overture.store.virtual import VirtualClock

WALL = Wall(speed=10)

COMMITTED = Point(label="store.ledger.write_intents writes attempt", count=2, is_after=False)
CALLING = Point(label="platform POST /2/dm_conversations/with/…/messages", count=1, is_after=False)
CALLED = Point(label="platform POST /2/dm_conversations/with/…/messages", count=1, is_after=True)
CLAIMED = Point(label="store.ledger.write_intents writes attempt", count=1, is_after=True)
SETTLING = Point(label="store.ledger.settle writes attempt", count=1, is_after=True)


@pytest.fixture(scope="module")
def server() -> Iterator[Machine]:
    with machine() as started:
        yield started


class Bystander:
    """Stands for the engine of a process that moves the clock and does nothing else; it can keep it from that."""

    is_woken = False

    def __init__(self, pool: Pool, platform_url: str) -> None:
        self.is_idle = True
        self.settled_down = asyncio.Event()
        self._clock = worker.SharedClock(pool)
        self._platform_url = platform_url

    def wake(self, **_: bool) -> None:
        """There is nobody to wake: workers look by themselves."""

    async def stop(self) -> None:
        """Let nobody move the clocks, and wait for a move that has begun."""
        self.is_idle = False
        async with httpx.AsyncClient(base_url=self._platform_url, timeout=30) as platform:
            while True:
                await asyncio.sleep(0.2)
                answer = await platform.get("/_sandbox/clock")
                if datetime.fromisoformat(answer.json()["now"]) == await self._clock.now():
                    return

    def go_on(self) -> None:
        """Let the clocks be moved again."""
        self.is_idle = True


async def tell(scene: Stage, shifts: Sequence[Shift], pool: Pool, post: Post) -> Account:
    bystander = Bystander(pool, post.platform_url)
    engine: Any = bystander
    async with worker.conducting(post.platform_url, pool, engine, VirtualClock(pool)):
        return await Telling(pool, shifts, machine=scene.machine, time=bystander).run()


_UNDISTURBED: dict[str, tuple[Stage, Account]] = {}


async def made(server: Machine) -> tuple[Stage, Account]:
    """Make the scene once, and tell how it ends where nobody is struck."""
    if server.url not in _UNDISTURBED:
        scene = await stage.prepare(server)
        _UNDISTURBED[server.url] = scene, await scene.tell(None, stage.PROCESS)
    return _UNDISTURBED[server.url]


def check(told: Account, undisturbed: Account, point: Point) -> None:
    violations = told.violations
    if point == CALLING:
        # Nobody can look at the clock and call at once: what leaves late may leave too soon before or after another.
        violations = [violation for violation in violations if not violation.startswith(("gaps: ", "pair_gaps: "))]
    assert violations == []
    assert told.states == undisturbed.states
    assert told.was_struck


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "point",
    [CLAIMED, CALLING, CALLED, SETTLING],
    ids=["in the middle of a claim", "before the call", "after the call", "in the middle of an outcome"],
)
async def test_a_worker_that_is_stopped_past_its_lease_and_goes_on_repeats_nothing(
    server: Machine, point: Point
) -> None:
    scene, undisturbed = await made(server)
    async with scene.set() as (pool, post):
        healthy = replace(post, wall=WALL, conducts=False)
        shifts = [
            Shift(post=replace(healthy, point=point, freezes=True, dies=False)),
            Shift(post=healthy, joins=0.0),
            Shift(post=healthy, joins=0.5),
        ]
        check(await tell(scene, shifts, pool, post), undisturbed, point)


@pytest.mark.timeout(300)
async def test_workers_join_leave_and_die_freely(server: Machine) -> None:
    scene, undisturbed = await made(server)
    async with scene.set() as (pool, post):
        healthy = replace(post, wall=WALL, conducts=False)
        shifts = [
            Shift(post=replace(healthy, point=CALLED)),
            Shift(post=healthy, joins=0.0, leaves=1.5),
            Shift(post=replace(healthy, point=SETTLING), joins=0.5),
            Shift(post=healthy, joins=1.0, leaves=2.0),
        ]
        check(await tell(scene, shifts, pool, post), undisturbed, CALLED)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("point", [CALLING, CALLED], ids=["before the call", "after the call"])
async def test_a_worker_that_is_cut_off_for_a_while_repeats_nothing(server: Machine, point: Point) -> None:
    scene, undisturbed = await made(server)
    with network.made() as cable:
        async with scene.set() as (pool, post), network.relayed(cable, post) as far:
            # Whoever calls the platform does so by the address that can be reached from everywhere.
            await pool.execute("UPDATE platform_app SET base_url = $1", far.platform_url)
            healthy = replace(post, wall=WALL, conducts=False)
            away = replace(
                healthy,
                dsn=far.dsn,
                platform_url=far.platform_url,
                namespace=cable.namespace,
                point=point,
                freezes=True,
                dies=False,
            )
            shifts = [Shift(post=away, network=cable), Shift(post=healthy, joins=0.0)]
            check(await tell(scene, shifts, pool, post), undisturbed, point)

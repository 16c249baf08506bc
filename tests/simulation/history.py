"""One history: a team, its campaigns, its workers and its platform, run in simulated time from a seed, and judged."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest import mock

import httpx
import structlog
from tests.simulation import database, evidence, judge, locks, plan
from tests.simulation.closings import Closings
from tests.simulation.crew import POOL_SIZE, Crew, TurningTransport
from tests.simulation.plan import STRIKES, Edit, Happening, Plan
from tests.simulation.team import Team
from tests.simulation.turnstile import Actor, Mishap, SimulatedLoop, Stuck, Turnstile

from overture import clock as clocks
from overture import ids, secrets
from overture.actions import seats, sending
from overture.actions.context import Context
from overture.channels.registry import Registry
from overture.channels.x.channel import XChannel
from overture.engine import conductor as conducting
from overture.engine import dispatch, replies, supervisor
from overture.sandbox import accounts as sending_accounts
from overture.sandbox import app as sandbox_app
from overture.store import virtual
from overture.store.pool import GONE, Connection, Pool

PATIENCE = timedelta(days=80)
"""How long, in engine time, everything may take to come to its end."""

T = TypeVar("T")
_LOOK_SECONDS = 5.0
_STANDSTILL_SECONDS = 200.0
_LONGEST_STEP_SECONDS = 15.0
# Nobody looks for what the conductor will tell of; nets are cast as often as leases of a dead worker may end.
_LONGEST_SLEEP_SECONDS = 60.0
_SWEEP_SECONDS = 60.0
_CLAIM = (
    "WITH taken AS MATERIALIZED",
    "SELECT a.account_id, picked.*",
    "WITH locked AS ( SELECT id, campaign_id",
    "INSERT INTO person AS p (team_id, profile_id, engaged_lead_id",
)
"""How the statements of a claim begin that an edit may race with: from its first to the last before the intents."""
_CLOSING = timedelta(hours=12)
_OUTAGE = timedelta(hours=2)
"""How long the platform's faults may keep an inbox from being read."""

_BEHIND = {Edit.FREEZE_INTENDED: database.INTENDED, Edit.FREEZE_ANSWERED: "POST"}
_LONG_FREEZES = (60.0, 300.0, 900.0)
"""Long enough for others to have looked into what it was at, and to have gone on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What came of a seed. The same seed gives the same digest."""

    seed: int
    digest: int
    turns: int
    messages: int
    deaths: int
    restarts: int
    violations: list[str]
    trace: list[str]


def broken(seed: int, why: str) -> Verdict:
    """Make the verdict on a history that could not be judged."""
    return Verdict(seed=seed, digest=0, turns=0, messages=0, deaths=0, restarts=0, violations=[why], trace=[])


class Recorder:
    """Keeps what the engine logs when something broke: it goes on, but a history must not."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Look at one line of the log."""
        is_late = event.get("event") == "send_broke" and event.get("error") == "TimeoutError()"
        # A timer that went off while its worker was frozen is no break.
        is_broken = str(event.get("event", "")).endswith("_broke") and not is_late
        if is_broken or "Deadlock" in str(event.get("error", "")):
            shown = structlog.processors.format_exc_info(None, "", dict(event))
            self.broken.append(f"{event['event']}: {shown}")
        raise structlog.DropEvent


_BATCHES = (1, 2, dispatch.BATCH)
"""Where a team has more due than a claim may take, it is claimed and settled side by side."""


def run(dsn: str, seed: int, focus: Sequence[Edit] = (), *, watches_locks: bool = False) -> Verdict:
    """Run the history of one seed in the empty database at `dsn`, and judge it. Once in a process.

    `watches_locks`: rows that are locked in two orders break it, too.
    """
    drawn = plan.draw(seed, focus)
    recorder = Recorder()
    structlog.configure(processors=[recorder], cache_logger_on_first_use=False)
    ids.seed(Random(seed))
    loop = SimulatedLoop()
    asyncio.set_event_loop(loop)
    with (
        mock.patch.object(clocks, "wall_now", loop.wall_now),
        mock.patch.object(seats, "_source", Random(seed)),
        mock.patch.object(sending, "time", SimpleNamespace(monotonic=loop.time)),
        mock.patch.object(ids, "_milliseconds", lambda: int(loop.wall_now().timestamp() * 1000)),
        mock.patch.object(asyncio, "to_thread", _at_once),
        mock.patch.object(conducting, "_TICK", _LOOK_SECONDS),
        mock.patch.object(conducting, "_LONGEST_WAIT", _LOOK_SECONDS),
        mock.patch.object(dispatch, "BATCH", Random(f"batch {seed}").choice(_BATCHES)),
        mock.patch.object(replies, "INTERVAL", drawn.readings[0]),
        mock.patch.object(replies, "QUIET_INTERVAL", drawn.readings[1]),
        mock.patch.object(supervisor, "LONGEST_SLEEP", _LONGEST_SLEEP_SECONDS),
        mock.patch.object(supervisor, "SWEEP_SECONDS", _SWEEP_SECONDS),
    ):
        # The loop is left as it is at the end: killed processes unwind nothing.
        try:
            return loop.run_until_complete(History(dsn, drawn, recorder, loop, watches_locks).run())
        except Stuck as error:
            # The loop itself says so, not anything that runs on it.
            return broken(seed, f"stuck: {error}")


class Clock(virtual.VirtualClock):
    """Tells when it has moved. The platform is moved first, and nobody edits anything between the two."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self._moved = asyncio.Event()

    async def move_on(self, connection: Connection, instant: datetime) -> None:
        """Move the run on."""
        await super().move_on(connection, instant)
        self._moved.set()

    async def has_reached(self, instant: datetime) -> None:
        """Wait until the run has reached an instant; not for ever, for the database may have ended the session."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                while await self.now() < instant:
                    self._moved.clear()
                    await self._moved.wait()


class History:
    """The run of one plan."""

    def __init__(self, dsn: str, drawn: Plan, recorder: Recorder, loop: SimulatedLoop, watches_locks: bool) -> None:
        self._dsn = dsn
        self._plan = drawn
        self._recorder = recorder
        self._loop = loop
        self._random = Random(drawn.seed + 1)
        self._observer = database.LockObserver(dsn)
        self._turnstile = Turnstile(Random(drawn.seed + 2), self._observer, on_death=self._on_death)
        self._locks: locks.Recorder | None = None
        if watches_locks:
            self._locks = locks.Recorder(self._observer.fetch)
            self._turnstile.passed_by = self._locks.note
        self._operator = Actor(name="team")
        self._to_come: list[Happening] = list(drawn.happenings)
        self._editing = asyncio.Lock()
        self._racing: list[Happening] = []
        self._turnstile.watch = self._watch
        self._deaths = 0
        self._restarts = self._restarted = 0
        self._teams: list[Team] = []
        self._closings = Closings(lambda: self._turnstile.passed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._faults: list[str] = []
        self._next_closing = drawn.edits_end
        self._moved_at = 0.0
        self._moved_to = drawn.start
        self._over = asyncio.Event()

    async def run(self) -> Verdict:
        """Run to the end and judge."""
        sandbox = sandbox_app.create_app(
            people=self._plan.people,
            seed=self._plan.seed,
            start=self._plan.start,
            limits=None,
            accounts=[sending_accounts.named(name) for team in self._plan.teams for name in team.senders],
        )
        inner = httpx.ASGITransport(app=sandbox)
        self._control = httpx.AsyncClient(transport=inner, base_url="http://x.sandbox")
        self._loop.turnstile = self._turnstile
        pool = await database.open_pool(self._dsn, self._operator, self._turnstile, size=POOL_SIZE)
        violations: list[str] = []
        try:
            self._clock = await _begin(pool, self._plan.start)
            sealer = secrets.Sealer([bytes(range(32))])
            self._crew = Crew(
                dsn=self._dsn,
                turnstile=self._turnstile,
                clock=self._clock,
                transport=inner,
                sealer=sealer,
                random=self._random,
            )
            context = Context(
                pool=pool,
                clock=self._clock,
                channels=Registry([XChannel(transport=TurningTransport(inner, self._operator, self._turnstile))]),
                sealer=sealer,
                wake=self._crew.wake,
            )
            for own in self._plan.teams:
                self._teams.append(await Team.found(context, self._control, self._plan, own, self._closings))
            for _ in range(self._plan.workers):
                await self._crew.hire()
            await self._live(pool)
        finally:
            self._loop.turnstile = None
            self._turnstile.is_closed = True
            messages = 0
            if len(self._teams) == len(self._plan.teams):
                found = await evidence.gather(
                    self._dsn,
                    self._control,
                    limits={key: value for team in self._teams for key, value in team.limits.items()},
                    consents={
                        team.actor.team_id: team.consenting.given
                        for team, own in zip(self._teams, self._plan.teams, strict=True)
                        if own.asks
                    },
                    lifted={
                        (team.actor.team_id, person): at for team in self._teams for person, at in team.lifted.items()
                    },
                    continued={lead: spans for team in self._teams for lead, spans in team.continued.items()},
                    begun=self._turnstile.begun,
                    closed=self._closings.spans,
                    keeps=self._plan.keeps,
                    unread=self._plan.readings[1] * 1.5 + _OUTAGE,
                )
                messages = len(found.messages)
                violations += judge.judge(found)
            self._observer.close()
            pool.terminate()
            for worker in self._crew.workers:
                worker.pool.terminate()
            await self._control.aclose()
        crossings = [] if self._locks is None else [f"locks: {one}" for one in self._locks.crossings()]
        return Verdict(
            seed=self._plan.seed,
            digest=self._turnstile.digest,
            turns=self._turnstile.passed,
            messages=messages,
            deaths=self._deaths,
            restarts=self._restarted,
            violations=violations + self._faults + self._recorder.broken + crossings,
            trace=self._turnstile.trace[-60:],
        )

    async def _live(self, pool: Pool) -> None:
        conductor = conducting.Conductor(
            pool=pool, engine=self._crew.as_engine(), clock=self._clock, move_platform=self._move, speed=None
        )
        task = asyncio.create_task(conductor.run())
        self._crew.wake()
        try:
            # What broke is the verdict: it may well never come to an end.
            while not self._over.is_set() and not self._recorder.broken:
                for ended in (task.exception() if task.done() else None, self._crew.failure()):
                    if ended is not None:
                        raise ended
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), _LOOK_SECONDS)
                with suppress(*GONE):
                    await self._nudge()
        finally:
            conductor.stop()
            task.cancel()
            await asyncio.gather(task, *self._tasks, return_exceptions=True)
            await self._crew.dismiss()

    async def _move(self, instant: datetime) -> None:
        """Move the platform on; what the plan has for the time up to `instant` happens from then on."""
        await self._set_platform(instant)
        arrived = [one for one in self._to_come if one.at <= instant]
        self._to_come = self._to_come[len(arrived) :]
        due = [one for one in arrived if not one.races]
        self._racing += [one for one in arrived if one.races]
        closes = instant >= self._next_closing
        if closes:
            due, self._racing = self._racing + due, []
            self._next_closing = instant + _CLOSING
        if due or closes:
            self._start(self._happen(due, closes=closes, now=instant))

    def _watch(self, label: str) -> None:
        # Not while the platform's clock is ahead of ours: it is not the database that moves it.
        if self._restarts and self._clock._instant == self._moved_to:
            self._restarts -= 1
            self._restarted += 1
            actors = [self._operator, *(worker.actor for worker in self._crew.workers)]
            self._observer.end(sorted(pid for actor in actors for pid in actor.pids))
        if self._racing and label.startswith(_CLAIM[self._racing[0].draw % len(_CLAIM)]):
            now = self._moved_to
            self._start(self._happen([self._racing.pop(0)], closes=False, now=now))

    async def _set_platform(self, instant: datetime) -> None:
        # It never goes back, as it might have to where the database ended the session that was to follow it.
        instant = max(instant, self._moved_to)
        # Wall time passes too, if less of it: leases run out while engine time moves on.
        step = min((instant - self._moved_to).total_seconds(), _LONGEST_STEP_SECONDS)
        self._loop.advance_to(self._loop.time() + step)
        self._moved_to, self._moved_at = instant, self._loop.time()
        answer = await self._control.post("/_sandbox/clock", json={"now": instant.isoformat()})
        assert answer.status_code == 200, answer.text

    async def _nudge(self) -> None:
        """Where time stands still because nothing is due, let the next thing of the plan happen."""
        if self._crew.busy or self._loop.time() - self._moved_at < _STANDSTILL_SECONDS:
            return
        now = await self._clock.now()
        instant = max(now, self._to_come[0].at if self._to_come else self._next_closing)
        await self._move(instant)
        await self._clock.move(instant)

    def _start(self, work: Any) -> None:
        self._crew.busy += 1
        task = asyncio.create_task(self._finish(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, work: Any) -> None:
        try:
            await work
        except Exception as error:
            self._faults.append(f"the team's own edit broke: {error!r}")
            self._over.set()
        finally:
            self._crew.busy -= 1
            self._crew.settled_down.set()

    async def _happen(self, due: list[Happening], *, closes: bool, now: datetime) -> None:
        await _insist(partial(self._clock.has_reached, now))
        for one in due:
            if one.edit is Edit.RESTART:
                self._restarts += 1
            elif one.edit in STRIKES:
                self._strike(one)
                if one.edit is Edit.FREEZE_ANSWERED and one.draw % 2:
                    # The answer it comes to itself with is that nobody knows.
                    fault = {"kind": "serverErrorAfterAccept", "next": 1}
                    await self._control.post("/_sandbox/faults", json=fault)
            else:
                # One person at a time edits; what they do races with the engine alone.
                async with self._editing:
                    await _insist(partial(self._teams[one.draw % len(self._teams)].do, one))
        if closes:
            async with self._editing:
                for team in self._teams:
                    await _insist(team.close)
            if all([await _insist(team.is_done) for team in self._teams]):
                self._over.set()
            elif now > self._plan.start + PATIENCE:
                unfinished = [lead for team in self._teams for lead in await team.unfinished()]
                self._faults.append(f"not at its end after {PATIENCE.days} days: {unfinished}")
                self._over.set()

    def _strike(self, one: Happening) -> None:
        """Let a worker die or freeze soon: at any turn, behind an intent, or right before or after a call to send."""
        random = Random(one.draw)
        if not self._crew.workers:
            return
        actor = random.choice(self._crew.workers).actor
        if one.edit in _BEHIND:
            freezes = random.choice(_LONG_FREEZES)
            actor.mishap = Mishap(turns=1, at=_BEHIND[one.edit], is_after=True, freezes=freezes)
            return
        is_at_send = random.random() < 0.6
        actor.mishap = Mishap(
            turns=random.randint(1, 3) if is_at_send else random.randint(1, 60),
            at="POST" if is_at_send else "",
            is_after=random.random() < 0.5,
            freezes=random.choice((5.0, 18.0, 60.0, 300.0)) if one.edit is Edit.FREEZE else None,
        )

    def _on_death(self, actor: Actor) -> None:
        self._deaths += 1
        self._crew.bury(actor)
        self._loop.call_later(self._random.uniform(0.1, 40), self._replace)

    def _replace(self) -> None:
        if not self._over.is_set():
            self._start(self._crew.hire())


async def _insist(work: Callable[[], Awaitable[T]]) -> T:
    """Do it until the database is there to do it with."""
    while True:
        try:
            return await work()
        except GONE:
            await asyncio.sleep(1)


async def _at_once(work: Callable[..., Any], *args: Any) -> Any:
    """Do what would be done in a thread, whose end keeps no order a seed could draw."""
    return work(*args)


async def _begin(pool: Pool, start: datetime) -> Clock:
    async with pool.acquire() as connection:
        await virtual.start(connection, start)
    return Clock(pool)

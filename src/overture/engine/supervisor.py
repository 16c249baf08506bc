"""The supervisor: wakes at the nearest due instant, hands out what is due, and settles what comes back."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any

import structlog

from overture import clock as clocks
from overture.channels.registry import Registry
from overture.clock import EngineClock
from overture.core.words import AnswerWay
from overture.engine import (
    assess,
    awaited,
    complete,
    halts,
    imports,
    listening,
    outflow,
    plan,
    pushes,
    reconcile,
    replies,
    streaming,
    sweeping,
    sync,
    webhooks,
)
from overture.engine.chores import Chores
from overture.engine.keyring import Keyring
from overture.engine.posting import Poster
from overture.engine.shares import Shares
from overture.engine.standstill import Standstill
from overture.secrets import Sealer
from overture.store import claims, duties, wakeups
from overture.store.pool import GONE, PASSING, Pool

_log = structlog.get_logger(__name__)

ENDPOINTS_AT_ONCE = 50
"""How many webhooks one worker serves at once; most of that is waiting for answers."""

WEBHOOKS_FEED_SECONDS = 0.5
"""How often a worker looks for events that webhooks have not got yet."""

IMPORTS_AT_ONCE = 2
CALLING_DUTIES = ("assess", "listen", "lookup", "push", "reconcile", "replies")
"""Duties that spend their time waiting for a platform; the others keep the database busy, save what was pushed: it is
short, and waits behind none of those."""

CALLING_DUTIES_AT_ONCE = 24
WORKING_DUTIES_AT_ONCE = 6
DUTY_LEASE = timedelta(seconds=120)
DUTY_RETRY = timedelta(seconds=30)
STARTS_ALLOWED = 5
"""Starts without an end after which a duty is left alone for an hour: it may be what kills its worker."""

TEAMS_A_TURN = 16

LONGEST_SLEEP = 1.0
SWEEP_SECONDS = 30.0


class Engine:
    """Everything that runs by itself, in one process. Several may run on one database; nothing is shared but it."""

    def __init__(
        self,
        *,
        pool: Pool,
        clock: EngineClock,
        channels: Registry,
        sealer: Sealer,
        draws: Random,
        chores: Callable[..., Chores] = Chores,
        poster: Poster | None = None,
        wish: listening.Wish = listening.POLL_ALONE,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._channels = channels
        self._keyring = Keyring(pool=pool, channels=channels, sealer=sealer)
        self._inboxes = replies.InboxReader(pool=pool, channels=channels, sealer=sealer)
        self._listener = listening.Listener(pool=pool, channels=channels, sealer=sealer, wish=wish)
        self._taker = pushes.Taker(pool=pool)
        self._reconciler = reconcile.Reconciler(pool=pool, channels=channels, sealer=sealer)
        self._assessor = assess.Assessor(pool=pool, channels=channels, sealer=sealer)
        self._seeker = awaited.Seeker(pool=pool, channels=channels, sealer=sealer)
        self._chores = chores(
            pool=pool,
            kind=imports.Importer(pool=pool, clock=clock, channels=channels, sealer=sealer),
            at_once=IMPORTS_AT_ONCE,
            ended=self._chore_ended,
        )
        self._background: list[Chores | streaming.Streams] = [self._chores]
        if wish.way is AnswerWay.STREAM:
            self._background.append(
                streaming.Streams(pool=pool, clock=clock, channels=channels, sealer=sealer, told=self.wake)
            )
        if poster is not None:
            deliverer = webhooks.Deliverer(pool=pool, clock=clock, sealer=sealer, poster=poster)
            self._background.append(
                Chores(pool=pool, kind=deliverer, at_once=ENDPOINTS_AT_ONCE, feed_seconds=WEBHOOKS_FEED_SECONDS)
            )
        self._work: dict[str, Callable[[duties.Duty, datetime], Awaitable[datetime | None]]] = {
            "sync": self._sync,
            "assess": self._assess,
            "plan": self._plan,
            "replies": self._replies,
            "reconcile": self._reconcile,
            "resume": self._resume,
            "lookup": self._look_up,
            "push": self._take_pushed,
            "listen": self._listen,
        }
        self._standstill = Standstill(pool=pool)
        self._outflow = outflow.Outflow(
            pool=pool,
            clock=clock,
            channels=channels,
            keyring=self._keyring,
            draws=draws,
            standstill=self._standstill,
            wake=lambda duties: self.wake(duties=duties),
            ended=self._has_ended,
        )
        self._calling = Shares(CALLING_DUTIES_AT_ONCE)
        self._working = Shares(WORKING_DUTIES_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()
        self._broken_off: list[duties.Duty] = []
        self._looking = 0
        self._wake_dispatch = asyncio.Event()
        self._wake_duties = asyncio.Event()
        self._stopping = asyncio.Event()
        self.settled_down = asyncio.Event()
        """Set whenever something ends here; a conductor clears it, looks, and waits for it."""

    def wake(self, *, sends: bool = True, duties: bool = True, chores: bool = False) -> None:
        """Look for work now: something may have become due. Who asks for a chore need not wake: the queue tells."""
        if sends:
            self._wake_dispatch.set()
        if duties:
            self._wake_duties.set()
        if chores:
            self._chores.wake()

    def stop(self) -> None:
        """End `run`: nothing new is claimed, what is under way is settled."""
        self._stopping.set()
        self._outflow.stop()
        for chores in self._background:
            chores.stop()
        self.wake()

    @property
    def is_idle(self) -> bool:
        """Whether this process is doing nothing at this moment."""
        counts = (self._calling.taken, self._working.taken, self._looking)
        return not any(counts) and self._outflow.is_idle and self._chores.is_idle

    @property
    def is_woken(self) -> bool:
        """Whether a wake-up is waiting to be taken up."""
        return self._wake_dispatch.is_set() or self._wake_duties.is_set()

    async def run(self) -> None:
        """Work until stopped."""
        background = [chores.run() for chores in self._background]
        loops = [self._dispatch_loop(), self._duty_loop(), self._sweep_loop(), *background]
        await asyncio.gather(*(self._guard(loop) for loop in loops))
        await self._outflow.finish()

    async def _guard(self, loop: Coroutine[Any, Any, None]) -> None:
        try:
            await loop
        except BaseException:
            self.stop()
            raise

    # ------------------------------------------------------------------ sends

    async def _dispatch_loop(self) -> None:
        while not self._stopping.is_set():
            self._wake_dispatch.clear()
            self._looking += 1
            try:
                if await self._goes_on():
                    await self._dispatch_turn()
            except GONE as error:
                self._standstill.begin(error)
            except PASSING as error:
                _log.info("turn_retried", error=repr(error))
                self._wake_dispatch.set()
            except Exception:
                _log.exception("dispatch_broke")
            finally:
                self._looking -= 1
                self.settled_down.set()
            await _wait(self._wake_dispatch, LONGEST_SLEEP)

    async def _goes_on(self) -> bool:
        """Tell whether the database can be worked with; where it can again, take up what broke off."""
        if not self._standstill.is_on:
            return True
        if not await self._standstill.is_over():
            return False
        while self._broken_off:
            async with self._pool.acquire() as connection:
                await duties.give_back(connection, duty=self._broken_off[-1])
            self._broken_off.pop()
        self.wake(chores=True)
        return True

    async def _dispatch_turn(self) -> None:
        """Begin to serve teams that may have something due; one that is being served keeps no other waiting."""
        now = await self._clock.now()
        async with self._pool.acquire() as connection:
            await wakeups.take_up(connection)
            teams, resumable = await claims.due_teams(
                connection, now=now, count=TEAMS_A_TURN, but_not=self._outflow.sated()
            )
        for team_id, campaign_id in resumable:
            await halts.resume(self._pool, team_id=team_id, campaign_id=campaign_id, now=now)
        for team_id in teams:
            await self._outflow.serve(team_id)
        if len(teams) == TEAMS_A_TURN:
            self._wake_dispatch.set()

    # ------------------------------------------------------------------ duties

    async def _duty_loop(self) -> None:
        while not self._stopping.is_set():
            self._wake_duties.clear()
            self._looking += 1
            try:
                taken = [] if self._standstill.is_on else await self._lease_duties()
            except GONE as error:
                self._standstill.begin(error)
                taken = []
            except Exception:
                _log.exception("duties_broke")
                taken = []
            finally:
                self._looking -= 1
                self.settled_down.set()
            for duty in taken:
                self._places(duty).take(duty.team_id)
                task = asyncio.create_task(self._run_duty(duty))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            if not taken:
                await _wait(self._wake_duties, LONGEST_SLEEP)
        if self._running:
            await asyncio.wait(self._running, timeout=5)

    def _places(self, duty: duties.Duty) -> Shares:
        return self._calling if duty.kind in CALLING_DUTIES else self._working

    async def _lease_duties(self) -> list[duties.Duty]:
        now = await self._clock.now()
        wall_now = clocks.wall_now()
        async with self._pool.acquire() as connection:
            return await duties.lease(
                connection,
                now=now,
                wall_now=wall_now,
                lease_until=wall_now + DUTY_LEASE,
                calling_kinds=CALLING_DUTIES,
                calling=duties.Wanted(count=self._calling.turn, but_not=self._calling.sated()),
                working=duties.Wanted(count=self._working.turn, but_not=self._working.sated()),
            )

    async def _run_duty(self, duty: duties.Duty) -> None:
        is_due_again = True
        try:
            is_due_again = await self._perform(duty)
        except GONE as error:
            self._standstill.begin(error)
            self._broken_off.append(duty)
        except Exception:
            _log.exception("duty_lost", kind=duty.kind, key=duty.key, team_id=duty.team_id)
        finally:
            is_awaited = bool(self._places(duty).sated())
            self._places(duty).give(duty.team_id)
            self.settled_down.set()
            # A reading that found nothing leads to nothing; every other duty may make sends or duties due.
            if is_due_again or duty.kind != "replies":
                self.wake()
            elif is_awaited:
                self.wake(sends=False)

    async def _perform(self, duty: duties.Duty) -> bool:
        """Run a duty to its end; tell whether it leaves something to do now."""
        now = await self._clock.now()
        if duty.starts > STARTS_ALLOWED:
            await self._fail_duty(duty, "stopped after too many starts without an end", now + timedelta(hours=1))
            return False
        try:
            next_due = await self._work[duty.kind](duty, now)
        except GONE:
            raise
        except PASSING as error:
            _log.info("duty_retried", kind=duty.kind, key=duty.key, team_id=duty.team_id, error=repr(error))
            await self._fail_duty(duty, repr(error)[:500], now + timedelta(seconds=1))
            return False
        except Exception as error:
            _log.exception("duty_broke", kind=duty.kind, key=duty.key, team_id=duty.team_id)
            await self._fail_duty(duty, repr(error)[:500], now + DUTY_RETRY)
            return False
        async with self._pool.acquire() as connection:
            await duties.finish(connection, duty=duty, next_due=next_due, now=now)
        return next_due is not None and next_due <= now

    async def _fail_duty(self, duty: duties.Duty, error: str, retry_at: datetime) -> None:
        async with self._pool.acquire() as connection:
            await duties.fail(connection, duty=duty, error=error, retry_at=retry_at)

    async def _sync(self, duty: duties.Duty, now: datetime) -> datetime | None:
        await sync.step(self._pool, team_id=duty.team_id, campaign_id=duty.key, now=now)
        await complete.check(self._pool, team_id=duty.team_id, campaign_ids=[duty.key], now=now)
        return None

    async def _assess(self, duty: duties.Duty, now: datetime) -> datetime | None:
        return await self._assessor.step(team_id=duty.team_id, campaign_id=duty.key, now=now)

    async def _plan(self, duty: duties.Duty, now: datetime) -> datetime | None:
        await plan.step(self._pool, team_id=duty.team_id, campaign_id=duty.key, now=now)
        return None

    async def _replies(self, duty: duties.Duty, now: datetime) -> datetime | None:
        reading = await self._inboxes.read(team_id=duty.team_id, account_id=duty.key, now=now)
        await complete.check(self._pool, team_id=duty.team_id, campaign_ids=reading.ended, now=now)
        if reading.is_awaited:
            self.wake()
        return reading.next_due

    async def _take_pushed(self, duty: duties.Duty, now: datetime) -> datetime | None:
        ended, next_due = await self._taker.step(team_id=duty.team_id, account_id=duty.key, now=now)
        await complete.check(self._pool, team_id=duty.team_id, campaign_ids=ended, now=now)
        return next_due

    async def _listen(self, duty: duties.Duty, now: datetime) -> datetime | None:
        return await self._listener.step(team_id=duty.team_id, app_id=duty.key, now=now)

    async def _reconcile(self, duty: duties.Duty, now: datetime) -> datetime | None:
        done = await self._reconciler.step(
            team_id=duty.team_id, account_id=duty.key, now=now, wall_now=clocks.wall_now()
        )
        await complete.check(self._pool, team_id=duty.team_id, campaign_ids=done.ended, now=now)
        return done.next_due

    async def _resume(self, duty: duties.Duty, now: datetime) -> datetime | None:
        return await halts.rested(self._pool, team_id=duty.team_id, account_id=duty.key, now=now)

    async def _look_up(self, duty: duties.Duty, now: datetime) -> datetime | None:
        return await self._seeker.step(team_id=duty.team_id, now=now)

    # ------------------------------------------------------------------ chores and nets

    def _chore_ended(self) -> None:
        self._has_ended()
        self.wake()

    def _has_ended(self) -> None:
        self.settled_down.set()

    async def _sweep_loop(self) -> None:
        """Find what a dead worker left behind: at the start, then every half minute of wall time."""
        has_begun = False
        while not self._stopping.is_set():
            try:
                if not self._standstill.is_on:
                    if not has_begun:
                        await self._listener.begin(now=await self._clock.now())
                        has_begun = True
                    await sweeping.sweep(self._pool, now=await self._clock.now())
                    self.wake()
            except GONE as error:
                self._standstill.begin(error)
            except Exception:
                _log.exception("sweep_broke")
            await _wait(self._stopping, SWEEP_SECONDS)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

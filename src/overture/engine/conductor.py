"""The conductor of a virtual run: moves engine time to the nearest due instant, and only while nothing is open.

Because time stands still while anything is being done, a virtual run is exact at any speed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from overture import clock as clocks
from overture.engine.supervisor import Engine
from overture.store import quiet
from overture.store.pool import GONE, Connection, Pool
from overture.store.virtual import VirtualClock

_log = structlog.get_logger(__name__)
_TICK = 0.02
_LONGEST_WAIT = 0.05
_SHOWN_EVERY = 0.1
"""So often, in wall seconds, a clock that runs at a speed is moved where nothing is due: it is seen, not worked by."""


class Conductor:
    """Moves the clock of one virtual run.

    `speed` is a ceiling in engine seconds per wall second. None = none: the clock jumps from due instant to due
    instant, and stands still while no campaign runs, or the days would be gone before anybody has pressed start.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        engine: Engine,
        clock: VirtualClock,
        move_platform: Callable[[datetime], Awaitable[None]] | None,
        speed: float | None,
    ) -> None:
        self._pool = pool
        self._engine = engine
        self._clock = clock
        self._move_platform = move_platform
        self._speed = speed
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    async def run(self) -> None:
        """Conduct until stopped, over one connection for as long as it holds."""
        started_wall, started = clocks.wall_now(), await self._clock.now()
        await self._tell_platform(started)
        while not self._stopping.is_set():
            try:
                async with self._pool.acquire() as connection:
                    await self._conduct(connection, started_wall, started)
            except GONE as error:
                _log.warning("database_gone", error=repr(error))
                await self._pause(1.0)

    async def _conduct(self, connection: Connection, started_wall: datetime, started: datetime) -> None:
        now = await self._clock.now()
        was_busy = False
        while not self._stopping.is_set():
            self._engine.settled_down.clear()
            if not self._engine.is_idle or self._engine.is_woken:
                await self._pause(_LONGEST_WAIT, self._engine.settled_down)
                continue
            state = await quiet.look(connection, now=now, wall_now=clocks.wall_now())
            if not self._engine.is_idle or self._engine.is_woken:
                continue
            if state.is_busy:
                # Somebody else's intent or lease holds the clock, or work that came by another way.
                self._engine.wake(chores=state.has_chores)
                await self._pause(_TICK if was_busy else 0)
                was_busy = True
                continue
            was_busy = False
            target = self._target(state, started_wall, started)
            if target is None or target <= now:
                await self._pause(_TICK, self._engine.settled_down)
                continue
            await self._tell_platform(target)
            await self._clock.move_on(connection, target)
            now = target
            self._engine.wake(
                sends=state.sends_are_due(now), duties=state.duties_are_due(now), chores=state.chores_are_due(now)
            )
            if (seconds := self._idle_seconds(state, now)) > 0:
                await self._pause(seconds)

    def _target(self, state: quiet.State, started_wall: datetime, started: datetime) -> datetime | None:
        """Say where the clock may go: to the nearest due instant, and no faster than its ceiling."""
        if self._speed is None:
            return _whole_milliseconds(state.next_due) if state.is_running and state.next_due is not None else None
        elapsed = (clocks.wall_now() - started_wall).total_seconds()
        ceiling = started + timedelta(seconds=elapsed * self._speed)
        return _whole_milliseconds(ceiling if state.next_due is None else min(state.next_due, ceiling))

    def _idle_seconds(self, state: quiet.State, now: datetime) -> float:
        """Return how long the clock stands: it runs at a speed, and nothing becomes due meanwhile, as far as known."""
        if self._speed is None:
            return 0.0
        if state.next_due is None:
            return _SHOWN_EVERY
        return min(_SHOWN_EVERY, max(0.0, (state.next_due - now).total_seconds() / self._speed))

    async def _tell_platform(self, instant: datetime) -> None:
        """Move the platform first, so that nothing it records is ever later than our own time."""
        if self._move_platform is not None:
            await self._move_platform(instant)

    async def _pause(self, seconds: float, event: asyncio.Event | None = None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await (event or self._stopping).wait()


def _whole_milliseconds(instant: datetime) -> datetime:
    """Round up to what platforms record, so that their record shows our instants exactly."""
    return instant + timedelta(microseconds=-instant.microsecond % 1000)

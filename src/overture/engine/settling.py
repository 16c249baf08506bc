"""Settling: what came of sends, written down team by team, so that no team waits for another's."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from overture.clock import EngineClock
from overture.engine import complete, settle
from overture.store.pool import GONE, PASSING, Pool

_log = structlog.get_logger(__name__)

TEAMS_AT_ONCE = 8
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds before a transaction that met a passing fault is tried again."""


class Settler:
    """Settles results as they come: those of a team that wait together in one transaction, one at a time."""

    def __init__(
        self, *, pool: Pool, clock: EngineClock, settled: Callable[[str, Sequence[settle.Result]], None]
    ) -> None:
        """`settled` is told of every batch that is done with."""
        self._pool = pool
        self._clock = clock
        self._settled = settled
        self._waiting: dict[str, list[settle.Result]] = {}
        self._working: dict[str, asyncio.Task[None]] = {}
        self._free = asyncio.Semaphore(TEAMS_AT_ONCE)
        self._gives_up = False

    def put(self, team_id: str, result: settle.Result) -> None:
        """Settle a result."""
        self._waiting.setdefault(team_id, []).append(result)
        if team_id not in self._working:
            self._working[team_id] = asyncio.create_task(self._work(team_id))

    async def finish(self) -> None:
        """Wait until nothing is left; what cannot be settled soon is left to whoever starts next."""
        self._gives_up = True
        while self._working:
            await asyncio.wait(list(self._working.values()))

    async def _work(self, team_id: str) -> None:
        try:
            while team_id in self._waiting:
                async with self._free:
                    results = self._waiting.pop(team_id)
                    await self._settle(team_id, results)
                self._settled(team_id, results)
        finally:
            del self._working[team_id]

    async def _settle(self, team_id: str, results: Sequence[settle.Result]) -> None:
        """Settle until it is done: an outcome that is known must not be lost to a passing fault."""
        pause = FIRST_PAUSE
        while not await self._has_settled(team_id, results):
            if self._gives_up and pause > 1:
                return  # the intents stay open; whoever starts next reads the conversations
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _has_settled(self, team_id: str, results: Sequence[settle.Result]) -> bool:
        """Settle once; tell whether nothing is left to do, be it because it can never be done."""
        try:
            now = await self._clock.now()
            ended = await settle.settle(self._pool, team_id=team_id, now=now, results=results)
            await complete.check(self._pool, team_id=team_id, campaign_ids=ended, now=now)
        except ValueError as error:
            # The client's own word for a value that no column takes; it is no fault that passes.
            await self._settle_apart(team_id, results, error)
        except (*PASSING, *GONE) as error:
            _log.warning("settle_retried", team_id=team_id, error=repr(error))
            return False
        except Exception as error:
            await self._settle_apart(team_id, results, error)
        return True

    async def _settle_apart(self, team_id: str, results: Sequence[settle.Result], error: Exception) -> None:
        """Settle one by one: an outcome that cannot be taken must not cost the others what is known of them."""
        if len(results) == 1:
            # Its intent stays open: reading the conversation will tell.
            _log.error("settle_broke", team_id=team_id, attempt_id=results[0].attempt_id, exc_info=error)
            return
        for result in results:
            await self._settle(team_id, [result])

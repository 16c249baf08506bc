"""Settling: what came of sends, written down team by team, so that no team waits for another's."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from overture.clock import EngineClock
from overture.engine import complete, dispatch, settle
from overture.store.pool import GONE, PASSING, Pool

_log = structlog.get_logger(__name__)

TEAMS_AT_ONCE = 8
OF_A_TEAM_AT_ONCE = 2
"""Transactions of one team side by side: the second takes what a whole claim has brought while the first is busy."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds before a transaction that met a passing fault is tried again."""


class Settler:
    """Settles results as they come: those of a team that wait together in one transaction."""

    def __init__(
        self,
        *,
        pool: Pool,
        clock: EngineClock,
        taken_up: Callable[[str, int], None] = lambda _team_id, _count: None,
        settled: Callable[[str, Sequence[settle.Result]], None] = lambda _team_id, _results: None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """Take whom to tell what.

        `taken_up` is told how many results of a team wait no longer, `settled` of every batch that is done with;
        `ended` is called when it may have become idle.
        """
        self._pool = pool
        self._clock = clock
        self._taken_up = taken_up
        self._settled = settled
        self._ended = ended
        self._waiting: dict[str, list[settle.Result]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._tasks_of: Counter[str] = Counter()
        self._busy_of: Counter[str] = Counter()
        self._free = asyncio.Semaphore(TEAMS_AT_ONCE)
        self._gives_up = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is being settled."""
        return not self._tasks

    def put(self, team_id: str, result: settle.Result) -> None:
        """Settle a result."""
        self._waiting.setdefault(team_id, []).append(result)
        tasks = self._tasks_of[team_id]
        is_looked_after = self._busy_of[team_id] < tasks
        if not is_looked_after and self._is_another_wanted(team_id, beside=tasks):
            self._tasks_of[team_id] += 1
            task = asyncio.create_task(self._work(team_id))
            self._tasks.add(task)
            task.add_done_callback(self._task_ended)

    async def finish(self) -> None:
        """Wait until nothing is left; what cannot be settled soon is left to whoever starts next."""
        self._gives_up = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _task_ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._ended()

    def _is_another_wanted(self, team_id: str, *, beside: int) -> bool:
        waiting = len(self._waiting.get(team_id, ()))
        if not beside:
            return waiting > 0
        # Small batches cost more than they gain.
        return waiting >= dispatch.BATCH and beside < OF_A_TEAM_AT_ONCE

    async def _work(self, team_id: str) -> None:
        try:
            while self._is_another_wanted(team_id, beside=self._tasks_of[team_id] - 1):
                async with self._free:
                    await self._settle_waiting(team_id)
        finally:
            _take_one(self._tasks_of, team_id)

    async def _settle_waiting(self, team_id: str) -> None:
        results = self._waiting.pop(team_id, [])
        if not results:
            return
        self._busy_of[team_id] += 1
        try:
            self._taken_up(team_id, len(results))
            await self._settle(team_id, results)
        finally:
            _take_one(self._busy_of, team_id)
        self._settled(team_id, results)

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


def _take_one(counts: Counter[str], team_id: str) -> None:
    counts[team_id] -= 1
    if not counts[team_id]:
        del counts[team_id]

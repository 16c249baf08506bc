"""Chores in a simulated run: taken from the queue by turns, when the conductor tells that there are some."""

import uuid
from datetime import timedelta

from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.errors import RetryRequested
from pgqueuer.ports.repository import EntrypointExecutionParameter

from overture.engine import chores

_UNLIMITED = EntrypointExecutionParameter(concurrency_limit=0)


class ChoresByTurns(chores.Chores):
    """The library's statements without its timers and notices, which keep no order a seed could draw.

    Who is told takes over at once what anybody else was at: a heartbeat is wall time of the machine.
    """

    async def run(self) -> None:
        """Do chores until stopped."""
        while True:
            await self._woken.wait()
            if self._stopping.is_set():
                return
            self._woken.clear()
            await self._guarded(self._work_off())

    async def _work_off(self) -> None:
        await self._feed()
        me = QueueManagerId(uuid.uuid4())
        while not self._stopping.is_set():
            async with self._pool.acquire() as connection:
                jobs = await chores.queries(connection).dequeue(
                    batch_size=1,
                    entrypoints={QueueEntrypoint(self._kind.name): _UNLIMITED},
                    queue_manager_id=me,
                    global_concurrency_limit=None,
                    heartbeat_timeout=timedelta(0),
                )
            if not jobs:
                return
            try:
                await self._answer(jobs[0], self._stopping)
            except RetryRequested:
                continue
            async with self._pool.acquire() as connection:
                await chores.queries(connection).log_jobs([(jobs[0], "successful", None)])

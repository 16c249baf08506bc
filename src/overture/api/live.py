"""Live: who listens for a team's events is told when there are new ones.

One look at the numbers of all teams somebody listens to serves every stream of the process; nobody listening, it rests.
"""

import asyncio
from contextlib import suppress

import structlog

from overture.store import outbox
from overture.store.pool import GONE, Pool

LOOK_SECONDS = 0.4
_log = structlog.get_logger(__name__)


class Live:
    """Those of one process who wait for events."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[asyncio.Future[None], tuple[str, int]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, *, team_id: str, after_seq: int, seconds: float) -> None:
        """Wait until a team has an event after a number, or so long."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[place] = team_id, after_seq
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await place
        finally:
            del self._waiting[place]

    async def _look(self) -> None:
        """Look again and again, until nobody waits."""
        try:
            while self._waiting:
                try:
                    await self._tell()
                except GONE as error:
                    _log.warning("database_gone", error=repr(error))
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._looking = None

    async def _tell(self) -> None:
        teams = sorted({team_id for team_id, _ in self._waiting.values()})
        async with self._pool.acquire() as connection:
            newest = await outbox.newest(connection, team_ids=teams)
        for place, (team_id, after_seq) in self._waiting.items():
            if newest.get(team_id, 0) > after_seq and not place.done():
                place.set_result(None)

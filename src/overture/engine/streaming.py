"""Streams: connections through which platforms tell apps what happens, each held by one process at a time.

Who holds one says so by a lease in the database (wall time); when its process dies, another takes over. What was
told to nobody meanwhile is found by reading the inboxes, which every new connection asks for.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import structlog

from overture import clock as clocks
from overture import ids
from overture.channels.port import ChannelError, Push
from overture.channels.registry import Registry
from overture.clock import EngineClock
from overture.engine import listening, pushes
from overture.secrets import SealBroken, Sealer
from overture.store import listening as stored
from overture.store.pool import GONE, PASSING, Pool

_log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
LOOK_SECONDS = 5.0
"""How often a process renews its leases, and looks for streams that nobody holds."""

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""How long a stream that broke off is left alone, doubling while it does not hold."""


class Streams:
    """Holds the streams of this process.

    Args:
        pool: the database.
        clock: engine time.
        channels: the platforms.
        sealer: opens the tokens of apps.
        told: called when something was told, for the engine to look.
    """

    def __init__(
        self, *, pool: Pool, clock: EngineClock, channels: Registry, sealer: Sealer, told: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._channels = channels
        self._sealer = sealer
        self._told = told
        self._holder = ids.new("h")
        self._held: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End `run`: what is held is let go."""
        self._stopping.set()

    async def run(self) -> None:
        """Hold what nobody else holds until stopped."""
        try:
            while not self._stopping.is_set():
                try:
                    await self._look()
                except (*GONE, *PASSING) as error:
                    # Leases run out meanwhile: what cannot be renewed is let go.
                    _log.info("streams_let_go", error=repr(error))
                    await self._let_go(set())
                except Exception:
                    _log.exception("streams_broke")
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._stopping.wait()
        finally:
            await self._let_go(set())
            with suppress(*GONE, *PASSING):
                async with self._pool.acquire() as connection:
                    await stored.let_go(connection, holder=self._holder)

    async def _look(self) -> None:
        wall_now = clocks.wall_now()
        async with self._pool.acquire() as connection:
            held = await stored.hold(connection, holder=self._holder, wall_now=wall_now, until=wall_now + LEASE)
        await self._let_go(set(held))
        for team_id, app_id in held:
            if (team_id, app_id) not in self._held:
                self._held[team_id, app_id] = asyncio.create_task(self._keep(team_id, app_id))

    async def _let_go(self, kept: set[tuple[str, str]]) -> None:
        left = [key for key in self._held if key not in kept]
        tasks = [self._held.pop(key) for key in left]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, team_id: str, app_id: str) -> None:
        """Keep one stream open."""
        wait = SHORTEST_WAIT
        while True:
            loop = asyncio.get_running_loop()
            began = loop.time()
            try:
                problem = await self._listen(team_id, app_id)
            except (*GONE, *PASSING) as error:
                problem = repr(error)
            except Exception as error:
                _log.exception("stream_broke", team_id=team_id, app_id=app_id)
                problem = repr(error)
            _log.info("stream_ended", team_id=team_id, app_id=app_id, problem=problem)
            # One that held for long ends as X's do now and then; one that does not hold is asked for less and less.
            wait = SHORTEST_WAIT if loop.time() - began > LONGEST_WAIT else min(wait * 2, LONGEST_WAIT)
            await asyncio.sleep(wait)

    async def _listen(self, team_id: str, app_id: str) -> str:
        """Take what one connection tells until it ends; return why it did."""
        async with self._pool.acquire() as connection:
            app = await stored.app(connection, team_id=team_id, app_id=app_id)
        channel = None if app is None else self._channels.get(app.platform)
        if app is None or channel is None or channel.push is None or app.sealed_bearer_token is None:
            return "the app has no token of its own"
        is_open = False
        try:
            as_itself = listening.as_app(
                self._sealer,
                team_id=team_id,
                app_id=app_id,
                base_url=app.base_url,
                sealed_bearer_token=app.sealed_bearer_token,
            )
            async for line in channel.push.listen(as_itself):
                if not is_open:
                    is_open = True
                    await self._note(team_id, app_id, problem=None)
                if line:
                    await self._take(team_id, app_id, channel.push, line)
        except (ChannelError, SealBroken) as error:
            if not is_open:
                await self._note(team_id, app_id, problem=f"The stream does not open: {error}"[:500])
            return str(error)
        return "the platform ended it"

    async def _take(self, team_id: str, app_id: str, push: Push, line: bytes) -> None:
        now = await self._clock.now()
        pushed = push.read(line, now=now)
        if pushed and await pushes.receive(self._pool, team_id=team_id, app_id=app_id, pushed=pushed, now=now):
            self._told()

    async def _note(self, team_id: str, app_id: str, *, problem: str | None) -> None:
        """Note whether a stream is open; one that has just opened has the inboxes read for what it missed."""
        async with self._pool.acquire() as connection, connection.transaction():
            await stored.note_stream(
                connection, team_id=team_id, app_id=app_id, problem=problem, now=await self._clock.now()
            )
        self._told()

"""Imports: chores that bring the rows of a file, or people a platform lists, onto a list."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from overture.channels.registry import Registry
from overture.clock import EngineClock
from overture.core.lead_rows import Layout
from overture.core.words import ChoreKind
from overture.engine import (
    import_audience,
    import_ends,
    import_history,
    import_leads,
    import_rows,
    import_run,
    listings,
    lookups,
)
from overture.engine.chores import Chore
from overture.secrets import Sealer
from overture.store import histories, import_sources, imports
from overture.store.imports import Job, Reading
from overture.store.pool import Connection, Pool

STARTS_ALLOWED = 5
"""Starts without a batch after which an import is given up: it may be what kills its worker."""

_BROKE = "The import broke off; it goes on by itself."
_GIVEN_UP = "The import stopped again and again without an end. Import what is missing anew."
_AT_ONCE = 100
_UNTIL_READ = timedelta(minutes=1)

_Run = import_run.Run | import_audience.Run


class Importer:
    """Works off import jobs."""

    name = ChoreKind.IMPORT

    def __init__(self, *, pool: Pool, clock: EngineClock, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._clock = clock
        self._channels = channels
        self._finder = lookups.Finder(pool=pool, channels=channels, sealer=sealer)
        self._lister = listings.Lister(pool=pool, channels=channels, sealer=sealer)

    async def work(self, chore: Chore, *, halt: asyncio.Event) -> bool:
        """Import a file until it ends, must wait, or `halt` is set; tell whether another worker need not go on."""
        while not halt.is_set():
            run = await self._start(chore)
            if run is None or await run.go_on(halt):
                return True
        return False

    async def _start(self, chore: Chore) -> _Run | None:
        """Take a job up where it stands; None if it has ended, or is given up now."""
        now = await self._clock.now()
        async with self._pool.acquire() as connection:
            started = await imports.start(connection, team_id=chore.team_id, job_id=chore.key, now=now)
            if started is None:
                return None
            if started.starts > STARTS_ALLOWED:
                await import_ends.fail(connection, team_id=chore.team_id, job_id=chore.key, error=_GIVEN_UP, now=now)
                return None
            return await self._run(connection, chore, started)

    async def _run(self, connection: Connection, chore: Chore, started: imports.Started) -> _Run | None:
        """Return the work on a job; None if it cannot begin now."""
        if started.reading is None:
            source = await import_sources.read(connection, team_id=chore.team_id, job_id=chore.key)
            return import_audience.Run(
                pool=self._pool,
                clock=self._clock,
                finder=self._finder,
                lister=self._lister,
                team_id=chore.team_id,
                job=started.job,
                source=source,
            )
        if started.job.account_id is not None:
            return await self._history(connection, chore, started.job, started.reading)
        layout = await import_rows.read_layout(
            connection, team_id=chore.team_id, job=started.job, reading=started.reading
        )
        taker = import_leads.Taker(pool=self._pool, team_id=chore.team_id, job=started.job, layout=layout)
        return self._of_file(chore, started.job, started.reading, layout, taker)

    async def _history(self, connection: Connection, chore: Chore, job: Job, reading: Reading) -> _Run | None:
        """Return the work on a history, once it is known how far back the platform itself has told."""
        keys = {"team_id": chore.team_id, "job_id": chore.key}
        now = await self._clock.now()
        source = await histories.source(connection, **keys)
        channel = self._channels.get(source.platform)
        if not source.is_linked or channel is None:
            await import_ends.fail(connection, **keys, error=import_history.DISCONNECTED, now=now)
            return None
        if source.synced_at is None:
            await imports.advance(connection, **keys, by=_waiting(reading, now), now=now)
            return None
        layout = import_history.layout(reading)
        taker = import_history.Taker(
            pool=self._pool,
            team_id=chore.team_id,
            job=job,
            layout=layout,
            source=source,
            until=source.synced_at - channel.capabilities.history,
        )
        return self._of_file(chore, job, reading, layout, taker)

    def _of_file(
        self, chore: Chore, job: Job, reading: Reading, layout: Layout, taker: import_run.Taker
    ) -> import_run.Run:
        return import_run.Run(
            pool=self._pool,
            clock=self._clock,
            finder=self._finder,
            team_id=chore.team_id,
            job=job,
            reading=reading,
            layout=layout,
            taker=taker,
        )

    async def postpone(self, chore: Chore, *, error: Exception | None, by: timedelta) -> None:
        """Let a job pause that broke off, or was in somebody's way (`error` None)."""
        now = await self._clock.now()
        async with self._pool.acquire() as connection:
            await imports.pause(
                connection,
                team_id=chore.team_id,
                job_id=chore.key,
                error=None if error is None else _BROKE,
                resume_at=now + by,
                now=now,
            )

    async def unattended(self, connection: Connection) -> Sequence[Chore]:
        """Return jobs that should be at work and are not in the queue: those that paused, as a rule."""
        now = await self._clock.now()
        found = await imports.unattended(connection, now=now, count=_AT_ONCE)
        return [Chore(team_id=team_id, key=job_id) for team_id, job_id in found]


def _waiting(reading: Reading, now: datetime) -> imports.Advance:
    """Let a history wait where it stands until the account's messages have been read."""
    return imports.Advance(
        added=0,
        skipped=0,
        failed=0,
        offset=reading.offset,
        line=reading.line,
        error=import_history.NOT_READ_YET,
        resume_at=now + _UNTIL_READ,
    )

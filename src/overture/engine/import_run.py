"""One import of a file at work: batch by batch, each batch whole or not at all.

What a batch adds, the rows it refuses and the place where the next one begins are committed together, so a job that is
killed goes on without a lost or doubled row.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Protocol

from overture.clock import EngineClock
from overture.core.identifiers import IdentifierKind
from overture.core.lead_rows import Layout
from overture.engine import import_batches, import_ends, import_rows, lookups
from overture.engine.import_batches import Row
from overture.engine.import_target import BATCH
from overture.store import import_rejects, imports, people
from overture.store.imports import Job, Reading
from overture.store.pool import Connection, Pool

MOST_LOOKUPS = 2_000
"""Usernames asked of the platform for one batch, at most."""

_NO_ANSWERS = lookups.Answers(people=(), absent={}, refusal=None)


class Taker(Protocol):
    """What becomes of the rows of one job."""

    async def hold(self, connection: Connection, *, offset: int) -> bool:
        """Tell, for the rest of the transaction, whether what stands at `offset` is this worker's to take."""

    async def take(
        self, connection: Connection, batch: import_rows.Batch, now: datetime
    ) -> tuple[int, list[import_rejects.Reject]]:
        """Take a batch, or count what taking it would do; return how many rows were new, and those not taken."""

    async def end_batch(self) -> None:
        """Do what the batch taken last leads to once it is committed."""


class Run:
    """The work on one job from where it stands."""

    def __init__(
        self,
        *,
        pool: Pool,
        clock: EngineClock,
        finder: lookups.Finder,
        team_id: str,
        job: Job,
        reading: Reading,
        layout: Layout,
        taker: Taker,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._finder = finder
        self._team_id = team_id
        self._job = job
        self._reading = reading
        self._layout = layout
        self._taker = taker
        self._offset = reading.offset
        self._line = reading.line

    async def go_on(self, halt: asyncio.Event) -> bool:
        """Apply batches until the file ends, the job must wait, or `halt` is set; tell whether nothing is left to do.

        Also False where the rest must be read anew: not all names of a batch are asked for at once.
        """
        async with aclosing(
            import_batches.read(
                self._pool,
                team_id=self._team_id,
                job_id=self._job.id,
                reading=self._reading,
                layout=self._layout,
                size=BATCH,
            )
        ) as batches:
            async for rows in batches:
                now = await self._clock.now()
                known, answers = await self._look_up(rows, now)
                applied = rows if answers is _NO_ANSWERS else import_rows.answered(rows, known, answers)
                added = await self._apply(import_rows.Batch(rows=applied, known=known, answers=answers), now)
                if added is not None:
                    await self._taker.end_batch()
                if added is None or answers.refusal is not None:
                    return True
                if len(applied) < len(rows) or halt.is_set():
                    return False
        await import_ends.complete(
            self._pool,
            team_id=self._team_id,
            job_id=self._job.id,
            offset=self._offset,
            now=await self._clock.now(),
        )
        return True

    async def _look_up(self, rows: Sequence[Row], now: datetime) -> tuple[Mapping[str, str], lookups.Answers]:
        """Return the profiles of usernames the team knows, and the platform's answers about others."""
        named = list(dict.fromkeys(import_rows.identifiers(rows, IdentifierKind.USERNAME)))
        if not named:
            return {}, _NO_ANSWERS
        platform = self._layout.platform
        async with self._pool.acquire() as connection:
            known = await people.find_usernames(
                connection, team_id=self._team_id, platform=platform, usernames=named, living=True
            )
        unknown = [username for username in named if username not in known][:MOST_LOOKUPS]
        if not unknown:
            return known, _NO_ANSWERS
        answers = await self._finder.find(team_id=self._team_id, platform=platform, usernames=unknown, now=now)
        return known, answers

    async def _apply(self, batch: import_rows.Batch, now: datetime) -> int | None:
        """Commit a batch; return how many rows of it were new, None if it is not this worker's to commit any more."""
        rows, refusal = batch.rows, batch.answers.refusal
        async with self._pool.acquire() as connection, connection.transaction():
            if not await self._taker.hold(connection, offset=self._offset):
                return None
            added, rejects = await self._taker.take(connection, batch, now)
            await import_rejects.insert(connection, team_id=self._team_id, job_id=self._job.id, rejects=rejects)
            last = rows[-1].record if rows else None
            advance = imports.Advance(
                added=added,
                skipped=len(rows) - len(rejects) - added,
                failed=len(rejects),
                offset=last.next_offset if last else self._offset,
                line=last.next_line if last else self._line,
                error=refusal.reason if refusal else None,
                resume_at=refusal.retry_at if refusal else None,
            )
            await imports.advance(connection, team_id=self._team_id, job_id=self._job.id, by=advance, now=now)
        self._offset, self._line = advance.offset, advance.line
        return added

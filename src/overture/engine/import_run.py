"""One import at work: batch by batch onto the list, each batch whole or not at all.

What a batch adds, the rows it refuses and the place where the next one begins are committed together, so a job that is
killed goes on without a lost or doubled row.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import datetime

from overture.clock import EngineClock
from overture.core.identifiers import IdentifierKind
from overture.core.lead_rows import Layout, Values
from overture.core.words import MergeStrategy
from overture.engine import import_batches, import_ends, import_rows, lookups
from overture.engine.import_batches import Row
from overture.engine.import_target import BATCH, Target
from overture.store import import_check, import_rejects, imports, lists, people
from overture.store.imports import Job, Reading
from overture.store.pool import Connection, Pool

MOST_LOOKUPS = 2_000
"""Usernames asked of the platform for one batch, at most."""

_NO_ANSWERS = lookups.Answers(people=(), absent={}, refusal=None)


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
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._finder = finder
        self._team_id = team_id
        self._job = job
        self._reading = reading
        self._layout = layout
        self._strategy = MergeStrategy(job.merge_strategy)
        self._offset = reading.offset
        self._line = reading.line
        self._target = Target(pool=pool, team_id=team_id, job=job)

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
                added = await self._apply(applied, known, answers, now)
                if added is None or answers.refusal is not None:
                    return True
                await self._target.refresh_statistics(added)
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

    async def _apply(
        self, rows: Sequence[Row], known: Mapping[str, str], answers: lookups.Answers, now: datetime
    ) -> int | None:
        """Commit a batch; return how many people it added, None if it is not this worker's to commit any more."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await self._target.hold(connection, offset=self._offset):
                return None
            if self._job.check_only:
                added, rejects = await self._check(connection, rows, known, answers)
            else:
                added, rejects = await self._take(connection, rows, known, answers, now)
            await import_rejects.insert(connection, team_id=self._team_id, job_id=self._job.id, rejects=rejects)
            last = rows[-1].record if rows else None
            advance = imports.Advance(
                added=added,
                skipped=len(rows) - len(rejects) - added,
                failed=len(rejects),
                offset=last.next_offset if last else self._offset,
                line=last.next_line if last else self._line,
                error=answers.refusal.reason if answers.refusal else None,
                resume_at=answers.refusal.retry_at if answers.refusal else None,
            )
            await imports.advance(connection, team_id=self._team_id, job_id=self._job.id, by=advance, now=now)
        self._offset, self._line = advance.offset, advance.line
        return added

    async def _take(
        self,
        connection: Connection,
        rows: Sequence[Row],
        known: Mapping[str, str],
        answers: lookups.Answers,
        now: datetime,
    ) -> tuple[int, list[import_rejects.Reject]]:
        """Bring a batch onto the list; return how many people are new there, and the rows not taken."""
        found = await self._save_people(connection, rows, known, answers, now)
        columns = await lists.read_columns(connection, team_id=self._team_id, list_id=self._job.list_id)
        taken, rejects = self._sort_out(rows, found, answers, {column.id for column in columns})
        return await self._target.put(connection, taken, now), rejects

    async def _check(
        self, connection: Connection, rows: Sequence[Row], known: Mapping[str, str], answers: lookups.Answers
    ) -> tuple[int, list[import_rejects.Reject]]:
        """Return what `_take` would, and change nothing."""
        named = await import_check.platform_ids(connection, team_id=self._team_id, profile_ids=set(known.values()))
        met = {person.username.lower(): person.platform_id for person in answers.people}
        by_username = {username: named[profile_id] for username, profile_id in known.items()} | met
        by_id = {value: value for value in import_rows.identifiers(rows, IdentifierKind.PLATFORM_ID)}
        found = import_rows.Found(by_id=by_id, by_username=by_username)
        taken, rejects = self._sort_out(rows, found, answers, set())
        return await self._target.check(connection, self._layout.platform, taken.keys()), rejects

    async def _save_people(
        self,
        connection: Connection,
        rows: Sequence[Row],
        known: Mapping[str, str],
        answers: lookups.Answers,
        now: datetime,
    ) -> import_rows.Found:
        """Make sure that everybody the rows name has a profile, as far as they exist."""
        platform = self._layout.platform
        saved = await people.save_people(
            connection, team_id=self._team_id, platform=platform, people=answers.people, now=now
        )
        platform_ids = import_rows.identifiers(rows, IdentifierKind.PLATFORM_ID)
        by_id = await people.save_ids(
            connection, team_id=self._team_id, platform=platform, platform_ids=platform_ids, now=now
        )
        met = {person.username.lower(): saved[person.platform_id] for person in answers.people}
        return import_rows.Found(by_id=by_id, by_username={**known, **met})

    def _sort_out(
        self, rows: Sequence[Row], found: import_rows.Found, answers: lookups.Answers, column_ids: set[str]
    ) -> tuple[dict[str, Values], list[import_rejects.Reject]]:
        return import_rows.sort_out(
            rows, found, answers.absent, layout=self._layout, column_ids=column_ids, strategy=self._strategy
        )

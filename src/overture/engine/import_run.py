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
from overture.engine import import_batches, import_rows, lookups
from overture.engine.import_batches import Row
from overture.store import (
    consents,
    duties,
    import_check,
    import_rejects,
    import_undo,
    imports,
    list_leads,
    lists,
    outbox,
    people,
)
from overture.store.imports import Job, Reading
from overture.store.pool import Connection, Pool

BATCH = 4_000
"""Rows committed together."""

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
        self._added = job.added_count

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
                await self._refresh_statistics(added)
                if len(applied) < len(rows) or halt.is_set():
                    return False
        await self._complete()
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
            kind = await lists.lock(connection, team_id=self._team_id, list_id=self._job.list_id)
            if kind is None or not await imports.is_at(
                connection, team_id=self._team_id, job_id=self._job.id, offset=self._offset
            ):
                # Canceled, deleted with its list, or taken over by another worker.
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
        added = await self._add(connection, taken, now)
        if taken and self._job.consent is not None:
            await self._record_consent(connection, sorted(taken), self._job.consent, now)
        return added, rejects

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
        added = await import_check.meet(
            connection,
            team_id=self._team_id,
            list_id=self._job.list_id,
            job_id=self._job.id,
            platform=self._layout.platform,
            met=taken.keys(),
        )
        return added, rejects

    async def _refresh_statistics(self, added: int) -> None:
        """Have the tables measured after the first batch, and each time the people of this file are four times more."""
        before, self._added = self._added, self._added + added
        if _quadruplings(self._added) > _quadruplings(before):
            async with self._pool.acquire() as connection:
                await imports.refresh_statistics(connection)

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

    async def _add(self, connection: Connection, taken: Mapping[str, Values], now: datetime) -> int:
        """Put people on the list and bring values to those who are there; return how many are new."""
        keys = {"team_id": self._team_id, "list_id": self._job.list_id}
        if not taken:
            return 0
        fresh = await list_leads.add(connection, **keys, data=taken, now=now, import_id=self._job.id)
        before = {profile_id: values for profile_id, values in taken.items() if profile_id not in fresh}
        if before:
            await import_undo.remember(connection, **keys, job_id=self._job.id, data=before, strategy=self._strategy)
        present = {profile_id: values for profile_id, values in before.items() if values}
        if present and self._strategy is not MergeStrategy.KEEP:
            overwrites = self._strategy is MergeStrategy.OVERWRITE
            await list_leads.merge(connection, **keys, data=present, overwrites=overwrites, now=now)
        following = await list_leads.campaigns_following(connection, **keys)
        if fresh:
            logged = sorted(fresh) if following else ()
            await list_leads.log_change(connection, **keys, profile_ids=logged, growth=len(fresh), now=now)
        for campaign_id in following:
            await duties.want(connection, team_id=self._team_id, kind="sync", key=campaign_id, due_at=now)
        return len(fresh)

    async def _record_consent(
        self, connection: Connection, profile_ids: Sequence[str], consent: Mapping[str, str], now: datetime
    ) -> None:
        """Record consent of a batch; campaigns that left these people out for want of it take them in."""
        await consents.record(
            connection,
            team_id=self._team_id,
            profile_ids=profile_ids,
            **consent,
            now=now,
            import_id=self._job.id,
        )
        waiting = await consents.waiting_campaigns(connection, team_id=self._team_id, profile_ids=profile_ids)
        for campaign_id in waiting:
            await duties.want(connection, team_id=self._team_id, kind="sync", key=campaign_id, due_at=now)

    async def _complete(self) -> None:
        now = await self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            job = await imports.complete(
                connection, team_id=self._team_id, job_id=self._job.id, offset=self._offset, now=now
            )
            if job is None:
                return
            counts = {
                "listId": job.list_id,
                "addedCount": job.added_count,
                "skippedCount": job.skipped_count,
                "failedCount": job.failed_count,
                "checkOnly": job.check_only,
            }
            event = outbox.NewEvent(type="import.completed", object_type="importJob", object_id=job.id, data=counts)
            await outbox.append(connection, team_id=self._team_id, now=now, events=[event])


def _quadruplings(count: int) -> int:
    """Return how often a first batch has to be taken times four to be more than so many."""
    return ((count // BATCH).bit_length() + 1) // 2

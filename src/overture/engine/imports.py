"""Imports: bring the rows of a file onto a list, batch by batch, each batch whole or not at all.

What a batch adds, the rows it refuses and the place where the next one begins are committed together, so a job that is
killed goes on without a lost or doubled row.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime

from overture.channels.registry import Registry
from overture.core import lead_rows
from overture.core.csvfile import Record
from overture.core.csvheader import Target
from overture.core.identifiers import IdentifierKind
from overture.core.lead_rows import Layout, LeadRow, Values
from overture.core.words import ColumnType, MergeStrategy
from overture.engine import import_batches, lookups
from overture.engine.import_batches import Row
from overture.secrets import Sealer
from overture.store import (
    consents,
    duties,
    import_check,
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

MOST_ROWS = 60_000
MOST_LOOKUPS = 2_000
"""What one step does at most, in rows and in usernames asked for: its lease must last."""

_NO_ANSWERS = lookups.Answers(people=(), absent={}, refusal=None)


@dataclass(kw_only=True, slots=True)
class _Found:
    """The profiles behind the rows of one batch, by platform id and by lower-case username."""

    by_id: dict[str, str] = field(default_factory=dict)
    by_username: dict[str, str] = field(default_factory=dict)

    def profile(self, row: LeadRow) -> str | None:
        """Return the profile a row names, if it is known."""
        named = self.by_id if row.identifier.kind is IdentifierKind.PLATFORM_ID else self.by_username
        return named.get(row.identifier.value)


class Importer:
    """Works off import jobs."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._finder = lookups.Finder(pool=pool, channels=channels, sealer=sealer)

    async def step(self, *, team_id: str, job_id: str, now: datetime) -> datetime | None:
        """Import part of a file; return when to go on (engine time), None when nothing is left to do."""
        async with self._pool.acquire() as connection:
            started = await imports.start(connection, team_id=team_id, job_id=job_id, now=now)
            if started is None:
                return None
            job, reading = started
            layout = await _layout(connection, team_id, job, reading)
        run = _Run(
            pool=self._pool, finder=self._finder, team_id=team_id, job=job, reading=reading, layout=layout, now=now
        )
        return await run.go_on()

    async def give_up(self, *, team_id: str, job_id: str, now: datetime) -> None:
        """Fail a job whose steps do not come to an end; the rows already taken stay."""
        error = "The import stopped again and again without an end. Import what is missing as a new file."
        async with self._pool.acquire() as connection, connection.transaction():
            if await imports.fail(connection, team_id=team_id, job_id=job_id, error=error, now=now):
                event = outbox.NewEvent(
                    type="import.failed", object_type="importJob", object_id=job_id, data={"error": error}
                )
                await outbox.append(connection, team_id=team_id, now=now, events=[event])


class _Run:
    """One step of one job."""

    def __init__(
        self,
        *,
        pool: Pool,
        finder: lookups.Finder,
        team_id: str,
        job: Job,
        reading: Reading,
        layout: Layout,
        now: datetime,
    ) -> None:
        self._pool = pool
        self._finder = finder
        self._team_id = team_id
        self._job = job
        self._reading = reading
        self._layout = layout
        self._strategy = MergeStrategy(job.merge_strategy)
        self._now = now
        self._offset = reading.offset
        self._line = reading.line
        self._added = job.added_count

    async def go_on(self) -> datetime | None:
        """Apply batches until the step or the file ends; return when to go on, None when the job is done."""
        count = 0
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
                known, answers = await self._look_up(rows)
                applied = _answered(rows, known, answers)
                added = await self._apply(applied, known, answers)
                if added is None:
                    return None
                await self._refresh_statistics(added)
                count += len(applied)
                if answers.refusal is not None:
                    return answers.refusal.retry_at
                if len(applied) < len(rows) or answers is not _NO_ANSWERS or count >= MOST_ROWS:
                    return self._now
        await self._complete()
        return None

    async def _look_up(self, rows: Sequence[Row]) -> tuple[Mapping[str, str], lookups.Answers]:
        """Return the profiles of usernames the team knows, and the platform's answers about others."""
        named = list(dict.fromkeys(_values(rows, IdentifierKind.USERNAME)))
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
        answers = await self._finder.find(team_id=self._team_id, platform=platform, usernames=unknown, now=self._now)
        return known, answers

    async def _apply(self, rows: Sequence[Row], known: Mapping[str, str], answers: lookups.Answers) -> int | None:
        """Commit a batch; return how many people it added, None if it was not this step's to commit any more."""
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
                added, rejects = await self._take(connection, rows, known, answers)
            await imports.insert_rejects(connection, team_id=self._team_id, job_id=self._job.id, rejects=rejects)
            last = rows[-1].record if rows else None
            advance = imports.Advance(
                added=added,
                skipped=len(rows) - len(rejects) - added,
                failed=len(rejects),
                offset=last.next_offset if last else self._offset,
                line=last.next_line if last else self._line,
                error=answers.refusal.reason if answers.refusal else None,
            )
            await imports.advance(connection, team_id=self._team_id, job_id=self._job.id, by=advance, now=self._now)
        self._offset, self._line = advance.offset, advance.line
        return added

    async def _take(
        self, connection: Connection, rows: Sequence[Row], known: Mapping[str, str], answers: lookups.Answers
    ) -> tuple[int, list[imports.Reject]]:
        """Bring a batch onto the list; return how many people are new there, and the rows not taken."""
        found = await self._save_people(connection, rows, known, answers)
        columns = await lists.read_columns(connection, team_id=self._team_id, list_id=self._job.list_id)
        taken, rejects = self._sort_out(rows, found, answers.absent, {column.id for column in columns})
        added = await self._add(connection, taken)
        if taken and self._job.consent is not None:
            await self._record_consent(connection, sorted(taken), self._job.consent)
        return added, rejects

    async def _check(
        self, connection: Connection, rows: Sequence[Row], known: Mapping[str, str], answers: lookups.Answers
    ) -> tuple[int, list[imports.Reject]]:
        """Return what `_take` would, and change nothing."""
        named = await import_check.platform_ids(connection, team_id=self._team_id, profile_ids=set(known.values()))
        met = {person.username.lower(): person.platform_id for person in answers.people}
        by_username = {username: named[profile_id] for username, profile_id in known.items()} | met
        found = _Found(
            by_id={value: value for value in _values(rows, IdentifierKind.PLATFORM_ID)}, by_username=by_username
        )
        taken, rejects = self._sort_out(rows, found, answers.absent, set())
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
        """Have the tables measured after the first batch, and each time the people of this file have doubled."""
        batches = self._added // BATCH
        self._added += added
        if (self._added // BATCH).bit_length() > batches.bit_length():
            async with self._pool.acquire() as connection:
                await imports.refresh_statistics(connection)

    async def _save_people(
        self,
        connection: Connection,
        rows: Sequence[Row],
        known: Mapping[str, str],
        answers: lookups.Answers,
    ) -> _Found:
        """Make sure that everybody the rows name has a profile, as far as they exist."""
        platform = self._layout.platform
        saved = await people.save_people(
            connection, team_id=self._team_id, platform=platform, people=answers.people, now=self._now
        )
        platform_ids = _values(rows, IdentifierKind.PLATFORM_ID)
        by_id = await people.save_ids(
            connection, team_id=self._team_id, platform=platform, platform_ids=platform_ids, now=self._now
        )
        met = {person.username.lower(): saved[person.platform_id] for person in answers.people}
        return _Found(by_id=by_id, by_username={**known, **met})

    def _sort_out(
        self,
        rows: Sequence[Row],
        found: _Found,
        absent: Mapping[str, str],
        column_ids: set[str],
    ) -> tuple[dict[str, Values], list[imports.Reject]]:
        """Divide rows into values by profile, several rows of one person put together, and rejects."""
        taken: dict[str, Values] = {}
        rejects: list[imports.Reject] = []
        is_whole = column_ids.issuperset(filled.column_id for filled in self._layout.filled)
        for row in rows:
            said = row.said
            if isinstance(said, str):
                rejects.append(_reject(row.record, said))
                continue
            profile_id = found.profile(said)
            if profile_id is None:
                reason = absent.get(said.identifier.value, lead_rows.Reason.NOT_FOUND)
                rejects.append(_reject(row.record, reason))
                continue
            values = said.values
            if not is_whole:
                # A column was deleted while the file was being read.
                values = {column_id: value for column_id, value in values.items() if column_id in column_ids}
            before = taken.get(profile_id)
            taken[profile_id] = values if before is None else lead_rows.merged(self._strategy, before, values)
        return taken, rejects

    async def _add(self, connection: Connection, taken: Mapping[str, Values]) -> int:
        """Put people on the list and bring values to those who are there; return how many are new."""
        keys = {"team_id": self._team_id, "list_id": self._job.list_id}
        if not taken:
            return 0
        fresh = await list_leads.add(connection, **keys, data=taken, now=self._now, import_id=self._job.id)
        before = {profile_id: values for profile_id, values in taken.items() if profile_id not in fresh}
        if before:
            await import_undo.remember(connection, **keys, job_id=self._job.id, data=before, strategy=self._strategy)
        present = {profile_id: values for profile_id, values in before.items() if values}
        if present and self._strategy is not MergeStrategy.KEEP:
            overwrites = self._strategy is MergeStrategy.OVERWRITE
            await imports.merge(connection, **keys, data=present, overwrites=overwrites, now=self._now)
        if fresh:
            await list_leads.log_change(connection, **keys, profile_ids=sorted(fresh), growth=len(fresh), now=self._now)
        for campaign_id in await list_leads.campaigns_following(connection, **keys):
            await duties.want(connection, team_id=self._team_id, kind="sync", key=campaign_id, due_at=self._now)
        return len(fresh)

    async def _record_consent(
        self, connection: Connection, profile_ids: Sequence[str], consent: Mapping[str, str]
    ) -> None:
        """Record consent of a batch; campaigns that left these people out for want of it take them in."""
        await consents.record(
            connection,
            team_id=self._team_id,
            profile_ids=profile_ids,
            **consent,
            now=self._now,
            import_id=self._job.id,
        )
        waiting = await consents.waiting_campaigns(connection, team_id=self._team_id, profile_ids=profile_ids)
        for campaign_id in waiting:
            await duties.want(connection, team_id=self._team_id, kind="sync", key=campaign_id, due_at=self._now)

    async def _complete(self) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            job = await imports.complete(
                connection, team_id=self._team_id, job_id=self._job.id, offset=self._offset, now=self._now
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
            await outbox.append(connection, team_id=self._team_id, now=self._now, events=[event])


async def _layout(connection: Connection, team_id: str, job: Job, reading: Reading) -> Layout:
    """Join what the job says of the file with the columns the list has now."""
    columns = await lists.read_columns(connection, team_id=team_id, list_id=job.list_id)
    kinds = {column.id: ColumnType(column.type) for column in columns}
    if job.check_only:
        # Columns the import would make; nothing has made them.
        kinds = {filled.column_id: ColumnType.TEXT for filled in reading.filled} | kinds
    return Layout(
        platform=reading.platform,
        width=len(reading.headers),
        identifiers={Target(target): place for target, place in reading.identifiers.items()},
        filled=[
            lead_rows.Filled(
                place=filled.place,
                column_id=filled.column_id,
                kind=kinds[filled.column_id],
                header=reading.headers[filled.place],
            )
            for filled in reading.filled
            if filled.column_id in kinds
        ],
    )


def _values(rows: Sequence[Row], kind: IdentifierKind) -> list[str]:
    """Return what rows say of the person in this way."""
    return [
        row.said.identifier.value for row in rows if isinstance(row.said, LeadRow) and row.said.identifier.kind is kind
    ]


def _answered(rows: Sequence[Row], known: Mapping[str, str], answers: lookups.Answers) -> Sequence[Row]:
    """Return the rows before the first one whose username is known to nobody yet."""
    met = {person.username.lower() for person in answers.people}
    for number, row in enumerate(rows):
        said = row.said
        if isinstance(said, LeadRow) and said.identifier.kind is IdentifierKind.USERNAME:
            username = said.identifier.value
            if username not in known and username not in met and username not in answers.absent:
                return rows[:number]
    return rows


def _reject(record: Record, reason: str) -> imports.Reject:
    """Keep a row as one record of CSV; one that cannot be read becomes its only field."""
    written = io.StringIO()
    fields = record.fields if record.problem is None else [record.text.replace("\x00", "\ufffd")]
    csv.writer(written, lineterminator="").writerow(fields)
    return imports.Reject(line=record.line, reason=str(reason), content=written.getvalue())

"""The rows of a file of leads: whom they name comes onto the list, with their values."""

from datetime import datetime

from overture.core.identifiers import IdentifierKind
from overture.core.lead_rows import Layout, Values
from overture.core.words import MergeStrategy
from overture.engine import import_rows
from overture.engine.import_rows import Batch
from overture.engine.import_target import Target
from overture.store import import_check, import_rejects, lists
from overture.store.imports import Job
from overture.store.pool import Connection, Pool


class Taker:
    """Brings the people of one job onto its list."""

    def __init__(self, *, pool: Pool, team_id: str, job: Job, layout: Layout) -> None:
        self._team_id = team_id
        self._job = job
        self._layout = layout
        self._target = Target(pool=pool, team_id=team_id, job=job)
        self._added = 0

    async def hold(self, connection: Connection, *, offset: int) -> bool:
        """Lock list and job; tell whether what stands at `offset` is still this worker's to take."""
        return await self._target.hold(connection, offset=offset)

    async def take(
        self, connection: Connection, batch: Batch, now: datetime
    ) -> tuple[int, list[import_rejects.Reject]]:
        """Bring a batch onto the list; return how many people are new there, and the rows not taken."""
        if self._job.check_only:
            return await self._check(connection, batch)
        platform = self._layout.platform
        found = await import_rows.save_people(
            connection, team_id=self._team_id, platform=platform, batch=batch, now=now
        )
        columns = await lists.read_columns(connection, team_id=self._team_id, list_id=self._job.list_id)
        taken, rejects = self._sort_out(batch, found, {column.id for column in columns})
        self._added = await self._target.put(connection, taken, now)
        return self._added, rejects

    async def end_batch(self) -> None:
        """Have the tables measured that have grown."""
        await self._target.refresh_statistics(self._added)

    async def _check(self, connection: Connection, batch: Batch) -> tuple[int, list[import_rejects.Reject]]:
        """Return what taking the batch would, and change nothing."""
        known = batch.known
        named = await import_check.platform_ids(connection, team_id=self._team_id, profile_ids=set(known.values()))
        met = {person.username.lower(): person.platform_id for person in batch.answers.people}
        by_username = {username: named[profile_id] for username, profile_id in known.items()} | met
        by_id = {value: value for value in import_rows.identifiers(batch.rows, IdentifierKind.PLATFORM_ID)}
        found = import_rows.Found(by_id=by_id, by_username=by_username)
        taken, rejects = self._sort_out(batch, found, set())
        self._added = await self._target.check(connection, self._layout.platform, taken.keys())
        return self._added, rejects

    def _sort_out(
        self, batch: Batch, found: import_rows.Found, column_ids: set[str]
    ) -> tuple[dict[str, Values], list[import_rejects.Reject]]:
        return import_rows.sort_out(
            batch.rows,
            found,
            batch.answers.absent,
            layout=self._layout,
            column_ids=column_ids,
            strategy=MergeStrategy(self._job.merge_strategy),
        )

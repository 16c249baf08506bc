"""The list that an import fills: a batch of people comes onto it, with their values and their consent."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from overture.core.lead_rows import Values
from overture.core.words import MergeStrategy
from overture.store import consents, duties, import_check, import_undo, imports, list_leads, lists
from overture.store.imports import Job
from overture.store.pool import Connection, Pool

BATCH = 4_000
"""People committed together, at most."""


class Target:
    """Where the people of one job go."""

    def __init__(self, *, pool: Pool, team_id: str, job: Job) -> None:
        self._pool = pool
        self._team_id = team_id
        self._job = job
        self._strategy = MergeStrategy(job.merge_strategy)
        self._added = job.added_count

    async def hold(self, connection: Connection, *, offset: int) -> bool:
        """Lock list and job, in this order; tell whether what stands at `offset` is still this worker's to take.

        It is not if the job was canceled, deleted with its list, or taken over by another worker.
        """
        kind = await lists.lock(connection, team_id=self._team_id, list_id=self._job.list_id)
        return kind is not None and await imports.is_at(
            connection, team_id=self._team_id, job_id=self._job.id, offset=offset
        )

    async def put(self, connection: Connection, taken: Mapping[str, Values], now: datetime) -> int:
        """Put people on the list, by profile id, and bring values to those who are there; return how many are new."""
        if not taken:
            return 0
        added, following = await self._add(connection, taken, now)
        if self._job.consent is not None:
            following += await self._record_consent(connection, sorted(taken), self._job.consent, now)
        await duties.want_syncs(connection, team_id=self._team_id, campaign_ids=following, due_at=now)
        return added

    async def check(self, connection: Connection, platform: str, met: Collection[str]) -> int:
        """Return how many people, by platform id, `put` would find new, and put nobody."""
        return await import_check.meet(
            connection,
            team_id=self._team_id,
            list_id=self._job.list_id,
            job_id=self._job.id,
            platform=platform,
            met=met,
        )

    async def refresh_statistics(self, added: int) -> None:
        """Have the tables measured after the first batch, and each time the people of this job are four times more."""
        before, self._added = self._added, self._added + added
        if _quadruplings(self._added) > _quadruplings(before):
            async with self._pool.acquire() as connection:
                await imports.refresh_statistics(connection)

    async def _add(self, connection: Connection, taken: Mapping[str, Values], now: datetime) -> tuple[int, list[str]]:
        """Put people on the list; return how many are new, and the campaigns that follow it."""
        keys = {"team_id": self._team_id, "list_id": self._job.list_id}
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
        return len(fresh), following

    async def _record_consent(
        self, connection: Connection, profile_ids: Sequence[str], consent: Mapping[str, str], now: datetime
    ) -> list[str]:
        """Record consent of a batch; return the campaigns that left these people out for want of it."""
        await consents.record(
            connection,
            team_id=self._team_id,
            profile_ids=profile_ids,
            **consent,
            now=now,
            import_id=self._job.id,
        )
        return await consents.waiting_campaigns(connection, team_id=self._team_id, profile_ids=profile_ids)


def _quadruplings(count: int) -> int:
    """Return how often a first batch has to be taken times four to be more than so many."""
    return ((count // BATCH).bit_length() + 1) // 2

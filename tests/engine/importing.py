"""Imports run by hand at the engine's time, for tests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from tests.engine.conftest import World

from overture import ids
from overture.actions import imports as import_actions
from overture.actions import lists as list_actions
from overture.actions.consents import Consent
from overture.core.csvheader import Mapped
from overture.core.words import MergeStrategy
from overture.engine import imports
from overture.engine.chores import Chore
from overture.store.imports import Job


class AfterOneBatch(asyncio.Event):
    """Set once somebody has looked: work ends behind its next batch."""

    _is_looked_at = False

    def is_set(self) -> bool:
        was, self._is_looked_at = self._is_looked_at, True
        return was


class Imports:
    """A list, and an importer run by hand at the engine's time."""

    def __init__(self, world: World, list_id: str) -> None:
        self.world = world
        self.list_id = list_id
        self.importer = imports.Importer(
            pool=world.pool, clock=world.clock, channels=world.context.channels, sealer=world.context.sealer
        )

    async def create(
        self,
        content: str,
        *,
        mapping: Sequence[Mapped] | None = None,
        strategy: MergeStrategy = MergeStrategy.OVERWRITE,
        check_only: bool = False,
        consent: Consent | None = None,
    ) -> Job:
        new = import_actions.NewImport(
            platform="twitter",
            file_name="leads.csv",
            mapping=mapping,
            merge_strategy=strategy,
            check_only=check_only,
            consent=consent,
        )
        return await import_actions.create(
            self.world.context, self.world.actor, list_id=self.list_id, pieces=_pieces(content), describe=lambda: new
        )

    async def work(self, job: Job) -> None:
        """Work on a job until it ends or waits."""
        assert await self.importer.work(self.chore(job), halt=asyncio.Event())

    async def step(self, job: Job) -> bool:
        """Work on a job for one batch; tell whether it has ended or waits."""
        return await self.importer.work(self.chore(job), halt=AfterOneBatch())

    async def run(self, content: str, **options: Any) -> Job:
        """Import a file to its end."""
        job = await self.create(content, **options)
        await self.work(job)
        return await self.read(job)

    def chore(self, job: Job) -> Chore:
        return Chore(team_id=self.world.actor.team_id, key=job.id)

    async def resume_at(self, job: Job) -> datetime | None:
        """When a job that waits goes on."""
        instant: datetime | None = await self.world.pool.fetchval(
            "SELECT resume_at FROM import_job WHERE id = $1", job.id
        )
        return instant

    async def undo(self, job: Job) -> Job:
        return await import_actions.undo(self.world.context, self.world.actor, list_id=self.list_id, job_id=job.id)

    async def read(self, job: Job) -> Job:
        return await import_actions.get(self.world.context, self.world.actor, list_id=self.list_id, job_id=job.id)

    async def data(self) -> dict[str, dict[str, Any]]:
        """The values of everybody on the list, by platform id and by the name of the column."""
        columns = await list_actions.read_column_page(
            self.world.context, self.world.actor, list_id=self.list_id, after=None, count=100
        )
        names = {column.id: column.name for column in columns}
        rows = await self.world.pool.fetch(
            "SELECT p.platform_id, l.data FROM list_lead l JOIN profile p ON p.id = l.profile_id WHERE l.list_id = $1",
            self.list_id,
        )
        return {row["platform_id"]: {names[key]: value for key, value in row["data"].items()} for row in rows}

    async def rejects(self, job: Job) -> list[tuple[int, str]]:
        rows = await self.world.pool.fetch(
            "SELECT line, reason FROM import_reject WHERE job_id = $1 ORDER BY line", job.id
        )
        return [(row["line"], row["reason"]) for row in rows]

    async def check(self) -> None:
        """The list's own counts and its log of changes agree with who is on it, each person once."""
        row = await self.world.pool.fetchrow("SELECT revision, leads_count FROM list WHERE id = $1", self.list_id)
        assert row is not None
        changes = await self.world.pool.fetch(
            "SELECT revision, profile_id FROM list_change WHERE list_id = $1", self.list_id
        )
        members = await self.world.pool.fetch("SELECT profile_id FROM list_lead WHERE list_id = $1", self.list_id)
        assert sorted(change["profile_id"] for change in changes) == sorted(one["profile_id"] for one in members)
        assert row["leads_count"] == len(members)
        assert {change["revision"] for change in changes} == set(range(1, row["revision"] + 1))


async def make(world: World) -> Imports:
    """A list that a campaign follows, with nobody on it."""
    made = await list_actions.create(world.context, world.actor, name="Leads", description=None)
    await _follow(world, made.id)
    return Imports(world, made.id)


async def _follow(world: World, list_id: str) -> None:
    """Have a campaign sync the list: changes are logged for those who follow."""
    campaign_id = ids.new("c")
    await world.pool.execute(
        """
        INSERT INTO campaign (team_id, id, name, schedule_hours, created_at, updated_at)
        VALUES ($1, $2, 'Follower', '{}', $3, $3)
        """,
        world.actor.team_id,
        campaign_id,
        await world.clock.now(),
    )
    await world.pool.execute(
        "INSERT INTO campaign_list (team_id, campaign_id, list_id, role, position) VALUES ($1, $2, $3, 'synced', 0)",
        world.actor.team_id,
        campaign_id,
        list_id,
    )


async def _pieces(content: str) -> AsyncIterator[bytes]:
    yield content.encode()


def counts(job: Job) -> tuple[int, int, int]:
    assert job.processed_count == job.added_count + job.skipped_count + job.failed_count
    return job.added_count, job.skipped_count, job.failed_count


def file_of(count: int, start: int = 1) -> str:
    return "id,company\n" + "".join(f"{number},Company {number}\n" for number in range(start, start + count))

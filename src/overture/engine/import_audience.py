"""An import without a file: the people a platform lists come onto a list page by page, each page whole or not at all.

What a page adds and which page comes next are committed together, so a job that is killed goes on without a lost or
doubled person.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from overture.clock import EngineClock
from overture.core.words import Audience
from overture.engine import import_ends, listings, lookups
from overture.engine.import_target import Target
from overture.store import import_sources, imports, people
from overture.store.import_sources import Source
from overture.store.imports import Job
from overture.store.pool import Pool


class Run:
    """The work on one job from where it stands."""

    def __init__(
        self,
        *,
        pool: Pool,
        clock: EngineClock,
        finder: lookups.Finder,
        lister: listings.Lister,
        team_id: str,
        job: Job,
        source: Source,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._finder = finder
        self._lister = lister
        self._team_id = team_id
        self._job = job
        self._source = source
        self._target = Target(pool=pool, team_id=team_id, job=job)

    async def go_on(self, halt: asyncio.Event) -> bool:
        """Take pages until none is left, the job must wait, or `halt` is set; tell whether nothing is left to do."""
        while True:
            now = await self._clock.now()
            page = await self._next_page(now)
            if page.gone is not None:
                async with self._pool.acquire() as connection:
                    await import_ends.fail(
                        connection, team_id=self._team_id, job_id=self._job.id, error=page.gone, now=now
                    )
                return True
            before = self._source
            added = await self._apply(page, now)
            if added is None or page.refusal is not None:
                return True
            await self._target.refresh_statistics(added)
            # A platform that names the same page again would be asked for ever.
            if self._source.page in (None, before.page) or self._source.offset >= self._source.most:
                break
            if halt.is_set():
                return False
        await import_ends.complete(
            self._pool, team_id=self._team_id, job_id=self._job.id, offset=self._source.offset, now=now
        )
        return True

    async def _next_page(self, now: datetime) -> listings.Page:
        """Ask for the next page, and first for whose people they are if only a username is known."""
        source, of_id = self._source, self._source.of_id
        keys = {"team_id": self._team_id, "platform": source.platform}
        if of_id is None:
            assert source.username is not None
            name = source.username.lower()
            answers = await self._finder.find(**keys, usernames=[name], now=now)
            if answers.refusal is not None:
                return listings.Page(people=(), next_page=None, refusal=answers.refusal)
            if not answers.people:
                reason = answers.absent.get(name, "notFound")
                return listings.Page(
                    people=(), next_page=None, gone=f"Nobody is called {source.username!r} ({reason})."
                )
            of_id = answers.people[0].platform_id
            self._source = replace(source, of_id=of_id)
        return await self._lister.read(
            **keys,
            audience=Audience(source.audience),
            of_id=of_id,
            page=source.page,
            most=source.most - source.offset,
            now=now,
        )

    async def _apply(self, page: listings.Page, now: datetime) -> int | None:
        """Commit a page; return how many people it added, None if it is not this worker's to commit any more."""
        source = self._source
        found = {person.platform_id: person for person in page.people[: source.most - source.offset]}
        offset = source.offset + len(found)
        async with self._pool.acquire() as connection, connection.transaction():
            if not await self._target.hold(connection, offset=source.offset):
                return None
            if self._job.check_only:
                added = await self._target.check(connection, source.platform, found.keys())
            else:
                saved = await people.save_people(
                    connection, team_id=self._team_id, platform=source.platform, people=list(found.values()), now=now
                )
                added = await self._target.put(connection, {profile_id: {} for profile_id in saved.values()}, now)
            advance = imports.Advance(
                added=added,
                skipped=len(found) - added,
                failed=0,
                offset=offset,
                line=offset,
                error=None if page.refusal is None else page.refusal.reason,
                resume_at=None if page.refusal is None else page.refusal.retry_at,
            )
            keys = {"team_id": self._team_id, "job_id": self._job.id}
            await imports.advance(connection, **keys, by=advance, now=now)
            next_page = source.page if page.refusal is not None else page.next_page
            await import_sources.turn(connection, **keys, of_id=source.of_id, page=next_page)
        self._source = replace(source, offset=offset, page=next_page)
        return added

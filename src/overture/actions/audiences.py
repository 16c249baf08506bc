"""Imports of people a platform lists: who follows somebody, whom they follow, who liked a post."""

from dataclasses import dataclass

from overture import ids
from overture.actions import imports, people
from overture.actions import lists as list_actions
from overture.actions.consents import Consent
from overture.actions.context import Actor, Context
from overture.core.words import Audience, JobStatus, MergeStrategy
from overture.store.import_sources import Source
from overture.store.imports import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAudience:
    """Whose people to import: those of a profile, by `username` or by its id `of_id`, or of the post `of_id`."""

    platform: str
    audience: Audience
    username: str | None
    of_id: str | None
    most: int
    check_only: bool
    consent: Consent | None


async def create(context: Context, actor: Actor, *, list_id: str, new: NewAudience) -> Job:
    """Begin to import people a platform lists into a list; the platform is asked in the background.

    Raises:
        NotFound: the team has no such list.
        Conflict: `listNotWritable`, a system list.
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, new.platform)
    now = await context.clock.now()
    job = Job(
        id=ids.new("j"),
        list_id=list_id,
        type=new.audience,
        status=JobStatus.QUEUED,
        file_name="",
        # They come without values, so there is nothing to merge.
        merge_strategy=MergeStrategy.KEEP,
        total_count=None,
        processed_count=0,
        added_count=0,
        skipped_count=0,
        failed_count=0,
        error=None,
        created_at=now,
        updated_at=now,
        completed_at=None,
        check_only=new.check_only,
        consent=imports.said(actor, new.consent),
    )
    source = Source(platform=new.platform, audience=new.audience, username=new.username, of_id=new.of_id, most=new.most)
    about = {"audience": new.audience, "of": new.username or new.of_id, "most": new.most}
    async with context.pool.acquire() as connection, connection.transaction():
        await list_actions.lock(connection, actor, list_id)
        await imports.begin(connection, actor, job=job, reading=source.document(), about=about, now=now)
    return job

"""Import jobs: begin one from a file, look at it, cancel it."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from overture import ids
from overture.actions import audit, import_files
from overture.actions import lists as list_actions
from overture.actions.consents import Consent
from overture.actions.context import Actor, Context
from overture.core import csvheader, names
from overture.core.csvheader import Assigned, HeaderWrong, Mapped, Opening, Target
from overture.core.words import AuditAction, ChoreKind, ColumnType, JobStatus, MergeStrategy, ObjectType
from overture.engine import chores, retain
from overture.engine.chores import Chore
from overture.errors import Conflict, InvalidRequest, NotFound, Path
from overture.store import duties, gates, import_rejects, import_undo, imports, list_leads, lists
from overture.store.imports import Job
from overture.store.lists import Column
from overture.store.pool import Connection

_REJECTS_AT_ONCE = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class NewImport:
    """What to do with a file. `mapping` None takes every column by its header.

    `content_path` and `mapping_path` tell where in the request the file and the mapping are, for what is wrong there.
    """

    platform: str
    file_name: str
    mapping: Sequence[Mapped] | None
    merge_strategy: MergeStrategy
    check_only: bool = False
    consent: Consent | None = None
    content_path: Path = ("data", "content")
    mapping_path: Path = ("data", "columnMapping")


async def create(
    context: Context, actor: Actor, *, list_id: str, pieces: AsyncIterator[bytes], describe: Callable[[], NewImport]
) -> Job:
    """Begin to import a file into a list; columns its header names are made where the list has none.

    Args:
        context: the parts of this process.
        actor: who asks.
        list_id: where the leads go.
        pieces: the file as it arrives; each is kept before the next is asked for.
        describe: tells what to do with it; asked when the file has ended, as that may be sent behind it.

    Raises:
        NotFound: the team has no such list.
        Conflict: `listNotWritable`, a system list.
        InvalidRequest: no header that can be used, or a mapping that does not fit the file or the list.
    """
    job_id = ids.new("j")
    async with context.pool.acquire() as connection, connection.transaction():
        # Only to refuse early; a lock here would last as long as the client takes to send the file.
        await list_actions.require_writable(connection, actor, list_id)
        file = await import_files.take(connection, team_id=actor.team_id, job_id=job_id, pieces=pieces)
        new = describe()
        # A long header takes a while to look through, and others wait for this thread.
        opening, assigned = await asyncio.to_thread(_open, file, new)
        now = await context.clock.now()
        await list_actions.lock(connection, actor, list_id)
        filled = await _filled(connection, actor, list_id, assigned, new=new, now=now)
        job = Job(
            id=job_id,
            list_id=list_id,
            type="csv",
            status=JobStatus.QUEUED,
            file_name=new.file_name,
            merge_strategy=new.merge_strategy,
            total_count=file.rows_behind(opening.offset),
            processed_count=0,
            added_count=0,
            skipped_count=0,
            failed_count=0,
            error=None,
            created_at=now,
            updated_at=now,
            completed_at=None,
            check_only=new.check_only,
            consent=said(actor, new.consent),
        )
        reading = imports.Reading(
            platform=new.platform,
            encoding=file.encoding,
            delimiter=opening.delimiter,
            headers=opening.headers,
            identifiers={str(target): place for target, place in assigned.identifiers.items()},
            filled=filled,
            offset=opening.offset,
            line=opening.line,
        )
        await begin(connection, actor, job=job, reading=reading.document(), about={"fileName": new.file_name}, now=now)
    return job


def said(actor: Actor, consent: Consent | None) -> dict[str, str] | None:
    """Return consent as a job keeps it: with who says that it was given."""
    return None if consent is None else {"basis": consent.basis, "evidence": consent.evidence, "by": actor.name}


async def begin(
    connection: Connection,
    actor: Actor,
    *,
    job: Job,
    reading: Mapping[str, Any],
    about: Mapping[str, Any],
    now: datetime,
) -> None:
    """Insert a job, write down who wanted it, and hand it to the workers.

    Args:
        connection: inside a transaction that holds the list.
        actor: who wants it.
        job: the new job.
        reading: the document of what it reads.
        about: what the audit tells of that.
        now: the instant of the call.
    """
    await imports.insert(connection, team_id=actor.team_id, job=job, reading=reading)
    await audit.record(
        connection,
        actor,
        action=AuditAction.IMPORT_CREATED,
        object_type=ObjectType.IMPORT_JOB,
        object_id=job.id,
        now=now,
        after={"listId": job.list_id, **about, "checkOnly": job.check_only},
    )
    if job.consent is not None and not job.check_only:
        await audit.record(
            connection,
            actor,
            action=AuditAction.CONSENT_RECORDED,
            object_type=ObjectType.IMPORT_JOB,
            object_id=job.id,
            now=now,
            after={"basis": job.consent["basis"], "evidence": job.consent["evidence"], **about},
        )
    others = await imports.count_open(connection, team_id=actor.team_id) - 1
    chore = Chore(team_id=actor.team_id, key=job.id)
    await chores.want(connection, kind=ChoreKind.IMPORT, wanted=[chore], behind=others)


async def get(context: Context, actor: Actor, *, list_id: str, job_id: str) -> Job:
    """Return a job.

    Raises:
        NotFound: the team has no such list, or the list no such job.
    """
    async with context.pool.acquire() as connection:
        return await _require(connection, actor, list_id, job_id)


async def read_page(
    context: Context,
    actor: Actor,
    *,
    list_id: str,
    statuses: Sequence[JobStatus],
    before: str | None,
    count: int,
) -> list[Job]:
    """Return jobs of a list, newest first.

    Raises:
        NotFound: the team has no such list.
    """
    async with context.pool.acquire() as connection:
        await list_actions.require(connection, actor, list_id)
        return await imports.read_page(
            connection, team_id=actor.team_id, list_id=list_id, statuses=statuses, before=before, count=count
        )


async def cancel(context: Context, actor: Actor, *, list_id: str, job_id: str) -> Job:
    """End a job: once this returns it takes no further row; those it took stay. Canceling again changes nothing.

    Raises:
        NotFound: the team has no such list, or the list no such job.
        Conflict: `importJobFinished`, it has ended by itself.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        was_open = await imports.cancel(connection, team_id=actor.team_id, list_id=list_id, job_id=job_id, now=now)
        job = await _require(connection, actor, list_id, job_id)
        if was_open:
            await audit.record(
                connection,
                actor,
                action=AuditAction.IMPORT_CANCELED,
                object_type=ObjectType.IMPORT_JOB,
                object_id=job_id,
                now=now,
                after={"processedCount": job.processed_count},
            )
    if job.status != JobStatus.CANCELED:
        raise Conflict(
            f"The import is {job.status} already; there is nothing left to cancel.",
            code="importJobFinished",
            details={"status": job.status},
        )
    return job


async def undo(context: Context, actor: Actor, *, list_id: str, job_id: str) -> Job:
    """Take back what an ended import has changed; undoing again changes nothing.

    People it added leave the list, unless somebody named or changed them by hand since; those another import named
    since leave with that one. Values it wrote over people who were there before come back where they still are its.
    The consent it recorded is withdrawn. Profiles, and columns it made, stay.

    Raises:
        NotFound: the team has no such list, or the list no such job.
        Conflict: `importJobNotFinished`, `nothingToUndo` after a check, or `importTooOld`.
    """
    now = await context.clock.now()
    keys = {"team_id": actor.team_id, "job_id": job_id}
    async with context.pool.acquire() as connection, connection.transaction():
        await list_actions.lock(connection, actor, list_id)
        job = await imports.lock(connection, **keys, list_id=list_id)
        if job is None:
            raise NotFound("importJob", job_id)
        if job.completed_at is None:
            raise Conflict(
                f"The import is {job.status}; cancel it, or wait for its end, then undo it.",
                code="importJobNotFinished",
                details={"status": job.status},
            )
        if job.check_only:
            raise Conflict("This import only checked the file; there is nothing to undo.", code="nothingToUndo")
        if job.undone_at is not None:
            return job
        _require_kept(job, now)
        await import_undo.restore_values(connection, **keys, list_id=list_id, now=now)
        await import_undo.hand_over(connection, **keys, list_id=list_id)
        count = await import_undo.remove_people(connection, **keys, list_id=list_id, now=now)
        withdrawn = await import_undo.withdraw_consent(connection, **keys, now=now)
        await import_undo.mark_undone(connection, **keys, now=now)
        following = await list_leads.campaigns_following(connection, team_id=actor.team_id, list_id=list_id)
        campaign_ids = [*following, *withdrawn.campaign_ids]
        await duties.want_syncs(connection, team_id=actor.team_id, campaign_ids=campaign_ids, due_at=now)
        if withdrawn.count:
            # A claim that has read the consent writes no intent after this.
            await gates.touch_team(connection, team_id=actor.team_id)
        await audit.record(
            connection,
            actor,
            action=AuditAction.IMPORT_UNDONE,
            object_type=ObjectType.IMPORT_JOB,
            object_id=job_id,
            now=now,
            after={"listId": list_id, "removedCount": count},
        )
    context.wake()
    return replace(job, undone_at=now, updated_at=now)


async def rejects(context: Context, actor: Actor, *, list_id: str, job_id: str) -> AsyncIterator[str]:
    """Return the rows a job has not taken, as CSV in pieces: line, reason, and the row as it was.

    Raises:
        NotFound: the team has no such list, or the list no such job.
        Conflict: `importTooOld`, they were deleted.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        _require_kept(await _require(connection, actor, list_id, job_id), now)
        headers = await imports.read_headers(connection, team_id=actor.team_id, job_id=job_id)
    return _write_rejects(context, actor, job_id, headers)


def _require_kept(job: Job, now: datetime) -> None:
    if job.completed_at is not None and job.completed_at < now - retain.IMPORTS_KEPT:
        raise Conflict(
            f"The import ended more than {retain.IMPORTS_KEPT.days} days ago: the rows it did not take, and what "
            "undoing it needs, were deleted.",
            code="importTooOld",
        )


async def _write_rejects(context: Context, actor: Actor, job_id: str, headers: Sequence[str]) -> AsyncIterator[str]:
    ours = csvheader.ours(headers)
    theirs = [header for place, header in enumerate(headers) if place not in ours]
    yield _record([csvheader.LINE_HEADER, csvheader.REASON_HEADER, *theirs])
    after = 0
    while True:
        async with context.pool.acquire() as connection:
            page = await import_rejects.read(
                connection, team_id=actor.team_id, job_id=job_id, after=after, count=_REJECTS_AT_ONCE
            )
        if not page:
            return
        yield "".join(_record([str(row.line), row.reason])[:-2] + "," + row.content + "\r\n" for row in page)
        after = page[-1].line


async def _require(connection: Connection, actor: Actor, list_id: str, job_id: str) -> Job:
    await list_actions.require(connection, actor, list_id)
    job = await imports.read(connection, team_id=actor.team_id, list_id=list_id, job_id=job_id)
    if job is None:
        raise NotFound("importJob", job_id)
    return job


def _open(file: import_files.Taken, new: NewImport) -> tuple[Opening, Assigned]:
    try:
        opening = csvheader.read_opening(file.head, is_whole=file.is_whole, encoding=file.encoding)
        return opening, csvheader.assign(opening, new.mapping, platform=new.platform)
    except HeaderWrong as error:
        path = new.content_path
        if error.entry is not None:
            path = (*new.mapping_path, error.entry, error.field or "csvHeader")
        raise InvalidRequest([(path, str(error))]) from error


async def _filled(
    connection: Connection,
    actor: Actor,
    list_id: str,
    assigned: Assigned,
    *,
    new: NewImport,
    now: datetime,
) -> list[imports.Filled]:
    """Lead from columns of the file to columns of the list; make those the header names and the list has not."""
    present = await lists.read_columns(connection, team_id=actor.team_id, list_id=list_id)
    if new.mapping is not None:
        return _given(assigned.values, new.mapping, {column.id for column in present}, new.mapping_path)
    by_name: dict[str, str] = {}
    for column in present:
        by_name.setdefault(names.key(column.name), column.id)
    exact = {column.name: column.id for column in reversed(present)}
    filled: list[imports.Filled] = []
    for place, name in assigned.values.items():
        column_id = exact.get(name) or by_name.get(names.key(name))
        if column_id is None:
            made = Column(
                id="custom_" + ids.new("f"),
                name=name,
                description=None,
                type=ColumnType.TEXT,
                created_at=now,
                updated_at=now,
            )
            if not new.check_only:
                await lists.insert_column(connection, team_id=actor.team_id, list_id=list_id, column=made)
            column_id = made.id
        filled.append(imports.Filled(place=place, column_id=column_id))
    return filled


def _given(values: Mapping[int, str], mapping: Sequence[Mapped], known: set[str], path: Path) -> list[imports.Filled]:
    targets = ", ".join(Target)
    wrong: list[tuple[Path, str]] = [
        (
            (*path, number, "targetColumnId"),
            f"The list has no column {entry.target!r}; map to the id of one of its columns, or to {targets}.",
        )
        for number, entry in enumerate(mapping)
        if entry.target not in known and entry.target not in list(Target)
    ]
    if wrong:
        raise InvalidRequest(wrong)
    return [imports.Filled(place=place, column_id=column_id) for place, column_id in values.items()]


def _record(fields: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(fields)
    return written.getvalue()

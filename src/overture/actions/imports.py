"""Import jobs: begin one from a file, look at it, cancel it."""

import asyncio
import csv
import io
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture import ids
from overture.actions import lists as list_actions
from overture.actions.context import Actor, Context
from overture.core import csvheader, names
from overture.core.csvheader import Assigned, HeaderWrong, Mapped, Opening, Target
from overture.core.words import ColumnType, JobStatus, MergeStrategy
from overture.errors import Conflict, InvalidRequest, NotFound, Path
from overture.store import duties, imports, lists
from overture.store.imports import CHUNK_BYTES, Job
from overture.store.lists import Column
from overture.store.pool import Connection

CONTENT = ("data", "content")
MAPPING = ("data", "columnMapping")
_SAMPLE_BYTES = 262_144
_REJECTS_AT_ONCE = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class NewImport:
    """A CSV to import. `mapping` None takes every column by its header."""

    platform: str
    content: str
    file_name: str
    mapping: Sequence[Mapped] | None
    merge_strategy: MergeStrategy


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """A file ready to be kept: UTF-8 without a mark, and what its beginning says. `rows` is an upper bound."""

    content: bytes
    opening: Opening
    assigned: Assigned
    rows: int


async def create(context: Context, actor: Actor, *, list_id: str, new: NewImport) -> Job:
    """Begin to import a file into a list; columns its header names are made where the list has none.

    Raises:
        NotFound: the team has no such list.
        Conflict: `listNotWritable`, a system list.
        InvalidRequest: no header that can be used, or a mapping that does not fit the file or the list.
    """
    # A large file takes a while to look through, and others wait for this thread.
    file = await asyncio.to_thread(_prepare, new)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await list_actions.lock(connection, actor, list_id)
        filled = await _filled(connection, actor, list_id, file.assigned, mapping=new.mapping, now=now)
        job = Job(
            id=ids.new("j"),
            list_id=list_id,
            type="csv",
            status=JobStatus.QUEUED,
            file_name=new.file_name,
            merge_strategy=new.merge_strategy,
            total_count=file.rows,
            processed_count=0,
            added_count=0,
            skipped_count=0,
            failed_count=0,
            error=None,
            created_at=now,
            updated_at=now,
            completed_at=None,
        )
        reading = imports.Reading(
            platform=new.platform,
            encoding="utf-8",
            delimiter=file.opening.delimiter,
            headers=file.opening.headers,
            identifiers={str(target): place for target, place in file.assigned.identifiers.items()},
            filled=filled,
            offset=file.opening.offset,
            line=file.opening.line,
        )
        await imports.insert(connection, team_id=actor.team_id, job=job, reading=reading)
        for number in range(math.ceil(len(file.content) / CHUNK_BYTES)):
            piece = file.content[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
            await imports.insert_chunk(connection, team_id=actor.team_id, job_id=job.id, number=number, content=piece)
        await duties.want(connection, team_id=actor.team_id, kind="import", key=job.id, due_at=now)
    context.wake()
    return job


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
        await imports.cancel(connection, team_id=actor.team_id, list_id=list_id, job_id=job_id, now=now)
        job = await _require(connection, actor, list_id, job_id)
    if job.status != JobStatus.CANCELED:
        raise Conflict(
            f"The import is {job.status} already; there is nothing left to cancel.",
            code="importJobFinished",
            details={"status": job.status},
        )
    return job


async def rejects(context: Context, actor: Actor, *, list_id: str, job_id: str) -> AsyncIterator[str]:
    """Return the rows a job has not taken, as CSV in pieces: line, reason, and the row as it was.

    Raises:
        NotFound: the team has no such list, or the list no such job.
    """
    async with context.pool.acquire() as connection:
        await _require(connection, actor, list_id, job_id)
        headers = await imports.read_headers(connection, team_id=actor.team_id, job_id=job_id)
    return _write_rejects(context, actor, job_id, headers)


async def _write_rejects(context: Context, actor: Actor, job_id: str, headers: Sequence[str]) -> AsyncIterator[str]:
    yield _record([csvheader.LINE_HEADER, csvheader.REASON_HEADER, *headers])
    after = 0
    while True:
        async with context.pool.acquire() as connection:
            page = await imports.read_rejects(
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


def _prepare(new: NewImport) -> _File:
    content = new.content.removeprefix("\ufeff").encode()
    sample = content[:_SAMPLE_BYTES]
    try:
        opening = csvheader.read_opening(sample, is_whole=len(sample) == len(content))
        assigned = csvheader.assign(opening, new.mapping, platform=new.platform)
    except HeaderWrong as error:
        path: Path = CONTENT if error.entry is None else (*MAPPING, error.entry, error.field or "csvHeader")
        raise InvalidRequest([(path, str(error))]) from error
    rest = max(content.count(b"\n", opening.offset), content.count(b"\r", opening.offset))
    is_open = len(content) > opening.offset and not content.endswith((b"\n", b"\r"))
    return _File(content=content, opening=opening, assigned=assigned, rows=rest + is_open)


async def _filled(
    connection: Connection,
    actor: Actor,
    list_id: str,
    assigned: Assigned,
    *,
    mapping: Sequence[Mapped] | None,
    now: datetime,
) -> list[imports.Filled]:
    """Lead from columns of the file to columns of the list; make those the header names and the list has not."""
    present = await lists.read_columns(connection, team_id=actor.team_id, list_id=list_id)
    if mapping is not None:
        return _given(assigned.values, mapping, {column.id for column in present})
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
            await lists.insert_column(connection, team_id=actor.team_id, list_id=list_id, column=made)
            column_id = made.id
        filled.append(imports.Filled(place=place, column_id=column_id))
    return filled


def _given(values: Mapping[int, str], mapping: Sequence[Mapped], known: set[str]) -> list[imports.Filled]:
    targets = ", ".join(Target)
    wrong: list[tuple[Path, str]] = [
        (
            (*MAPPING, number, "targetColumnId"),
            f"The list has no column {entry.target!r}; map to the id of one of its columns, or to {targets}.",
        )
        for number, entry in enumerate(mapping)
        if entry.target not in known and entry.target not in list(Target)
    ]
    if wrong:
        raise InvalidRequest(wrong[:100])
    return [imports.Filled(place=place, column_id=column_id) for place, column_id in values.items()]


def _record(fields: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(fields)
    return written.getvalue()

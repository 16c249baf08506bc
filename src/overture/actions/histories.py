"""Histories: what an account and others wrote to each other before the platform's own record begins, from a file."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overture import ids
from overture.actions import accounts, import_files, imports
from overture.actions.context import Actor, Context
from overture.core import archive, csvheader, history_rows
from overture.core.archive import ArchiveWrong
from overture.core.csvheader import HeaderWrong
from overture.core.words import JobStatus, MergeStrategy
from overture.errors import InvalidRequest, Path
from overture.store import histories
from overture.store import imports as import_jobs
from overture.store.accounts import Account
from overture.store.imports import Filled, Job, Reading

_HEAD_BYTES = 1_024
TYPE = "history"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewHistory:
    """What to do with a file."""

    file_name: str
    check_only: bool


async def create(
    context: Context,
    actor: Actor,
    *,
    account_id: str,
    pieces: AsyncIterator[bytes],
    content_path: Path,
    describe: Callable[[], NewHistory],
) -> Job:
    """Begin to import what an account and others wrote to each other: an archive of X, or a CSV.

    Args:
        context: the parts of this process.
        actor: who asks.
        account_id: whose history it is.
        pieces: the file as it arrives; each is kept before the next is asked for.
        content_path: where in the request the file is.
        describe: tells what to do with it; asked when the file has ended, as that may be sent behind it.

    Raises:
        NotFound: the team has no such account link.
        InvalidRequest: no archive of direct messages of this account, and no CSV that tells who wrote when.
    """
    account = await accounts.get(context, actor, account_id=account_id)
    job_id = ids.new("j")
    opened = _Opened(account, pieces)
    async with context.pool.acquire() as connection, connection.transaction():
        try:
            file = await import_files.take(connection, team_id=actor.team_id, job_id=job_id, pieces=opened.pieces())
            new = describe()
            reading, total = await asyncio.to_thread(_read, file, account, opened)
        except (ArchiveWrong, HeaderWrong) as error:
            raise InvalidRequest([(content_path, str(error))]) from error
        now = await context.clock.now()
        job = Job(
            id=job_id,
            list_id=await histories.contacted_list(connection, team_id=actor.team_id),
            type=TYPE,
            status=JobStatus.QUEUED,
            file_name=new.file_name,
            # Nobody's values are touched.
            merge_strategy=MergeStrategy.KEEP,
            total_count=total,
            processed_count=0,
            added_count=0,
            skipped_count=0,
            failed_count=0,
            error=None,
            created_at=now,
            updated_at=now,
            completed_at=None,
            check_only=new.check_only,
            account_id=account.id,
        )
        about = {"accountLinkId": account.id, "fileName": new.file_name}
        await imports.begin(connection, actor, job=job, reading=reading, about=about, now=now)
    return job


async def read_page(
    context: Context,
    actor: Actor,
    *,
    account_id: str,
    statuses: Sequence[JobStatus],
    before: str | None,
    count: int,
) -> list[Job]:
    """Return the imports of an account's history, newest first.

    Raises:
        NotFound: the team has no such account link.
    """
    account = await accounts.get(context, actor, account_id=account_id)
    async with context.pool.acquire() as connection:
        return await import_jobs.read_page(
            connection,
            team_id=actor.team_id,
            list_id=await histories.contacted_list(connection, team_id=actor.team_id),
            account_id=account.id,
            statuses=statuses,
            before=before,
            count=count,
        )


class _Opened:
    """A file of which the beginning tells what it is; an archive becomes CSV on its way."""

    def __init__(self, account: Account, pieces: AsyncIterator[bytes]) -> None:
        self._account = account
        self._pieces = pieces
        self.transcriber: archive.Transcriber | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        head = b""
        async for piece in self._pieces:
            head += piece
            if len(head) >= _HEAD_BYTES:
                break
        if not archive.is_archive(head[:_HEAD_BYTES]):
            yield head
            async for piece in self._pieces:
                yield piece
            return
        self.transcriber = archive.Transcriber(self._account.platform_id)
        # In a thread: other calls wait for this one.
        yield await asyncio.to_thread(self.transcriber.feed, head)
        async for piece in self._pieces:
            yield await asyncio.to_thread(self.transcriber.feed, piece)
        yield self.transcriber.close()


def _read(file: import_files.Taken, account: Account, opened: _Opened) -> tuple[Mapping[str, Any], int]:
    """Return the document of what a job reads, and how many rows there are at most."""
    opening = csvheader.read_opening(file.head, is_whole=file.is_whole, encoding=file.encoding)
    assigned = csvheader.assign(opening, None, platform=account.platform)
    fields = history_rows.fields(opening.headers, assigned.values)
    reading = Reading(
        platform=account.platform,
        encoding=file.encoding,
        delimiter=opening.delimiter,
        headers=opening.headers,
        identifiers={str(target): place for target, place in assigned.identifiers.items()},
        filled=[Filled(place=place, column_id=field) for field, place in fields.items()],
        offset=opening.offset,
        line=opening.line,
    )
    if opened.transcriber is None:
        return reading.document(), file.rows_behind(opening.offset)
    line_place = opening.headers.index(csvheader.LINE_HEADER)
    return {**reading.document(), "linePlace": line_place}, opened.transcriber.count

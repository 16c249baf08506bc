"""Import jobs: their files in pieces, how far they are, and the rows they did not take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.store.pool import Connection

CHUNK_BYTES = 1_048_576
"""Every piece of a file but the last has this size, so an offset tells its piece."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One import job. `total_count` is an upper bound until the job is completed.

    `consent` has `basis`, `evidence` and `by`: it is recorded for everybody in the file. `account_id`: whose history it
    is; that of others is None.
    """

    id: str
    list_id: str
    type: str
    status: str
    file_name: str
    merge_strategy: str
    total_count: int | None
    processed_count: int
    added_count: int
    skipped_count: int
    failed_count: int
    error: str | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    undone_at: datetime | None = None
    check_only: bool = False
    consent: Mapping[str, str] | None = None
    account_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """A column of the file (its place from 0) and the list column it fills."""

    place: int
    column_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How a job's file is read. The next row begins at byte `offset`, in line `line`.

    `identifiers` leads from what a column says of the person to its place in the file, from 0.
    """

    platform: str
    encoding: str
    delimiter: str
    headers: Sequence[str]
    identifiers: Mapping[str, int]
    filled: Sequence[Filled]
    offset: int
    line: int

    def document(self) -> dict[str, Any]:
        """Return it in the form it is kept in."""
        return {
            "platform": self.platform,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "headers": list(self.headers),
            "identifiers": dict(self.identifiers),
            "filled": [[filled.place, filled.column_id] for filled in self.filled],
            "offset": self.offset,
            "line": self.line,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Advance:
    """What one batch adds to a job's counts, and where it goes on.

    If the job pauses behind it, `error` tells why and `resume_at` until when.
    """

    added: int
    skipped: int
    failed: int
    offset: int
    line: int
    error: str | None
    resume_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A job taken up; `starts` counts how often since its last batch. Without a file there is no `reading`."""

    job: Job
    reading: Reading | None
    starts: int


_WITH_FILE = frozenset({"csv", "history"})
_JOB = (
    "id, list_id, type, status, file_name, merge_strategy, total_count, processed_count, added_count, skipped_count,"
    " failed_count, error, created_at, updated_at, completed_at, undone_at, check_only, consent, account_id"
)


async def insert(connection: Connection, *, team_id: str, job: Job, reading: Mapping[str, Any]) -> None:
    """Insert a new job; `reading` is the document of what it reads and how far it is."""
    await connection.execute(
        """
        INSERT INTO import_job (team_id, id, list_id, type, status, file_name, column_mapping, merge_strategy,
                                total_count, created_at, updated_at, check_only, consent, account_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        team_id,
        job.id,
        job.list_id,
        job.type,
        job.status,
        job.file_name,
        dict(reading),
        job.merge_strategy,
        job.total_count,
        job.created_at,
        job.updated_at,
        job.check_only,
        None if job.consent is None else dict(job.consent),
        job.account_id,
    )


async def insert_chunk(connection: Connection, *, team_id: str, job_id: str, number: int, content: bytes) -> None:
    """Keep one piece of a job's file, at most `CHUNK_BYTES` long; pieces are numbered from 0."""
    await connection.execute(
        "INSERT INTO import_chunk (team_id, job_id, number, content) VALUES ($1, $2, $3, $4)",
        team_id,
        job_id,
        number,
        content,
    )


async def read_chunk(connection: Connection, *, team_id: str, job_id: str, number: int) -> bytes | None:
    """Return one piece of a job's file; None behind the last."""
    content: bytes | None = await connection.fetchval(
        "SELECT content FROM import_chunk WHERE team_id = $1 AND job_id = $2 AND number = $3", team_id, job_id, number
    )
    return content


async def read(connection: Connection, *, team_id: str, list_id: str, job_id: str) -> Job | None:
    """Return a job of a list."""
    row = await connection.fetchrow(
        f"SELECT {_JOB} FROM import_job WHERE team_id = $1 AND list_id = $2 AND id = $3", team_id, list_id, job_id
    )
    return None if row is None else Job(**row)


async def read_page(
    connection: Connection,
    *,
    team_id: str,
    list_id: str,
    account_id: str | None = None,
    statuses: Sequence[str],
    before: str | None,
    count: int,
) -> list[Job]:
    """Return up to `count` jobs of a list, newest first, older than the id `before`; no statuses let all in.

    `account_id`: only histories of this account.
    """
    rows = await connection.fetch(
        f"""
        SELECT {_JOB} FROM import_job
         WHERE team_id = $1 AND list_id = $2 AND ($6::text IS NULL OR account_id = $6)
           AND ($3::text IS NULL OR id < $3::text) AND (cardinality($4::text[]) = 0 OR status = ANY($4::text[]))
         ORDER BY id DESC LIMIT $5
        """,
        team_id,
        list_id,
        before,
        list(statuses),
        count,
        account_id,
    )
    return [Job(**row) for row in rows]


async def count_open(connection: Connection, *, team_id: str) -> int:
    """Return how many jobs of a team have not ended."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM import_job WHERE completed_at IS NULL AND team_id = $1", team_id
    )
    return count


async def start(connection: Connection, *, team_id: str, job_id: str, now: datetime) -> Started | None:
    """Take up a job that has not ended; None if it has, or is gone."""
    row = await connection.fetchrow(
        f"""
        UPDATE import_job SET status = CASE status WHEN 'queued' THEN 'starting' ELSE 'running' END, error = NULL,
               resume_at = NULL, starts = starts + 1, updated_at = $3
         WHERE team_id = $1 AND id = $2 AND status IN ('queued', 'starting', 'running', 'paused')
        RETURNING {_JOB}, column_mapping, starts
        """,
        team_id,
        job_id,
        now,
    )
    if row is None:
        return None
    job = Job(**{name: row[name] for name in Job.__slots__})
    reading = _reading(row["column_mapping"]) if job.type in _WITH_FILE else None
    return Started(job=job, reading=reading, starts=row["starts"])


async def is_at(connection: Connection, *, team_id: str, job_id: str, offset: int) -> bool:
    """Lock a job and tell whether it still runs and its next row is the one at `offset`."""
    found: bool | None = await connection.fetchval(
        """
        SELECT status IN ('starting', 'running') AND (column_mapping ->> 'offset')::bigint = $3
          FROM import_job WHERE team_id = $1 AND id = $2 FOR NO KEY UPDATE
        """,
        team_id,
        job_id,
        offset,
    )
    return bool(found)


async def advance(connection: Connection, *, team_id: str, job_id: str, by: Advance, now: datetime) -> None:
    """Count a batch and note where to go on; the job pauses if the batch ended with an error."""
    await connection.execute(
        """
        UPDATE import_job
           SET status = CASE WHEN $8::text IS NULL THEN 'running' ELSE 'paused' END, error = $8, resume_at = $10,
               starts = 0,
               added_count = added_count + $3, skipped_count = skipped_count + $4, failed_count = failed_count + $5,
               processed_count = processed_count + $3 + $4 + $5,
               column_mapping = column_mapping || jsonb_build_object('offset', $6::bigint, 'line', $7::bigint),
               updated_at = $9
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        job_id,
        by.added,
        by.skipped,
        by.failed,
        by.offset,
        by.line,
        by.error,
        now,
        by.resume_at,
    )


async def complete(connection: Connection, *, team_id: str, job_id: str, offset: int, now: datetime) -> Job | None:
    """End a job whose last row was the one before `offset`; None if it is not there any more."""
    row = await connection.fetchrow(
        f"""
        UPDATE import_job SET status = 'completed', total_count = processed_count, error = NULL, updated_at = $4,
               completed_at = $4
         WHERE team_id = $1 AND id = $2 AND status IN ('starting', 'running')
           AND (column_mapping ->> 'offset')::bigint = $3
        RETURNING {_JOB}
        """,
        team_id,
        job_id,
        offset,
        now,
    )
    if row is None:
        return None
    await _clear(connection, team_id=team_id, job_id=job_id)
    return Job(**row)


async def fail(connection: Connection, *, team_id: str, job_id: str, error: str, now: datetime) -> str | None:
    """End a job that cannot be worked off; the rows taken stay. Return its list if it had not ended before."""
    list_id: str | None = await connection.fetchval(
        """
        UPDATE import_job SET status = 'failed', error = $3, resume_at = NULL, updated_at = $4, completed_at = $4
         WHERE team_id = $1 AND id = $2 AND status IN ('queued', 'starting', 'running', 'paused')
        RETURNING list_id
        """,
        team_id,
        job_id,
        error,
        now,
    )
    if list_id is not None:
        await _clear(connection, team_id=team_id, job_id=job_id)
    return list_id


async def pause(
    connection: Connection, *, team_id: str, job_id: str, error: str | None, resume_at: datetime, now: datetime
) -> None:
    """Let a job that runs wait until `resume_at`; `error` tells why."""
    await connection.execute(
        """
        UPDATE import_job SET status = 'paused', error = $3, resume_at = $4, updated_at = $5
         WHERE team_id = $1 AND id = $2 AND status IN ('starting', 'running')
        """,
        team_id,
        job_id,
        error,
        resume_at,
        now,
    )


async def unattended(connection: Connection, *, now: datetime, count: int) -> list[tuple[str, str]]:
    """Return team and id of up to `count` jobs that should be at work and that the queue does not know of."""
    rows = await connection.fetch(
        """
        SELECT j.team_id, j.id FROM import_job j
         WHERE j.completed_at IS NULL AND (j.resume_at IS NULL OR j.resume_at <= $1)
           AND NOT EXISTS (SELECT FROM pgqueuer q
                            WHERE q.dedupe_key = 'import:' || j.id AND q.status IN ('queued', 'picked'))
         ORDER BY j.resume_at NULLS FIRST LIMIT $2
        """,
        now,
        count,
    )
    return [(row["team_id"], row["id"]) for row in rows]


async def cancel(connection: Connection, *, team_id: str, list_id: str, job_id: str, now: datetime) -> bool:
    """End a job that has not ended; once this is committed it takes no further row. Tell whether it did."""
    canceled = await connection.fetchval(
        """
        UPDATE import_job SET status = 'canceled', error = NULL, resume_at = NULL, updated_at = $4, completed_at = $4
         WHERE team_id = $1 AND list_id = $2 AND id = $3 AND status IN ('queued', 'starting', 'running', 'paused')
        RETURNING true
        """,
        team_id,
        list_id,
        job_id,
        now,
    )
    if canceled is None:
        return False
    await _clear(connection, team_id=team_id, job_id=job_id)
    return True


async def lock(connection: Connection, *, team_id: str, list_id: str, job_id: str) -> Job | None:
    """Lock a job of a list and return it."""
    row = await connection.fetchrow(
        f"SELECT {_JOB} FROM import_job WHERE team_id = $1 AND list_id = $2 AND id = $3 FOR NO KEY UPDATE",
        team_id,
        list_id,
        job_id,
    )
    return None if row is None else Job(**row)


async def read_headers(connection: Connection, *, team_id: str, job_id: str) -> list[str]:
    """Return the header of a job's file."""
    headers: list[str] = await connection.fetchval(
        "SELECT column_mapping -> 'headers' FROM import_job WHERE team_id = $1 AND id = $2", team_id, job_id
    )
    return headers


async def refresh_statistics(connection: Connection) -> None:
    """Tell the planner how large the tables are that an import fills. Call it outside any transaction.

    Until it knows, it takes them for empty and reads all profiles of a platform to find one.
    """
    await connection.execute("ANALYZE profile, list_lead, list_change")


async def _clear(connection: Connection, *, team_id: str, job_id: str) -> None:
    """Drop what only a job that has not ended needs."""
    await connection.execute("DELETE FROM import_chunk WHERE team_id = $1 AND job_id = $2", team_id, job_id)
    await connection.execute("DELETE FROM import_met WHERE team_id = $1 AND job_id = $2", team_id, job_id)


def _reading(document: Mapping[str, Any]) -> Reading:
    filled = [Filled(place=place, column_id=column_id) for place, column_id in document["filled"]]
    known = {name: document[name] for name in Reading.__slots__}
    return Reading(**{**known, "filled": filled})

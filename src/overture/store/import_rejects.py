"""The rows an import did not take, as they were, each with its line and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Reject:
    """A row that was not taken; `content` is the row as one record of CSV."""

    line: int
    reason: str
    content: str


async def insert(connection: Connection, *, team_id: str, job_id: str, rejects: Sequence[Reject]) -> None:
    """Keep rows that were not taken."""
    if not rejects:
        return
    await connection.execute(
        """
        INSERT INTO import_reject (team_id, job_id, line, reason, content)
        SELECT $1, $2, u.line, u.reason, u.content
          FROM unnest($3::bigint[], $4::text[], $5::text[]) AS u (line, reason, content)
        """,
        team_id,
        job_id,
        [reject.line for reject in rejects],
        [reject.reason for reject in rejects],
        [reject.content for reject in rejects],
    )


async def read(connection: Connection, *, team_id: str, job_id: str, after: int, count: int) -> list[Reject]:
    """Return up to `count` rows that were not taken, in the order of the file, behind the line `after`."""
    rows = await connection.fetch(
        """
        SELECT line, reason, content FROM import_reject
         WHERE team_id = $1 AND job_id = $2 AND line > $3 ORDER BY line LIMIT $4
        """,
        team_id,
        job_id,
        after,
        count,
    )
    return [Reject(**row) for row in rows]

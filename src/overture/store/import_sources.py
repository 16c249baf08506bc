"""What an import reads that has no file: people a platform lists, page by page."""

from dataclasses import asdict, dataclass
from typing import Any

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The people of `audience` that belong to a profile (`username`, or its id `of_id`) or to the post `of_id`.

    `most` are read at most. `offset` were, and `page` asks the platform for those behind them.
    """

    platform: str
    audience: str
    username: str | None
    of_id: str | None
    most: int
    offset: int = 0
    page: str | None = None

    def document(self) -> dict[str, Any]:
        """Return it in the form it is kept in; a job without a file has no header."""
        return {**asdict(self), "headers": []}


async def read(connection: Connection, *, team_id: str, job_id: str) -> Source:
    """Return what a job reads, and how far it is."""
    document = await connection.fetchval(
        "SELECT column_mapping FROM import_job WHERE team_id = $1 AND id = $2", team_id, job_id
    )
    return Source(**{name: document[name] for name in Source.__slots__})


async def turn(connection: Connection, *, team_id: str, job_id: str, of_id: str | None, page: str | None) -> None:
    """Note whose people they are, once that is known, and which page comes next."""
    await connection.execute(
        """
        UPDATE import_job SET column_mapping = column_mapping || jsonb_build_object('of_id', $3::text, 'page', $4::text)
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        job_id,
        of_id,
        page,
    )

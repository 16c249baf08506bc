"""Tables: collections as CSV, written while they are read, so that their size does not matter."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from fastapi.responses import StreamingResponse

from overture.core import cells
from overture.core.cells import Cell
from overture.store.people import Profile

AT_ONCE = 1_000
"""How many rows are read at once."""

Place = TypeVar("Place")
Row = TypeVar("Row")

DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "CSV"}
}
"""How a call that answers with a table is described."""

PROFILE = (
    "platform",
    "platformId",
    "externalId",
    "username",
    "displayName",
    "bio",
    "location",
    "website",
    "followerCount",
    "accountStatus",
)
"""The header of `profile`."""


def answer(name: str, header: Sequence[str], rows: AsyncIterator[Sequence[Sequence[Cell]]]) -> StreamingResponse:
    """Answer with a table; `rows` brings it in pieces."""
    return written(name, _lines(header, rows))


def written(name: str, pieces: AsyncIterator[str]) -> StreamingResponse:
    """Answer with CSV that is written already. UTF-8 with a mark, so that spreadsheets read it as such."""
    return StreamingResponse(
        _encoded(pieces),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def pieces(
    read: Callable[[Place | None], Awaitable[Sequence[Row]]], place: Callable[[Row], Place]
) -> AsyncIterator[Sequence[Row]]:
    """Read a collection to its end; `read` brings what comes after a place, `place` tells where a row stands."""
    after: Place | None = None
    while rows := await read(after):
        yield rows
        after = place(rows[-1])


def profile(found: Profile) -> list[Cell]:
    """Return the cells of a profile, in the order of `PROFILE`."""
    return [
        found.platform,
        found.platform_id,
        found.id,
        found.username,
        found.display_name,
        found.bio,
        found.location,
        found.website,
        found.follower_count,
        found.account_status,
    ]


async def _lines(header: Sequence[str], rows: AsyncIterator[Sequence[Sequence[Cell]]]) -> AsyncIterator[str]:
    yield cells.lines([header])
    async for piece in rows:
        yield cells.lines(piece)


async def _encoded(pieces: AsyncIterator[str]) -> AsyncIterator[bytes]:
    yield "\ufeff".encode()
    async for piece in pieces:
        yield piece.encode()

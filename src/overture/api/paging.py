"""Pages: `limit` and an opaque, sealed `cursor` that is good only for the call that gave it."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import Field

from overture.api.bodies import Answer
from overture.errors import InvalidCursor
from overture.secrets import SealBroken, Sealer

DEFAULT_LIMIT = 50
EXAMPLE_CURSOR = "q1Zv3kQ0mX9hVb2sTn8eYw"
_LONGEST_CURSOR = 2048
_WHOLE = 1_000_000

Position = tuple[str | int | float | None, ...]
Row = TypeVar("Row")
Item = TypeVar("Item")


class Page(Answer, Generic[Item]):
    """One page of a collection."""

    data: list[Item] = Field(description="The rows of this page.")
    next_cursor: str | None = Field(
        description="`cursor` of the next page; null on the last one.", examples=[EXAMPLE_CURSOR, None]
    )

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the page after its rows, as the document shows it."""
        return f"{params[0].__name__.removesuffix('Answer')}Page"


@dataclass(frozen=True, kw_only=True, slots=True)
class Paging:
    """What page is asked for: at most `limit` rows, those after the row at `after`; None = from the start.

    `after` holds what the call that made the cursor gave as the row's position.
    """

    limit: int
    after: Position | None
    binding: str
    sealer: Sealer

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than is shown, to know whether there is a next page."""
        return self.limit + 1

    @property
    def after_id(self) -> str | None:
        """Where the page starts, for collections in the order of their ids: after the row with this id."""
        return None if self.after is None else str(self.after[0])

    @property
    def after_placed(self) -> tuple[int, str] | None:
        """Where the page starts, for collections in an order of their own: after the row at (position, id)."""
        if self.after is None:
            return None
        match self.after:
            case (int() as position, str() as row_id):
                return position, row_id
            case _:
                raise InvalidCursor

    def cut(self, rows: Sequence[Row], position: Callable[[Row], Position]) -> tuple[Sequence[Row], str | None]:
        """Split what was fetched into the page and the cursor of the next one."""
        if len(rows) <= self.limit:
            return rows, None
        shown = rows[: self.limit]
        return shown, self._seal(position(shown[-1]))

    def _seal(self, position: Position) -> str:
        payload = json.dumps(position, separators=(",", ":"))
        sealed = self.sealer.seal(payload, context=self.binding)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


_Cursor = Annotated[
    str | None,
    Query(description="`nextCursor` of the page before; leave it out for the first page.", examples=[EXAMPLE_CURSOR]),
]


async def read(
    request: Request,
    limit: Annotated[
        int, Query(ge=1, le=100, description="How many to return at most.", examples=[50])
    ] = DEFAULT_LIMIT,
    cursor: _Cursor = None,
) -> Paging:
    """Read the page a request asks for.

    Raises:
        InvalidCursor: the cursor was not made for this team, address and filters.
    """
    return _read(request, limit, cursor)


async def read_short(
    request: Request,
    limit: Annotated[
        int | None,
        Query(ge=1, le=100, description="How many to return at most; left out: all that there are.", examples=[50]),
    ] = None,
    cursor: _Cursor = None,
) -> Paging:
    """Read the page a request asks for of a collection that is always short, which clients take as a whole.

    Raises:
        InvalidCursor: the cursor was not made for this team, address and filters.
    """
    return _read(request, _WHOLE if limit is None else limit, cursor)


def _read(request: Request, limit: int, cursor: str | None) -> Paging:
    sealer: Sealer = request.app.state.context.sealer
    filters = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in ("limit", "cursor"))
    binding = bound(team_id=request.state.actor.team_id, path=request.scope["path"], filters=filters)
    after = None if cursor is None else _open(cursor, binding, sealer)
    return Paging(limit=limit, after=after, binding=binding, sealer=sealer)


def bound(*, team_id: str, path: str, filters: Sequence[tuple[str, str]] = ()) -> str:
    """Return what a cursor is bound to: the team, the address and the filters it was made for."""
    return json.dumps(["cursor", team_id, path, list(filters)])


CurrentPage = Annotated[Paging, Depends(read)]
ShortPage = Annotated[Paging, Depends(read_short)]


def _open(cursor: str, binding: str, sealer: Sealer) -> Position:
    if len(cursor) > _LONGEST_CURSOR or not cursor.isascii():
        raise InvalidCursor
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return tuple(json.loads(sealer.open(sealed, context=binding)))
    except (binascii.Error, ValueError, SealBroken) as error:
        raise InvalidCursor from error

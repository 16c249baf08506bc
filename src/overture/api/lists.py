"""Lists and their columns."""

from collections.abc import Sequence

from fastapi.responses import StreamingResponse
from pydantic import Field

from overture.actions import lists
from overture.api import bodies, refusals, routing, tables
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.paging import CurrentPage, Page
from overture.core import instants
from overture.core.cells import Cell
from overture.core.words import ColumnType
from overture.store.lists import Column, LeadList

router = routing.router("Lists")
_EXAMPLE = "l0mdbz3k91yq0c8f4w2n7xhs"
_TABLE = ("id", "kind", "name", "description", "leadsCount", "createdAt", "updatedAt")
_EXAMPLE_COLUMN = "custom_f0mdbz3k91yq0c8f4w2n7xhs"


class CreateList(bodies.Body):
    """A new list."""

    name: bodies.Name = Field(description="Name; it need not be unique.", examples=["Founders"])
    description: bodies.Description | None = Field(
        default=None, description="What it is for.", examples=["From the spring fair"]
    )


class ChangeList(bodies.Body):
    """What to change of a list; what is left out stays."""

    name: bodies.Name = bodies.unset(description="New name.", examples=["Founders 2026"])
    description: bodies.Description | None = bodies.unset(
        description="What it is for; null clears.", examples=["From both fairs"]
    )


class ListAnswer(bodies.Answer):
    """One list."""

    id: str = Field(description="Id of the list.", examples=[_EXAMPLE])
    kind: str = Field(description="`user`; `contacted` and `mutual` are kept by Overture.", examples=["user"])
    name: str = Field(description="Name.", examples=["Founders"])
    description: str | None = Field(description="What it is for.", examples=["From the spring fair"])
    leads_count: int = Field(description="How many leads are on it.", examples=[420])
    created_at: bodies.Instant = Field(description="When it was made.")
    updated_at: bodies.Instant = Field(description="When it, or who is on it, last changed.")


class CreateColumn(bodies.Body):
    """A new column."""

    name: bodies.Name = Field(description="Name; it need not be unique.", examples=["Company"])
    description: bodies.Description | None = Field(
        default=None, description="What it holds.", examples=["Where they work"]
    )
    type: bodies.Choice[ColumnType] = Field(
        default=ColumnType.TEXT, description="What values it takes; it never changes.", examples=["text"]
    )


class ChangeListColumn(bodies.Body):
    """What to change of a column; what is left out stays."""

    name: bodies.Name = bodies.unset(description="New name.", examples=["Employer"])
    description: bodies.Description | None = bodies.unset(
        description="What it holds; null clears.", examples=["Where they work now"]
    )


class ListColumnAnswer(bodies.Answer):
    """One column."""

    id: str = Field(description="Id of the column; data names it by this.", examples=[_EXAMPLE_COLUMN])
    name: str = Field(description="Name.", examples=["Company"])
    description: str | None = Field(description="What it holds.", examples=["Where they work"])
    type: ColumnType = Field(description="What values it takes.", examples=["text"])
    created_at: bodies.Instant = Field(description="When it was made.")
    updated_at: bodies.Instant = Field(description="When it last changed.")


@router.get("/lists", summary="List lists")
async def list_lists(context: CurrentContext, actor: CurrentActor, paging: CurrentPage) -> Page[ListAnswer]:
    """Return the team's lists in the order they were made, the system lists first."""
    rows = await lists.read_page(context, actor, after=paging.after_id, count=paging.fetch)
    shown, cursor = paging.cut(rows, lambda row: (row.id,))
    return Page(data=[_answer(row) for row in shown], next_cursor=cursor)


@router.get("/lists.csv", summary="Download all lists", response_class=StreamingResponse, responses=tables.DOCUMENTED)
async def download_lists(context: CurrentContext, actor: CurrentActor) -> StreamingResponse:
    """Return the team's lists as CSV. What a spreadsheet would calculate gets a `'`."""

    async def read(after: str | None) -> Sequence[LeadList]:
        return await lists.read_page(context, actor, after=after, count=tables.AT_ONCE)

    rows = ([_cells(row) for row in piece] async for piece in tables.pieces(read, lambda row: row.id))
    return tables.answer("lists.csv", _TABLE, rows)


@router.post("/lists", summary="Create a list")
async def create_list(context: CurrentContext, actor: CurrentActor, body: CreateList) -> ListAnswer:
    """Make an empty list."""
    return _answer(await lists.create(context, actor, name=body.name, description=body.description))


@router.get("/lists/{list_id}", summary="Get a list")
async def get_list(context: CurrentContext, actor: CurrentActor, list_id: str) -> ListAnswer:
    """Return one list."""
    return _answer(await lists.get(context, actor, list_id=list_id))


@router.patch("/lists/{list_id}", summary="Change a list", openapi_extra=refusals.of("listNotWritable"))
async def change_list(context: CurrentContext, actor: CurrentActor, list_id: str, body: ChangeList) -> ListAnswer:
    """Rename or describe a list."""
    return _answer(await lists.change(context, actor, list_id=list_id, changes=body.given()))


@router.delete(
    "/lists/{list_id}",
    status_code=204,
    summary="Delete a list",
    openapi_extra=refusals.of("listInUse", "listNotWritable"),
)
async def delete_list(context: CurrentContext, actor: CurrentActor, list_id: str) -> None:
    """Delete a list that no campaign syncs or excludes; profiles stay."""
    await lists.delete(context, actor, list_id=list_id)


@router.get("/lists/{list_id}/columns", summary="List a list's columns")
async def list_list_columns(
    context: CurrentContext, actor: CurrentActor, list_id: str, paging: CurrentPage
) -> Page[ListColumnAnswer]:
    """Return the columns of a list, oldest first."""
    rows = await lists.read_column_page(context, actor, list_id=list_id, after=paging.after_id, count=paging.fetch)
    shown, cursor = paging.cut(rows, lambda row: (row.id,))
    return Page(data=[_column_answer(row) for row in shown], next_cursor=cursor)


@router.post("/lists/{list_id}/columns", summary="Create a column", openapi_extra=refusals.of("listNotWritable"))
async def create_list_column(
    context: CurrentContext, actor: CurrentActor, list_id: str, body: CreateColumn
) -> ListColumnAnswer:
    """Add a column to a list."""
    made = await lists.create_column(
        context, actor, list_id=list_id, name=body.name, description=body.description, kind=body.type
    )
    return _column_answer(made)


@router.patch(
    "/lists/{list_id}/columns/{column_id}", summary="Change a column", openapi_extra=refusals.of("listNotWritable")
)
async def change_list_column(
    context: CurrentContext, actor: CurrentActor, list_id: str, column_id: str, body: ChangeListColumn
) -> ListColumnAnswer:
    """Rename or describe a column."""
    changed = await lists.change_column(context, actor, list_id=list_id, column_id=column_id, changes=body.given())
    return _column_answer(changed)


@router.delete(
    "/lists/{list_id}/columns/{column_id}",
    status_code=204,
    summary="Delete a column",
    openapi_extra=refusals.of("columnInUse", "listNotWritable"),
)
async def delete_list_column(context: CurrentContext, actor: CurrentActor, list_id: str, column_id: str) -> None:
    """Delete a column with its values, unless campaigns fill a column of theirs from it."""
    await lists.delete_column(context, actor, list_id=list_id, column_id=column_id)


def _cells(row: LeadList) -> list[Cell]:
    created_at, updated_at = instants.written(row.created_at), instants.written(row.updated_at)
    return [row.id, row.kind, row.name, row.description, row.leads_count, created_at, updated_at]


def _answer(row: LeadList) -> ListAnswer:
    return ListAnswer(
        id=row.id,
        kind=row.kind,
        name=row.name,
        description=row.description,
        leads_count=row.leads_count,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _column_answer(row: Column) -> ListColumnAnswer:
    return ListColumnAnswer(
        id=row.id,
        name=row.name,
        description=row.description,
        type=ColumnType(row.type),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )

"""Custom columns of a campaign."""

from typing import cast

from pydantic import Field

from overture.actions import campaign_columns
from overture.actions.campaign_columns import ColumnChanges
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_parts import EXAMPLE_COLUMN, ColumnBody
from overture.api.paging import CurrentPage, Page
from overture.core.words import ColumnType
from overture.store.campaign_columns import Column

router = routing.router("Campaigns")


class ChangeCampaignColumn(bodies.Body):
    """What to change of a column; what is left out stays. The type stays for good: values of it are stored."""

    name: bodies.Name = bodies.unset(description="New name.", examples=["Employer"])
    description: bodies.Description | None = bodies.unset(description="Null clears it.", examples=["Where they work."])


class CampaignColumnAnswer(bodies.Answer):
    """One custom column."""

    id: str = Field(description="Id of the column; variables and values name it so.", examples=[EXAMPLE_COLUMN])
    name: str = Field(description="Its name.", examples=["Company"])
    description: str | None = Field(description="What it holds.", examples=["Where they work"])
    type: ColumnType = Field(description="Type of its values.", examples=["text"])
    created_at: bodies.Instant = Field(description="When it was made.")
    updated_at: bodies.Instant = Field(description="When it was last changed.")


@router.get("/campaigns/{campaign_id}/columns", summary="List columns of a campaign")
async def list_campaign_columns(
    context: CurrentContext, actor: CurrentActor, paging: CurrentPage, campaign_id: str
) -> Page[CampaignColumnAnswer]:
    """Return the custom columns, oldest first."""
    rows = await campaign_columns.page(
        context, actor, campaign_id=campaign_id, after=paging.after_id, limit=paging.fetch
    )
    shown, cursor = paging.cut(rows, lambda column: (column.id,))
    return Page(data=[_answer(column) for column in shown], next_cursor=cursor)


@router.post("/campaigns/{campaign_id}/columns", summary="Add a column to a campaign")
async def create_campaign_column(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: ColumnBody
) -> CampaignColumnAnswer:
    """Add a custom column."""
    return _answer(await campaign_columns.create(context, actor, campaign_id=campaign_id, new=body.to_new()))


@router.patch("/campaigns/{campaign_id}/columns/{column_id}", summary="Change a column of a campaign")
async def change_campaign_column(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, column_id: str, body: ChangeCampaignColumn
) -> CampaignColumnAnswer:
    """Rename or describe a column; texts name it by id and go on as they are."""
    changes = cast(ColumnChanges, body.given())
    changed = await campaign_columns.change(
        context, actor, campaign_id=campaign_id, column_id=column_id, changes=changes
    )
    return _answer(changed)


@router.delete(
    "/campaigns/{campaign_id}/columns/{column_id}",
    status_code=204,
    summary="Remove a column of a campaign",
    openapi_extra=refusals.of("columnInUse"),
)
async def delete_campaign_column(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, column_id: str
) -> None:
    """Remove a column with its values, unless a step uses it."""
    await campaign_columns.delete(context, actor, campaign_id=campaign_id, column_id=column_id)


def _answer(column: Column) -> CampaignColumnAnswer:
    return CampaignColumnAnswer(
        id=column.id,
        name=column.name,
        description=column.description,
        type=ColumnType(column.type),
        created_at=column.created_at,
        updated_at=column.updated_at,
    )

"""The leads of a list."""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic import Field

from overture.actions import list_leads, lists, people
from overture.actions.list_leads import Added
from overture.api import bodies, profiles, refusals, routing, tables
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.lead_bodies import DEFAULT_PLATFORM, AddLeads, Leads
from overture.api.paging import CurrentPage, Page
from overture.api.profiles import ProfileAnswer
from overture.core import instants
from overture.core.cells import Cell
from overture.store.list_leads import ListLead

router = routing.router("Lists")
_EXAMPLE_DATA = {"custom_f0mdbz3k91yq0c8f4w2n7xhs": "Acme"}


class ChangeLead(bodies.Body):
    """What to change of a lead of a list."""

    platform: str = Field(
        default=DEFAULT_PLATFORM, max_length=64, description="Platform of the id.", examples=["twitter"]
    )
    data: dict[str, Any] = Field(
        description="Values by column id: null clears, what is left out stays.", examples=[_EXAMPLE_DATA]
    )


class ListLeadAnswer(bodies.Answer):
    """One lead of a list."""

    profile: ProfileAnswer = Field(description="Who it is.")
    data: dict[str, Any] = Field(description="Values by column id.", examples=[_EXAMPLE_DATA])
    added_at: bodies.Instant = Field(description="When the lead came onto the list.")
    updated_at: bodies.Instant = Field(description="When its values last changed.")


class FailedAnswer(bodies.Answer):
    """Why one identifier was not taken."""

    identifier: str = Field(description="As it was sent.", examples=["nobody_of_this_name"])
    reason: str = Field(description="`invalid`, `notFound` or `suspended`.", examples=["notFound"])
    message: str = Field(description="The same for people.", examples=["There is no such profile."])


class AddedAnswer(bodies.Answer):
    """What became of each identifier, as it was sent."""

    added: list[str] = Field(description="New on the list.", examples=[["ana"]])
    skipped: list[str] = Field(description="Already on the list; their data is untouched.", examples=[["ben"]])
    failed: list[str] = Field(description="Not taken; `failures` tells why.", examples=[["nobody_here"]])
    failures: list[FailedAnswer] = Field(description="Why, for each of `failed`, in the same order.")


class RemovedAnswer(bodies.Answer):
    """How many leads left the list."""

    removed: int = Field(description="How many were on the list and are not any more.", examples=[2])


@router.get("/lists/{list_id}/leads", summary="List a list's leads")
async def list_list_leads(
    context: CurrentContext, actor: CurrentActor, list_id: str, paging: CurrentPage
) -> Page[ListLeadAnswer]:
    """Return the leads of a list, of a system list too."""
    rows = await list_leads.read_page(context, actor, list_id=list_id, after=paging.after_id, count=paging.fetch)
    shown, cursor = paging.cut(rows, lambda row: (row.profile.id,))
    return Page(data=[_answer(row) for row in shown], next_cursor=cursor)


@router.get(
    "/lists/{list_id}/leads.csv",
    summary="Download a list's leads",
    response_class=StreamingResponse,
    responses=tables.DOCUMENTED,
)
async def download_list_leads(context: CurrentContext, actor: CurrentActor, list_id: str) -> StreamingResponse:
    """Return all leads as CSV, custom columns under their names. What a spreadsheet would calculate gets a `'`."""
    columns = await lists.every_column(context, actor, list_id=list_id)
    header = [*tables.PROFILE, "addedAt", "updatedAt", *(column.name for column in columns)]
    column_ids = [column.id for column in columns]
    found = list_leads.every(context, actor, list_id=list_id)
    rows = ([_row(lead, column_ids) for lead in piece] async for piece in found)
    return tables.answer("leads.csv", header, rows)


@router.post(
    "/lists/{list_id}/leads",
    summary="Add leads to a list",
    openapi_extra=refusals.of("listNotWritable", "platformNotSupported"),
)
async def add_list_leads(context: CurrentContext, actor: CurrentActor, list_id: str, body: AddLeads) -> AddedAnswer:
    """Add leads.

    Usernames that are not known yet are looked up on the platform, for up to ten seconds; those it has not told of by
    then are added too, and looked up in the background.
    """
    return _added(await list_leads.add(context, actor, list_id=list_id, named=body.named(), consent=body.recorded()))


@router.delete(
    "/lists/{list_id}/leads",
    summary="Remove leads from a list",
    openapi_extra=refusals.of("listNotWritable", "platformNotSupported"),
)
async def remove_list_leads(context: CurrentContext, actor: CurrentActor, list_id: str, body: Leads) -> RemovedAnswer:
    """Remove leads; campaigns that sync the list follow."""
    return RemovedAnswer(removed=await list_leads.remove(context, actor, list_id=list_id, named=body.named()))


@router.patch(
    "/lists/{list_id}/leads/{platform_id}",
    summary="Set a lead's values",
    openapi_extra=refusals.of("listNotWritable", "platformNotSupported", "columnNotFound"),
)
async def change_list_lead(
    context: CurrentContext, actor: CurrentActor, list_id: str, platform_id: str, body: ChangeLead
) -> ListLeadAnswer:
    """Set values of one lead."""
    lead = await list_leads.change(
        context, actor, list_id=list_id, platform=body.platform, platform_id=platform_id, data=body.data
    )
    return _answer(lead)


def _row(lead: ListLead, column_ids: Sequence[str]) -> list[Cell]:
    return [
        *tables.profile(lead.profile),
        instants.written(lead.added_at),
        instants.written(lead.updated_at),
        *(lead.data.get(column_id) for column_id in column_ids),
    ]


def _answer(lead: ListLead) -> ListLeadAnswer:
    return ListLeadAnswer(
        profile=profiles.answer(lead.profile),
        data=dict(lead.data),
        added_at=lead.added_at,
        updated_at=lead.updated_at,
    )


def _added(result: Added) -> AddedAnswer:
    return AddedAnswer(
        added=[one.value for one in result.added],
        skipped=[one.value for one in result.skipped],
        failed=[one.value for one, _ in result.failed],
        failures=[
            FailedAnswer(identifier=one.value, reason=reason, message=people.MESSAGES[reason])
            for one, reason in result.failed
        ],
    )

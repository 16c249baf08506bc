"""Lists in v1: themselves, their columns and imports as in v2; their leads are prospects."""

from datetime import datetime
from typing import Any

from pydantic import Field

from overture.api import bodies, imports, list_consents, list_leads, lists
from overture.api.list_leads import AddedAnswer, ListLeadAnswer
from overture.api.paging import Page
from overture.api.v1 import prospects, routing
from overture.api.v1.prospects import ListProspectAnswer

router = routing.router("Lists")
_LEADS = "/lists/{list_id}/leads"


class ListLead(bodies.Answer):
    """One lead of a list."""

    prospect: ListProspectAnswer = Field(description="Who it is.")
    data: dict[str, Any] = Field(
        description="Values by column id.", examples=[{"custom_f0mdbz3k91yq0c8f4w2n7xhs": "Acme"}]
    )
    added_at: bodies.Instant = Field(description="When the lead came onto the list.")
    updated_at: bodies.Instant = Field(description="When its values last changed.")


class AddedLists(bodies.Answer):
    """What became of each identifier, as it was sent."""

    added: list[str] = Field(description="New on the list.", examples=[["1000000000000000001"]])
    skipped: list[str] = Field(description="Already on the list; their data is untouched.", examples=[[]])
    failed: list[str] = Field(description="Invalid, suspended or gone.", examples=[[]])


def _added(result: AddedAnswer, _: datetime) -> AddedLists:
    return AddedLists(added=result.added, skipped=result.skipped, failed=result.failed)


def _lead(lead: ListLeadAnswer, now: datetime) -> ListLead:
    prospect = ListProspectAnswer(**prospects.fields(lead.profile, now), account_status=lead.profile.account_status)
    return ListLead(prospect=prospect, data=lead.data, added_at=lead.added_at, updated_at=lead.updated_at)


def _page(page: Page[ListLeadAnswer], now: datetime) -> Page[ListLead]:
    return Page[ListLead](data=[_lead(lead, now) for lead in page.data], next_cursor=page.next_cursor)


_source = list_leads.router
routing.take_over(router, _source, list_leads.add_list_leads, _LEADS, answer=AddedLists, convert=_added)
routing.take_over(router, _source, list_leads.list_list_leads, _LEADS, answer=Page[ListLead], convert=_page)
routing.take_over(router, _source, list_leads.remove_list_leads, _LEADS)
routing.take_over(
    router, _source, list_leads.change_list_lead, f"{_LEADS}/{{platform_id}}", answer=ListLead, convert=_lead
)
routing.take_over_all(
    router, _source, without=frozenset({"add_list_leads", "list_list_leads", "remove_list_leads", "change_list_lead"})
)
for _same in (lists.router, list_consents.router, imports.router):
    routing.take_over_all(router, _same)

"""The leads of a campaign in v1."""

from datetime import datetime
from typing import Any

from pydantic import Field

from overture.api import bodies, campaign_leads
from overture.api.campaign_leads import CampaignLeadAnswer, LeadStep
from overture.api.campaign_object import WaitAnswer
from overture.api.campaign_parts import EXAMPLE_ACCOUNT, EXAMPLE_COLUMN
from overture.api.paging import Page
from overture.api.v1 import prospects, routing
from overture.api.v1.prospects import ProspectAnswer
from overture.core.words import LeadState

router = routing.router("Campaigns")
_LEADS = "/campaigns/v2/{campaign_id}/leads"


class CampaignLead(bodies.Answer):
    """One lead of a campaign."""

    prospect: ProspectAnswer = Field(description="Who it is.")
    data: dict[str, Any] = Field(
        description="Values by column id: set on the lead, else from its lists.", examples=[{EXAMPLE_COLUMN: "Acme"}]
    )
    state: LeadState = Field(description="Where it stands.", examples=["ready"])
    reason: str | None = Field(description="Why it stands there.", examples=[None, "suppressed"])
    account_link_id: str | None = Field(
        description="The account that writes to it; null: not planned yet.", examples=[EXAMPLE_ACCOUNT]
    )
    step: LeadStep | None = Field(description="Its next step; null when it has ended.")
    next_send_at: bodies.Instant | None = Field(description="When it is written to, where it is its account's next.")
    ahead_count: int | None = Field(description="How many its account serves before it.", examples=[12])
    waits_for: WaitAnswer | None = Field(description="What it waits for; null: for nothing.")
    contacted_at: bodies.Instant | None = Field(description="When its first message was accepted.")
    replied_at: bodies.Instant | None = Field(description="When it answered.")


def _lead(lead: CampaignLeadAnswer, now: datetime) -> CampaignLead:
    same = {name: getattr(lead, name) for name in CampaignLead.model_fields if name != "prospect"}
    return CampaignLead(prospect=ProspectAnswer(**prospects.fields(lead.profile, now)), **same)


def _page(page: Page[CampaignLeadAnswer], now: datetime) -> Page[CampaignLead]:
    return Page[CampaignLead](data=[_lead(lead, now) for lead in page.data], next_cursor=page.next_cursor)


routing.take_over(router, campaign_leads.router, campaign_leads.add_campaign_leads, _LEADS)
routing.take_over(router, campaign_leads.router, campaign_leads.remove_campaign_leads, _LEADS)
routing.take_over(router, campaign_leads.router, campaign_leads.cancel_lead, f"{_LEADS}/{{identifier}}/cancel")
routing.take_over(
    router,
    campaign_leads.router,
    campaign_leads.list_campaign_leads,
    _LEADS,
    answer=Page[CampaignLead],
    convert=_page,
)
routing.take_over(
    router,
    campaign_leads.router,
    campaign_leads.change_campaign_lead,
    f"{_LEADS}/{{identifier}}",
    answer=CampaignLead,
    convert=_lead,
)

"""The leads of a campaign."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from overture.actions import campaign_columns, campaign_leads, lead_exits, lead_release, lead_restore
from overture.actions.campaign_leads import View
from overture.actions.lead_release import Decision
from overture.api import bodies, profiles, refusals, routing, tables
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_object import WaitAnswer
from overture.api.campaign_parts import EXAMPLE_ACCOUNT, EXAMPLE_COLUMN, EXAMPLE_STEP
from overture.api.lead_bodies import DEFAULT_PLATFORM, AddLeads, ChosenLeads, Leads
from overture.api.paging import CurrentPage, Page
from overture.api.profiles import ProfileAnswer
from overture.api.wanted_leads import WantedLeads
from overture.core import instants
from overture.core.cells import Cell
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import LeadState, StepType

router = routing.router("Campaigns")
_EXAMPLE_DATA = {EXAMPLE_COLUMN: "Acme"}
_TABLE = ("state", "reason", "accountLinkId", "step", "waitsFor", "nextSendAt", "contactedAt", "repliedAt")
_BY = "What the identifier in the path is."
_PLATFORM = "Platform of the identifier."


class ChangeCampaignLead(bodies.Body):
    """What to change of a lead of a campaign."""

    by: bodies.Choice[IdentifierKind] = Field(
        default=IdentifierKind.PLATFORM_ID, description=_BY, examples=["platformId"]
    )
    platform: str = Field(default=DEFAULT_PLATFORM, max_length=64, description=_PLATFORM, examples=["twitter"])
    data: dict[str, Any] = Field(
        description="Values by column id: null clears, what is left out stays.", examples=[_EXAMPLE_DATA]
    )


class MeantLead(bodies.Body):
    """Which lead is meant."""

    by: bodies.Choice[IdentifierKind] = Field(
        default=IdentifierKind.PLATFORM_ID, description=_BY, examples=["platformId"]
    )
    platform: str = Field(default=DEFAULT_PLATFORM, max_length=64, description=_PLATFORM, examples=["twitter"])


class ReleaseLead(MeantLead):
    """What becomes of a held lead."""

    action: bodies.Choice[Decision] = Field(
        description="`resend` sends the step (again), `skip` passes over it, `stop` ends the lead.",
        examples=["resend"],
    )


class ReleaseLeads(ChosenLeads):
    """What becomes of held leads, and of which."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"filter": {"state": ["held"]}, "action": "resend"}]})

    action: bodies.Choice[Decision] = Field(
        description="`resend` sends the step (again), `skip` passes over it, `stop` ends the lead.",
        examples=["resend"],
    )


class ChangedCount(bodies.Answer):
    """How many leads a call changed."""

    changed: int = Field(
        description="How many it changed; those for which it is impossible, or done already, stay.", examples=[2]
    )


class AddedCounts(bodies.Answer):
    """What became of the identifiers of a request."""

    added: int = Field(description="Became leads, or came back.", examples=[2])
    skipped: int = Field(description="Were leads already; their data is untouched.", examples=[1])
    failed: int = Field(description="Led to nobody.", examples=[0])


class RemovedCount(bodies.Answer):
    """How many leads left the campaign."""

    removed: int = Field(description="How many were taken out; those that had ended are not.", examples=[2])


class LeadStep(bodies.Answer):
    """A lead's next step."""

    id: str = Field(description="Id of the step.", examples=[EXAMPLE_STEP])
    rank: int = Field(description="Its place, from 0.", examples=[0])
    type: StepType = Field(description="What it does.", examples=["message"])
    version: int = Field(description="The version of the sequence the lead follows.", examples=[1])


class CampaignLeadAnswer(bodies.Answer):
    """One lead of a campaign."""

    profile: ProfileAnswer = Field(description="Who it is.")
    state: LeadState = Field(description="Where it stands.", examples=["ready"])
    reason: str | None = Field(description="Why it stands there.", examples=[None, "suppressed"])
    account_link_id: str | None = Field(
        description="The account that writes to it; null: not planned yet.", examples=[EXAMPLE_ACCOUNT]
    )
    step: LeadStep | None = Field(description="Its next step; null when it has ended.")
    next_send_at: bodies.Instant | None = Field(description="When it is written to, where it is its account's next.")
    ahead_count: int | None = Field(
        description="How many its account serves before it; 1000 stands for more as well; null: not known.",
        examples=[12],
    )
    waits_for: WaitAnswer | None = Field(description="What it waits for; null: for nothing.")
    data: dict[str, Any] = Field(
        description="Values by column id: set on the lead, else from its lists.", examples=[_EXAMPLE_DATA]
    )
    contacted_at: bodies.Instant | None = Field(description="When its first message was accepted.")
    replied_at: bodies.Instant | None = Field(description="When it answered.")


@router.post(
    "/campaigns/{campaign_id}/leads",
    summary="Add leads to a campaign",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def add_campaign_leads(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: AddLeads
) -> AddedCounts:
    """Add leads by hand.

    Usernames that are not known yet are looked up on the platform, for up to ten seconds; those it has not told of by
    then are added too, and looked up in the background.
    """
    result = await campaign_leads.add(
        context, actor, campaign_id=campaign_id, named=body.named(), consent=body.recorded()
    )
    return AddedCounts(added=result.added, skipped=result.skipped, failed=result.failed)


@router.delete(
    "/campaigns/{campaign_id}/leads",
    summary="Take leads out of a campaign",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def remove_campaign_leads(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: Leads
) -> RemovedCount:
    """Take leads out: once this returns no new message goes to them, and no list brings them back."""
    return RemovedCount(removed=await lead_exits.remove(context, actor, campaign_id=campaign_id, named=body.named()))


@router.get("/campaigns/{campaign_id}/leads", summary="List a campaign's leads")
async def list_campaign_leads(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    campaign_id: str,
    filters: WantedLeads,
) -> Page[CampaignLeadAnswer]:
    """Return the leads in a stable order."""
    rows = await campaign_leads.page(
        context, actor, campaign_id=campaign_id, filters=filters, after=paging.after_id, limit=paging.fetch
    )
    shown, cursor = paging.cut(rows, lambda view: (view.lead.profile.id,))
    return Page(data=[_answer(view) for view in shown], next_cursor=cursor)


@router.get(
    "/campaigns/{campaign_id}/leads.csv",
    summary="Download a campaign's leads",
    response_class=StreamingResponse,
    responses=tables.DOCUMENTED,
)
async def download_campaign_leads(
    context: CurrentContext,
    actor: CurrentActor,
    campaign_id: str,
    filters: WantedLeads,
) -> StreamingResponse:
    """Return all leads as CSV, custom columns under their names. What a spreadsheet would calculate gets a `'`."""
    columns = await campaign_columns.every(context, actor, campaign_id=campaign_id)
    found = campaign_leads.every(context, actor, campaign_id=campaign_id, filters=filters)
    header = [*tables.PROFILE, *_TABLE, *(column.name for column in columns)]
    column_ids = [column.id for column in columns]
    rows = ([_row(view, column_ids) for view in piece] async for piece in found)
    return tables.answer("leads.csv", header, rows)


@router.get(
    "/campaigns/{campaign_id}/leads/{identifier}",
    summary="Get a lead of a campaign",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def get_campaign_lead(
    context: CurrentContext,
    actor: CurrentActor,
    campaign_id: str,
    identifier: str,
    by: Annotated[IdentifierKind, Query(description=_BY, examples=["username"])] = IdentifierKind.PLATFORM_ID,
    platform: Annotated[str, Query(description=_PLATFORM, max_length=64, examples=["twitter"])] = DEFAULT_PLATFORM,
) -> CampaignLeadAnswer:
    """Return one lead."""
    meant = Identifier(kind=by, value=identifier, platform=platform)
    return _answer(await campaign_leads.get(context, actor, campaign_id=campaign_id, identifier=meant))


@router.patch(
    "/campaigns/{campaign_id}/leads/{identifier}",
    summary="Set values of a lead of a campaign",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def change_campaign_lead(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, identifier: str, body: ChangeCampaignLead
) -> CampaignLeadAnswer:
    """Set values of one lead; one that was held for a value tries again."""
    meant = Identifier(kind=body.by, value=identifier, platform=body.platform)
    changed = await campaign_leads.change(context, actor, campaign_id=campaign_id, identifier=meant, data=body.data)
    return _answer(changed)


@router.post(
    "/campaigns/{campaign_id}/leads/{identifier}/cancel",
    summary="Stop the sequence of a lead",
    openapi_extra=refusals.of("leadEnded", "platformNotSupported"),
)
async def cancel_lead(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, identifier: str, body: MeantLead
) -> bodies.Success:
    """Stop one lead: once this returns no new message goes to it."""
    meant = Identifier(kind=body.by, value=identifier, platform=body.platform)
    await lead_exits.cancel(context, actor, campaign_id=campaign_id, identifier=meant)
    return bodies.Success()


@router.post(
    "/campaigns/{campaign_id}/leads/{identifier}/restore",
    summary="Let a stopped lead go on",
    openapi_extra=refusals.of("leadNotRestorable", "leadKeptOut", "sendInProgress", "platformNotSupported"),
)
async def restore_lead(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, identifier: str, body: MeantLead
) -> bodies.Success:
    """Let a lead that was canceled or removed go on where it stood: no step it has had is sent again."""
    meant = Identifier(kind=body.by, value=identifier, platform=body.platform)
    await lead_restore.restore(context, actor, campaign_id=campaign_id, identifier=meant)
    return bodies.Success()


@router.post(
    "/campaigns/{campaign_id}/leads/cancel",
    summary="Stop the sequences of leads",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def cancel_leads(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: ChosenLeads
) -> ChangedCount:
    """Stop all these leads: once this returns no new message goes to any of them."""
    choice = body.choice()
    return ChangedCount(changed=await lead_exits.cancel_all(context, actor, campaign_id=campaign_id, choice=choice))


@router.post(
    "/campaigns/{campaign_id}/leads/restore",
    summary="Let stopped leads go on",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def restore_leads(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: ChosenLeads
) -> ChangedCount:
    """Let those of these leads that were canceled or removed go on where they stood."""
    choice = body.choice()
    return ChangedCount(changed=await lead_restore.restore_all(context, actor, campaign_id=campaign_id, choice=choice))


@router.post(
    "/campaigns/{campaign_id}/leads/release",
    summary="Release held leads",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def release_leads(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: ReleaseLeads
) -> ChangedCount:
    """Decide what becomes of those of these leads that are held."""
    changed = await lead_release.release_all(
        context, actor, campaign_id=campaign_id, choice=body.choice(), decision=Decision(body.action)
    )
    return ChangedCount(changed=changed)


@router.post(
    "/campaigns/{campaign_id}/leads/{identifier}/release",
    summary="Release a held lead",
    openapi_extra=refusals.of("leadNotHeld", "sendInProgress", "platformNotSupported"),
)
async def release_lead(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, identifier: str, body: ReleaseLead
) -> bodies.Success:
    """Decide what becomes of a held lead: send the step (again), skip it, or stop."""
    meant = Identifier(kind=body.by, value=identifier, platform=body.platform)
    await lead_release.release(
        context, actor, campaign_id=campaign_id, identifier=meant, decision=Decision(body.action)
    )
    return bodies.Success()


def _row(view: View, column_ids: Sequence[str]) -> list[Cell]:
    lead, wait = view.lead, view.wait
    times = (view.next_send_at, lead.contacted_at, lead.replied_at)
    return [
        *tables.profile(lead.profile),
        lead.state,
        lead.reason,
        lead.account_id,
        None if lead.step is None else lead.step["rank"],
        None if wait is None else wait.code,
        *(None if instant is None else instants.written(instant) for instant in times),
        *(view.data.get(column_id) for column_id in column_ids),
    ]


def _answer(view: View) -> CampaignLeadAnswer:
    lead, wait = view.lead, view.wait
    return CampaignLeadAnswer(
        profile=profiles.answer(lead.profile),
        state=LeadState(lead.state),
        reason=lead.reason,
        account_link_id=lead.account_id,
        step=None if lead.step is None else LeadStep.model_validate(lead.step),
        next_send_at=view.next_send_at,
        ahead_count=view.ahead,
        waits_for=None if wait is None else WaitAnswer(code=wait.code, message=wait.message, until=wait.until),
        data=dict(view.data),
        contacted_at=lead.contacted_at,
        replied_at=lead.replied_at,
    )

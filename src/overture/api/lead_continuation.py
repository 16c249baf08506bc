"""Leads that were stopped by what is no answer."""

from pydantic import Field

from overture.actions import lead_continuation
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_leads import MeantLead
from overture.core.identifiers import Identifier

router = routing.router("Campaigns")


class ContinueLead(MeantLead):
    """What is no answer."""

    message_id: str = Field(
        max_length=64,
        description="The last message of the person that was read, from whichever account's conversation with them. "
        "If they have written since, nothing changes.",
        examples=["g0mdbz3k91yq0c8f4w2n7xhs"],
    )


@router.post(
    "/campaigns/{campaign_id}/leads/{identifier}/continue",
    summary="Let an answered lead go on",
    openapi_extra=refusals.of(
        "leadNotReplied", "leadKeptOut", "messageNotFound", "newerMessage", "sendInProgress", "platformNotSupported"
    ),
)
async def continue_lead(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, identifier: str, body: ContinueLead
) -> bodies.Success:
    """Let a lead that was stopped by an answer go on where it stood, because what the person wrote is none.

    It counts no more as one who answered. What else the answer led to stays: statuses and tags that automations set,
    and the end of the person's other sequences.
    """
    meant = Identifier(kind=body.by, value=identifier, platform=body.platform)
    await lead_continuation.go_on(context, actor, campaign_id=campaign_id, identifier=meant, message_id=body.message_id)
    return bodies.Success()

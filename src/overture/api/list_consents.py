"""Consent of everybody on a list."""

from pydantic import Field

from overture.actions import list_leads
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.lead_bodies import ConsentBody

router = routing.router("Lists")


class RecordedAnswer(bodies.Answer):
    """Of how many people consent was recorded."""

    recorded: int = Field(description="How many had none before.", examples=[120])


@router.post(
    "/lists/{list_id}/consent",
    summary="Record consent of everybody on a list",
    openapi_extra=refusals.of("listNotWritable"),
)
async def record_list_consent(
    context: CurrentContext, actor: CurrentActor, list_id: str, body: ConsentBody
) -> RecordedAnswer:
    """Record consent of everybody who is on the list now; who joins later is not covered.

    Consent that is recorded already stays as it is. Leads that wait for it come in by themselves.
    """
    recorded = await list_leads.record_consent(context, actor, list_id=list_id, consent=body.to_consent())
    return RecordedAnswer(recorded=recorded)

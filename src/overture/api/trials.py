"""Trying a message out on one of the team's own accounts."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from overture.actions import trials
from overture.actions.trials import Trial
from overture.api import idempotency, routing, sends
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_leads import MeantLead
from overture.api.campaign_parts import EXAMPLE_ACCOUNT, EXAMPLE_STEP
from overture.api.sends import SentAnswer
from overture.core.identifiers import Identifier

router = routing.router("Campaigns", route_class=routing.KeyedRoute)
_Id = Annotated[str, Field(max_length=64)]


class TrialBody(MeantLead):
    """Which message is tried, and from which account to which."""

    step_id: _Id = Field(description="Id of the message step.", examples=[EXAMPLE_STEP])
    account_link_id: _Id = Field(description="The account that sends.", examples=[EXAMPLE_ACCOUNT])
    to_account_link_id: _Id = Field(
        description="The account of the team that gets it; another one.", examples=[EXAMPLE_ACCOUNT]
    )


@router.post(
    "/campaigns/{campaign_id}/leads/{identifier}/trial",
    status_code=201,
    summary="Send a message of a lead to oneself",
    responses={200: {"model": SentAnswer, "description": "The message an earlier call with the same key has sent."}},
    openapi_extra=sends.refused("stepNotFound"),
)
async def try_message(
    context: CurrentContext,
    actor: CurrentActor,
    campaign_id: str,
    identifier: str,
    body: TrialBody,
    request: Request,
    response: Response,
) -> SentAnswer:
    """Send what a lead would read to an account of the team, to see it as the lead would. Nothing changes for the lead.

    It leaves at once and counts as any message by hand does (`POST /messages`): an account keeps its gap between two,
    so the steps of a sequence go one by one.
    """
    trial = Trial(
        campaign_id=campaign_id,
        identifier=Identifier(kind=body.by, value=identifier, platform=body.platform),
        step_id=body.step_id,
        account_id=body.account_link_id,
        to_account_id=body.to_account_link_id,
    )
    sent = await trials.send(context, actor, trial=trial, key=sends.key_of(request))
    if sent.is_replay:
        response.status_code = 200
        response.headers[idempotency.REPLAYED] = "true"
    return sends.answer(context, sent)

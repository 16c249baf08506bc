"""What a lead of a campaign will read, or would."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from overture.actions import lead_preview
from overture.actions.lead_preview import Drafted, Message, Place
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_leads import MeantLead
from overture.api.campaign_parts import EXAMPLE_STEP, Steps, new_steps
from overture.api.lead_bodies import DEFAULT_PLATFORM
from overture.core import text
from overture.core.identifiers import Identifier, IdentifierKind

router = routing.router("Campaigns")


class OptionAnswer(bodies.Answer):
    """Which option a variation takes for this lead."""

    segment: int = Field(description="Place of the variation among the segments, from 0.", examples=[0])
    option: int = Field(description="Which of its options, from 0.", examples=[1])
    text: str = Field(description="The words of the option.", examples=["Hello"])


class Rendered(bodies.Answer):
    """A message as it reads for one lead."""

    rank: int = Field(description="Its place in the sequence, from 0.", examples=[0])
    text: str | None = Field(description="The text; null where a value is missing.", examples=["Hello Ana"])
    length: int | None = Field(description="Its length in Unicode code points.", examples=[9])
    reason: str | None = Field(
        description="Why the lead would be held: `variableMissing:<variable>` or `textTooLong`.",
        examples=[None, "variableMissing:first-name"],
    )
    options: list[OptionAnswer] = Field(description="What its variations take.")
    values: dict[str, str | None] = Field(
        description="The variables it uses with their values; null: none, the fallback stands in.",
        examples=[{"first-name": "Ana"}],
    )


class PreviewedMessage(Rendered):
    """One message, as the lead got it or would get it now."""

    step_id: str = Field(description="Id of the step.", examples=[EXAMPLE_STEP])
    state: Place = Field(
        description="`sent`; `underWay` (its outcome is open); `passed` (the lead is past it, or has had this text); "
        "`next`; `later`; `never` (the lead has ended or is out of scope).",
        examples=["next"],
    )
    sent_at: bodies.Instant | None = Field(description="When the platform accepted it.")
    could_go_at: bodies.Instant | None = Field(
        description="When it could go at the earliest, were the campaign running: delays and sending hours are counted "
        "in, and for the next lead of an account its pace. Null: not any more, or the campaign has no sending hours."
    )


class PreviewDraft(MeantLead):
    """A sequence that is not saved."""

    steps: Steps


class DraftedMessage(Rendered):
    """One message of it, as the lead would get it."""

    step_id: str | None = Field(
        description="Id of the step; null: it has none yet, and may take another option once it is saved.",
        examples=[EXAMPLE_STEP],
    )


class DraftAnswer(bodies.Answer):
    """All messages of a sequence that is not saved, for one lead."""

    limit: int = Field(description="The longest text the platform takes.", examples=[10000])
    messages: list[DraftedMessage] = Field(description="The messages in their order.")


class PreviewAnswer(bodies.Answer):
    """All messages of a lead."""

    version: int = Field(description="The version of the sequence the lead follows.", examples=[1])
    limit: int = Field(description="The longest text the platform takes.", examples=[10000])
    messages: list[PreviewedMessage] = Field(description="The messages in their order.")


@router.get(
    "/campaigns/{campaign_id}/leads/{identifier}/preview",
    summary="Preview the messages of a lead",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def preview_lead(
    context: CurrentContext,
    actor: CurrentActor,
    campaign_id: str,
    identifier: str,
    by: Annotated[IdentifierKind, Query(description="What the identifier in the path is.", examples=["username"])] = (
        IdentifierKind.PLATFORM_ID
    ),
    platform: Annotated[
        str, Query(description="Platform of the identifier.", max_length=64, examples=["twitter"])
    ] = DEFAULT_PLATFORM,
) -> PreviewAnswer:
    """Return all messages of a lead, written by the code that sends them."""
    meant = Identifier(kind=by, value=identifier, platform=platform)
    found = await lead_preview.preview(context, actor, campaign_id=campaign_id, identifier=meant)
    return PreviewAnswer(
        version=found.version, limit=found.limit, messages=[_message(message) for message in found.messages]
    )


@router.post(
    "/campaigns/{campaign_id}/leads/{identifier}/preview",
    summary="Preview messages that are not saved",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def preview_draft(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, identifier: str, body: PreviewDraft
) -> DraftAnswer:
    """Return the messages of a sequence that is not saved as this lead would get them. Nothing is changed."""
    limit, messages = await lead_preview.preview_draft(
        context,
        actor,
        campaign_id=campaign_id,
        identifier=Identifier(kind=body.by, value=identifier, platform=body.platform),
        steps=new_steps(body.steps),
    )
    return DraftAnswer(limit=limit, messages=[_drafted(message) for message in messages])


def _drafted(message: Drafted) -> DraftedMessage:
    return DraftedMessage(step_id=message.step_id, **_rendered(message))


def _rendered(message: Message | Drafted) -> dict[str, Any]:
    return {
        "rank": message.rank,
        "text": message.text,
        "length": None if message.text is None else text.length(message.text),
        "reason": message.reason,
        "options": [OptionAnswer(segment=one.segment, option=one.option, text=one.text) for one in message.options],
        "values": dict(message.values),
    }


def _message(message: Message) -> PreviewedMessage:
    return PreviewedMessage(
        step_id=message.step_id,
        state=message.place,
        **_rendered(message),
        sent_at=message.sent_at,
        could_go_at=message.could_go_at,
    )

"""The sequence of a campaign: replace it, read its versions."""

from pydantic import Field

from overture.actions import sequences
from overture.actions.context import Actor, Context
from overture.actions.sequences import AppliesTo
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_parts import StepAnswer, Steps, new_steps
from overture.api.paging import CurrentPage, Page

router = routing.router("Campaigns")


class WholeSequence(bodies.Body):
    """The whole new sequence."""

    steps: Steps
    applies_to: bodies.Choice[AppliesTo] = Field(
        default=AppliesTo.ALL,
        description="`all`: leads under way go on with the new version. `new`: they stay on theirs.",
        examples=["all"],
    )


class ReplaceSequence(WholeSequence):
    """The whole new sequence, or what it would be."""

    check_only: bool = Field(
        default=False, description="Check it, count the leads it concerns, and change nothing.", examples=[False]
    )


class AffectedAnswer(bodies.Answer):
    """How many leads a new version concerns."""

    ready: int = Field(description="Not begun: they begin with it.", examples=[900])
    in_sequence: int = Field(description="Under way: they go on with it.", examples=[120])
    ended: int = Field(description="Ended: they get nothing more.", examples=[180])


class ReplacedAnswer(bodies.Answer):
    """The new version."""

    version: int = Field(description="Its number.", examples=[2])
    steps: list[StepAnswer] = Field(description="Its steps, in order.")
    affected: AffectedAnswer = Field(description="How many leads take it.")


class VersionAnswer(bodies.Answer):
    """One version of a sequence."""

    version: int = Field(description="Its number.", examples=[1])
    steps: list[StepAnswer] = Field(description="Its steps, in order.")
    created_at: bodies.Instant = Field(description="When it became the current one.")


@router.put(
    "/campaigns/{campaign_id}/sequence", summary="Replace the sequence", openapi_extra=refusals.of("preflightFailed")
)
async def replace_sequence(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: ReplaceSequence
) -> ReplacedAnswer:
    """Make a new version; a step sent with the id of a current one keeps its leads' places, others follow rank."""
    return await put_sequence(context, actor, campaign_id, body, check_only=body.check_only)


async def put_sequence(
    context: Context, actor: Actor, campaign_id: str, body: WholeSequence, *, check_only: bool = False
) -> ReplacedAnswer:
    """Make a new version, or only say what it would be."""
    act = sequences.check if check_only else sequences.replace
    replaced = await act(
        context, actor, campaign_id=campaign_id, steps=new_steps(body.steps), applies_to=body.applies_to
    )
    return ReplacedAnswer(
        version=replaced.version,
        steps=[StepAnswer.model_validate(step) for step in replaced.steps],
        affected=AffectedAnswer(ready=replaced.ready, in_sequence=replaced.in_sequence, ended=replaced.ended),
    )


@router.get("/campaigns/{campaign_id}/sequence/versions", summary="List versions of the sequence")
async def list_versions(
    context: CurrentContext, actor: CurrentActor, paging: CurrentPage, campaign_id: str
) -> Page[VersionAnswer]:
    """Return every version, newest first."""
    before = None
    if paging.after is not None:
        position = paging.after[0]
        assert isinstance(position, int)
        before = position
    rows = await sequences.versions(context, actor, campaign_id=campaign_id, before=before, limit=paging.fetch)
    shown, cursor = paging.cut(rows, lambda version: (version.version,))
    data = [
        VersionAnswer(
            version=version.version,
            steps=[StepAnswer.model_validate(step) for step in version.steps],
            created_at=version.created_at,
        )
        for version in shown
    ]
    return Page(data=data, next_cursor=cursor)

"""Whom a campaign would have, were its rules others."""

from pydantic import Field

from overture.actions import campaign_rules
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_parts import RulesBody

router = routing.router("Campaigns")


class KeptOutCount(bodies.Answer):
    """How many people the rules keep out for one reason."""

    reason: str = Field(description="Why, as leads say it.", examples=["consentMissing"])
    count: int = Field(description="How many people.", examples=[12])


class RulePreview(bodies.Answer):
    """Whom a campaign would have."""

    targets_count: int = Field(description="Leads in scope then, before they are assessed.", examples=[820])
    joining: int = Field(description="Leads among them who are not in scope now.", examples=[40])
    leaving: int = Field(description="Leads who would leave, and get nothing more.", examples=[3])
    kept_out: list[KeptOutCount] = Field(
        description="People whom lists bring and the rules keep out, by reason, the most frequent first."
    )


@router.post(
    "/campaigns/{campaign_id}/rules/preview",
    summary="Tell whom other rules would let in",
    openapi_extra=refusals.of("listNotFound"),
)
async def preview_rules(context: CurrentContext, actor: CurrentActor, campaign_id: str, body: RulesBody) -> RulePreview:
    """Return whom the campaign would have, were its rules changed so. Nothing is changed, nor are mappings checked."""
    found = await campaign_rules.foresee(context, actor, campaign_id=campaign_id, changes=body.to_changes())
    most_first = sorted(found.kept_out.items(), key=lambda entry: (-entry[1], entry[0]))
    return RulePreview(
        targets_count=found.in_scope,
        joining=found.joining,
        leaving=found.leaving,
        kept_out=[KeptOutCount(reason=reason, count=count) for reason, count in most_first],
    )

"""Pre-flight of a campaign: what would go wrong, and what would be sent."""

from typing import Literal

from pydantic import Field

from overture.actions import preflight
from overture.api import bodies, routing
from overture.api.auth import CurrentActor, CurrentContext

router = routing.router("Campaigns")


class IssueAnswer(bodies.Answer):
    """One thing pre-flight found."""

    severity: Literal["error", "warning"] = Field(
        description="Errors refuse the start, warnings do not.", examples=["warning"]
    )
    code: str = Field(description="What it is.", examples=["valueMissing"])
    path: list[str | int] = Field(description="Where in the campaign it is.", examples=[["sequence", "steps", 0]])
    count: int = Field(description="How many leads, accounts or steps it concerns.", examples=[12])
    message: str = Field(description="The same in words.", examples=["12 leads have no value for 'bio'."])
    remedy: str = Field(description="What helps.", examples=["Give the variable a fallback."])


class EstimatedCostAnswer(bodies.Answer):
    """What the estimate costs, in its parts."""

    currency: str = Field(description="In which currency, as three letters.", examples=["USD"])
    look_ups: float = Field(description="Looking up leads that were not assessed yet.", examples=[10.0])
    sends: float = Field(description="Sending the messages.", examples=[54.0])
    readings: float = Field(
        description="Reading inboxes: what was sent is shown there, too, and one answer of each lead.", examples=[46.0]
    )


class EstimateAnswer(bodies.Answer):
    """What the campaign would send if nobody answered."""

    messages: int = Field(description="Messages still to send to leads in scope.", examples=[3600])
    accounts: int = Field(description="Accounts that send them.", examples=[2])
    finishes_at: bodies.Instant | None = Field(description="When the last would leave; null: cannot be told.")
    look_ups: int = Field(description="Profiles still to be looked up.", examples=[1000])
    cost: float = Field(description="What all of it costs at most, by the price list in force.", examples=[110.0])
    costs: EstimatedCostAnswer = Field(description="Of what the cost is made up.")


class RuleAnswer(bodies.Answer):
    """A rule of a platform the campaign sends on."""

    platform: str = Field(description="Key of the platform.", examples=["twitter"])
    code: str = Field(description="Which rule it is.", examples=["automatedLabel"])
    rule: str = Field(description="What it says.", examples=["Likes must be directly initiated by a person."])
    remedy: str = Field(description="What a team does to keep it.", examples=["Leave like steps out."])
    seen_on: str = Field(description="The day it was last seen so.", examples=["2026-08-22"])
    source: str = Field(description="Where it is published.", examples=["https://docs.x.com/developer-guidelines"])


class PreflightAnswer(bodies.Answer):
    """What pre-flight says."""

    ready: bool = Field(description="Whether the campaign may be enabled.", examples=[True])
    issues: list[IssueAnswer] = Field(description="What was found, errors first.")
    rules: list[RuleAnswer] = Field(description="What the platforms demand of those who send by a program.")
    estimate: EstimateAnswer = Field(description="What would be sent, and by when.")


@router.get("/campaigns/{campaign_id}/preflight", summary="Look at a campaign before its start")
async def get_preflight(context: CurrentContext, actor: CurrentActor, campaign_id: str) -> PreflightAnswer:
    """Return what would refuse the start, what would go wrong, and what would be sent."""
    report = await preflight.report(context, actor, campaign_id=campaign_id)
    estimate = report.estimate
    return PreflightAnswer(
        ready=report.is_ready,
        issues=[IssueAnswer(**issue.as_json()) for issue in report.issues],
        rules=[
            RuleAnswer(
                platform=rule.platform,
                code=rule.code,
                rule=rule.rule,
                remedy=rule.remedy,
                seen_on=rule.since.isoformat(),
                source=rule.source,
            )
            for rule in report.rules
        ],
        estimate=EstimateAnswer(
            messages=estimate.messages,
            accounts=estimate.accounts,
            finishes_at=estimate.finishes_at,
            look_ups=estimate.look_ups,
            cost=float(estimate.cost.total),
            costs=EstimatedCostAnswer(
                currency=estimate.cost.currency,
                look_ups=float(estimate.cost.look_ups),
                sends=float(estimate.cost.sends),
                readings=float(estimate.cost.readings),
            ),
        ),
    )

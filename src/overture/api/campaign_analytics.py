"""What came of a campaign: its funnel, over time, by step, option and account."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from overture.actions import analytics
from overture.actions.analytics import Analytics
from overture.api import bodies, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.store.results import OfOption, OfStep

router = routing.router("Campaigns")

Since = Annotated[
    bodies.QueryInstant | None,
    Query(alias="from", description="Only from this hour on.", examples=[bodies.EXAMPLE_TIME]),
]
Until = Annotated[
    bodies.QueryInstant | None,
    Query(
        alias="to",
        description="Only up to the end of this hour; a full hour is not in it.",
        examples=[bodies.EXAMPLE_TIME],
    ),
]
By = Annotated[
    Literal["hour", "day"],
    Query(description="How to tell it over time; `hour` with a period of at most 31 days.", examples=["day"]),
]

_RATE = "Answers ÷ messages; 0 where there are none."


class StatusCount(bodies.Answer):
    """How many of those who answered have one status now."""

    status_id: str | None = Field(
        description="Id of the status; null: none yet.", examples=["w0mdbz3k91yq0c8f4w2n7xhs"]
    )
    count: int = Field(description="How many people.", examples=[12])


class FunnelAnswer(bodies.Answer):
    """How far the leads have come, over all the campaign's time."""

    leads: int = Field(description="Leads that ever joined.", examples=[1000])
    reachable: int = Field(description="Of these in scope and assessed (`scopeAssessedCount`).", examples=[820])
    contacted: int = Field(description="Of these contacted (`contactedCount`).", examples=[640])
    followed_up: int = Field(description="Of these sent a second message.", examples=[410])
    replied: int = Field(description="Of the contacted, who answered (`repliesCount`).", examples=[96])
    statuses: list[StatusCount] = Field(description="Where those who answered stand now, the most frequent first.")


class IntervalResult(bodies.Answer):
    """What happened in one hour or day."""

    at: bodies.Instant = Field(description="When it begins; days are those of `timezone`.")
    sent: int = Field(description="Messages the platform accepted.", examples=[64])
    contacted: int = Field(description="Leads whose first message that was.", examples=[40])
    followed_up: int = Field(description="Leads whose second message that was.", examples=[20])
    replied: int = Field(description="Leads who answered, each at the first answer.", examples=[9])


class OptionResult(bodies.Answer):
    """What came of the messages for which one option of a variation was picked."""

    segment: int = Field(description="Place of the variation among the segments, from 0.", examples=[0])
    option: int = Field(description="Place of the option, from 0.", examples=[1])
    text: str | None = Field(description="The option; null where the step has it no more.", examples=["Hello"])
    sent: int = Field(description="Messages sent with it.", examples=[210])
    replied: int = Field(description="Of these, messages that were answered.", examples=[31])
    reply_rate: float = Field(description=_RATE, examples=[0.148])


class StepResult(bodies.Answer):
    """What came of the messages of one step."""

    id: str = Field(description="Id of the step.", examples=["s0mdbz3k91yq0c8f4w2n7xhs"])
    version: int = Field(description="The last version of the sequence that has it.", examples=[2])
    rank: int = Field(description="Its place there, from 0.", examples=[0])
    sent: int = Field(description="Messages sent.", examples=[640])
    replied: int = Field(
        description="Of these, messages that were answered: each first answer counts for the message it followed.",
        examples=[70],
    )
    reply_rate: float = Field(description=_RATE, examples=[0.109])
    options: list[OptionResult] = Field(description="By what was picked of each variation.")


class AccountResult(bodies.Answer):
    """What happened to the leads of one account."""

    account_link_id: str = Field(description="Id of the account.", examples=["a0mdbz3k91yq0c8f4w2n7xhs"])
    username: str = Field(description="Its username, without @.", examples=["ana"])
    contacted: int = Field(description="Leads it contacted.", examples=[320])
    followed_up: int = Field(description="Leads it sent a second message.", examples=[205])
    replied: int = Field(description="Leads of its who answered.", examples=[48])
    reply_rate: float = Field(description="Who answered ÷ who was contacted; 0 where nobody was.", examples=[0.15])


class AnalyticsAnswer(bodies.Answer):
    """What came of a campaign."""

    from_: bodies.Instant | None = Field(
        alias="from", description="The beginning of the period, at a full hour; null: since there is anything."
    )
    to: bodies.Instant | None = Field(description="The end of the period, at a full hour; null: up to now.")
    interval: Literal["hour", "day"] = Field(description="How long each part of `series` is.", examples=["day"])
    timezone: str = Field(
        description="Whose days they are: the campaign's zone, to the full hour of UTC.", examples=["Europe/Berlin"]
    )
    funnel: FunnelAnswer = Field(description="How far the leads have come; not only within the period.")
    series: list[IntervalResult] = Field(description="Over time; parts in which nothing happened are left out.")
    steps: list[StepResult] = Field(description="By step, those of the newest version first, in its order.")
    accounts: list[AccountResult] = Field(description="By account, those who contacted most first.")


@router.get("/campaigns/{campaign_id}/analytics", summary="Tell what came of a campaign")
async def get_analytics(
    context: CurrentContext,
    actor: CurrentActor,
    campaign_id: str,
    since: Since = None,
    until: Until = None,
    interval: By = "day",
) -> AnalyticsAnswer:
    """Return the funnel, and what happened over time, by step and option, and by account.

    Everything is counted in the transaction in which it happens, and equals a recount.
    """
    found = await analytics.read(context, actor, campaign_id=campaign_id, since=since, until=until, unit=interval)
    return answer(found, interval)


def answer(found: Analytics, interval: Literal["hour", "day"]) -> AnalyticsAnswer:
    """Write what came of a campaign."""
    return AnalyticsAnswer(
        from_=found.period.from_hour,
        to=found.period.to_hour,
        interval=interval,
        timezone=found.timezone,
        funnel=FunnelAnswer(
            leads=found.funnel.leads,
            reachable=found.funnel.reachable,
            contacted=found.funnel.contacted,
            followed_up=found.funnel.followed_up,
            replied=found.funnel.answered,
            statuses=[StatusCount(status_id=one.status_id, count=one.count) for one in found.funnel.statuses],
        ),
        series=[
            IntervalResult(
                at=one.at, sent=one.sent, contacted=one.contacted, followed_up=one.followed_up, replied=one.answered
            )
            for one in found.intervals
        ],
        steps=[_step(step, [one for one in found.options if one.step_id == step.step_id]) for step in found.steps],
        accounts=[
            AccountResult(
                account_link_id=one.account_id,
                username=one.username,
                contacted=one.contacted,
                followed_up=one.followed_up,
                replied=one.answered,
                reply_rate=_rate(one.answered, one.contacted),
            )
            for one in found.accounts
        ],
    )


def _step(step: OfStep, options: list[OfOption]) -> StepResult:
    return StepResult(
        id=step.step_id,
        version=step.version,
        rank=step.rank,
        sent=step.sent,
        replied=step.answered,
        reply_rate=_rate(step.answered, step.sent),
        options=[
            OptionResult(
                segment=one.segment,
                option=one.option,
                text=one.text,
                sent=one.sent,
                replied=one.answered,
                reply_rate=_rate(one.answered, one.sent),
            )
            for one in options
        ],
    )


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0

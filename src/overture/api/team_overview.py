"""The team at a glance: what needs attention, and what goes out next."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from overture.actions import team_overview
from overture.actions.team_overview import Upcoming
from overture.api import bodies, profiles, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.profiles import ProfileAnswer
from overture.core.words import ObjectType
from overture.store.attention import Finding

router = routing.router("Team")


class AttentionCode(StrEnum):
    """What can need attention."""

    TEAM_STOPPED = "teamStopped"
    ACCOUNT_OFFLINE = "accountOffline"
    APP_PAUSED = "appPaused"
    CAMPAIGN_PAUSED = "campaignPaused"
    LEADS_HELD = "leadsHeld"
    ACCOUNT_PAUSED = "accountPaused"
    WEBHOOK_FAILING = "webhookFailing"
    IMPORT_FAILED = "importFailed"
    BUDGET_LOW = "budgetLow"


_WORDS: Mapping[AttentionCode, tuple[Literal["error", "warning"], str, str]] = {
    AttentionCode.TEAM_STOPPED: ("error", "All sending of {name} is stopped.", "Resume it (POST /team/resume)."),
    AttentionCode.ACCOUNT_OFFLINE: (
        "error",
        "{name} is offline and sends nothing.",
        "Authorise it again: link the same account once more (POST /account-links).",
    ),
    AttentionCode.APP_PAUSED: (
        "error",
        "The app of {name} may send nothing now ({told}).",
        "Look after its credit and rights at the platform; it goes on by itself, or when a campaign is enabled.",
    ),
    AttentionCode.CAMPAIGN_PAUSED: (
        "error",
        "{name} is paused: {told}",
        "It goes on by itself once the cause ends; enabling it tries at once.",
    ),
    AttentionCode.LEADS_HELD: (
        "warning",
        "{count} leads of {name} wait for somebody to decide.",
        "Look at them (state `held`), and release, mend or stop each.",
    ),
    AttentionCode.ACCOUNT_PAUSED: (
        "warning",
        "{name} is paused ({told}).",
        "It goes on by itself; set it active to go on at once.",
    ),
    AttentionCode.WEBHOOK_FAILING: (
        "warning",
        "{name} takes no events.",
        "Look at its deliveries, mend the receiver, and switch the webhook on again where it is off.",
    ),
    AttentionCode.IMPORT_FAILED: (
        "warning",
        "The import of {name} failed: {told}",
        "Mend the file and import it again.",
    ),
    AttentionCode.BUDGET_LOW: (
        "warning",
        "{name} may send {count} more messages until its window ends.",
        "Send from more accounts, or wait; `since` tells when the window ends.",
    ),
}


class AttentionObject(bodies.Answer):
    """What an attention is about."""

    type: ObjectType = Field(description="What kind of thing it is.", examples=["accountLink"])
    id: str = Field(description="Its id.", examples=["a0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Its name.", examples=["@ana"])


class AttentionAnswer(bodies.Answer):
    """Something that needs attention."""

    code: AttentionCode = Field(description="What it is, for programs.", examples=["accountOffline"])
    severity: Literal["error", "warning"] = Field(
        description="`error`: something sends nothing for it.", examples=["error"]
    )
    object: AttentionObject = Field(description="What it is about.")
    count: int = Field(description="How many: of held leads, or of messages a budget has left; else 1.", examples=[1])
    message: str = Field(description="What it is, for people.", examples=["@ana is offline and sends nothing."])
    remedy: str = Field(description="What to do.", examples=["Authorise it again: link the same account once more."])
    since: bodies.Instant | None = Field(
        description="Since when, of a budget when it ends; null where that is not noted."
    )


class UpcomingAnswer(bodies.Answer):
    """A message that goes out next on its account."""

    at: bodies.Instant = Field(description="When, if nothing changes before.")
    campaign_id: str = Field(description="Id of the campaign.", examples=["c0mdbz3k91yq0c8f4w2n7xhs"])
    campaign_name: str = Field(description="Its name.", examples=["Founders, autumn"])
    account_link_id: str = Field(description="Id of the account.", examples=["a0mdbz3k91yq0c8f4w2n7xhs"])
    username: str | None = Field(description="Its username, without @.", examples=["ana"])
    profile: ProfileAnswer = Field(description="Whom it goes to.")


class TeamOverviewAnswer(bodies.Answer):
    """The team at a glance."""

    attention: list[AttentionAnswer] = Field(description="What needs attention, the most pressing first; 100 at most.")
    attention_count: int = Field(description="How many such things there are in all.", examples=[1])
    upcoming: list[UpcomingAnswer] = Field(
        description="What goes out next, the soonest first: one message of each account, 20 at most."
    )


@router.get("/team/overview", summary="See the team at a glance")
async def get_overview(context: CurrentContext, actor: CurrentActor) -> TeamOverviewAnswer:
    """Return what needs attention, each with what to do, and what goes out next.

    That are accounts that are offline or that Overture paused, campaigns that it paused, held leads, budgets with a
    fifth or less left in a window of a day or more, webhooks that fail, and imports that failed within a week.
    """
    found = await team_overview.read(context, actor)
    return TeamOverviewAnswer(
        attention=[_attention(finding) for finding in found.findings],
        attention_count=found.total,
        upcoming=[_upcoming(one) for one in found.upcoming],
    )


def _attention(finding: Finding) -> AttentionAnswer:
    code = AttentionCode(finding.code)
    severity, message, remedy = _WORDS[code]
    values: dict[str, Any] = {"name": finding.name, "count": finding.count, "told": finding.told or "no reason noted"}
    return AttentionAnswer(
        code=code,
        severity=severity,
        object=AttentionObject(type=ObjectType(finding.object_type), id=finding.object_id, name=finding.name),
        count=finding.count,
        message=message.format(**values),
        remedy=remedy,
        since=finding.since,
    )


def _upcoming(one: Upcoming) -> UpcomingAnswer:
    return UpcomingAnswer(
        at=one.at,
        campaign_id=one.campaign_id,
        campaign_name=one.campaign_name,
        account_link_id=one.account_id,
        username=one.username,
        profile=profiles.answer(one.profile),
    )

"""The campaign object on the wire: every field, always."""

from datetime import datetime

from pydantic import Field

from overture.actions.campaign_waits import Prospect
from overture.api import bodies
from overture.api.campaign_parts import (
    EXAMPLE_ACCOUNT,
    EXAMPLE_CAMPAIGN,
    EXAMPLE_COLUMN,
    EXAMPLE_LIST,
    AutomationAnswer,
    StepAnswer,
)
from overture.core import instants
from overture.core.cells import Cell
from overture.core.words import CampaignStatus, ContactPolicy
from overture.store.campaigns import Campaign

_EXAMPLE_HOURS = {"1": {"start": 540, "end": 1020}}


class SyncedListAnswer(bodies.Answer):
    """A list that feeds a campaign."""

    list_id: str = Field(description="Id of the list.", examples=[EXAMPLE_LIST])
    list_name: str = Field(description="Its name.", examples=["Founders"])
    column_mapping: dict[str, str] = Field(
        description="Column of the list → column of the campaign.",
        examples=[{EXAMPLE_COLUMN: EXAMPLE_COLUMN}],
    )


class ExcludedListAnswer(bodies.Answer):
    """A list whose members a campaign leaves out."""

    list_id: str = Field(description="Id of the list.", examples=[EXAMPLE_LIST])
    list_name: str = Field(description="Its name.", examples=["Customers"])


class RulesAnswer(bodies.Answer):
    """Which lists feed a campaign and what excludes."""

    synced_lists: list[SyncedListAnswer] = Field(description="Lists that feed it; the first one's values win.")
    excluded_lists: list[ExcludedListAnswer] = Field(description="Lists that exclude.")
    exclude_contacted: bool = Field(
        description="Whether people the team has written to are left out.", examples=[False]
    )
    exclude_mutuals: bool = Field(
        description="Whether people with whom messages went both ways are left out.", examples=[False]
    )


class SequenceAnswer(bodies.Answer):
    """The current version of a campaign's sequence."""

    version: int = Field(description="Number of the version; 0 before the first.", examples=[1])
    steps: list[StepAnswer] = Field(description="Its steps, in order.")


class PauseReason(bodies.Answer):
    """Why Overture paused a campaign by itself."""

    code: str = Field(description="What happened.", examples=["noAccountAvailable"])
    message: str = Field(description="The same in words.", examples=["None of the accounts can send."])
    since: bodies.Instant | None = Field(description="Since when.")


class WaitAnswer(bodies.Answer):
    """What is waited for."""

    code: str = Field(description="What it is.", examples=["sendingHours"])
    message: str = Field(description="The same in words.", examples=["Sending hours open Tue 24 Nov 09:00 (UTC)."])
    until: bodies.Instant | None = Field(description="Until when, where that is known.")


class CommonCampaign(bodies.Answer):
    """A campaign as both faces of the API show it."""

    id: str = Field(description="Id of the campaign.", examples=[EXAMPLE_CAMPAIGN])
    name: str = Field(description="Its name.", examples=["Founders, autumn"])
    description: str | None = Field(description="Notes for the team.", examples=["People who wrote to us in autumn."])
    status: CampaignStatus = Field(description="Where it is in its life.", examples=["active"])
    enabled: bool = Field(description="The operator's switch.", examples=[True])
    dry_run: bool = Field(
        description="Whether it only simulates sending and delivers nothing; the server decides, never a body.",
        examples=[False],
    )
    targets_count: int = Field(description="Leads in scope, and those contacted.", examples=[1200])
    contacted_count: int = Field(description="Leads whose first message was accepted.", examples=[340])
    replies_count: int = Field(description="Contacted leads who answered, each once.", examples=[51])
    scope_assessed_count: int = Field(
        description="Targets whose reachability is known; the scope is final when it equals `targetsCount`.",
        examples=[1200],
    )
    completion_rate: float = Field(description="Contacted leads that get nothing more ÷ targets.", examples=[0.25])
    reply_rate: float = Field(description="Replies ÷ contacted.", examples=[0.15])
    hourly_message_rate: int = Field(description="Messages an hour for each account.", examples=[8])
    schedule_timezone: str = Field(description="IANA zone of the sending hours.", examples=["Europe/Berlin"])
    schedule_hours: dict[str, dict[str, int]] = Field(
        description="Sending hours by weekday, 0 = Sunday, in minutes of the day.", examples=[_EXAMPLE_HOURS]
    )
    is_building_plan: bool = Field(
        description="Whether leads are being divided among accounts; blocks nothing.", examples=[False]
    )
    is_syncing: bool = Field(
        description="Whether leads are being brought in line with the rules; blocks nothing.",
        examples=[False],
    )
    account_link_ids: list[str] = Field(description="Accounts it sends from.", examples=[[EXAMPLE_ACCOUNT]])
    rules: RulesAnswer = Field(description="Which lists feed it and what excludes.")
    sequence: SequenceAnswer = Field(description="What it sends.")
    automations: list[AutomationAnswer] = Field(description="What it does by itself.")
    created_at: bodies.Instant = Field(description="When it was made.")
    updated_at: bodies.Instant = Field(description="When it was last edited, started or paused.")
    paused_at: bodies.Instant | None = Field(description="When it was last paused; stays after a resume.")
    completed_at: bodies.Instant | None = Field(description="When it was finished; null again when reopened.")
    last_started_at: bodies.Instant | None = Field(description="Its latest start, resume or reopening.")


class CampaignAnswer(CommonCampaign):
    """A campaign."""

    pause_reason: PauseReason | None = Field(description="Why Overture paused it by itself.")
    held_count: int = Field(description="Leads that need a decision or a value.", examples=[0])
    consent_missing_count: int = Field(description="Leads left out for missing consent.", examples=[0])
    contact_policy: ContactPolicy = Field(
        description="Whom it may write to first: the loosest policy of its accounts' platform apps.",
        examples=["inboundOrConsent"],
    )
    waits_for: WaitAnswer | None = Field(description="What it waits for; null: for nothing.")
    next_send_at: bodies.Instant | None = Field(
        description="When its next message leaves, on whichever account, if nothing changes; null: none is planned."
    )
    finishes_at: bodies.Instant | None = Field(
        description="About when its last message leaves if nobody answers; null: not running, or cannot be told."
    )


def answer(campaign: Campaign, prospect: Prospect, finishes_at: datetime | None) -> CampaignAnswer:
    """Put a campaign, and what comes next of it, into wire form."""
    settings, counts, wait = campaign.settings, campaign.counts, prospect.wait
    return CampaignAnswer(
        id=campaign.id,
        name=settings.name,
        description=settings.description,
        status=CampaignStatus(campaign.status),
        enabled=campaign.enabled,
        dry_run=campaign.dry_run,
        targets_count=counts.targets,
        contacted_count=counts.contacted,
        replies_count=counts.answered,
        scope_assessed_count=counts.assessed,
        completion_rate=counts.completion_rate,
        reply_rate=counts.reply_rate,
        hourly_message_rate=settings.hourly_message_rate,
        schedule_timezone=settings.zone,
        schedule_hours={
            day: {"start": minutes["start"], "end": minutes["end"]} for day, minutes in sorted(settings.hours.items())
        },
        is_building_plan=campaign.is_building_plan,
        is_syncing=campaign.is_syncing,
        account_link_ids=list(campaign.account_ids),
        rules=RulesAnswer(
            synced_lists=[SyncedListAnswer.model_validate(entry) for entry in campaign.synced_lists],
            excluded_lists=[ExcludedListAnswer.model_validate(entry) for entry in campaign.excluded_lists],
            exclude_contacted=settings.exclude_contacted,
            exclude_mutuals=settings.exclude_mutuals,
        ),
        sequence=SequenceAnswer(
            version=campaign.sequence_version,
            steps=[StepAnswer.model_validate(step) for step in campaign.steps],
        ),
        automations=[AutomationAnswer.model_validate(entry) for entry in campaign.automations],
        created_at=campaign.created_at,
        updated_at=campaign.updated_at,
        paused_at=campaign.paused_at,
        completed_at=campaign.completed_at,
        last_started_at=campaign.last_started_at,
        pause_reason=_pause_reason(campaign),
        held_count=counts.held,
        consent_missing_count=counts.consent_missing,
        contact_policy=ContactPolicy(campaign.contact_policy),
        waits_for=None if wait is None else WaitAnswer(code=wait.code, message=wait.message, until=wait.until),
        next_send_at=prospect.next_send_at,
        finishes_at=finishes_at,
    )


TABLE = (
    "id",
    "name",
    "description",
    "status",
    "enabled",
    "targetsCount",
    "scopeAssessedCount",
    "contactedCount",
    "repliesCount",
    "heldCount",
    "completionRate",
    "replyRate",
    "hourlyMessageRate",
    "scheduleTimezone",
    "pauseReason",
    "createdAt",
    "lastStartedAt",
    "completedAt",
)
"""The header of `cells`."""


def cells(campaign: Campaign) -> list[Cell]:
    """Return the cells of a campaign, in the order of `TABLE`."""
    settings, counts = campaign.settings, campaign.counts
    return [
        campaign.id,
        settings.name,
        settings.description,
        campaign.status,
        campaign.enabled,
        counts.targets,
        counts.assessed,
        counts.contacted,
        counts.answered,
        counts.held,
        counts.completion_rate,
        counts.reply_rate,
        settings.hourly_message_rate,
        settings.zone,
        campaign.pause_message,
        *(
            None if at is None else instants.written(at)
            for at in (campaign.created_at, campaign.last_started_at, campaign.completed_at)
        ),
    ]


def _pause_reason(campaign: Campaign) -> PauseReason | None:
    if campaign.pause_code is None:
        return None
    return PauseReason(code=campaign.pause_code, message=campaign.pause_message or "", since=campaign.pause_since)

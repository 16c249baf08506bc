"""What a campaign waits for, told from stored facts: a code, words for people, and until when where that is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from overture.core.words import CampaignStatus, LeadState
from overture.store.campaigns import Campaign
from overture.store.leads import Lead


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Why nothing goes out at this moment. `until` is None where no instant can be named."""

    code: str
    message: str
    until: datetime | None = None


def of_campaign(campaign: Campaign, *, account: Wait | None, is_due: bool, open_attempts: int = 0) -> Wait | None:
    """Return what the campaign waits for; None when it waits for nothing.

    `account`: what keeps the account that sends next, None where nothing does. `is_due`: whether there is one at all.
    `open_attempts`: how many of its messages are on their way or may have arrived.
    """
    match campaign.status:
        case CampaignStatus.DRAFT:
            return Wait(code="notEnabled", message="The campaign has not been enabled yet.")
        case CampaignStatus.PAUSED if campaign.pause_code is not None:
            return Wait(code=campaign.pause_code, message=campaign.pause_message or "Paused by Overture.")
        case CampaignStatus.PAUSED:
            return Wait(code="disabled", message="The campaign is paused until somebody enables it.")
        case CampaignStatus.COMPLETED:
            return None
    return next(_active(campaign, account, is_due=is_due, open_attempts=open_attempts), None)


def of_lead(
    campaign: Campaign,
    lead: Lead,
    *,
    account: Wait | None,
    next_send_at: datetime | None,
    ahead: int | None,
    now: datetime,
) -> Wait | None:
    """Return what one lead waits for at `now`; None when nothing more is to happen, or it happens now.

    `account`: what its account waits for, where the lead is the account's next or the account sends nothing at all.
    """
    match lead.state:
        case LeadState.ASSESSING if lead.profile.platform_id is None:
            return Wait(code="assessing", message=f"The platform has yet to tell whose {lead.profile.username!r} is.")
        case LeadState.ASSESSING:
            return Wait(code="assessing", message="Being checked: can an account write to this person?")
        case LeadState.HELD:
            return Wait(code="held", message=f"Held ({lead.reason}): needs a decision or a missing value.")
        case LeadState.READY | LeadState.IN_SEQUENCE if campaign.status == CampaignStatus.ACTIVE:
            return next(_sendable(campaign, lead, account, next_send_at, ahead, now), None)
        case LeadState.READY | LeadState.IN_SEQUENCE:
            return of_campaign(campaign, account=account, is_due=False)
    return None


def _sendable(
    campaign: Campaign,
    lead: Lead,
    account: Wait | None,
    next_send_at: datetime | None,
    ahead: int | None,
    now: datetime,
) -> Iterator[Wait]:
    if campaign.prospect.stopped_at is not None or campaign.prospect.restored_from is not None:
        yield from _active(campaign, account, is_due=False)
    elif lead.is_parked or lead.is_engaged_elsewhere:
        yield Wait(code="otherCampaign", message="Another campaign is writing to this person.")
    elif lead.open_attempt is not None:
        yield _outcome(lead.open_attempt)
    elif lead.due_at is None:
        yield Wait(code="plan", message="No account has it planned at this moment.")
    elif lead.left_alone_until is not None and lead.left_alone_until > now:
        message = "Another campaign wrote to this person without an answer: they are left alone for a while."
        yield Wait(code="recontact", message=message, until=max(lead.left_alone_until, lead.due_at))
    elif lead.due_at > now:
        yield next_due(campaign, lead.due_at, is_follow_up=lead.state == LeadState.IN_SEQUENCE)
    elif account is not None:
        yield account
    elif ahead:
        yield Wait(code="queue", message=f"{_leads(ahead)} served before it by the same account.")
    elif next_send_at is None:
        yield from _active(campaign, account, is_due=False)
    elif next_send_at > now:
        yield pace(campaign, next_send_at)


def _outcome(state: str) -> Wait:
    if state == "intent":
        return Wait(code="outcome", message="Its message is on its way.")
    message = "The answer to its message was lost: the conversation is read to find out whether it arrived."
    return Wait(code="outcome", message=message)


def _active(campaign: Campaign, account: Wait | None, *, is_due: bool, open_attempts: int = 0) -> Iterator[Wait]:
    prospect = campaign.prospect
    if prospect.stopped_at is not None:
        yield Wait(code="teamStopped", message="All sending of the team is stopped.")
        return
    if prospect.restored_from is not None:
        message = "A backup was restored: nothing is sent before the inbox of every account was read."
        yield Wait(code="restored", message=message)
        return
    if account is not None:
        yield account
    elif not prospect.active_accounts:
        yield _no_account(campaign)
    elif not is_due:
        yield from _nothing_planned(campaign, open_attempts)


def _no_account(campaign: Campaign) -> Wait:
    if campaign.prospect.paused_accounts:
        message = "None of the campaign's accounts can send now; one that is paused may be set active again."
        return Wait(code="accountPaused", message=message)
    if campaign.prospect.offline_accounts:
        message = "All of the campaign's accounts are offline: authorise one again."
        return Wait(code="accountOffline", message=message)
    return Wait(code="noAccount", message="The campaign has no linked account: add one.")


def next_due(campaign: Campaign, due_at: datetime, *, is_follow_up: bool = False) -> Wait:
    """The wait for a message that is not due yet."""
    message = f"The next message is due {_spoken(due_at, campaign.settings.zone)}."
    if is_follow_up:
        message += " The inbox is read right before it, which may take a moment."
    return Wait(code="delay", message=message, until=due_at)


def hours_open(campaign: Campaign, opens: datetime) -> Wait:
    """The wait for sending hours to open."""
    return Wait(
        code="sendingHours", message=f"Sending hours open {_spoken(opens, campaign.settings.zone)}.", until=opens
    )


def pace(campaign: Campaign, until: datetime) -> Wait:
    """The wait for the gap between two messages of an account."""
    rate = campaign.settings.hourly_message_rate
    message = f"The pace of {rate} messages an hour for each account allows the next one then."
    return Wait(code="pace", message=message, until=until)


def _nothing_planned(campaign: Campaign, open_attempts: int) -> Iterator[Wait]:
    counts = campaign.counts
    if not campaign.settings.hours:
        yield Wait(code="sendingHours", message="The campaign has no sending hours: set some.")
    if campaign.is_syncing:
        yield Wait(code="syncing", message="The leads are being brought in line with the rules.")
    if counts.assessing:
        message = f"{_leads(counts.assessing)} being checked: can an account write to them?"
        yield Wait(code="assessing", message=message)
    if campaign.is_building_plan:
        yield Wait(code="plan", message="The leads are being divided among the accounts.")
    if open_attempts:
        count = "1 message is" if open_attempts == 1 else f"{open_attempts} messages are"
        yield Wait(code="outcome", message=f"{count} on the way, or being looked for after a lost answer.")
    if counts.ready or counts.in_sequence:
        message = (
            f"{_leads(counts.ready + counts.in_sequence)} not planned: the account or the person is not free, "
            "such as while another campaign writes to the same people."
        )
        yield Wait(code="notFree", message=message)
    if counts.held:
        yield Wait(code="held", message=f"{_leads(counts.held)} held and need a decision or a missing value.")
    if counts.consent_missing and not counts.targets:
        message = f"{_leads(counts.consent_missing)} left out because no consent is recorded for them."
        yield Wait(code="consentMissing", message=message)
    if not counts.contacted:
        yield Wait(code="noLeads", message="No lead is in scope: add leads, or sync a list that has some.")


def _leads(count: int) -> str:
    return "1 lead is" if count == 1 else f"{count} leads are"


def _spoken(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%a %d %b %H:%M") + f" ({zone})"

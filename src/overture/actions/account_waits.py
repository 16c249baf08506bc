"""What an account waits for before it writes to the next lead of a campaign, by the facts that decide it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from overture.actions.waiting import Wait
from overture.core import pacing, window
from overture.core.words import AccountStatus, CampaignStatus
from overture.engine import allowance, pacemaker
from overture.store import heads, ledger
from overture.store.campaigns import Campaign
from overture.store.heads import Head
from overture.store.pool import Connection

Ends = Mapping[str, Sequence[tuple[str, datetime]]]
"""By account: the attempts that count, as (campaign, end); those of accounts whose room is known are left out."""


async def read(
    connection: Connection, *, team_id: str, campaign: Campaign, account_ids: Sequence[str], now: datetime
) -> tuple[list[Head], Ends]:
    """Return the heads of these accounts, and the attempts to count where their rooms are used up."""
    found = await heads.read(connection, team_id=team_id, campaign_id=campaign.id, account_ids=account_ids, now=now)
    used_up = [head.account_id for head in found if 0 in (head.hourly_room, head.daily_room, head.pair_room)]
    if not used_up:
        return found, {}
    ends = await ledger.account_ends(connection, team_id=team_id, account_ids=used_up, after=now - allowance.DAY)
    return found, ends


def next_send(campaign: Campaign, head: Head, ends: Ends, now: datetime) -> datetime | None:
    """When the next lead of an account is written to, if nothing changes; None where the account sends nothing now."""
    prospect = campaign.prospect
    is_held_back = prospect.stopped_at is not None or prospect.restored_from is not None
    is_sending = campaign.status == CampaignStatus.ACTIVE and not is_held_back
    latest = max(until for until in _instants(campaign, head, ends, now))
    if not is_sending or head.status != AccountStatus.ACTIVE or latest >= pacemaker.NEVER:
        return None
    hours = window.Hours.parse(campaign.settings.zone, campaign.settings.hours)
    return window.next_open(hours, latest)


def of_head(campaign: Campaign, head: Head, ends: Ends, now: datetime) -> Wait | None:
    """Return what keeps an account from writing at `now` (engine time): what lasts longest, while hours are open."""
    if (wait := of_account(head)) is not None:
        return wait
    hours = window.Hours.parse(campaign.settings.zone, campaign.settings.hours)
    opens = window.next_open(hours, now)
    if opens is None or opens > now:
        return None
    barriers = [wait for wait in _barriers(campaign, head, ends, now) if wait.until is not None and wait.until > now]
    return max(barriers, key=lambda wait: wait.until or now, default=None)


def of_account(head: Head) -> Wait | None:
    """Return why an account sends nothing at all; None where it may."""
    name = _name(head)
    if head.status == AccountStatus.OFFLINE:
        return Wait(code="accountOffline", message=f"{name} is offline: authorise it again.")
    if head.status == AccountStatus.PAUSED:
        return Wait(code="accountPaused", message=f"{name} is paused: it may be set active again.")
    return None


def _instants(campaign: Campaign, head: Head, ends: Ends, now: datetime) -> Iterator[datetime]:
    yield now
    yield head.due_at
    yield head.wake_at
    for wait in _barriers(campaign, head, ends, now):
        if wait.until is not None:
            yield wait.until


def _barriers(campaign: Campaign, head: Head, ends: Ends, now: datetime) -> Iterator[Wait]:
    """Everything the dispatcher asks of an account, with its instant, past ones too."""
    name, rate = _name(head), campaign.settings.hourly_message_rate
    pace = f"The pace of {rate} messages an hour for each account allows the next one then."
    yield Wait(code="pace", message=pace, until=head.next_at)
    gap = pacing.minimum_gap(head.hourly_limit)
    if now - gap < head.last_end < now + gap:
        # The end may be as good as never or for ever: no instant to be added to.
        yield Wait(code="pace", message=f"{name} keeps a gap between any two messages.", until=head.last_end + gap)
    if head.waits_for_inbox:
        message = f"The inbox of {name} is read first: the person may have answered."
        yield Wait(code="inbox", message=message, until=head.wake_at)
    yield Wait(code="accountResting", message=f"{name} rests: the platform asked for it.", until=head.rest_until)
    code = head.app_pause_code or "appPaused"
    yield Wait(code=code, message=f"The app of {name} is paused ({code}).", until=head.app_paused_until)
    message = f"The app of {name} has sent as many messages as the platform takes for now."
    yield Wait(code="appLimit", message=message, until=head.app_rest_until)
    counted = ends.get(head.account_id)
    if counted is None:
        return
    limits = allowance.account_free_at(counted, hourly_limit=head.hourly_limit, daily_limit=head.daily_limit, now=now)
    message = f"{name} has sent its {head.hourly_limit} in an hour or {head.daily_limit} in a day."
    yield Wait(code="accountLimit", message=message, until=limits)
    _, free_at = allowance.pair_room(counted, campaign_id=campaign.id, rate=rate, now=now)
    yield Wait(code="pace", message=pace, until=free_at)


def _name(head: Head) -> str:
    return "The account" if head.username is None else f"@{head.username}"

"""What an account waits for before it writes to the next lead of a campaign, by the facts that decide it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.actions import waiting
from overture.actions.waiting import Wait
from overture.core import pacing, window
from overture.core.words import AccountStatus, CampaignStatus
from overture.engine import allowance, pacemaker
from overture.store import budgets, ledger, paces
from overture.store.campaigns import Campaign
from overture.store.heads import Head
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What had to be counted because a room is used up; accounts and apps that have room are left out.

    `ends`: by account the attempts that count, as (campaign, end). `apps`: by app when its budget allows a send again.
    """

    ends: Mapping[str, Sequence[tuple[str | None, datetime]]]
    apps: Mapping[str, datetime]


async def count(connection: Connection, *, team_id: str, found: Sequence[Head], now: datetime) -> Counted:
    """Count the attempts where rooms are used up, as the dispatcher does."""
    used_up = sorted({head.account_id for head in found if 0 in (head.hourly_room, head.daily_room, head.pair_room)})
    ends: Mapping[str, Sequence[tuple[str | None, datetime]]] = {}
    if used_up:
        ends = await ledger.account_ends(connection, team_id=team_id, account_ids=used_up, after=now - allowance.DAY)
    capped = {head.app_id: head.daily_cap for head in found if head.daily_cap is not None and head.app_room == 0}
    apps = {
        app_id: await budgets.free_at(connection, team_id=team_id, app_id=app_id, daily_cap=cap, now=now)
        for app_id, cap in capped.items()
    }
    return Counted(ends=ends, apps=apps)


def next_send(campaign: Campaign, head: Head, counted: Counted, now: datetime) -> datetime | None:
    """When the next lead of an account is written to, if nothing changes; None where the account sends nothing now."""
    prospect = campaign.prospect
    is_held_back = prospect.stopped_at is not None or prospect.restored_from is not None
    is_sending = campaign.status == CampaignStatus.ACTIVE and not is_held_back
    if not is_sending or head.status != AccountStatus.ACTIVE:
        return None
    if head.waits_for_inbox and head.wake_at > now:
        # It goes on once the inbox is read, which takes as long as the platform lets it.
        return None
    latest = _latest(campaign, head, counted, now)
    if latest >= pacemaker.NEVER:
        return None
    instant = _next_at(campaign, head, latest)
    return None if instant >= pacemaker.NEVER else instant


def of_head(campaign: Campaign, head: Head, counted: Counted, now: datetime) -> Wait | None:
    """Return what keeps an account from writing at `now` (engine time): what lasts longest, or closed hours.

    Closed hours are told before the pace that follows their opening.
    """
    if (wait := of_account(head)) is not None:
        return wait
    hours = window.Hours.parse(campaign.settings.zone, campaign.settings.hours)
    barriers = [wait for wait in _barriers(campaign, head, counted, now) if wait.until is not None and wait.until > now]
    longest = max(barriers, key=lambda wait: wait.until or now, default=None)
    opens = window.next_open(hours, now)
    if opens is None:
        return None
    if opens > now:
        lasting = [wait for wait in barriers if wait.code != "pace" and (wait.until or now) > opens]
        if not lasting:
            return waiting.hours_open(campaign, opens)
        longest = max(lasting, key=lambda wait: wait.until or now)
    latest = max(now, longest.until or now) if longest is not None else now
    if latest < pacemaker.NEVER:
        instant = _next_at(campaign, head, latest)
        if latest < instant < pacemaker.NEVER:
            opens = window.next_open(hours, latest)
            # No attempt begins so late that its call could outlast the hours.
            is_closing = opens == latest
            opens = window.next_open(hours, latest + pacing.CALL_TIMEOUT) if is_closing else opens
            return waiting.hours_open(campaign, opens) if opens is not None else None
    if longest is not None and (longest.code == "inbox" or latest >= pacemaker.NEVER):
        return Wait(code=longest.code, message=longest.message)
    return longest


def of_account(head: Head) -> Wait | None:
    """Return why an account sends nothing at all; None where it may."""
    name = _name(head)
    if head.status == AccountStatus.OFFLINE:
        return Wait(code="accountOffline", message=f"{name} is offline: authorise it again.")
    if head.status == AccountStatus.PAUSED:
        return Wait(code="accountPaused", message=f"{name} is paused: it may be set active again.")
    return None


def _latest(campaign: Campaign, head: Head, counted: Counted, now: datetime) -> datetime:
    untils = [wait.until for wait in _barriers(campaign, head, counted, now) if wait.until is not None]
    return max([now, head.wake_at, *untils])


def _next_at(campaign: Campaign, head: Head, not_before: datetime) -> datetime:
    schedule = paces.Schedule(
        rate=campaign.settings.hourly_message_rate,
        hours=window.Hours.parse(campaign.settings.zone, campaign.settings.hours),
        started_at=campaign.last_started_at,
        is_active=True,
    )
    return pacemaker.next_at(
        schedule,
        draw=head.draw,
        opening_draw=head.opening_draw,
        last_end=head.pair_last_end,
        not_before=not_before,
    )


def _barriers(campaign: Campaign, head: Head, counted: Counted, now: datetime) -> Iterator[Wait]:
    """Everything the dispatcher asks of an account, with its instant, past ones too."""
    name, rate = _name(head), campaign.settings.hourly_message_rate
    pace = f"The pace of {rate} messages an hour for each account allows the next one then."
    yield waiting.next_due(campaign, head.due_at)
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
    if (budget_at := counted.apps.get(head.app_id)) is not None:
        message = f"The app of {name} has sent its {head.daily_cap} messages in 24 hours."
        yield Wait(code="appBudget", message=message, until=budget_at)
    ends = counted.ends.get(head.account_id)
    if ends is None:
        return
    limits = allowance.account_free_at(ends, hourly_limit=head.hourly_limit, daily_limit=head.daily_limit, now=now)
    message = f"{name} has sent its {head.hourly_limit} in an hour or {head.daily_limit} in a day."
    yield Wait(code="accountLimit", message=message, until=limits)
    _, free_at = allowance.pair_room(ends, campaign_id=campaign.id, rate=rate, now=now)
    yield Wait(code="pace", message=pace, until=free_at)


def _name(head: Head) -> str:
    return "The account" if head.username is None else f"@{head.username}"

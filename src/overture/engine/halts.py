"""Halts: accounts, apps and campaigns that cannot go on, and how they come back by themselves."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from overture.core import outcome
from overture.core.words import OutcomeKind
from overture.engine import pacemaker
from overture.store import budgets, duties, gates, halted, outbox, paces, wakeups
from overture.store.pool import Connection, Pool

NO_ACCOUNT = "noAccountAvailable"
"""Why a campaign pauses none of whose accounts can go on."""

RATE_REST = timedelta(minutes=15)
"""How long an account rests that has sent too much, where the platform does not say until when."""

UNAUTHORISED = "unauthorized"
"""Why an account goes offline where the platform gives no other reason."""

_HALTING = frozenset({OutcomeKind.SENDER_REFUSED, OutcomeKind.OUT_OF_CREDIT, OutcomeKind.AUTH_LOST})

CREDIT_RETRY = timedelta(hours=1)
"""How long an app that is out of credit is left alone before one account tries again."""


async def prepare(connection: Connection, *, team_id: str, kinds: Iterable[OutcomeKind]) -> None:
    """Lock what outcomes may make `heed` pause. Call it when the accounts are locked, and before any lead."""
    if not _HALTING.isdisjoint(kinds):
        await halted.lock_active_campaigns(connection, team_id=team_id)


async def refused(
    connection: Connection, *, team_id: str, account_id: str, now: datetime, events: list[outbox.NewEvent]
) -> None:
    """Let an account rest after the platform refused it as a sender; a streak pauses it for a long rest."""
    streaks = await paces.streaks(connection, team_id=team_id, account_ids=[account_id])
    streak = streaks.get(account_id, 0) + 1
    is_paused = streak >= outcome.STREAK_LIMIT
    until = now + (outcome.PAUSE if is_paused else outcome.rest(streak))
    await paces.rest(connection, team_id=team_id, account_id=account_id, until=until, streak=streak)
    if is_paused:
        await halted.pause_account(connection, team_id=team_id, account_id=account_id, reason=outcome.PAUSE_REASON)
        await duties.want(connection, team_id=team_id, kind="resume", key=account_id, due_at=until)
        await close(connection, team_id=team_id, account_id=account_id, now=now, events=events)
        events.append(_account_event("accountLink.paused", account_id, outcome.PAUSE_REASON))


async def heed(
    connection: Connection,
    *,
    team_id: str,
    account_id: str,
    now: datetime,
    result: outcome.Outcome,
    events: list[outbox.NewEvent],
) -> None:
    """Let an account, or its app, do as a refusal of the sender asks: rest, stop, or wait to be authorised again."""
    match result.kind:
        case OutcomeKind.SENDER_REFUSED:
            await refused(connection, team_id=team_id, account_id=account_id, now=now, events=events)
        case OutcomeKind.RATE_LIMITED:
            until = result.retry_at or now + RATE_REST
            await rest(connection, team_id=team_id, account_id=account_id, until=until, result=result)
        case OutcomeKind.OUT_OF_CREDIT:
            code = result.reason or "outOfCredit"
            await app_stopped(connection, team_id=team_id, account_id=account_id, now=now, code=code, events=events)
        case OutcomeKind.AUTH_LOST:
            code = result.reason or UNAUTHORISED
            await account_lost(connection, team_id=team_id, account_id=account_id, now=now, code=code, events=events)
        case OutcomeKind.NOT_SENT:
            await wakeups.give(connection, team_id=team_id, account_ids=[account_id], at=now)
        case _:
            pass


async def rest(
    connection: Connection, *, team_id: str, account_id: str, until: datetime, result: outcome.Outcome
) -> None:
    """Let an account, or its whole app, rest as the platform said; its word overrules our tables."""
    if result.holds_app:
        await budgets.rest(connection, team_id=team_id, account_id=account_id, until=until)
    else:
        await paces.rest(connection, team_id=team_id, account_id=account_id, until=until)


async def rested(pool: Pool, *, team_id: str, account_id: str, now: datetime) -> datetime | None:
    """Take up an account again whose long rest is over; return when to look again, if it is not.

    The streak of refusals stays until a message is accepted: one more refusal pauses the account again.
    """
    async with pool.acquire() as connection, connection.transaction():
        await paces.lock_accounts(connection, team_id=team_id, account_ids=[account_id])
        until = await paces.rests_until(connection, team_id=team_id, account_id=account_id)
        if until is None or until > now:
            return until
        is_active = await halted.end_pause(
            connection, team_id=team_id, account_id=account_id, reason=outcome.PAUSE_REASON
        )
        if is_active:
            await pacemaker.refresh_account(connection, team_id=team_id, account_id=account_id, now=now)
            await gates.change_account(connection, team_id=team_id, account_id=account_id, is_open=True)
            event = _account_event("accountLink.resumed", account_id, outcome.PAUSE_REASON)
            await outbox.append(connection, team_id=team_id, now=now, events=[event])
    return None


async def account_lost(
    connection: Connection,
    *,
    team_id: str,
    account_id: str,
    now: datetime,
    code: str,
    events: list[outbox.NewEvent],
) -> None:
    """Take an account offline, for `code`: the platform takes its token no more, or not for this."""
    if await halted.take_offline(connection, team_id=team_id, account_id=account_id, code=code, now=now):
        await close(connection, team_id=team_id, account_id=account_id, now=now, events=events)
        events.append(_account_event("accountLink.offline", account_id, "authLost"))


async def app_stopped(
    connection: Connection,
    *,
    team_id: str,
    account_id: str,
    now: datetime,
    code: str,
    events: list[outbox.NewEvent],
) -> None:
    """Hold back every account of an app that may not send; the first to try again after a while finds out."""
    app_id = await halted.app_of(connection, team_id=team_id, account_id=account_id)
    await budgets.pause(connection, team_id=team_id, app_id=app_id, until=now + CREDIT_RETRY, code=code)
    await pause_campaigns(connection, team_id=team_id, now=now, code=code, events=events)


async def close(
    connection: Connection, *, team_id: str, account_id: str, now: datetime, events: list[outbox.NewEvent]
) -> None:
    """Close an account that cannot or may not go on; campaigns it leaves without any account pause."""
    for campaign_id in await halted.campaigns_of(connection, team_id=team_id, account_id=account_id):
        await duties.want(connection, team_id=team_id, kind="plan", key=campaign_id, due_at=now)
    await gates.change_account(connection, team_id=team_id, account_id=account_id, is_open=False)
    await pause_campaigns(connection, team_id=team_id, now=now, code=NO_ACCOUNT, events=events)


async def pause_campaigns(
    connection: Connection, *, team_id: str, now: datetime, code: str, events: list[outbox.NewEvent]
) -> None:
    """Pause the campaigns none of whose accounts can go on; `enabled` stays, so they resume by themselves."""
    message = (
        "The platform app may not send now (credit or plan). Overture tries again every hour."
        if code != NO_ACCOUNT
        else "None of the campaign's accounts can send: authorise one again, or add another. Those stopped for "
        "refusals try again after a day."
    )
    for campaign_id in await halted.campaigns_without_account(connection, team_id=team_id, now=now):
        await halted.pause_campaign(
            connection, team_id=team_id, campaign_id=campaign_id, now=now, code=code, message=message
        )
        await gates.change_campaign(connection, team_id=team_id, campaign_id=campaign_id, is_open=False, now=now)
        events.append(
            outbox.NewEvent(
                type="campaign.paused", object_type="campaign", object_id=campaign_id, data={"reason": code}
            )
        )


def _account_event(kind: str, account_id: str, reason: str) -> outbox.NewEvent:
    return outbox.NewEvent(type=kind, object_type="accountLink", object_id=account_id, data={"reason": reason})


async def resume(pool: Pool, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Take a campaign up again whose cause of pause has ended."""
    async with pool.acquire() as connection, connection.transaction():
        # Accounts before the campaign, as whoever edits it locks them.
        found = await paces.campaign_pairs(connection, team_id=team_id, campaign_id=campaign_id)
        await paces.lock_accounts(connection, team_id=team_id, account_ids=[pair.account_id for pair in found])
        if not await halted.resume_campaign(connection, team_id=team_id, campaign_id=campaign_id, now=now):
            return
        await pacemaker.refresh_campaign(connection, team_id=team_id, campaign_id=campaign_id, now=now)
        for kind in ("assess", "plan"):
            await duties.want(connection, team_id=team_id, kind=kind, key=campaign_id, due_at=now)
        await gates.change_campaign(connection, team_id=team_id, campaign_id=campaign_id, is_open=True, now=now)
        await outbox.append(
            connection,
            team_id=team_id,
            now=now,
            events=[
                outbox.NewEvent(type=kind, object_type="campaign", object_id=campaign_id, data={})
                for kind in ("campaign.started", "campaign.resumed")
            ],
        )

"""Keeps the stored next instants true when settings change, and wakes the accounts they concern."""

from datetime import UTC, datetime

from overture.core import pacing
from overture.store import awaited, duties, halted, paces, wakeups
from overture.store.pool import Connection

NEVER = datetime.max.replace(tzinfo=UTC)
"""How the database's infinity reads: no instant at all."""


def next_at(
    schedule: paces.Schedule, *, draw: float, opening_draw: float, last_end: datetime | None, not_before: datetime
) -> datetime:
    """Return when an account may begin its next attempt for a campaign, no earlier than `not_before`.

    `NEVER` if it never may. `draw`, `opening_draw` and `last_end` are those of the pair, as for `pacing.next_at`.
    """
    if not schedule.is_active or schedule.started_at is None:
        return NEVER
    instant = pacing.next_at(
        hours=schedule.hours,
        rate_per_hour=schedule.rate,
        draw=draw,
        opening_draw=opening_draw,
        last_end=last_end,
        started_at=schedule.started_at,
        not_before=not_before,
    )
    return instant or NEVER


def pair_next_at(pair: paces.Pair, *, not_before: datetime) -> datetime:
    """Return the same of a pair as it is stored."""
    return next_at(
        pair.schedule,
        draw=pair.draw,
        opening_draw=pair.opening_draw,
        last_end=pair.last_end,
        not_before=not_before,
    )


async def refresh_campaign(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Recompute a campaign's next instants after a start or an edit of hours, rate or accounts, and wake its accounts.

    Draws stay: an edit of the rate stretches the gap under way, it does not throw the dice again.
    """
    found = await paces.campaign_pairs(connection, team_id=team_id, campaign_id=campaign_id)
    account_ids = [pair.account_id for pair in found]
    await paces.lock_accounts(connection, team_id=team_id, account_ids=account_ids)
    found = await paces.campaign_pairs(connection, team_id=team_id, campaign_id=campaign_id)
    moved = [(pair.account_id, campaign_id, pair_next_at(pair, not_before=now)) for pair in found]
    await paces.set_next(connection, team_id=team_id, moved=moved, recount=True)
    await wakeups.give(connection, team_id=team_id, account_ids=account_ids, at=now)


async def refresh_account(connection: Connection, *, team_id: str, account_id: str, now: datetime) -> None:
    """Make an account look for work again after its limits or its state changed; its campaigns' plans are mended."""
    await paces.lock_accounts(connection, team_id=team_id, account_ids=[account_id])
    await paces.recount(connection, team_id=team_id, account_ids=[account_id])
    await wakeups.give(connection, team_id=team_id, account_ids=[account_id], at=now)
    await awaited.want(connection, team_id=team_id, now=now)
    for campaign_id in await halted.campaigns_of(connection, team_id=team_id, account_id=account_id):
        for kind in ("assess", "plan"):
            await duties.want(connection, team_id=team_id, kind=kind, key=campaign_id, due_at=now)

"""Allowance: may this account begin an attempt now, by everything but its campaigns?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from overture.core import pacing
from overture.engine import pacemaker
from overture.store import claims, ledger
from overture.store.pool import Connection

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account may still send by the rolling law, counted from the ledger when it was last used up.

    `barred_until` is None when the account may send now.
    """

    hourly_room: int
    daily_room: int
    barred_until: datetime | None


Ends = Mapping[str, Sequence[tuple[str | None, datetime]]]


async def count(
    connection: Connection, *, team_id: str, accounts: Sequence[claims.LeasedAccount], now: datetime
) -> dict[str, Allowance]:
    """Return the allowance of each leased account at `now` (engine time)."""
    used_up = [a.account_id for a in accounts if a.hourly_room == 0 or a.daily_room == 0]
    ends: Ends = {}
    if used_up:
        ends = await ledger.account_ends(connection, team_id=team_id, account_ids=used_up, after=now - DAY)
    return {account.account_id: _judge(account, ends.get(account.account_id), now) for account in accounts}


async def count_by_hand(
    connection: Connection, *, team_id: str, account: claims.LeasedAccount, now: datetime
) -> Allowance:
    """Return the same for a message by hand: limits and rests hold for it, the gap between messages does not."""
    ends = None
    if account.hourly_room == 0 or account.daily_room == 0:
        counted = await ledger.account_ends(
            connection, team_id=team_id, account_ids=[account.account_id], after=now - DAY
        )
        ends = counted[account.account_id]
    return _judge(account, ends, now, is_paced=False)


def _judge(
    account: claims.LeasedAccount,
    ends: Sequence[tuple[str | None, datetime]] | None,
    now: datetime,
    *,
    is_paced: bool = True,
) -> Allowance:
    hourly_room, daily_room = account.hourly_room, account.daily_room
    free_at = account.last_end + pacing.minimum_gap(account.hourly_limit) if is_paced else now
    barriers = [free_at, account.rest_until, account.app_paused_until, account.app_rest_until]
    if not account.is_open:
        barriers.append(pacemaker.NEVER)
    if ends is not None:
        instants = [end for _, end in ends]
        hourly_room, hourly_free = _room(instants, account.hourly_limit, HOUR, now)
        daily_room, daily_free = _room(instants, account.daily_limit, DAY, now)
        barriers += [hourly_free, daily_free]
    latest = max(barriers)
    return Allowance(hourly_room=hourly_room, daily_room=daily_room, barred_until=latest if latest > now else None)


def _room(ends: Sequence[datetime], limit: int, span: timedelta, now: datetime) -> tuple[int, datetime]:
    counting = [end for end in ends if end > now - span]
    if len(counting) < limit:
        return limit - len(counting), pacing.FREE_ALWAYS
    # An open attempt makes the instant unknowable; its settlement wakes the account.
    return 0, pacing.rolling_free_at(counting, limit, span) or now + span


def account_free_at(
    ends: Sequence[tuple[str | None, datetime]], *, hourly_limit: int, daily_limit: int, now: datetime
) -> datetime:
    """Return when an account's own limits, over all its campaigns, allow an attempt."""
    instants = [end for _, end in ends]
    return max(_room(instants, hourly_limit, HOUR, now)[1], _room(instants, daily_limit, DAY, now)[1])


def pair_room(
    ends: Sequence[tuple[str | None, datetime]], *, campaign_id: str, rate: int, now: datetime
) -> tuple[int, datetime]:
    """Return how many attempts the campaign's hourly rate still allows the account, and when it allows one again."""
    return _room([end for campaign, end in ends if campaign == campaign_id], rate, HOUR, now)

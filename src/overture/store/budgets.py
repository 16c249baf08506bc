"""Budgets: what a platform app may send over all its accounts in a rolling day."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from overture.core import pacing
from overture.core.words import ReadEndpoint
from overture.store import budget_windows, ledger
from overture.store.pool import Connection

_DAY = timedelta(hours=24)


async def charge(
    connection: Connection, *, team_id: str, app_id: str, count: int, now: datetime
) -> tuple[int, datetime]:
    """Take up to `count` sends from an app's budget; return how many it grants, and when it may grant more.

    `room` counts down between exact counts of the ledger, so the ledger is read once per day's worth of sends.
    """
    granted = await connection.fetchval(
        """
        UPDATE app_budget SET room = CASE WHEN daily_cap IS NULL THEN room ELSE room - $3 END
         WHERE team_id = $1 AND app_id = $2 AND (daily_cap IS NULL OR room >= $3) RETURNING $3
        """,
        team_id,
        app_id,
        count,
    )
    return (count, now) if granted is not None else await _charge_counted(connection, team_id, app_id, count, now)


async def _charge_counted(
    connection: Connection, team_id: str, app_id: str, count: int, now: datetime
) -> tuple[int, datetime]:
    """Count the ledger anew, and grant what the ceiling leaves."""
    row = await connection.fetchrow(
        "SELECT daily_cap, room FROM app_budget WHERE team_id = $1 AND app_id = $2 FOR NO KEY UPDATE",
        team_id,
        app_id,
    )
    assert row is not None
    cap = await _learned_cap(connection, team_id, app_id, row["daily_cap"])
    ends = await ledger.app_ends(connection, team_id=team_id, app_id=app_id, after=now - _DAY)
    room, free_at = max(0, cap - len(ends)), now
    if room < count:
        free_at = _free_at([*ends, *[now] * room], cap, now)
    granted = min(room, count)
    await connection.execute(
        "UPDATE app_budget SET room = $3 WHERE team_id = $1 AND app_id = $2", team_id, app_id, room - granted
    )
    return granted, free_at


async def _learned_cap(connection: Connection, team_id: str, app_id: str, cap: int) -> int:
    """Return the app's ceiling: the platform's latest word overrules what was known before."""
    told = await budget_windows.app_limit(connection, team_id=team_id, app_id=app_id, seconds=int(_DAY.total_seconds()))
    if told is None or told in (0, cap):
        return cap
    await connection.execute(
        "UPDATE app_budget SET daily_cap = $3 WHERE team_id = $1 AND app_id = $2", team_id, app_id, told
    )
    return told


async def free_at(connection: Connection, *, team_id: str, app_id: str, daily_cap: int, now: datetime) -> datetime:
    """Return when an app whose budget seems used up allows a send, as its next charge will find; it charges nothing."""
    ends = await ledger.app_ends(connection, team_id=team_id, app_id=app_id, after=now - _DAY)
    return _free_at(ends, daily_cap, now)


def _free_at(ends: Sequence[datetime], daily_cap: int, now: datetime) -> datetime:
    # An attempt still open has no end yet: ask again within the hour.
    return pacing.rolling_free_at(ends, daily_cap, _DAY) or now + timedelta(hours=1)


async def pause(connection: Connection, *, team_id: str, app_id: str, until: datetime, code: str) -> None:
    """Hold back all accounts of an app until `until` (engine time)."""
    await connection.execute(
        """
        UPDATE app_budget SET paused_until = greatest(paused_until, $3), pause_code = $4
         WHERE team_id = $1 AND app_id = $2
        """,
        team_id,
        app_id,
        until,
        code,
    )


async def rest(connection: Connection, *, team_id: str, account_id: str, until: datetime) -> None:
    """Let the app of an account rest until `until` (engine time): the platform takes no more of it before."""
    await connection.execute(
        """
        UPDATE app_budget b SET rest_until = greatest(b.rest_until, $3)
          FROM account_link a
         WHERE a.team_id = $1 AND a.id = $2 AND b.team_id = $1 AND b.app_id = a.app_id
        """,
        team_id,
        account_id,
        until,
    )


async def rest_endpoint(
    connection: Connection, *, team_id: str, endpoint: ReadEndpoint, until: Mapping[str, datetime]
) -> None:
    """Note, by account, until when (engine time) the platform takes no calls of one kind."""
    ordered = sorted(until)
    await connection.execute(
        """
        INSERT INTO endpoint_rest AS e (team_id, account_id, endpoint, rest_until)
        SELECT $1, v.account_id, $2, v.rest_until
          FROM unnest($3::text[], $4::timestamptz[]) AS v (account_id, rest_until)
        ON CONFLICT (team_id, account_id, endpoint) DO UPDATE SET rest_until = excluded.rest_until
        """,
        team_id,
        endpoint,
        ordered,
        [until[account_id] for account_id in ordered],
    )


async def retry(connection: Connection, *, team_id: str, campaign_id: str) -> None:
    """Let the apps a campaign sends through try again at once: somebody wants to know whether they may."""
    await connection.execute(
        """
        UPDATE app_budget b SET paused_until = '-infinity', pause_code = NULL
          FROM (SELECT DISTINCT a.app_id FROM campaign_account m
                  JOIN account_link a ON a.team_id = $1 AND a.id = m.account_id
                 WHERE m.team_id = $1 AND m.campaign_id = $2 AND m.is_member) used
         WHERE b.team_id = $1 AND b.app_id = used.app_id AND b.pause_code IS NOT NULL
        """,
        team_id,
        campaign_id,
    )

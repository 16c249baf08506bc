"""Pace: when an account, and each of its campaigns, may send next."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import asyncpg
import msgspec

from overture.core import window
from overture.store.pool import Connection


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """What the pace of a campaign follows from; `rate` is in messages an hour for each account."""

    rate: int
    hours: window.Hours
    started_at: datetime | None
    is_active: bool

    @classmethod
    def read(cls, row: asyncpg.Record, *, is_active: bool) -> "Schedule":
        """Read the columns `SCHEDULE` of a campaign."""
        days = tuple((day, open_["start"], open_["end"]) for day, open_ in row["hours"].items())
        return cls(
            rate=row["rate"],
            hours=_hours(row["zone"], days),
            started_at=row["started_at"],
            is_active=is_active,
        )


SCHEDULE = """
    c.hourly_message_rate AS rate, c.schedule_timezone AS zone, c.schedule_hours AS hours,
    c.last_started_at AS started_at
"""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """The pace of one account in one campaign."""

    account_id: str
    campaign_id: str
    draw: float
    opening_draw: float
    last_end: datetime | None
    schedule: Schedule


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt moves on a pair: the next gap's draws and the instant that follows from them."""

    account_id: str
    campaign_id: str
    draw: float
    opening_draw: float
    last_end: datetime
    next_at: datetime
    room: int


_PAIRS = """
    SELECT account_id, campaign_id, draw, opening_draw, last_end FROM campaign_account WHERE team_id = $1
"""


async def create_account(connection: Connection, *, team_id: str, account_id: str) -> None:
    """Insert the pace row of a new account."""
    await connection.execute("INSERT INTO account_pace (team_id, account_id) VALUES ($1, $2)", team_id, account_id)


async def lock_accounts(connection: Connection, *, team_id: str, account_ids: Sequence[str]) -> None:
    """Lock pace rows in key order: the first locks of every transaction that touches what an account does."""
    await connection.execute(
        "SELECT FROM account_pace WHERE team_id = $1 AND account_id = ANY($2::text[]) "
        "ORDER BY account_id FOR NO KEY UPDATE",
        team_id,
        list(account_ids),
    )


async def lock_team(connection: Connection, *, team_id: str) -> None:
    """Lock the pace rows of all accounts of a team in key order."""
    await connection.execute(
        "SELECT FROM account_pace WHERE team_id = $1 ORDER BY account_id FOR NO KEY UPDATE", team_id
    )


async def campaign_pairs(connection: Connection, *, team_id: str, campaign_id: str) -> list[Pair]:
    """Return the pairs of a campaign."""
    rows = await connection.fetch(_PAIRS + " AND campaign_id = $2 ORDER BY account_id", team_id, campaign_id)
    return await _with_schedules(connection, team_id, rows)


async def pairs(
    connection: Connection, *, team_id: str, account_ids: Sequence[str], campaign_ids: Sequence[str]
) -> list[Pair]:
    """Return the pairs named by the two arrays, position by position."""
    rows = await connection.fetch(
        _PAIRS
        + """ AND (account_id, campaign_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
              ORDER BY account_id, campaign_id""",
        team_id,
        list(account_ids),
        list(campaign_ids),
    )
    return await _with_schedules(connection, team_id, rows)


async def _with_schedules(connection: Connection, team_id: str, rows: Sequence[asyncpg.Record]) -> list[Pair]:
    """Return pairs with the schedules of their campaigns, which are asked for once and not with every pair."""
    campaigns = await connection.fetch(
        f"""
        SELECT c.id, c.status = 'active' AS is_active, {SCHEDULE}
          FROM campaign c WHERE c.team_id = $1 AND c.id = ANY($2::text[])
        """,
        team_id,
        sorted({row["campaign_id"] for row in rows}),
    )
    schedules = {row["id"]: Schedule.read(row, is_active=row["is_active"]) for row in campaigns}
    return [Pair(**row, schedule=schedules[row["campaign_id"]]) for row in rows]


@lru_cache(maxsize=1024)
def _hours(zone: str, days: tuple[tuple[str, int, int], ...]) -> window.Hours:
    """Read hours once and not for every attempt: the accounts of a campaign share them."""
    return window.Hours.parse(zone, {day: {"start": start, "end": end} for day, start, end in days})


async def set_next(
    connection: Connection, *, team_id: str, moved: Sequence[tuple[str, str, datetime]], recount: bool = False
) -> None:
    """Store the next instants of pairs given as (account id, campaign id, instant).

    `recount`: the rate may have changed, so what room is left in the hour has to be counted again.
    """
    await connection.execute(
        """
        UPDATE campaign_account p SET next_at = v.next_at, room = CASE WHEN $5 THEN 0 ELSE p.room END
          FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS v (account_id, campaign_id, next_at)
         WHERE p.team_id = $1 AND p.account_id = v.account_id AND p.campaign_id = v.campaign_id
        """,
        team_id,
        [account for account, _, _ in moved],
        [campaign for _, campaign, _ in moved],
        [instant for _, _, instant in moved],
        recount,
    )


async def move_pairs(connection: Connection, *, team_id: str, now: datetime, steps: Sequence[Step]) -> None:
    """Move pairs on by one attempt."""
    await connection.execute(
        """
        UPDATE campaign_account p
           SET draw = v.draw, opening_draw = v.opening_draw, last_end = v.last_end, next_at = v.next_at,
               room = v.room, served_at = $2
          FROM unnest($3::text[], $4::text[], $5::float8[], $6::float8[], $7::timestamptz[], $8::timestamptz[],
                      $9::int[]) AS v (account_id, campaign_id, draw, opening_draw, last_end, next_at, room)
         WHERE p.team_id = $1 AND p.account_id = v.account_id AND p.campaign_id = v.campaign_id
        """,
        team_id,
        now,
        [step.account_id for step in steps],
        [step.campaign_id for step in steps],
        [step.draw for step in steps],
        [step.opening_draw for step in steps],
        [step.last_end for step in steps],
        [step.next_at for step in steps],
        [step.room for step in steps],
    )


async def delay_pairs(
    connection: Connection, *, team_id: str, ended: Sequence[tuple[str, str, datetime, datetime]]
) -> None:
    """Move pairs given as (account, campaign, end, next) when an attempt has ended: only ever later."""
    await connection.execute(
        """
        UPDATE campaign_account p
           SET last_end = greatest(p.last_end, v.last_end), next_at = greatest(p.next_at, v.next_at)
          FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
               AS v (account_id, campaign_id, last_end, next_at)
         WHERE p.team_id = $1 AND p.account_id = v.account_id AND p.campaign_id = v.campaign_id
        """,
        team_id,
        [account for account, _, _, _ in ended],
        [campaign for _, campaign, _, _ in ended],
        [end for _, _, end, _ in ended],
        [instant for _, _, _, instant in ended],
    )


async def spend_accounts(
    connection: Connection,
    *,
    team_id: str,
    now: datetime,
    lease_until: datetime,
    account_ids: Sequence[str],
    wake_at: Sequence[datetime],
    hourly_room: Sequence[int],
    daily_room: Sequence[int],
) -> None:
    """Lease accounts and count one attempt on each; the lease (wall time) stays until the outcome is settled."""
    await connection.execute(
        """
        UPDATE account_pace p
           SET lease_until = $3, fence = p.fence + 1, last_end = greatest(p.last_end, $2), wake_at = v.wake_at,
               hourly_room = v.hourly_room, daily_room = v.daily_room
          FROM unnest($4::text[], $5::timestamptz[], $6::int[], $7::int[])
               AS v (account_id, wake_at, hourly_room, daily_room)
         WHERE p.team_id = $1 AND p.account_id = v.account_id
        """,
        team_id,
        now,
        lease_until,
        list(account_ids),
        list(wake_at),
        list(hourly_room),
        list(daily_room),
    )


async def end_attempts(
    connection: Connection,
    *,
    team_id: str,
    account_ids: Sequence[str],
    fences: Sequence[int],
    ended_at: Sequence[datetime],
    accepted: Sequence[bool],
) -> dict[str, datetime]:
    """Note when attempts ended and give the leases back, where this worker still holds them.

    An accepted message ends an account's streak of refusals. Returns when each account wakes.
    """
    rows = await connection.fetch(
        """
        UPDATE account_pace p
           SET last_end = greatest(p.last_end, v.ended_at),
               lease_until = CASE WHEN p.fence = v.fence THEN '-infinity' ELSE p.lease_until END,
               refusal_streak = CASE WHEN v.accepted THEN 0 ELSE p.refusal_streak END
          FROM (SELECT account_id, max(fence) AS fence, max(ended_at) AS ended_at, bool_or(accepted) AS accepted
                  FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::boolean[])
                       AS u (account_id, fence, ended_at, accepted)
                 GROUP BY account_id) v
         WHERE p.team_id = $1 AND p.account_id = v.account_id
        RETURNING p.account_id, p.wake_at
        """,
        team_id,
        list(account_ids),
        list(fences),
        list(ended_at),
        list(accepted),
    )
    return {row["account_id"]: row["wake_at"] for row in rows}


async def rest(
    connection: Connection, *, team_id: str, account_id: str, until: datetime, streak: int | None = None
) -> None:
    """Let an account rest until `until`; `streak` replaces the count of refusals in a row when given."""
    await connection.execute(
        """
        UPDATE account_pace SET rest_until = greatest(rest_until, $3), wake_at = greatest(wake_at, $3),
               refusal_streak = coalesce($4, refusal_streak)
         WHERE team_id = $1 AND account_id = $2
        """,
        team_id,
        account_id,
        until,
        streak,
    )


async def rests_until(connection: Connection, *, team_id: str, account_id: str) -> datetime | None:
    """Return until when an account rests; None if there is no such account."""
    until: datetime | None = await connection.fetchval(
        "SELECT rest_until FROM account_pace WHERE team_id = $1 AND account_id = $2", team_id, account_id
    )
    return until


async def streaks(connection: Connection, *, team_id: str, account_ids: Sequence[str]) -> dict[str, int]:
    """Return each account's refusals in a row."""
    rows = await connection.fetch(
        "SELECT account_id, refusal_streak FROM account_pace WHERE team_id = $1 AND account_id = ANY($2::text[])",
        team_id,
        list(account_ids),
    )
    return {row["account_id"]: row["refusal_streak"] for row in rows}


async def recount(connection: Connection, *, team_id: str, account_ids: Sequence[str]) -> None:
    """Make the next claim count these accounts' attempts anew: their limits have changed."""
    await connection.execute(
        """
        UPDATE account_pace SET hourly_room = 0, daily_room = 0
         WHERE team_id = $1 AND account_id = ANY($2::text[])
        """,
        team_id,
        list(account_ids),
    )

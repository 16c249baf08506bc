"""Wake-ups: that accounts are to look for work at an instant at the latest.

They are given as rows of their own, in the transaction that makes something due, and taken up before the next claim.
A claim that has the account in hand and is about to let it sleep neither holds the giver up nor overrides them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from overture.store.pool import Connection


async def give(connection: Connection, *, team_id: str, account_ids: Sequence[str], at: datetime) -> None:
    """Make accounts look for work at `at` (engine time) at the latest."""
    await connection.execute(
        "INSERT INTO wake_up (team_id, account_id, at) SELECT $1, unnest($2::text[]), $3",
        team_id,
        list(account_ids),
        at,
    )


async def give_each(connection: Connection, *, team_id: str, wakes: Mapping[str, datetime]) -> None:
    """Make accounts look for work at their own instants at the latest."""
    await connection.execute(
        "INSERT INTO wake_up (team_id, account_id, at) SELECT $1, * FROM unnest($2::text[], $3::timestamptz[])",
        team_id,
        list(wakes),
        list(wakes.values()),
    )


async def give_team(connection: Connection, *, team_id: str, at: datetime) -> None:
    """Make all accounts of a team look for work at `at` (engine time) at the latest."""
    await connection.execute(
        """
        INSERT INTO wake_up (team_id, account_id, at)
        SELECT team_id, account_id, $2 FROM account_pace WHERE team_id = $1
        """,
        team_id,
        at,
    )


async def give_overlooked(connection: Connection, *, now: datetime) -> None:
    """A net: wake accounts that sleep over work, and those of teams whose hint is later than an account's own instant.

    An account that sleeps for a good reason is only looked at once more.
    """
    await connection.execute(
        """
        INSERT INTO wake_up (team_id, account_id, at)
        SELECT p.team_id, p.account_id, $1 FROM account_pace p
         WHERE p.wake_at > $1
           AND EXISTS (SELECT FROM team_gate s WHERE s.team_id = p.team_id AND s.open)
           AND EXISTS (SELECT FROM campaign_account ca
                         JOIN campaign_gate g ON g.team_id = p.team_id AND g.campaign_id = ca.campaign_id AND g.open
                         JOIN lead_due d ON d.team_id = p.team_id AND d.account_id = p.account_id
                              AND d.campaign_id = ca.campaign_id AND d.due_at <= $1
                        WHERE ca.team_id = p.team_id AND ca.account_id = p.account_id AND ca.next_at <= $1)
        """,
        now,
    )
    await connection.execute(
        """
        INSERT INTO wake_up (team_id, account_id, at)
        SELECT DISTINCT ON (p.team_id) p.team_id, p.account_id, p.wake_at
          FROM account_pace p JOIN team_due t ON t.team_id = p.team_id AND t.next_at > p.wake_at
         ORDER BY p.team_id, p.wake_at
        """
    )


async def take_up(connection: Connection) -> None:
    """Let the accounts and the hints of their teams know of all wake-ups; those of accounts in others' hands stay.

    What they know is compared once it is locked, and not before: a claim may just have let the account sleep.
    """
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM wake_up)"):
        return
    await connection.execute(
        """
        WITH held AS MATERIALIZED (
            SELECT p.team_id, p.account_id FROM (SELECT DISTINCT team_id, account_id FROM wake_up) w
             CROSS JOIN LATERAL (
                SELECT team_id, account_id FROM account_pace
                 WHERE team_id = w.team_id AND account_id = w.account_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
             ) p
        ), taken AS (
            DELETE FROM wake_up w USING held h WHERE w.team_id = h.team_id AND w.account_id = h.account_id
            RETURNING w.team_id, w.account_id, w.at
        ), soonest AS (
            SELECT team_id, account_id, min(at) AS at FROM taken GROUP BY team_id, account_id
        ), woken AS (
            UPDATE account_pace p SET wake_at = least(p.wake_at, s.at) FROM soonest s
             WHERE p.team_id = s.team_id AND p.account_id = s.account_id
        ), hints AS MATERIALIZED (
            SELECT d.team_id, s.at
              FROM team_due d JOIN (SELECT team_id, min(at) AS at FROM soonest GROUP BY team_id) s USING (team_id)
             ORDER BY d.team_id FOR NO KEY UPDATE OF d
        )
        UPDATE team_due d SET next_at = least(d.next_at, h.at) FROM hints h WHERE d.team_id = h.team_id
        """
    )

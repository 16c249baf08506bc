"""Which accounts a campaign sends from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store import assess_queue
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """An account's place in a campaign, with the draws of its first gap."""

    account_id: str
    draw: float
    opening_draw: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """An account a campaign sends from, as far as pre-flight asks."""

    account_id: str
    platform: str
    status: str
    is_linked: bool
    contact_policy: str
    hourly_limit: int
    daily_limit: int
    scopes: Sequence[str] | None


async def linked(connection: Connection, *, team_id: str, account_ids: Sequence[str]) -> set[str]:
    """Return those of `account_ids` that are accounts of this team."""
    rows = await connection.fetch(
        """
        SELECT id FROM account_link WHERE team_id = $1 AND id = ANY($2::text[]) AND deleted_at IS NULL
           FOR KEY SHARE
        """,
        team_id,
        list(account_ids),
    )
    return {row["id"] for row in rows}


async def replace(connection: Connection, *, team_id: str, campaign_id: str, seats: Sequence[Seat]) -> None:
    """Make `seats` the members, in this order; those who leave keep their row and their pace, and may come back."""
    await connection.execute(
        """
        UPDATE campaign_account SET is_member = false
         WHERE team_id = $1 AND campaign_id = $2 AND is_member AND NOT account_id = ANY($3::text[])
        """,
        team_id,
        campaign_id,
        [seat.account_id for seat in seats],
    )
    await connection.execute(
        """
        INSERT INTO campaign_account AS p (team_id, account_id, campaign_id, position, draw, opening_draw)
        SELECT $1, v.account_id, $2, v.position - 1, v.draw, v.opening_draw
          FROM unnest($3::text[], $4::float8[], $5::float8[])
               WITH ORDINALITY AS v (account_id, draw, opening_draw, position)
        ON CONFLICT (team_id, account_id, campaign_id) DO UPDATE SET is_member = true, position = excluded.position
         WHERE NOT p.is_member OR p.position <> excluded.position
        """,
        team_id,
        campaign_id,
        [seat.account_id for seat in seats],
        [seat.draw for seat in seats],
        [seat.opening_draw for seat in seats],
    )


async def member_ids(connection: Connection, *, team_id: str, campaign_id: str) -> list[str]:
    """Return the accounts the campaign sends from, in their order."""
    rows = await connection.fetch(
        """
        SELECT account_id FROM campaign_account
         WHERE team_id = $1 AND campaign_id = $2 AND is_member ORDER BY position, account_id
        """,
        team_id,
        campaign_id,
    )
    return [row["account_id"] for row in rows]


async def ever_ids(connection: Connection, *, team_id: str, campaign_id: str) -> list[str]:
    """Return every account that is or was a member: contacted leads stay with theirs."""
    rows = await connection.fetch(
        "SELECT account_id FROM campaign_account WHERE team_id = $1 AND campaign_id = $2 ORDER BY account_id",
        team_id,
        campaign_id,
    )
    return [row["account_id"] for row in rows]


async def is_sender(connection: Connection, *, team_id: str, campaign_id: str, account_id: str) -> bool:
    """Tell whether the campaign's plan may give this account leads: it is a member, and neither offline nor paused."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM campaign_account p
                         JOIN account_link a ON a.team_id = $1 AND a.id = p.account_id
                        WHERE p.team_id = $1 AND p.campaign_id = $2 AND p.account_id = $3 AND p.is_member
                          AND a.status = 'active' AND a.deleted_at IS NULL)
        """,
        team_id,
        campaign_id,
        account_id,
    )
    return found


async def members(connection: Connection, *, team_id: str, campaign_id: str) -> list[Member]:
    """Return the accounts the campaign sends from, with what decides whether they can."""
    rows = await connection.fetch(
        """
        SELECT a.id AS account_id, a.platform, a.status, a.deleted_at IS NULL AS is_linked, f.contact_policy,
               a.hourly_limit, a.daily_limit, a.scopes
          FROM campaign_account p
          JOIN account_link a ON a.team_id = p.team_id AND a.id = p.account_id
          JOIN platform_app f ON f.team_id = a.team_id AND f.id = a.app_id
         WHERE p.team_id = $1 AND p.campaign_id = $2 AND p.is_member ORDER BY p.position, p.account_id
        """,
        team_id,
        campaign_id,
    )
    return [Member(**row) for row in rows]


async def ask_again(connection: Connection, *, team_id: str, campaign_id: str, at: datetime) -> None:
    """Have leads that no account reached assessed anew, since another account has joined; the gone stay gone."""
    await connection.execute(
        f"""
        WITH unreached AS (
            SELECT id, profile_id, reason FROM lead
             WHERE team_id = $1 AND campaign_id = $2 AND state = 'unreachable'
               AND reason NOT IN ('suspended', 'notFound')
             ORDER BY id FOR NO KEY UPDATE
        ), changed AS (
            UPDATE lead l SET state = 'assessing', reason = NULL
              FROM unreached u WHERE l.team_id = $1 AND l.id = u.id
        ), turned AS (
            INSERT INTO lead_turn (team_id, lead_id, at, state, was)
            SELECT $1, id, $3, 'assessing', reason FROM unreached
        )
        INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
        SELECT $1, $2, id, profile_id FROM unreached ORDER BY id {assess_queue.ANEW}
        """,
        team_id,
        campaign_id,
        at,
    )

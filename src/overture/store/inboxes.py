"""What an account has read of its inbox, and the leads that an inbound message concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.core.words import ReadEndpoint
from overture.store import wakeups
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """An account whose inbox is to be read. `until_id` is the newest message already read.

    `restored_from`: a backup made then was restored, and the account has not caught up with the platform since.
    `rest_until`: the platform takes no readings before. Of a reading that is not through: `page` where it goes on,
    `newest_id` its first message, `began_at` when it began. `is_told`: the platform tells of what comes in by itself.
    """

    account_id: str
    platform: str
    platform_id: str
    base_url: str
    sealed_token: bytes
    until_id: str | None
    read_at: datetime
    is_connected: bool
    is_synced: bool
    last_end: datetime
    restored_from: datetime | None
    rest_until: datetime | None
    page: str | None
    newest_id: str | None
    began_at: datetime | None
    is_told: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ConcernedLead:
    """A lead of a person who wrote."""

    lead_id: str
    campaign_id: str
    profile_id: str
    state: str
    account_id: str | None
    joined_at: datetime
    contacted_at: datetime | None


async def reader(connection: Connection, *, team_id: str, account_id: str, endpoint: ReadEndpoint) -> Reader | None:
    """Return what reading this account's inbox, or one of its conversations, needs; None if the account is gone."""
    row = await connection.fetchrow(
        """
        SELECT a.id AS account_id, a.platform, a.platform_id, f.base_url, a.sealed_token, p.read_until_id AS until_id,
               p.read_at, a.status <> 'offline' AS is_connected, a.synced_at IS NOT NULL AS is_synced, p.last_end,
               c.since AS restored_from, e.rest_until, g.page, g.newest_id, g.began_at, h.way IS NOT NULL AS is_told
          FROM account_link a
          JOIN platform_app f ON f.team_id = $1 AND f.id = a.app_id
          JOIN account_pace p ON p.team_id = $1 AND p.account_id = a.id
          LEFT JOIN catch_up c ON c.team_id = $1 AND c.account_id = a.id
          LEFT JOIN account_push h ON h.team_id = $1 AND h.account_id = a.id
          LEFT JOIN endpoint_rest e ON e.team_id = $1 AND e.account_id = a.id AND e.endpoint = $3
          -- One that came with a backup knows nothing of what was written since.
          LEFT JOIN inbox_reading g ON g.team_id = $1 AND g.account_id = a.id
               AND (c.since IS NULL OR g.began_at > c.since)
         WHERE a.team_id = $1 AND a.id = $2 AND a.deleted_at IS NULL
        """,
        team_id,
        account_id,
        endpoint,
    )
    return None if row is None else Reader(**row)


async def go_on_later(
    connection: Connection, *, team_id: str, account_id: str, page: str, newest_id: str, began_at: datetime
) -> None:
    """Note where a reading that is not through goes on."""
    await connection.execute(
        """
        INSERT INTO inbox_reading (team_id, account_id, page, newest_id, began_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (team_id, account_id) DO UPDATE
           SET page = excluded.page, newest_id = excluded.newest_id, began_at = excluded.began_at
        """,
        team_id,
        account_id,
        page,
        newest_id,
        began_at,
    )


async def begin_anew(connection: Connection, *, team_id: str, account_id: str) -> None:
    """Forget a reading that was not through, be it that it is now: the next one begins at the newest message."""
    await connection.execute("DELETE FROM inbox_reading WHERE team_id = $1 AND account_id = $2", team_id, account_id)


async def mark_read(
    connection: Connection,
    *,
    team_id: str,
    account_id: str,
    read_at: datetime,
    until_id: str | None,
    reached_head: bool,
) -> bool:
    """Note how far the inbox was read, and wake the account if it waits for that; tell whether it did.

    `read_at` counts only if the head of the inbox was reached.
    """
    waited = await connection.fetchval(
        """
        UPDATE account_pace p
           SET read_until_id = coalesce($4, p.read_until_id),
               read_at = CASE WHEN $5 THEN greatest(p.read_at, $3) ELSE p.read_at END,
               waits_for_inbox = p.waits_for_inbox AND NOT $5
          FROM account_pace before
         WHERE p.team_id = $1 AND p.account_id = $2 AND before.team_id = $1 AND before.account_id = $2
        RETURNING before.waits_for_inbox
        """,
        team_id,
        account_id,
        read_at,
        until_id,
        reached_head,
    )
    if waited:
        await wakeups.give(connection, team_id=team_id, account_ids=[account_id], at=read_at)
    return waited is True


async def mark_synced(
    connection: Connection, *, team_id: str, account_id: str, at: datetime, history_from: datetime
) -> None:
    """Note the first time an account's inbox was read to its head, and how far back that showed its messages."""
    await connection.execute(
        """
        UPDATE account_link SET synced_at = $3, history_from = $4
         WHERE team_id = $1 AND id = $2 AND synced_at IS NULL
        """,
        team_id,
        account_id,
        at,
        history_from,
    )


async def concerned_leads(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> list[ConcernedLead]:
    """Lock, in key order, every lead of these persons in any campaign of the team."""
    rows = await connection.fetch(
        """
        SELECT id AS lead_id, campaign_id, profile_id, state, account_id, joined_at, contacted_at
          FROM lead WHERE team_id = $1 AND profile_id = ANY($2::text[]) ORDER BY id FOR NO KEY UPDATE
        """,
        team_id,
        list(profile_ids),
    )
    return [ConcernedLead(**row) for row in rows]


async def open_intents(connection: Connection, *, team_id: str, account_id: str) -> dict[str, datetime]:
    """Return by profile the oldest attempt of an account whose outcome is open.

    One by hand that was not found is not waited for: what is found later is taken for a message sent elsewhere.
    """
    rows = await connection.fetch(
        """
        SELECT profile_id, min(intent_at) AS intent_at FROM attempt
         WHERE team_id = $1 AND account_id = $2 AND state IN ('intent', 'unknown')
           AND (message_id IS NULL OR reason IS DISTINCT FROM 'notFound')
         GROUP BY profile_id
        """,
        team_id,
        account_id,
    )
    return {row["profile_id"]: row["intent_at"] for row in rows}


async def profiles_of(
    connection: Connection,
    *,
    team_id: str,
    platform: str,
    platform_ids: Sequence[str],
    now: datetime,
    new_ids: Sequence[str],
) -> dict[str, str]:
    """Return the profile of each platform id, made where the team had none."""
    ordered = sorted(set(platform_ids))
    await connection.execute(
        """
        INSERT INTO profile (team_id, id, platform, platform_id, created_at)
        SELECT $1, v.id, $2, v.platform_id, $3 FROM unnest($4::text[], $5::text[]) AS v (id, platform_id)
         ORDER BY v.platform_id
        ON CONFLICT (team_id, platform, platform_id) DO NOTHING
        """,
        team_id,
        platform,
        now,
        list(new_ids[: len(ordered)]),
        ordered,
    )
    rows = await connection.fetch(
        "SELECT platform_id, id FROM profile WHERE team_id = $1 AND platform = $2 AND platform_id = ANY($3::text[])",
        team_id,
        platform,
        ordered,
    )
    return {row["platform_id"]: row["id"] for row in rows}

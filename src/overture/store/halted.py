"""Accounts and campaigns that cannot go on."""

from datetime import datetime

from overture.store.pool import Connection


async def pause_account(connection: Connection, *, team_id: str, account_id: str, reason: str) -> None:
    """Hold an account back for `reason`."""
    await connection.execute(
        """
        UPDATE account_link
           SET status = CASE WHEN status = 'offline' THEN status ELSE 'paused' END,
               pause_reasons = array_append(array_remove(pause_reasons, $3), $3)
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        account_id,
        reason,
    )


async def end_pause(connection: Connection, *, team_id: str, account_id: str, reason: str) -> bool:
    """Take one reason for a pause away; tell whether the account is active again by that."""
    status = await connection.fetchval(
        """
        UPDATE account_link
           SET status = CASE WHEN status = 'paused' AND pause_reasons = ARRAY[$3] THEN 'active' ELSE status END,
               pause_reasons = array_remove(pause_reasons, $3)
         WHERE team_id = $1 AND id = $2 AND $3 = ANY(pause_reasons) AND deleted_at IS NULL RETURNING status
        """,
        team_id,
        account_id,
        reason,
    )
    return bool(status == "active")


async def take_offline(connection: Connection, *, team_id: str, account_id: str, code: str, now: datetime) -> bool:
    """Mark an account as one that must be authorised again, for `code`; tell whether it was not so marked before.

    A pause by hand stays for when it is back: only a person ends it.
    """
    return (
        await connection.fetchval(
            """
            UPDATE account_link SET status = 'offline', offline_code = $3, offline_at = $4,
                   pause_reasons = CASE WHEN 'manual' = ANY(pause_reasons) THEN ARRAY['manual'] ELSE '{}' END
             WHERE team_id = $1 AND id = $2 AND status <> 'offline' RETURNING true
            """,
            team_id,
            account_id,
            code,
            now,
        )
        is True
    )


async def app_of(connection: Connection, *, team_id: str, account_id: str) -> str:
    """Return the platform app an account sends through."""
    app_id: str = await connection.fetchval(
        "SELECT app_id FROM account_link WHERE team_id = $1 AND id = $2", team_id, account_id
    )
    return app_id


async def lock_active_campaigns(connection: Connection, *, team_id: str) -> None:
    """Lock in key order whatever may have to pause, where leads are locked before that is known."""
    await connection.execute(
        "SELECT FROM campaign WHERE team_id = $1 AND status = 'active' ORDER BY id FOR NO KEY UPDATE", team_id
    )


async def campaigns_without_account(connection: Connection, *, team_id: str, now: datetime) -> list[str]:
    """Return active campaigns none of whose accounts can go on at `now`, locked.

    One that is held back by hand alone could: whoever did so knows, and its campaigns wait.
    """
    rows = await connection.fetch(
        """
        SELECT c.id FROM campaign c
         WHERE c.team_id = $1 AND c.status = 'active'
           AND NOT EXISTS (
               SELECT FROM campaign_account p
                 JOIN account_link a ON a.team_id = $1 AND a.id = p.account_id
                 JOIN app_budget b ON b.team_id = $1 AND b.app_id = a.app_id
                WHERE p.team_id = $1 AND p.campaign_id = c.id AND p.is_member AND b.paused_until <= $2
                  AND (a.status = 'active' OR (a.status = 'paused' AND a.pause_reasons = ARRAY['manual'])))
         ORDER BY c.id FOR NO KEY UPDATE
        """,
        team_id,
        now,
    )
    return [row["id"] for row in rows]


async def pause_campaign(
    connection: Connection, *, team_id: str, campaign_id: str, now: datetime, code: str, message: str
) -> None:
    """Pause a campaign on Overture's own account; the operator's switch stays on."""
    await connection.execute(
        """
        UPDATE campaign SET status = 'paused', paused_at = $3, pause_code = $4, pause_message = $5, pause_since = $3,
               updated_at = $3
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        campaign_id,
        now,
        code,
        message,
    )


async def resume_campaign(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> bool:
    """Take a campaign up again that Overture had paused; tell whether it still was."""
    return (
        await connection.fetchval(
            """
            UPDATE campaign SET status = 'active', last_started_at = $3, updated_at = $3, pause_code = NULL,
                   pause_message = NULL, pause_since = NULL
             WHERE team_id = $1 AND id = $2 AND status = 'paused' AND enabled AND pause_code IS NOT NULL
            RETURNING true
            """,
            team_id,
            campaign_id,
            now,
        )
        is True
    )


async def campaigns_of(connection: Connection, *, team_id: str, account_id: str) -> list[str]:
    """Return the campaigns an account belongs to, whatever their status but deleted."""
    rows = await connection.fetch(
        """
        SELECT c.id FROM campaign_account ca JOIN campaign c ON c.team_id = $1 AND c.id = ca.campaign_id
         WHERE ca.team_id = $1 AND ca.account_id = $2 AND ca.is_member AND c.deleted_at IS NULL ORDER BY c.id
        """,
        team_id,
        account_id,
    )
    return [row["id"] for row in rows]

"""Platform apps: where a platform answers, and whom its accounts may write to first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """A team's app on a platform. `policy_changed_at` is None until an owner has chosen a policy."""

    id: str
    base_url: str
    contact_policy: str
    policy_note: str | None
    policy_changed_at: datetime | None
    policy_changed_by: str | None


_COLUMNS = "id, base_url, contact_policy, policy_note, policy_changed_at, policy_changed_by"
_OF_PLATFORM = f"SELECT {_COLUMNS} FROM platform_app WHERE team_id = $1 AND platform = $2"


async def find(connection: Connection, *, team_id: str, platform: str, base_url: str) -> App | None:
    """Return the team's app at an address."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM platform_app WHERE team_id = $1 AND platform = $2 AND base_url = $3",
        team_id,
        platform,
        base_url,
    )
    return None if row is None else App(**row)


async def of_platform(connection: Connection, *, team_id: str, platform: str) -> list[App]:
    """Return the team's apps on a platform, the oldest first."""
    rows = await connection.fetch(f"{_OF_PLATFORM} ORDER BY id", team_id, platform)
    return [App(**row) for row in rows]


async def lock_platform(connection: Connection, *, team_id: str, platform: str) -> list[App]:
    """Return the same, and keep others from changing them until the transaction ends."""
    rows = await connection.fetch(f"{_OF_PLATFORM} ORDER BY id FOR NO KEY UPDATE", team_id, platform)
    return [App(**row) for row in rows]


async def of_accounts(
    connection: Connection, *, team_id: str, platform: str, platform_ids: Sequence[str]
) -> dict[str, App]:
    """Return the app of each account with one of these platform ids, disconnected ones too."""
    rows = await connection.fetch(
        """
        SELECT a.platform_id, p.id, p.base_url, p.contact_policy, p.policy_note, p.policy_changed_at,
               p.policy_changed_by
          FROM account_link a JOIN platform_app p ON p.team_id = a.team_id AND p.id = a.app_id
         WHERE a.team_id = $1 AND a.platform = $2 AND a.platform_id = ANY($3::text[])
         ORDER BY a.id
        """,
        team_id,
        platform,
        list(platform_ids),
    )
    return {row["platform_id"]: App(**{name: row[name] for name in App.__dataclass_fields__}) for row in rows}


async def of_campaign(connection: Connection, *, team_id: str, campaign_id: str) -> list[tuple[App, int]]:
    """Return the apps through which a campaign sends, each with how many of its accounts do."""
    rows = await connection.fetch(
        """
        SELECT p.id, p.base_url, p.contact_policy, p.policy_note, p.policy_changed_at, p.policy_changed_by,
               count(*) AS accounts
          FROM campaign_account m
          JOIN account_link a ON a.team_id = $1 AND a.id = m.account_id AND a.deleted_at IS NULL
          JOIN platform_app p ON p.team_id = $1 AND p.id = a.app_id
         WHERE m.team_id = $1 AND m.campaign_id = $2 AND m.is_member
         GROUP BY p.team_id, p.id ORDER BY p.id
        """,
        team_id,
        campaign_id,
    )
    return [(App(**{name: row[name] for name in App.__dataclass_fields__}), row["accounts"]) for row in rows]


async def platforms(connection: Connection, *, team_id: str, app_ids: Sequence[str]) -> dict[str, str]:
    """Return the platform of each app."""
    rows = await connection.fetch(
        "SELECT id, platform FROM platform_app WHERE team_id = $1 AND id = ANY($2::text[])", team_id, list(app_ids)
    )
    return {row["id"]: row["platform"] for row in rows}


async def set_policy(
    connection: Connection, *, team_id: str, app_id: str, policy: str, note: str | None, chosen_by: str, now: datetime
) -> None:
    """Keep whom the app's accounts may write to first, with who chose it, when and why."""
    await connection.execute(
        """
        UPDATE platform_app SET contact_policy = $3, policy_note = $4, policy_changed_by = $5, policy_changed_at = $6
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        app_id,
        policy,
        note,
        chosen_by,
        now,
    )


async def set_address(connection: Connection, *, team_id: str, app_id: str, base_url: str) -> str:
    """Note that the same platform answers at another address from now on; return the former one."""
    await connection.execute(
        """
        UPDATE account_directory d SET base_url = $3
          FROM account_link a
         WHERE a.team_id = $1 AND a.app_id = $2 AND d.team_id = $1 AND d.account_id = a.id
        """,
        team_id,
        app_id,
        base_url,
    )
    former: str = await connection.fetchval(
        """
        UPDATE platform_app f SET base_url = $3
          FROM (SELECT base_url FROM platform_app WHERE team_id = $1 AND id = $2 FOR NO KEY UPDATE) former
         WHERE f.team_id = $1 AND f.id = $2 RETURNING former.base_url
        """,
        team_id,
        app_id,
        base_url,
    )
    return former


async def review_campaigns(connection: Connection, *, team_id: str, app_id: str) -> list[str]:
    """Return the campaigns that send through the app, their next sync asked to compare everything."""
    rows = await connection.fetch(
        """
        WITH using_app AS (
            SELECT DISTINCT c.id
              FROM account_link a
              JOIN campaign_account m ON m.team_id = $1 AND m.account_id = a.id AND m.is_member
              JOIN campaign c ON c.team_id = $1 AND c.id = m.campaign_id AND c.deleted_at IS NULL
             WHERE a.team_id = $1 AND a.app_id = $2
        ), asked AS (
            INSERT INTO scope_request AS r (team_id, campaign_id) SELECT $1, id FROM using_app ORDER BY id
            ON CONFLICT (team_id, campaign_id) DO UPDATE SET wanted = r.wanted + 1
        )
        SELECT id FROM using_app ORDER BY id
        """,
        team_id,
        app_id,
    )
    return [row["id"] for row in rows]

"""Account links: the platform accounts a team sends from, and the apps they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture import ids
from overture.core.words import ReadEndpoint
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account link.

    `scopes` is what it has granted, None where its platform did not tell; `offline_code` why it must be authorised
    again, since `offline_at`.
    """

    id: str
    app_id: str
    platform: str
    platform_id: str
    username: str | None
    display_name: str | None
    avatar_url: str | None
    status: str
    pause_reasons: Sequence[str]
    hourly_limit: int
    daily_limit: int
    history_from: datetime | None
    synced_at: datetime | None
    created_at: datetime
    scopes: Sequence[str] | None = None
    offline_code: str | None = None
    offline_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedAccess:
    """What opens an account: where its platform answers, and the sealed token.

    `rest_until`: the platform takes no calls of the kind before (engine time). `scopes`: None where nobody has told.
    """

    account_id: str
    base_url: str
    sealed_token: bytes
    rest_until: datetime | None
    scopes: Sequence[str] | None


_COLUMNS = (
    "id, app_id, platform, platform_id, username, display_name, avatar_url, status, pause_reasons, hourly_limit,"
    " daily_limit, history_from, synced_at, created_at, scopes, offline_code, offline_at"
)


async def read(connection: Connection, *, team_id: str, account_id: str) -> Account | None:
    """Return an account that is linked."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM account_link WHERE team_id = $1 AND id = $2 AND deleted_at IS NULL",
        team_id,
        account_id,
    )
    return None if row is None else Account(**row)


async def of_ids(
    connection: Connection, *, team_id: str, account_ids: Sequence[str], also_disconnected: bool = False
) -> dict[str, Account]:
    """Return those of these accounts that are linked, or were if asked for, by id."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM account_link
         WHERE team_id = $1 AND id = ANY($2::text[]) AND (deleted_at IS NULL OR $3)
        """,
        team_id,
        list(account_ids),
        also_disconnected,
    )
    return {row["id"]: Account(**row) for row in rows}


async def lock(connection: Connection, *, team_id: str, account_id: str) -> Account | None:
    """Return an account that is linked, and keep others from changing it until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM account_link WHERE team_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE",
        team_id,
        account_id,
    )
    return None if row is None else Account(**row)


async def read_page(
    connection: Connection,
    *,
    team_id: str,
    platforms: Sequence[str],
    statuses: Sequence[str],
    after: str | None,
    count: int,
) -> list[Account]:
    """Return up to `count` accounts by id, after the id `after`; empty filters let all in."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM account_link
         WHERE team_id = $1 AND deleted_at IS NULL AND id > $2
           AND (cardinality($3::text[]) = 0 OR platform = ANY($3::text[]))
           AND (cardinality($4::text[]) = 0 OR status = ANY($4::text[]))
         ORDER BY id LIMIT $5
        """,
        team_id,
        after or "",
        list(platforms),
        list(statuses),
        count,
    )
    return [Account(**row) for row in rows]


async def read_access(
    connection: Connection, *, team_id: str, platform: str, endpoint: ReadEndpoint
) -> list[SealedAccess]:
    """Return what opens the team's active accounts on a platform, for calls of one kind."""
    rows = await connection.fetch(
        """
        SELECT a.id AS account_id, p.base_url, a.sealed_token, e.rest_until, a.scopes
          FROM account_link a JOIN platform_app p ON p.team_id = a.team_id AND p.id = a.app_id
          LEFT JOIN endpoint_rest e ON e.team_id = a.team_id AND e.account_id = a.id AND e.endpoint = $3
         WHERE a.team_id = $1 AND a.platform = $2 AND a.status = 'active' AND a.deleted_at IS NULL
         ORDER BY a.id
        """,
        team_id,
        platform,
        endpoint,
    )
    return [SealedAccess(**row) for row in rows]


async def ensure_app(
    connection: Connection,
    *,
    team_id: str,
    platform: str,
    base_url: str,
    daily_cap: int | None,
    now: datetime,
) -> str:
    """Return the id of the team's app on a platform; make it, with its budget, on first use.

    `daily_cap` (messages in a rolling day over all accounts; None = no ceiling) counts only for a new app.
    """
    # The update changes nothing; it makes the statement return the row that is there.
    app_id: str = await connection.fetchval(
        """
        INSERT INTO platform_app (team_id, id, platform, name, base_url, created_at)
        VALUES ($1, $2, $3, $3, $4, $5)
        ON CONFLICT (team_id, platform, base_url) DO UPDATE SET platform = excluded.platform
        RETURNING id
        """,
        team_id,
        ids.new("p"),
        platform,
        base_url,
        now,
    )
    await connection.execute(
        "INSERT INTO app_budget (team_id, app_id, daily_cap) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        team_id,
        app_id,
        daily_cap,
    )
    return app_id


async def claim_directory(
    connection: Connection, *, platform: str, base_url: str, platform_id: str, team_id: str, account_id: str
) -> tuple[str, str]:
    """Enter a platform account into the directory; return whose it is, as team and account.

    The row stays locked until the transaction ends, so that two requests cannot both link the account.
    """
    row = await connection.fetchrow(
        """
        INSERT INTO account_directory (platform, base_url, platform_id, team_id, account_id)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (platform, base_url, platform_id) DO UPDATE SET platform = excluded.platform
        RETURNING team_id, account_id
        """,
        platform,
        base_url,
        platform_id,
        team_id,
        account_id,
    )
    assert row is not None
    return row["team_id"], row["account_id"]


async def leave_directory(connection: Connection, *, team_id: str, account_id: str) -> None:
    """Take an account out of the directory: any team may link it again."""
    await connection.execute(
        """
        DELETE FROM account_directory d USING account_link a, platform_app p
         WHERE a.team_id = $1 AND a.id = $2 AND p.team_id = a.team_id AND p.id = a.app_id
           AND d.platform = a.platform AND d.base_url = p.base_url AND d.platform_id = a.platform_id
           AND d.team_id = $1
        """,
        team_id,
        account_id,
    )


async def insert(connection: Connection, *, team_id: str, account: Account, sealed_token: bytes) -> None:
    """Insert a new account and its pace."""
    await connection.execute(
        f"""
        INSERT INTO account_link (team_id, {_COLUMNS}, sealed_token)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        """,
        team_id,
        account.id,
        account.app_id,
        account.platform,
        account.platform_id,
        account.username,
        account.display_name,
        account.avatar_url,
        account.status,
        list(account.pause_reasons),
        account.hourly_limit,
        account.daily_limit,
        account.history_from,
        account.synced_at,
        account.created_at,
        account.scopes,
        account.offline_code,
        account.offline_at,
        sealed_token,
    )
    await connection.execute("INSERT INTO account_pace (team_id, account_id) VALUES ($1, $2)", team_id, account.id)


async def update_authorisation(connection: Connection, *, team_id: str, account: Account, sealed_token: bytes) -> None:
    """Keep a new token with its scopes, what the platform says of the account, and its state."""
    await connection.execute(
        """
        UPDATE account_link SET username = $3, display_name = $4, avatar_url = $5, status = $6, pause_reasons = $7,
                                sealed_token = $8, scopes = $9, offline_code = $10, offline_at = $11
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        account.id,
        account.username,
        account.display_name,
        account.avatar_url,
        account.status,
        list(account.pause_reasons),
        sealed_token,
        account.scopes,
        account.offline_code,
        account.offline_at,
    )


async def update_settings(connection: Connection, *, team_id: str, account: Account) -> None:
    """Keep an account's limits and state."""
    await connection.execute(
        """
        UPDATE account_link SET hourly_limit = $3, daily_limit = $4, status = $5, pause_reasons = $6
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        account.id,
        account.hourly_limit,
        account.daily_limit,
        account.status,
        list(account.pause_reasons),
    )


async def delete(connection: Connection, *, team_id: str, account_id: str, now: datetime) -> None:
    """Hide an account and wipe its token; its history stays."""
    await connection.execute(
        r"UPDATE account_link SET deleted_at = $3, sealed_token = '\x' WHERE team_id = $1 AND id = $2",
        team_id,
        account_id,
        now,
    )


async def campaigns_using(connection: Connection, *, team_id: str, account_id: str) -> list[str]:
    """Return the campaigns under way that send from an account."""
    rows = await connection.fetch(
        """
        SELECT c.id
          FROM campaign_account m JOIN campaign c ON c.team_id = m.team_id AND c.id = m.campaign_id
         WHERE m.team_id = $1 AND m.account_id = $2 AND m.is_member
           AND c.status NOT IN ('draft', 'completed') AND c.deleted_at IS NULL
         ORDER BY c.id
        """,
        team_id,
        account_id,
    )
    return [row["id"] for row in rows]


async def leave_campaigns(connection: Connection, *, team_id: str, account_id: str) -> list[str]:
    """Take an account out of all campaigns; return those of them that are not deleted."""
    rows = await connection.fetch(
        """
        UPDATE campaign_account m SET is_member = false
          FROM campaign c
         WHERE m.team_id = $1 AND m.account_id = $2 AND m.is_member
           AND c.team_id = m.team_id AND c.id = m.campaign_id
        RETURNING c.id, c.deleted_at IS NULL AS is_kept
        """,
        team_id,
        account_id,
    )
    return sorted(row["id"] for row in rows if row["is_kept"])


async def forget_refusals(connection: Connection, *, team_id: str, account_id: str) -> None:
    """Begin a new streak of refusals and end the rest they brought: a person has looked at the account."""
    await connection.execute(
        "UPDATE account_pace SET refusal_streak = 0, rest_until = '-infinity' WHERE team_id = $1 AND account_id = $2",
        team_id,
        account_id,
    )

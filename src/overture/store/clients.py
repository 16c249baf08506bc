"""The apps that teams have registered with platforms, and links begun in a browser."""

from dataclasses import dataclass
from datetime import datetime

from overture.store import tokens
from overture.store.pool import Connection
from overture.store.tokens import Token


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """An app registered with a platform; one without a secret is public.

    `sealed_bearer_token` opens what belongs to no account, `sealed_consumer_secret` checks what the platform pushes.
    """

    app_id: str
    base_url: str
    client_id: str
    sealed_secret: bytes | None
    sealed_bearer_token: bytes | None
    sealed_consumer_secret: bytes | None
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkRequest:
    """A link begun in a browser: by which token, and what proves who asked."""

    token: Token
    platform: str
    client: Client
    redirect_uri: str
    sealed_verifier: bytes


_COLUMNS = """f.id AS app_id, f.base_url, f.client_id, f.sealed_client_secret AS sealed_secret,
       f.sealed_bearer_token, f.sealed_consumer_secret, f.client_changed_at AS changed_at,
       f.client_changed_by AS changed_by"""


_OPENS = tokens.opens("$2", is_session="(t.ends_at IS NOT NULL)")


async def find(connection: Connection, *, team_id: str, platform: str, base_url: str) -> Client | None:
    """Return the app the team has registered at an address; None where it has none."""
    row = await connection.fetchrow(
        f"""
        SELECT {_COLUMNS} FROM platform_app f
         WHERE f.team_id = $1 AND f.platform = $2 AND f.base_url = $3 AND f.client_id IS NOT NULL
           FOR NO KEY UPDATE
        """,
        team_id,
        platform,
        base_url,
    )
    return None if row is None else Client(**row)


async def addresses(connection: Connection, *, team_id: str) -> set[tuple[str, str]]:
    """Return (platform, address) of every app the team has registered."""
    rows = await connection.fetch(
        "SELECT platform, base_url FROM platform_app WHERE team_id = $1 AND client_id IS NOT NULL", team_id
    )
    return {(row["platform"], row["base_url"]) for row in rows}


async def keep(
    connection: Connection,
    *,
    team_id: str,
    app_id: str,
    client_id: str | None,
    sealed_secret: bytes | None = None,
    sealed_bearer_token: bytes | None = None,
    sealed_consumer_secret: bytes | None = None,
    by: str,
    now: datetime,
) -> None:
    """Keep what an app is known by at its platform; None of `client_id` forgets it."""
    await connection.execute(
        """
        UPDATE platform_app
           SET client_id = $3::text, sealed_client_secret = $4, sealed_bearer_token = $5, sealed_consumer_secret = $6,
               client_changed_by = CASE WHEN $3::text IS NOT NULL THEN $7 END,
               client_changed_at = CASE WHEN $3::text IS NOT NULL THEN $8::timestamptz END
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        app_id,
        client_id,
        sealed_secret,
        sealed_bearer_token,
        sealed_consumer_secret,
        by,
        now,
    )


async def begin_link(
    connection: Connection,
    *,
    state_hash: bytes,
    team_id: str,
    token_id: str,
    app_id: str,
    redirect_uri: str,
    sealed_verifier: bytes,
    wall_now: datetime,
    ends_at: datetime,
) -> None:
    """Note a link that is begun; those that nobody ended in time are forgotten."""
    await connection.execute("DELETE FROM link_request WHERE ends_at <= $1", wall_now)
    await connection.execute(
        """
        INSERT INTO link_request (state_hash, team_id, token_id, app_id, redirect_uri, sealed_verifier, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        state_hash,
        team_id,
        token_id,
        app_id,
        redirect_uri,
        sealed_verifier,
        ends_at,
    )


async def take_link(connection: Connection, *, state_hash: bytes, wall_now: datetime) -> LinkRequest | None:
    """Take a link that was begun, once; None where there is none, it is too late, or its token was revoked."""
    row = await connection.fetchrow(
        f"""
        WITH taken AS (DELETE FROM link_request WHERE state_hash = $1 AND ends_at > $2 RETURNING *)
        SELECT {tokens.COLUMNS}, f.platform, {_COLUMNS}, r.redirect_uri, r.sealed_verifier
          FROM taken r
          JOIN api_token t ON t.team_id = r.team_id AND t.id = r.token_id AND {_OPENS}
          {tokens.MEMBER}
          JOIN platform_app f ON f.team_id = r.team_id AND f.id = r.app_id AND f.client_id IS NOT NULL
        """,
        state_hash,
        wall_now,
    )
    if row is None:
        return None
    return LinkRequest(
        token=Token(**{name: row[name] for name in Token.__dataclass_fields__}),
        platform=row["platform"],
        client=Client(**{name: row[name] for name in Client.__dataclass_fields__}),
        redirect_uri=row["redirect_uri"],
        sealed_verifier=row["sealed_verifier"],
    )

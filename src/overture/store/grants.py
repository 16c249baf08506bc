"""What lets Overture act as accounts, sealed, and how it is renewed one at a time."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """The sealed grant of an account, and the app it was given to; an app without a secret is public."""

    platform: str
    sealed_grant: bytes
    app_id: str
    base_url: str
    client_id: str | None
    sealed_client_secret: bytes | None


@asynccontextmanager
async def alone(connection: Connection, *, account_id: str) -> AsyncIterator[None]:
    """Let one at a time renew the grant of an account, over all processes: a refresh token serves once."""
    await connection.execute(f"SELECT pg_advisory_lock({_ALONE})", account_id)
    try:
        yield
    finally:
        await connection.execute(f"SELECT pg_advisory_unlock({_ALONE})", account_id)


_ALONE = "hashtextextended('grant ' || $1, 0)"


async def read(connection: Connection, *, team_id: str, account_id: str) -> Held | None:
    """Return what an account has granted; None if the account is gone."""
    row = await connection.fetchrow(
        """
        SELECT a.platform, a.sealed_token AS sealed_grant, f.id AS app_id, f.base_url, f.client_id,
               f.sealed_client_secret
          FROM account_link a JOIN platform_app f ON f.team_id = a.team_id AND f.id = a.app_id
         WHERE a.team_id = $1 AND a.id = $2 AND a.deleted_at IS NULL
        """,
        team_id,
        account_id,
    )
    return None if row is None else Held(**row)


async def replace(
    connection: Connection,
    *,
    team_id: str,
    account_id: str,
    former: bytes,
    sealed_grant: bytes,
    scopes: Sequence[str] | None,
) -> None:
    """Keep the next grant of an account in place of the `former`, unless the account has been linked anew since.

    `scopes`: what it grants; None where the platform did not tell, and it is taken to be the same.
    """
    await connection.execute(
        """
        UPDATE account_link SET sealed_token = $4, scopes = coalesce($5, scopes)
         WHERE team_id = $1 AND id = $2 AND sealed_token = $3
        """,
        team_id,
        account_id,
        former,
        sealed_grant,
        scopes,
    )

"""Sessions of members who have signed in: tokens that end, in wall time."""

from datetime import datetime

from overture.store import tokens
from overture.store.pool import Connection
from overture.store.tokens import Token


async def insert(connection: Connection, *, session: Token, digest: bytes) -> None:
    """Keep a session: `digest` is the hash of its secret."""
    assert session.member_id is not None
    await tokens.insert(
        connection,
        team_id=session.team_id,
        token_id=session.id,
        name=session.name,
        member_id=session.member_id,
        digest=digest,
        now=session.created_at,
        idle_until=session.idle_until,
        ends_at=session.ends_at,
    )


async def prolong(connection: Connection, *, team_id: str, token_id: str, idle_until: datetime) -> None:
    """Let a session that is used go on, at the latest until its end."""
    await connection.execute(
        """
        UPDATE api_token SET idle_until = greatest(idle_until, least($3, ends_at))
         WHERE team_id = $1 AND id = $2 AND ends_at IS NOT NULL
        """,
        team_id,
        token_id,
        idle_until,
    )


async def end_of_member(
    connection: Connection, *, team_id: str, member_id: str, but: str | None, now: datetime
) -> None:
    """End all sessions of a member but one."""
    await connection.execute(
        """
        WITH ended AS (
            UPDATE api_token SET revoked_at = $4
             WHERE team_id = $1 AND member_id = $2 AND ends_at IS NOT NULL AND revoked_at IS NULL
               AND id IS DISTINCT FROM $3
            RETURNING hash
        )
        DELETE FROM token_directory d USING ended WHERE d.hash = ended.hash
        """,
        team_id,
        member_id,
        but,
        now,
    )

"""Keyed calls: what each answered, so that a call sent twice is done once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.store.pool import Connection

KEPT = timedelta(hours=24)
"""How long an answer is kept, in wall time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The answer of a keyed call, and the fingerprint of what was asked. `is_sealed`: the body is.

    `attempt_id`: the message by hand the call has made; what became of it is the answer.
    """

    fingerprint: bytes
    status: int
    media_type: str | None
    body: bytes
    is_sealed: bool
    attempt_id: str | None = None


async def try_lock(connection: Connection, *, team_id: str, key: str) -> bool:
    """Take a key until the transaction ends; False when another transaction has it."""
    taken: bool = await connection.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('idempotency ' || $1::text || ' ' || $2::text, 0))",
        team_id,
        key,
    )
    return taken


async def find(connection: Connection, *, team_id: str, key: str, wall_now: datetime) -> Kept | None:
    """Return what the key's call answered, unless that is too long ago."""
    row = await connection.fetchrow(
        """
        SELECT fingerprint, status, media_type, body, is_sealed, attempt_id FROM idempotency_key
         WHERE team_id = $1 AND key = $2 AND created_at > $3
        """,
        team_id,
        key,
        wall_now - KEPT,
    )
    return None if row is None else Kept(**row)


async def keep(connection: Connection, *, team_id: str, key: str, kept: Kept, wall_now: datetime) -> None:
    """Keep an answer, in the place of one that has expired."""
    await connection.execute(
        """
        INSERT INTO idempotency_key (team_id, key, fingerprint, status, media_type, body, is_sealed, created_at,
                                     attempt_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (team_id, key) DO UPDATE
           SET fingerprint = excluded.fingerprint, status = excluded.status, media_type = excluded.media_type,
               body = excluded.body, is_sealed = excluded.is_sealed, created_at = excluded.created_at,
               attempt_id = excluded.attempt_id
        """,
        team_id,
        key,
        kept.fingerprint,
        kept.status,
        kept.media_type,
        kept.body,
        kept.is_sealed,
        wall_now,
        kept.attempt_id,
    )

"""Invitations: one-time addresses at which a member chooses a password; kept as hashes, one of each member."""

from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Invited:
    """The member whom an invitation lets in."""

    team_id: str
    member_id: str


async def keep(connection: Connection, *, team_id: str, member_id: str, digest: bytes, ends_at: datetime) -> None:
    """Keep an invitation, `digest` is the hash of its secret; the one the member had before opens nothing any more."""
    await connection.execute(
        """
        INSERT INTO invitation (hash, team_id, member_id, ends_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (team_id, member_id) DO UPDATE SET hash = excluded.hash, ends_at = excluded.ends_at
        """,
        digest,
        team_id,
        member_id,
        ends_at,
    )


async def find(connection: Connection, *, digest: bytes, wall_now: datetime) -> Invited | None:
    """Return whom an invitation lets in; None where there is none, or it has ended."""
    row = await connection.fetchrow(
        "SELECT team_id, member_id FROM invitation WHERE hash = $1 AND ends_at > $2", digest, wall_now
    )
    return None if row is None else Invited(**row)


async def take(connection: Connection, *, digest: bytes) -> bool:
    """Take an invitation, once; tell whether there was one."""
    done: str = await connection.execute("DELETE FROM invitation WHERE hash = $1", digest)
    return done != "DELETE 0"


async def void(connection: Connection, *, team_id: str, member_id: str) -> None:
    """Let the invitation of a member, if there is one, open nothing any more."""
    await connection.execute("DELETE FROM invitation WHERE team_id = $1 AND member_id = $2", team_id, member_id)

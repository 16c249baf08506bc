"""What members sign in with: an address, which is known to one team alone, and a password."""

from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """Whose an address is, and the hash of the password."""

    email_key: str
    team_id: str
    member_id: str
    password_hash: str


_COLUMNS = "email_key, team_id, member_id, password_hash"


async def find(connection: Connection, *, email_key: str) -> SignIn | None:
    """Return whose an address is."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM sign_in WHERE email_key = $1", email_key)
    return None if row is None else SignIn(**row)


async def lock(connection: Connection, *, team_id: str, member_id: str) -> SignIn | None:
    """Return what a member signs in with, and keep others from changing it until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM sign_in WHERE team_id = $1 AND member_id = $2 FOR NO KEY UPDATE", team_id, member_id
    )
    return None if row is None else SignIn(**row)


async def keep(connection: Connection, *, sign_in: SignIn, wall_now: datetime) -> None:
    """Keep what a member signs in with from now on, in place of what was before."""
    await connection.execute(
        """
        INSERT INTO sign_in (email_key, team_id, member_id, password_hash, changed_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (team_id, member_id) DO UPDATE
           SET email_key = excluded.email_key, password_hash = excluded.password_hash, changed_at = excluded.changed_at
        """,
        sign_in.email_key,
        sign_in.team_id,
        sign_in.member_id,
        sign_in.password_hash,
        wall_now,
    )


async def forget(connection: Connection, *, team_id: str, member_id: str) -> None:
    """Forget what a member signs in with; the address is free for somebody else."""
    await connection.execute("DELETE FROM sign_in WHERE team_id = $1 AND member_id = $2", team_id, member_id)


async def is_any(connection: Connection, *, team_id: str) -> bool:
    """Tell whether anybody of a team can sign in."""
    is_any: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM sign_in WHERE team_id = $1)", team_id)
    return is_any

"""Access tokens: kept as hashes; a directory tells which team each one opens. A session is a token that ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """An access token, without its secret.

    `member_id` is whom it acts for, with that member's role; None where it acts for nobody. A session ends at `ends_at`
    (wall time), and before that if it is not used until `idle_until`; other tokens have neither.
    """

    team_id: str
    id: str
    name: str
    member_id: str | None
    role: str | None
    created_at: datetime
    revoked_at: datetime | None
    idle_until: datetime | None = None
    ends_at: datetime | None = None


COLUMNS = "t.team_id, t.id, t.name, t.member_id, m.role, t.created_at, t.revoked_at, t.idle_until, t.ends_at"
"""What a `Token` is read from, with the token as `t` and its member as `m`."""

_NO_SESSION = "t.ends_at IS NULL"

MEMBER = "LEFT JOIN member m ON m.team_id = t.team_id AND m.id = t.member_id"


def opens(wall_now: str, *, is_session: str) -> str:
    """Write the condition that a token, or a session, opens its team; the arguments are what SQL calls them."""
    return (
        f"t.revoked_at IS NULL AND (t.ends_at IS NOT NULL) = {is_session} AND (t.idle_until > {wall_now}) IS NOT FALSE"
    )


async def insert(
    connection: Connection,
    *,
    team_id: str,
    token_id: str,
    name: str,
    member_id: str | None,
    digest: bytes,
    now: datetime,
    idle_until: datetime | None = None,
    ends_at: datetime | None = None,
) -> None:
    """Keep a token: `digest` is the hash of its secret."""
    await connection.execute(
        """
        INSERT INTO api_token (team_id, id, name, member_id, hash, created_at, idle_until, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        team_id,
        token_id,
        name,
        member_id,
        digest,
        now,
        idle_until,
        ends_at,
    )
    await connection.execute(
        "INSERT INTO token_directory (hash, team_id, token_id) VALUES ($1, $2, $3)", digest, team_id, token_id
    )


async def find(connection: Connection, *, digest: bytes, is_session: bool, wall_now: datetime) -> Token | None:
    """Return the token, or the session, whose secret has this hash, if it still opens its team."""
    row = await connection.fetchrow(
        f"""
        SELECT {COLUMNS}
          FROM token_directory d JOIN api_token t ON t.team_id = d.team_id AND t.id = d.token_id {MEMBER}
         WHERE d.hash = $1 AND {opens("$2", is_session="$3")}
        """,
        digest,
        wall_now,
        is_session,
    )
    return None if row is None else Token(**row)


async def of_ids(connection: Connection, *, team_id: str, token_ids: Sequence[str]) -> dict[str, Token]:
    """Return those of these tokens that there are, revoked ones too, by id."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM api_token t {MEMBER} WHERE t.team_id = $1 AND t.id = ANY($2::text[])",
        team_id,
        list(token_ids),
    )
    return {row["id"]: Token(**row) for row in rows}


async def lock(connection: Connection, *, team_id: str, token_id: str) -> Token | None:
    """Return a token that is no session, and keep others from changing it until the transaction ends."""
    row = await connection.fetchrow(
        f"""
        SELECT {COLUMNS} FROM api_token t {MEMBER}
         WHERE t.team_id = $1 AND t.id = $2 AND {_NO_SESSION} FOR NO KEY UPDATE OF t
        """,
        team_id,
        token_id,
    )
    return None if row is None else Token(**row)


async def is_open(connection: Connection, *, team_id: str, token_id: str, wall_now: datetime) -> bool:
    """Tell whether a token, or a session, still opens its team."""
    is_open: bool = await connection.fetchval(
        f"""
        SELECT EXISTS (SELECT FROM api_token t
                        WHERE t.team_id = $1 AND t.id = $2 AND {opens("$3", is_session="(t.ends_at IS NOT NULL)")})
        """,
        team_id,
        token_id,
        wall_now,
    )
    return is_open


async def read_all(connection: Connection, *, team_id: str) -> list[Token]:
    """Return the team's tokens, oldest first, revoked ones too."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM api_token t {MEMBER} WHERE t.team_id = $1 AND {_NO_SESSION} ORDER BY t.id", team_id
    )
    return [Token(**row) for row in rows]


async def page(connection: Connection, *, team_id: str, after: str | None, limit: int) -> list[Token]:
    """Return up to `limit` tokens, oldest first, after the id `after`, revoked ones too."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM api_token t {MEMBER}
         WHERE t.team_id = $1 AND t.id > $2 AND {_NO_SESSION} ORDER BY t.id LIMIT $3
        """,
        team_id,
        after or "",
        limit,
    )
    return [Token(**row) for row in rows]


async def revoke(connection: Connection, *, team_id: str, token_id: str, now: datetime) -> None:
    """Make a token open nothing from now on."""
    await connection.execute(
        """
        WITH revoked AS (
            UPDATE api_token SET revoked_at = $3 WHERE team_id = $1 AND id = $2 RETURNING hash
        )
        DELETE FROM token_directory d USING revoked WHERE d.hash = revoked.hash
        """,
        team_id,
        token_id,
        now,
    )


async def revoke_of_member(
    connection: Connection, *, team_id: str, member_id: str, sessions_too: bool, now: datetime
) -> list[str]:
    """Make the tokens of a member, and maybe the sessions, open nothing from now on; return the tokens' ids."""
    rows = await connection.fetch(
        """
        WITH revoked AS (
            UPDATE api_token SET revoked_at = $4
             WHERE team_id = $1 AND member_id = $2 AND revoked_at IS NULL AND (ends_at IS NULL OR $3)
            RETURNING id, hash, ends_at
        ), gone AS (
            DELETE FROM token_directory d USING revoked WHERE d.hash = revoked.hash
        )
        SELECT id FROM revoked WHERE ends_at IS NULL ORDER BY id
        """,
        team_id,
        member_id,
        sessions_too,
        now,
    )
    return [row["id"] for row in rows]

"""Access tokens: kept as hashes; a directory tells which team each one opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """An access token, without its secret.

    `member_id` is whom it acts for, with that member's role; None where it acts for nobody.
    """

    team_id: str
    id: str
    name: str
    member_id: str | None
    role: str | None
    created_at: datetime
    revoked_at: datetime | None


COLUMNS = "t.team_id, t.id, t.name, t.member_id, m.role, t.created_at, t.revoked_at"
"""What a `Token` is read from, with the token as `t` and its member as `m`."""

MEMBER = "LEFT JOIN member m ON m.team_id = t.team_id AND m.id = t.member_id"


async def insert(
    connection: Connection,
    *,
    team_id: str,
    token_id: str,
    name: str,
    member_id: str | None,
    digest: bytes,
    now: datetime,
) -> None:
    """Keep a token: `digest` is the hash of its secret."""
    await connection.execute(
        "INSERT INTO api_token (team_id, id, name, member_id, hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        team_id,
        token_id,
        name,
        member_id,
        digest,
        now,
    )
    await connection.execute(
        "INSERT INTO token_directory (hash, team_id, token_id) VALUES ($1, $2, $3)", digest, team_id, token_id
    )


async def find(connection: Connection, *, digest: bytes) -> Token | None:
    """Return the token whose secret has this hash, if it still opens its team."""
    row = await connection.fetchrow(
        f"""
        SELECT {COLUMNS}
          FROM token_directory d JOIN api_token t ON t.team_id = d.team_id AND t.id = d.token_id {MEMBER}
         WHERE d.hash = $1 AND t.revoked_at IS NULL
        """,
        digest,
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
    """Return a token, and keep others from changing it until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM api_token t {MEMBER} WHERE t.team_id = $1 AND t.id = $2 FOR NO KEY UPDATE OF t",
        team_id,
        token_id,
    )
    return None if row is None else Token(**row)


async def is_open(connection: Connection, *, team_id: str, token_id: str) -> bool:
    """Tell whether a token still opens its team."""
    is_open: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM api_token WHERE team_id = $1 AND id = $2 AND revoked_at IS NULL)", team_id, token_id
    )
    return is_open


async def read_all(connection: Connection, *, team_id: str) -> list[Token]:
    """Return the team's tokens, oldest first, revoked ones too."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM api_token t {MEMBER} WHERE t.team_id = $1 ORDER BY t.id", team_id
    )
    return [Token(**row) for row in rows]


async def page(connection: Connection, *, team_id: str, after: str | None, limit: int) -> list[Token]:
    """Return up to `limit` tokens, oldest first, after the id `after`, revoked ones too."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM api_token t {MEMBER} WHERE t.team_id = $1 AND t.id > $2 ORDER BY t.id LIMIT $3",
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

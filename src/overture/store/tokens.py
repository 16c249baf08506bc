"""Access tokens: kept as hashes; a directory tells which team each one opens."""

from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """An access token, without its secret."""

    team_id: str
    id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None


async def insert(
    connection: Connection, *, team_id: str, token_id: str, name: str, digest: bytes, now: datetime
) -> None:
    """Keep a token: `digest` is the hash of its secret."""
    await connection.execute(
        "INSERT INTO api_token (team_id, id, name, hash, created_at) VALUES ($1, $2, $3, $4, $5)",
        team_id,
        token_id,
        name,
        digest,
        now,
    )
    await connection.execute(
        "INSERT INTO token_directory (hash, team_id, token_id) VALUES ($1, $2, $3)", digest, team_id, token_id
    )


async def find(connection: Connection, *, digest: bytes) -> Token | None:
    """Return the token whose secret has this hash, if it still opens its team."""
    row = await connection.fetchrow(
        """
        SELECT t.team_id, t.id, t.name, t.created_at, t.revoked_at
          FROM token_directory d JOIN api_token t ON t.team_id = d.team_id AND t.id = d.token_id
         WHERE d.hash = $1 AND t.revoked_at IS NULL
        """,
        digest,
    )
    return None if row is None else Token(**row)


async def read_all(connection: Connection, *, team_id: str) -> list[Token]:
    """Return the team's tokens, oldest first, revoked ones too."""
    rows = await connection.fetch(
        "SELECT team_id, id, name, created_at, revoked_at FROM api_token WHERE team_id = $1 ORDER BY id",
        team_id,
    )
    return [Token(**row) for row in rows]


async def revoke(connection: Connection, *, team_id: str, token_id: str, now: datetime) -> bool:
    """Make a token open nothing from now on; tell whether there was such a token."""
    row = await connection.fetchrow(
        """
        UPDATE api_token SET revoked_at = coalesce(revoked_at, $3) WHERE team_id = $1 AND id = $2 RETURNING hash
        """,
        team_id,
        token_id,
        now,
    )
    if row is None:
        return False
    await connection.execute("DELETE FROM token_directory WHERE hash = $1", row["hash"])
    return True

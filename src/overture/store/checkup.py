"""What the doctor looks at. The operator stands outside all teams, so these statements span them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountState:
    """A linked account. `read_at`: when its inbox was last read to the end, at the earliest when it was linked."""

    team_id: str
    id: str
    username: str | None
    status: str
    pause_reasons: Sequence[str]
    sealed_token: bytes
    read_at: datetime


async def version(connection: Connection) -> str:
    """Return the version of the server."""
    text: str = await connection.fetchval("SELECT current_setting('server_version')")
    return text


async def instant(connection: Connection) -> datetime:
    """Return the time on the database's machine."""
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return theirs


async def has_schema(connection: Connection) -> bool:
    """Tell whether the first migration has been applied."""
    present: bool = await connection.fetchval("SELECT to_regclass('virtual_clock') IS NOT NULL")
    return present


async def open_tokens(connection: Connection) -> list[tuple[str, int]]:
    """Return each team, by id and name, with the number of tokens that open it."""
    rows = await connection.fetch(
        """
        SELECT t.team_id, t.name, count(k.id) FILTER (WHERE k.revoked_at IS NULL) AS tokens
          FROM team t LEFT JOIN api_token k ON k.team_id = t.team_id
         GROUP BY t.team_id ORDER BY t.team_id
        """
    )
    return [(f"{row['name']} ({row['team_id']})", row["tokens"]) for row in rows]


async def accounts(connection: Connection) -> list[AccountState]:
    """Return every linked account."""
    rows = await connection.fetch(
        """
        SELECT a.team_id, a.id, a.username, a.status, a.pause_reasons, a.sealed_token,
               greatest(p.read_at, a.created_at) AS read_at
          FROM account_link a JOIN account_pace p ON p.team_id = a.team_id AND p.account_id = a.id
         WHERE a.deleted_at IS NULL
         ORDER BY a.team_id, a.id
        """
    )
    return [AccountState(**row) for row in rows]


async def broken_duties(connection: Connection) -> list[tuple[str, str, str]]:
    """Return kind, key and error of each duty whose last run broke."""
    rows = await connection.fetch(
        "SELECT kind, key, last_error FROM duty WHERE last_error IS NOT NULL ORDER BY team_id, kind, key"
    )
    return [(row["kind"], row["key"], row["last_error"]) for row in rows]

"""Teams: the tenants, with the rows every team has from the beginning."""

from dataclasses import dataclass
from datetime import datetime

from overture import ids
from overture.store.pool import Connection

SYSTEM_LISTS = (("contacted", "Contacted"), ("mutual", "Mutual"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Team:
    """One tenant and its settings. `stopped_at` tells since when all its sending is stopped."""

    id: str
    name: str
    currency: str
    allow_parallel_campaigns: bool
    recontact_after_days: int
    stopped_at: datetime | None
    created_at: datetime


_COLUMNS = "team_id AS id, name, currency, allow_parallel_campaigns, recontact_after_days, stopped_at, created_at"


async def create(connection: Connection, *, team_id: str, name: str, owner_name: str, now: datetime) -> None:
    """Insert a team with its owner, its event counter, its place in the engine's rota and its system lists."""
    await connection.execute("INSERT INTO team (team_id, name, created_at) VALUES ($1, $2, $3)", team_id, name, now)
    await connection.execute("INSERT INTO team_seq (team_id) VALUES ($1)", team_id)
    await connection.execute("INSERT INTO team_due (team_id) VALUES ($1)", team_id)
    await connection.execute(
        "INSERT INTO member (team_id, id, name, role, created_at) VALUES ($1, $2, $3, 'owner', $4)",
        team_id,
        ids.new("m"),
        owner_name,
        now,
    )
    await connection.executemany(
        "INSERT INTO list (team_id, id, kind, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        [
            (team_id, list_id, kind, name, now)
            for list_id, (kind, name) in zip(ids.many("l", len(SYSTEM_LISTS)), SYSTEM_LISTS, strict=True)
        ],
    )


async def read(connection: Connection, *, team_id: str) -> Team | None:
    """Return a team."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM team WHERE team_id = $1", team_id)
    return None if row is None else Team(**row)


async def lock(connection: Connection, *, team_id: str) -> Team | None:
    """Return a team, and keep others from changing it until the transaction ends.

    Comes before every gate in the order of locks, and after all else.
    """
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM team WHERE team_id = $1 FOR NO KEY UPDATE", team_id)
    return None if row is None else Team(**row)


async def save(connection: Connection, *, team: Team) -> None:
    """Keep a team's settings, and whether it is stopped."""
    await connection.execute(
        """
        UPDATE team SET name = $2, currency = $3, allow_parallel_campaigns = $4, recontact_after_days = $5,
               stopped_at = $6
         WHERE team_id = $1
        """,
        team.id,
        team.name,
        team.currency,
        team.allow_parallel_campaigns,
        team.recontact_after_days,
        team.stopped_at,
    )


async def read_all(connection: Connection) -> list[Team]:
    """Return every team, oldest first: for the operator, who stands outside all of them."""
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM team ORDER BY team_id")
    return [Team(**row) for row in rows]

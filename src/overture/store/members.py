"""Members: the people of a team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One person of a team."""

    id: str
    name: str
    email: str | None
    role: str
    created_at: datetime


_COLUMNS = "id, name, email, role, created_at"


async def read(connection: Connection, *, team_id: str, member_id: str) -> Member | None:
    """Return a member."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM member WHERE team_id = $1 AND id = $2", team_id, member_id)
    return None if row is None else Member(**row)


async def first_owner(connection: Connection, *, team_id: str) -> Member | None:
    """Return the owner who has been there longest."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM member WHERE team_id = $1 AND role = 'owner' ORDER BY id LIMIT 1", team_id
    )
    return None if row is None else Member(**row)


async def page(connection: Connection, *, team_id: str, after: str | None, limit: int) -> list[Member]:
    """Return up to `limit` members, oldest first, after the id `after`."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM member WHERE team_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        team_id,
        after or "",
        limit,
    )
    return [Member(**row) for row in rows]


async def insert(connection: Connection, *, team_id: str, member: Member) -> None:
    """Add a member to a team."""
    await connection.execute(
        f"INSERT INTO member (team_id, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)",
        team_id,
        member.id,
        member.name,
        member.email,
        member.role,
        member.created_at,
    )


async def set_email(connection: Connection, *, team_id: str, member_id: str, email: str) -> None:
    """Note a member's address."""
    await connection.execute("UPDATE member SET email = $3 WHERE team_id = $1 AND id = $2", team_id, member_id, email)


async def of_ids(connection: Connection, *, team_id: str, member_ids: Sequence[str]) -> dict[str, Member]:
    """Return those of these members that there are, by id."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM member WHERE team_id = $1 AND id = ANY($2::text[])", team_id, list(member_ids)
    )
    return {row["id"]: Member(**row) for row in rows}

"""Members: the people of a team. Whoever was removed stays as a name beside what they did."""

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
_PRESENT = "team_id = $1 AND removed_at IS NULL"


async def read(connection: Connection, *, team_id: str, member_id: str) -> Member | None:
    """Return a member."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM member WHERE {_PRESENT} AND id = $2", team_id, member_id)
    return None if row is None else Member(**row)


async def hold(connection: Connection, *, team_id: str, member_id: str) -> Member | None:
    """Return a member who stays in the team, with the same role, until the transaction ends.

    In the order of locks before invitations, what is signed in with, and tokens.
    """
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM member WHERE {_PRESENT} AND id = $2 FOR KEY SHARE", team_id, member_id
    )
    return None if row is None else Member(**row)


async def lock(connection: Connection, *, team_id: str, member_id: str) -> tuple[Member | None, int]:
    """Return a member, and how many owners there are beside; all of them stay so until the transaction ends."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM member WHERE {_PRESENT} AND (id = $2 OR role = 'owner') ORDER BY id FOR UPDATE",
        team_id,
        member_id,
    )
    found = next((Member(**row) for row in rows if row["id"] == member_id), None)
    return found, sum(row["id"] != member_id for row in rows)


async def first_owner(connection: Connection, *, team_id: str) -> Member | None:
    """Return the owner who has been there longest."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM member WHERE {_PRESENT} AND role = 'owner' ORDER BY id LIMIT 1", team_id
    )
    return None if row is None else Member(**row)


async def page(connection: Connection, *, team_id: str, after: str | None, limit: int) -> list[Member]:
    """Return up to `limit` members, oldest first, after the id `after`."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM member WHERE {_PRESENT} AND id > $2 ORDER BY id LIMIT $3",
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


async def set_role(connection: Connection, *, team_id: str, member_id: str, role: str) -> None:
    """Let a locked member do what the role allows."""
    await connection.execute("UPDATE member SET role = $3 WHERE team_id = $1 AND id = $2", team_id, member_id, role)


async def remove(connection: Connection, *, team_id: str, member_id: str, now: datetime) -> None:
    """Take a locked member out of the team: only the name is kept."""
    await connection.execute(
        "UPDATE member SET removed_at = $3, email = NULL WHERE team_id = $1 AND id = $2", team_id, member_id, now
    )


async def of_ids(connection: Connection, *, team_id: str, member_ids: Sequence[str]) -> dict[str, Member]:
    """Return those of these members that there are or were, by id."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM member WHERE team_id = $1 AND id = ANY($2::text[])", team_id, list(member_ids)
    )
    return {row["id"]: Member(**row) for row in rows}

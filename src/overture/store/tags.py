"""Tags: what a team marks contacts with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection

_LAST = 2**31 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """One tag. `name_key` is the name without case and accents, unique in the team.

    `position` is its place in the team's order, the same for all that nobody has placed yet.
    """

    id: str
    name: str
    name_key: str
    color: str
    created_at: datetime
    position: int = _LAST


_COLUMNS = "id, name, name_key, color, created_at"
_PLACE = f"coalesce(position, {_LAST})"
_READ = f"{_COLUMNS}, {_PLACE} AS position"


async def insert(connection: Connection, *, team_id: str, tag: Tag) -> None:
    """Insert a tag.

    Raises:
        asyncpg.UniqueViolationError: its name is taken.
    """
    await connection.execute(
        f"INSERT INTO tag (team_id, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)",
        team_id,
        tag.id,
        tag.name,
        tag.name_key,
        tag.color,
        tag.created_at,
    )


async def count(connection: Connection, *, team_id: str) -> int:
    """Return how many tags the team has."""
    counted: int = await connection.fetchval("SELECT count(*) FROM tag WHERE team_id = $1", team_id)
    return counted


async def find(connection: Connection, *, team_id: str, reference: str, name_key: str) -> Tag | None:
    """Return the tag with the id `reference`, else the one with this name."""
    row = await connection.fetchrow(
        f"SELECT {_READ} FROM tag WHERE team_id = $1 AND (id::text = $2 OR name_key = $3)"
        " ORDER BY id::text <> $2 LIMIT 1",
        team_id,
        reference,
        name_key,
    )
    return None if row is None else Tag(**row)


async def lock(connection: Connection, *, team_id: str, tag_id: str) -> Tag | None:
    """Return a tag, and keep others from changing or giving it until the transaction ends; contacts come after it."""
    row = await connection.fetchrow(
        f"SELECT {_READ} FROM tag WHERE team_id = $1 AND id = $2 FOR UPDATE", team_id, tag_id
    )
    return None if row is None else Tag(**row)


async def page(connection: Connection, *, team_id: str, after: tuple[int, str] | None, limit: int) -> list[Tag]:
    """Return up to `limit` tags in the team's order, after the one at (position, id)."""
    position, tag_id = after or (-1, "")
    rows = await connection.fetch(
        f"""
        SELECT {_READ} FROM tag WHERE team_id = $1 AND ({_PLACE}, id::text) > ($2, $3)
         ORDER BY {_PLACE}, id::text LIMIT $4
        """,
        team_id,
        position,
        tag_id,
        limit,
    )
    return [Tag(**row) for row in rows]


async def lock_all(connection: Connection, *, team_id: str) -> list[Tag]:
    """Return all tags in the team's order; none is deleted or moved until the transaction ends."""
    rows = await connection.fetch(
        f"""
        WITH locked AS MATERIALIZED (
            SELECT {_READ} FROM tag WHERE team_id = $1 ORDER BY id FOR NO KEY UPDATE
        )
        SELECT {_COLUMNS}, position FROM locked ORDER BY position, id::text
        """,
        team_id,
    )
    return [Tag(**row) for row in rows]


async def place(connection: Connection, *, team_id: str, tag_ids: Sequence[str]) -> None:
    """Put locked tags in this order, those that come later behind them."""
    await connection.execute(
        """
        UPDATE tag t SET position = v.n - 1
          FROM unnest($2::text[]) WITH ORDINALITY AS v (id, n)
         WHERE t.team_id = $1 AND t.id = v.id AND t.position IS DISTINCT FROM v.n - 1
        """,
        team_id,
        list(tag_ids),
    )


async def update(connection: Connection, *, team_id: str, tag: Tag) -> None:
    """Change name and colour.

    Raises:
        asyncpg.UniqueViolationError: the name is taken.
    """
    await connection.execute(
        "UPDATE tag SET name = $3, name_key = $4, color = $5 WHERE team_id = $1 AND id = $2",
        team_id,
        tag.id,
        tag.name,
        tag.name_key,
        tag.color,
    )


async def delete(connection: Connection, *, team_id: str, tag_id: str) -> None:
    """Delete a tag that is locked, take it off all contacts, and switch off the automations that use it."""
    await connection.execute(
        """
        UPDATE automation SET enabled = false
         WHERE team_id = $1 AND action IN ('addTag', 'removeTag') AND action_data ->> 'tagId' = $2
        """,
        team_id,
        tag_id,
    )
    await connection.execute(
        """
        WITH tagged AS (
            SELECT id FROM contact WHERE team_id = $1 AND tag_ids @> ARRAY[$2::text] AND tag_ids <> '{}'
             ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE contact c SET tag_ids = array_remove(c.tag_ids, $2)
          FROM tagged WHERE c.team_id = $1 AND c.id = tagged.id
        """,
        team_id,
        tag_id,
    )
    await connection.execute("DELETE FROM tag WHERE team_id = $1 AND id = $2", team_id, tag_id)


async def of_ids(connection: Connection, *, team_id: str, tag_ids: Sequence[str]) -> dict[str, Tag]:
    """Return those of these tags that there are, by id."""
    rows = await connection.fetch(
        f"SELECT {_READ} FROM tag WHERE team_id = $1 AND id = ANY($2::text[])", team_id, list(tag_ids)
    )
    return {row["id"]: Tag(**row) for row in rows}

"""Who is on a list, with the values of its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from overture.store import lists, people
from overture.store.people import Profile
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class ListLead:
    """One lead of a list; `data` holds values by column id."""

    profile: Profile
    data: Mapping[str, Any]
    added_at: datetime
    updated_at: datetime


async def add(
    connection: Connection,
    *,
    team_id: str,
    list_id: str,
    data: Mapping[str, dict[str, Any]],
    now: datetime,
    import_id: str | None = None,
) -> set[str]:
    """Put profiles (`data`: values by profile id) on a list whose row is locked; return those that were not there.

    `import_id` is the import that does it, if one does.
    """
    ordered = sorted(data)
    rows = await connection.fetch(
        """
        INSERT INTO list_lead (team_id, list_id, profile_id, data, added_at, updated_at, import_id)
        SELECT $1, $2, u.profile_id, u.data, $3, $3, $6
          FROM ROWS FROM (unnest($4::text[]), jsonb_array_elements($5)) WITH ORDINALITY
               AS u (profile_id, data, position)
         ORDER BY u.position
        ON CONFLICT (team_id, list_id, profile_id) DO NOTHING
        RETURNING profile_id
        """,
        team_id,
        list_id,
        now,
        ordered,
        [data[profile_id] for profile_id in ordered],
        import_id,
    )
    return {row["profile_id"] for row in rows}


async def merge(
    connection: Connection,
    *,
    team_id: str,
    list_id: str,
    data: Mapping[str, Mapping[str, Any]],
    overwrites: bool,
    now: datetime,
) -> None:
    """Bring values (`data`, by profile id) to leads of a list whose row is locked; `overwrites` replaces those there.

    All of them must be on the list. Rows in which nothing changes are not written.
    """
    ordered = sorted(data)
    union = "l.data || excluded.data" if overwrites else "excluded.data || jsonb_strip_nulls(l.data)"
    # An insert that always conflicts: unlike an update with a join it finds each row by its key, whatever is planned.
    await connection.execute(
        f"""
        INSERT INTO list_lead AS l (team_id, list_id, profile_id, data, added_at, updated_at)
        SELECT $1, $2, u.profile_id, u.data, $3, $3
          FROM ROWS FROM (unnest($4::text[]), jsonb_array_elements($5)) WITH ORDINALITY
               AS u (profile_id, data, position)
         ORDER BY u.position
        ON CONFLICT (team_id, list_id, profile_id) DO UPDATE SET data = {union}, updated_at = excluded.updated_at
         WHERE l.data <> {union}
        """,
        team_id,
        list_id,
        now,
        ordered,
        [dict(data[profile_id]) for profile_id in ordered],
    )


async def keep(connection: Connection, *, team_id: str, list_id: str, profile_ids: Sequence[str]) -> None:
    """Note that leads were named by hand: undoing the import that added them leaves them on the list."""
    await connection.execute(
        """
        UPDATE list_lead SET import_id = NULL
         WHERE team_id = $1 AND list_id = $2 AND profile_id = ANY($3::text[]) AND import_id IS NOT NULL
        """,
        team_id,
        list_id,
        list(profile_ids),
    )


async def remove(connection: Connection, *, team_id: str, list_id: str, profile_ids: Sequence[str]) -> set[str]:
    """Take profiles off a list whose row is locked; return those that were there."""
    rows = await connection.fetch(
        """
        DELETE FROM list_lead WHERE team_id = $1 AND list_id = $2 AND profile_id = ANY($3::text[])
        RETURNING profile_id
        """,
        team_id,
        list_id,
        list(profile_ids),
    )
    return {row["profile_id"] for row in rows}


async def log_change(
    connection: Connection,
    *,
    team_id: str,
    list_id: str,
    profile_ids: Sequence[str],
    growth: int,
    now: datetime,
) -> None:
    """Raise the list's revision, keep its size, and log who came or went, if any campaign follows the list.

    Call it in the transaction that changed the leads, with the list's row locked: a campaign that wants to follow the
    list waits for that lock, and compares the whole list first.
    """
    await connection.execute(
        """
        WITH raised AS (
            UPDATE list SET revision = revision + 1, leads_count = leads_count + $3, updated_at = $4
             WHERE team_id = $1 AND id = $2 RETURNING revision
        )
        INSERT INTO list_change (team_id, list_id, revision, profile_id)
        SELECT $1, $2, raised.revision, u.profile_id FROM raised, unnest($5::text[]) AS u (profile_id)
         WHERE EXISTS (SELECT FROM campaign_list cl WHERE cl.team_id = $1 AND cl.list_id = $2)
        """,
        team_id,
        list_id,
        growth,
        now,
        sorted(profile_ids),
    )


async def campaigns_following(connection: Connection, *, team_id: str, list_id: str) -> list[str]:
    """Return the campaigns that sync or exclude a list."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT c.id
          FROM campaign_list l JOIN campaign c ON c.team_id = l.team_id AND c.id = l.campaign_id
         WHERE l.team_id = $1 AND l.list_id = $2 AND c.deleted_at IS NULL
         ORDER BY c.id
        """,
        team_id,
        list_id,
    )
    return [row["id"] for row in rows]


async def present(
    connection: Connection, *, team_id: str, list_id: str, until: datetime, after: str, count: int
) -> list[str]:
    """Return up to `count` profiles, by id behind `after`, that were on a list at `until` and are still."""
    rows = await connection.fetch(
        """
        SELECT profile_id FROM list_lead
         WHERE team_id = $1 AND list_id = $2 AND profile_id > $4 AND added_at <= $3
         ORDER BY profile_id LIMIT $5
        """,
        team_id,
        list_id,
        until,
        after,
        count,
    )
    return [row["profile_id"] for row in rows]


async def read_page(
    connection: Connection, *, team_id: str, list_id: str, after: str | None, count: int
) -> list[ListLead]:
    """Return up to `count` leads by profile id, after the profile `after`."""
    rows = await connection.fetch(
        f"""
        SELECT {people.COLUMNS}, l.data, l.added_at, l.updated_at
          FROM list_lead l JOIN profile p ON p.team_id = l.team_id AND p.id = l.profile_id
         WHERE l.team_id = $1 AND l.list_id = $2 AND l.profile_id > $3
         ORDER BY l.profile_id LIMIT $4
        """,
        team_id,
        list_id,
        after or "",
        count,
    )
    return [_lead(row) for row in rows]


async def read_system_page(
    connection: Connection, *, team_id: str, kind: str, after: str | None, count: int
) -> list[ListLead]:
    """Return up to `count` leads of the system list `kind`, by profile id, after the profile `after`."""
    rows = await connection.fetch(
        f"""
        SELECT {people.COLUMNS}, '{{}}'::jsonb AS data, m.first_contacted_at AS added_at,
               greatest(m.first_contacted_at, m.last_inbound_at) AS updated_at
          FROM person m JOIN profile p ON p.team_id = m.team_id AND p.id = m.profile_id
         WHERE m.team_id = $1 AND m.profile_id > $2 AND {lists.SYSTEM_MEMBERS[kind]}
         ORDER BY m.profile_id LIMIT $3
        """,
        team_id,
        after or "",
        count,
    )
    return [_lead(row) for row in rows]


async def change_data(
    connection: Connection,
    *,
    team_id: str,
    list_id: str,
    profile_id: str,
    values: Mapping[str, Any],
    cleared: Sequence[str],
    now: datetime,
) -> bool:
    """Set `values` and clear the columns `cleared` of one lead; tell whether it is on the list."""
    result = await connection.execute(
        """
        UPDATE list_lead SET data = (data - $5::text[]) || $4::jsonb, updated_at = $6, import_id = NULL
         WHERE team_id = $1 AND list_id = $2 AND profile_id = $3
        """,
        team_id,
        list_id,
        profile_id,
        dict(values),
        list(cleared),
        now,
    )
    return result == "UPDATE 1"


async def read_one(connection: Connection, *, team_id: str, list_id: str, profile_id: str) -> ListLead | None:
    """Return one lead of a list."""
    row = await connection.fetchrow(
        f"""
        SELECT {people.COLUMNS}, l.data, l.added_at, l.updated_at
          FROM list_lead l JOIN profile p ON p.team_id = l.team_id AND p.id = l.profile_id
         WHERE l.team_id = $1 AND l.list_id = $2 AND l.profile_id = $3
        """,
        team_id,
        list_id,
        profile_id,
    )
    return None if row is None else _lead(row)


def _lead(row: asyncpg.Record) -> ListLead:
    return ListLead(
        profile=people.of_row(row), data=row["data"], added_at=row["added_at"], updated_at=row["updated_at"]
    )

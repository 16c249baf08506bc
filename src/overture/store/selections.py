"""Selections: which leads of a campaign are meant, by name or by a filter."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from overture.store.pool import Connection

_FEW = 2000
"""So many people of a name are few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which leads are meant: empty or None for all. `prefix`: of username or display name."""

    states: Sequence[str] = field(default=())
    account_ids: Sequence[str] = field(default=())
    prefix: str | None = None


async def named(connection: Connection, *, team_id: str, campaign_id: str, profile_ids: Sequence[str]) -> list[str]:
    """Return the leads of these profiles."""
    rows = await connection.fetch(
        """
        SELECT id FROM lead WHERE team_id = $1 AND campaign_id = $2 AND profile_id = ANY($3::text[]) ORDER BY id
        """,
        team_id,
        campaign_id,
        list(profile_ids),
    )
    return [row["id"] for row in rows]


async def filtered(connection: Connection, *, team_id: str, campaign_id: str, filters: Filters) -> list[str]:
    """Return all leads that a filter lets through."""
    found = await _named_so(connection, team_id, filters.prefix)
    rows = await connection.fetch(
        f"""
        SELECT l.id FROM lead l
         WHERE l.team_id = $1 AND l.campaign_id = $2
           AND {"l.state = ANY($3::text[])" if filters.states else "$3::text[] IS NOT NULL"}
           AND {_account(filters)} AND {_name(filters, found)}
         ORDER BY l.id
        """,
        team_id,
        campaign_id,
        list(filters.states),
        list(filters.account_ids),
        filters.prefix,
        found,
    )
    return [row["id"] for row in rows]


async def page(
    connection: Connection, *, team_id: str, campaign_id: str, filters: Filters, after: str | None, limit: int
) -> list[str]:
    """Return up to `limit` leads that a filter lets through after the profile `after`, by profile id.

    Each state is read by itself, in the order of its index: a state that few leads are in is found as fast as any.
    """
    found = await _named_so(connection, team_id, filters.prefix)
    wanted = f"""
        SELECT l.id, l.profile_id FROM lead l
         WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.profile_id > $7 AND {_account(filters)}
           AND {_name(filters, found)}
    """
    if not filters.states:
        wanted = f"{wanted} AND $3::text[] IS NOT NULL"
    elif found is not None:
        wanted = f"{wanted} AND l.state = ANY($3::text[])"
    else:
        wanted = f"""
            SELECT one.* FROM unnest($3::text[]) AS s (state) CROSS JOIN LATERAL (
                {wanted} AND l.state = s.state ORDER BY l.profile_id LIMIT $8
            ) one
        """
    rows = await connection.fetch(
        f"SELECT id FROM ({wanted}) wanted ORDER BY profile_id LIMIT $8",
        team_id,
        campaign_id,
        sorted(set(filters.states)),
        list(filters.account_ids),
        filters.prefix,
        found,
        after or "",
        limit,
    )
    return [row["id"] for row in rows]


async def _named_so(connection: Connection, team_id: str, prefix: str | None) -> list[str] | None:
    """Return the profiles whose names begin so, where those are few: the leads are then looked up one by one.

    Where they are many, reading the leads in their order soon finds enough of them.
    """
    if prefix is None:
        return None
    rows = await connection.fetch(
        """
        (SELECT id FROM profile WHERE team_id = $1 AND starts_with(lower(username), lower($2)) LIMIT $3)
        UNION
        (SELECT id FROM profile WHERE team_id = $1 AND starts_with(lower(display_name) COLLATE "C", lower($2))
            AND display_name IS NOT NULL LIMIT $3)
        """,
        team_id,
        prefix,
        _FEW + 1,
    )
    return [row["id"] for row in rows] if len(rows) <= _FEW else None


def _account(filters: Filters) -> str:
    if not filters.account_ids:
        return "$4::text[] IS NOT NULL"
    return """(l.account_id = ANY($4::text[]) OR (l.account_id IS NULL AND coalesce(
        (SELECT d.account_id FROM lead_due d WHERE d.team_id = l.team_id AND d.lead_id = l.id),
        (SELECT k.account_id FROM lead_parked k
          WHERE k.team_id = l.team_id AND k.profile_id = l.profile_id AND k.lead_id = l.id)) = ANY($4::text[])))"""


def _name(filters: Filters, found: Sequence[str] | None) -> str:
    if found is not None:
        return "l.profile_id = ANY($6::text[]) AND $5::text IS NOT NULL"
    if filters.prefix is None:
        return "$5::text IS NULL AND $6::text[] IS NULL"
    return """$6::text[] IS NULL AND EXISTS (
        SELECT FROM profile p WHERE p.team_id = l.team_id AND p.id = l.profile_id
           AND (starts_with(lower(p.username), lower($5)) OR starts_with(lower(p.display_name), lower($5))))"""


async def state(connection: Connection, *, team_id: str, lead_id: str) -> str:
    """Return where a lead stands."""
    found: str = await connection.fetchval("SELECT state FROM lead WHERE team_id = $1 AND id = $2", team_id, lead_id)
    return found


async def profile(connection: Connection, *, team_id: str, lead_id: str) -> str:
    """Return the profile of a lead."""
    found: str = await connection.fetchval(
        "SELECT profile_id FROM lead WHERE team_id = $1 AND id = $2", team_id, lead_id
    )
    return found

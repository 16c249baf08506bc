"""Selections: which leads of a campaign are meant, by name or by a filter."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from overture.store.pool import Connection

_MANY = 2001
"""So many people of a name, or leads of an account, are not looked up one by one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which leads are meant: empty or None for all. `prefix`: of username or display name."""

    states: Sequence[str] = field(default=())
    account_ids: Sequence[str] = field(default=())
    prefix: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Few:
    """Of a filter that few leads can pass: whose profiles, or which leads, those are; None where it lets many pass."""

    profile_ids: Sequence[str] | None
    lead_ids: Sequence[str] | None


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
    few = await _few(connection, team_id, campaign_id, filters)
    rows = await connection.fetch(
        f"""
        SELECT l.id FROM lead l
         WHERE l.team_id = $1 AND l.campaign_id = $2
           AND {"l.state = ANY($3::text[])" if filters.states else "$3::text[] IS NOT NULL"}
           AND {_account(filters)} AND {_name(filters, few)} AND {_key(few)}
         ORDER BY l.id
        """,
        team_id,
        campaign_id,
        list(filters.states),
        list(filters.account_ids),
        filters.prefix,
        few.profile_ids,
        few.lead_ids,
    )
    return [row["id"] for row in rows]


async def page(
    connection: Connection, *, team_id: str, campaign_id: str, filters: Filters, after: str | None, limit: int
) -> list[str]:
    """Return up to `limit` leads that a filter lets through after the profile `after`, by profile id.

    Each state is read by itself, in the order of its index: a state that few leads are in is found as fast as any.
    """
    few = await _few(connection, team_id, campaign_id, filters)
    wanted = f"""
        SELECT l.id, l.profile_id FROM lead l
         WHERE l.team_id = $1 AND l.campaign_id = $2 AND {_account(filters)} AND {_name(filters, few)} AND {_key(few)}
    """
    if not filters.states:
        wanted = f"{wanted} AND l.profile_id > $8 AND $3::text[] IS NOT NULL"
    elif few.profile_ids is not None or few.lead_ids is not None:
        wanted = f"{wanted} AND l.profile_id > $8 AND l.state = ANY($3::text[])"
    else:
        # Written as a range, in the order of one index only, so that no other is taken for states that look common.
        wanted = f"""
            SELECT one.* FROM unnest($3::text[]) AS s (state) CROSS JOIN LATERAL (
                {wanted} AND (l.state, l.profile_id) > (s.state, $8) AND l.state <= s.state
                 ORDER BY l.state, l.profile_id LIMIT $9
            ) one
        """
    rows = await connection.fetch(
        f"SELECT id FROM ({wanted}) wanted ORDER BY profile_id LIMIT $9",
        team_id,
        campaign_id,
        sorted(set(filters.states)),
        list(filters.account_ids),
        filters.prefix,
        few.profile_ids,
        few.lead_ids,
        after or "",
        limit,
    )
    return [row["id"] for row in rows]


async def _few(connection: Connection, team_id: str, campaign_id: str, filters: Filters) -> _Few:
    """Look for the filter's name or accounts by keys of their own, as few among many leads are found by nothing else.

    Where they are many, reading the leads in their order soon finds enough of them.
    """
    profile_ids = await _named_so(connection, team_id, filters.prefix)
    if profile_ids is not None or not filters.account_ids:
        return _Few(profile_ids=profile_ids, lead_ids=None)
    return _Few(profile_ids=None, lead_ids=await _served(connection, team_id, campaign_id, filters.account_ids))


async def _served(
    connection: Connection, team_id: str, campaign_id: str, account_ids: Sequence[str]
) -> list[str] | None:
    """Return the leads that are planned on these accounts or were tried from them, where those are few."""
    rows = await connection.fetch(
        """
        (SELECT lead_id FROM lead_due
          WHERE team_id = $1 AND account_id = ANY($3::text[]) AND campaign_id = $2 LIMIT $4)
        UNION
        (SELECT lead_id FROM lead_parked
          WHERE team_id = $1 AND account_id = ANY($3::text[]) AND campaign_id = $2 LIMIT $4)
        UNION
        (SELECT lead_id FROM attempt
          WHERE team_id = $1 AND account_id = ANY($3::text[]) AND campaign_id = $2 AND state <> 'notSent' LIMIT $4)
        """,
        team_id,
        campaign_id,
        list(account_ids),
        _MANY,
    )
    return [row["lead_id"] for row in rows] if len(rows) < _MANY else None


async def _named_so(connection: Connection, team_id: str, prefix: str | None) -> list[str] | None:
    """Return the profiles whose names begin so, where those are few."""
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
        _MANY,
    )
    return [row["id"] for row in rows] if len(rows) < _MANY else None


def _account(filters: Filters) -> str:
    if not filters.account_ids:
        return "$4::text[] IS NOT NULL"
    return """(l.account_id = ANY($4::text[]) OR (l.account_id IS NULL AND coalesce(
        (SELECT d.account_id FROM lead_due d WHERE d.team_id = l.team_id AND d.lead_id = l.id),
        (SELECT k.account_id FROM lead_parked k
          WHERE k.team_id = l.team_id AND k.profile_id = l.profile_id AND k.lead_id = l.id)) = ANY($4::text[])))"""


def _name(filters: Filters, few: _Few) -> str:
    if few.profile_ids is not None:
        return "l.profile_id = ANY($6::text[]) AND $5::text IS NOT NULL"
    if filters.prefix is None:
        return "$5::text IS NULL AND $6::text[] IS NULL"
    return """$6::text[] IS NULL AND EXISTS (
        SELECT FROM profile p WHERE p.team_id = l.team_id AND p.id = l.profile_id
           AND (starts_with(lower(p.username), lower($5)) OR starts_with(lower(p.display_name), lower($5))))"""


def _key(few: _Few) -> str:
    return "$7::text[] IS NULL" if few.lead_ids is None else "l.id = ANY($7::text[])"


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

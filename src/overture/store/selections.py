"""Selections: which leads of a campaign are meant, by name or by a filter."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from overture.store.pool import Connection


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
    rows = await connection.fetch(
        """
        SELECT l.id
          FROM lead l
          JOIN profile p ON p.team_id = l.team_id AND p.id = l.profile_id
          LEFT JOIN lead_due d ON d.team_id = l.team_id AND d.lead_id = l.id
          LEFT JOIN lead_parked k ON k.team_id = l.team_id AND k.profile_id = l.profile_id AND k.lead_id = l.id
         WHERE l.team_id = $1 AND l.campaign_id = $2
           AND (cardinality($3::text[]) = 0 OR l.state = ANY($3::text[]))
           AND (cardinality($4::text[]) = 0 OR coalesce(l.account_id, d.account_id, k.account_id) = ANY($4::text[]))
           AND ($5::text IS NULL OR starts_with(lower(p.username), lower($5))
                OR starts_with(lower(p.display_name), lower($5)))
         ORDER BY l.id
        """,
        team_id,
        campaign_id,
        list(filters.states),
        list(filters.account_ids),
        filters.prefix,
    )
    return [row["id"] for row in rows]


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

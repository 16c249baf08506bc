"""Selections: which leads of a campaign are meant, by name or by a filter."""

from collections.abc import Sequence

from overture.core.words import LeadState
from overture.store import lead_filters
from overture.store.lead_filters import Arguments, Few, Filters
from overture.store.pool import Connection


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
    few = await lead_filters.few(connection, team_id=team_id, campaign_id=campaign_id, filters=filters)
    arguments = Arguments(team_id=team_id, campaign_id=campaign_id)
    rows = await connection.fetch(f"{_wanted(filters, few, arguments)} ORDER BY l.id", *arguments.values)
    return [row["id"] for row in rows]


async def page(
    connection: Connection, *, team_id: str, campaign_id: str, filters: Filters, after: str | None, limit: int
) -> list[str]:
    """Return up to `limit` leads that a filter lets through after the profile `after`, by profile id.

    Each state, or each kind of reason, is read by itself, in the order of its index: what few leads have is found as
    fast as anything.
    """
    few = await lead_filters.few(connection, team_id=team_id, campaign_id=campaign_id, filters=filters)
    arguments = Arguments(team_id=team_id, campaign_id=campaign_id)
    begin, most = arguments.given(after or "", "text"), arguments.given(limit, "bigint")
    states = filters.possible_states
    if few or filters.is_answered or (not filters.reasons and len(states) == len(LeadState)):
        wanted = f"{_wanted(filters, few, arguments)} AND l.profile_id > {begin}"
    else:
        key, values = (lead_filters.KIND, filters.kinds) if filters.reasons else ("l.state", states)
        # Written as a range, in the order of one index only, so that no other is taken for what looks common.
        wanted = f"""
            SELECT one.* FROM unnest({arguments.given(values, "text[]")}) AS v (value) CROSS JOIN LATERAL (
                {_wanted(filters, few, arguments)} AND ({key}, l.profile_id) > (v.value, {begin}) AND {key} <= v.value
                 ORDER BY {key}, l.profile_id LIMIT {most}
            ) one
        """
    rows = await connection.fetch(
        f"SELECT id FROM ({wanted}) wanted ORDER BY profile_id LIMIT {most}", *arguments.values
    )
    return [row["id"] for row in rows]


def _wanted(filters: Filters, few: Few, arguments: Arguments) -> str:
    wanted = ["l.team_id = $1", "l.campaign_id = $2", *lead_filters.conditions(filters, few, arguments)]
    return f"SELECT l.id, l.profile_id FROM lead l WHERE {' AND '.join(wanted)}"


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

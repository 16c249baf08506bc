"""Outlines: what the engine must know of a campaign to write its next message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from overture.store import paces
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """The settings of one campaign; `mappings` holds (list id, {source column: campaign column}) in synced order."""

    campaign_id: str
    schedule: paces.Schedule
    exclude_contacted: bool
    sequence_version: int
    mappings: tuple[tuple[str, dict[str, str]], ...]


async def read(connection: Connection, *, team_id: str, campaign_ids: Sequence[str]) -> dict[str, Outline]:
    """Return the outlines of campaigns by id."""
    rows = await connection.fetch(
        f"""
        SELECT c.id AS campaign_id, {paces.SCHEDULE}, c.exclude_contacted, c.sequence_version,
               (SELECT coalesce(jsonb_agg(jsonb_build_array(l.list_id, l.column_mapping) ORDER BY l.position), '[]')
                  FROM campaign_list l
                 WHERE l.team_id = $1 AND l.campaign_id = c.id AND l.role = 'synced'
                   AND l.column_mapping <> '{{}}') AS mappings
          FROM campaign c WHERE c.team_id = $1 AND c.id = ANY($2::text[])
        """,
        team_id,
        list(campaign_ids),
    )
    return {
        row["campaign_id"]: Outline(
            campaign_id=row["campaign_id"],
            # Whether it runs is for its gate to say.
            schedule=paces.Schedule.read(row, is_active=True),
            exclude_contacted=row["exclude_contacted"],
            sequence_version=row["sequence_version"],
            mappings=tuple((list_id, mapping) for list_id, mapping in row["mappings"]),
        )
        for row in rows
    }


async def steps(
    connection: Connection, *, team_id: str, versions: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """Return the steps, as on the wire, of sequence versions given as (campaign id, version)."""
    rows = await connection.fetch(
        """
        SELECT campaign_id, version, id, rank, type, data FROM sequence_step
         WHERE team_id = $1 AND (campaign_id, version) IN (SELECT * FROM unnest($2::text[], $3::int[]))
         ORDER BY campaign_id, version, rank
        """,
        team_id,
        [campaign_id for campaign_id, _ in versions],
        [version for _, version in versions],
    )
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in rows:
        step = {"id": row["id"], "rank": row["rank"], "type": row["type"], "data": row["data"]}
        found.setdefault((row["campaign_id"], row["version"]), []).append(step)
    return found


async def list_values(
    connection: Connection, *, team_id: str, list_ids: Sequence[str], profile_ids: Sequence[str]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the column values that lists hold for profiles, by (list id, profile id)."""
    if not list_ids:
        return {}
    rows = await connection.fetch(
        """
        SELECT list_id, profile_id, data FROM list_lead
         WHERE team_id = $1 AND list_id = ANY($2::text[]) AND profile_id = ANY($3::text[])
        """,
        team_id,
        list(list_ids),
        list(profile_ids),
    )
    return {(row["list_id"], row["profile_id"]): row["data"] for row in rows}

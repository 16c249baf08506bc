"""The rules of a campaign: which lists feed it and which exclude, and how list columns fill its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from overture.store.pool import Connection

SEEN_NOTHING = -1
"""The revision of a list that no sync has seen: the next sync compares it as a whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRule:
    """A list's part in a campaign: `role` is `synced` or `excluded`; `mapping` leads from its columns to ours."""

    list_id: str
    role: str
    mapping: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A custom column of a list."""

    list_id: str
    id: str
    name: str
    description: str | None
    type: str


async def load(connection: Connection, *, team_id: str, campaign_id: str) -> list[ListRule]:
    """Return the list rules in their order."""
    rows = await connection.fetch(
        """
        SELECT list_id, role, column_mapping AS mapping FROM campaign_list
         WHERE team_id = $1 AND campaign_id = $2 ORDER BY role, position, list_id
        """,
        team_id,
        campaign_id,
    )
    return [ListRule(**row) for row in rows]


async def list_kinds(
    connection: Connection, *, team_id: str, list_ids: Sequence[str], are_held: bool
) -> dict[str, str]:
    """Return the kinds of those of `list_ids` that are lists of this team.

    While they are held they can neither be deleted nor get leads: a list logs its changes only for campaigns that it
    knows.
    """
    rows = await connection.fetch(
        f"""
        SELECT id, kind FROM list WHERE team_id = $1 AND id = ANY($2::text[])
         ORDER BY id {"FOR SHARE" if are_held else ""}
        """,
        team_id,
        list(list_ids),
    )
    return {row["id"]: row["kind"] for row in rows}


async def list_columns(connection: Connection, *, team_id: str, list_ids: Sequence[str]) -> list[Column]:
    """Return the custom columns of lists, oldest first."""
    rows = await connection.fetch(
        """
        SELECT list_id, id, name, description, type FROM list_column
         WHERE team_id = $1 AND list_id = ANY($2::text[]) ORDER BY list_id, id
        """,
        team_id,
        list(list_ids),
    )
    return [Column(**row) for row in rows]


async def lock(connection: Connection, *, team_id: str, campaign_id: str) -> None:
    """Lock the list rules in the order of their keys: several of them change in the order in which they are found."""
    await connection.execute(
        "SELECT FROM campaign_list WHERE team_id = $1 AND campaign_id = $2 ORDER BY list_id, role FOR NO KEY UPDATE",
        team_id,
        campaign_id,
    )


async def replace(connection: Connection, *, team_id: str, campaign_id: str, rules: Sequence[ListRule]) -> None:
    """Make `rules` the list rules, in this order; the next sync compares everything."""
    await lock(connection, team_id=team_id, campaign_id=campaign_id)
    positions: dict[str, int] = {"synced": 0, "excluded": 0}
    numbered: list[int] = []
    for rule in rules:
        numbered.append(positions[rule.role])
        positions[rule.role] += 1
    await connection.execute(
        """
        DELETE FROM campaign_list r WHERE r.team_id = $1 AND r.campaign_id = $2
           AND NOT EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS v (list_id, role)
                            WHERE v.list_id = r.list_id AND v.role = r.role)
        """,
        team_id,
        campaign_id,
        [rule.list_id for rule in rules],
        [rule.role for rule in rules],
    )
    await connection.execute(
        """
        INSERT INTO campaign_list (team_id, campaign_id, list_id, role, position, column_mapping, seen_revision)
        SELECT $1, $2, v.list_id, v.role, v.position, v.mapping, $7
          FROM unnest($3::text[], $4::text[], $5::int[], $6::jsonb[]) AS v (list_id, role, position, mapping)
        ON CONFLICT (team_id, campaign_id, list_id, role) DO UPDATE
           SET position = excluded.position, column_mapping = excluded.column_mapping,
               seen_revision = excluded.seen_revision
        """,
        team_id,
        campaign_id,
        [rule.list_id for rule in rules],
        [rule.role for rule in rules],
        numbered,
        [dict(rule.mapping) for rule in rules],
        SEEN_NOTHING,
    )


async def drop_column(connection: Connection, *, team_id: str, campaign_id: str, column_id: str) -> None:
    """Take a campaign column out of every mapping."""
    await lock(connection, team_id=team_id, campaign_id=campaign_id)
    await connection.execute(
        """
        UPDATE campaign_list r
           SET column_mapping = (SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}')
                                   FROM jsonb_each(r.column_mapping) m WHERE m.value <> to_jsonb($3::text))
         WHERE r.team_id = $1 AND r.campaign_id = $2
           AND EXISTS (SELECT FROM jsonb_each_text(r.column_mapping) m WHERE m.value = $3)
        """,
        team_id,
        campaign_id,
        column_id,
    )


async def keep_leads(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    detached: Sequence[ListRule],
    remaining: Sequence[str],
) -> None:
    """Make leads that only `detached` lists bring stay, as if added by hand with the values the lists gave them.

    Call it before the lists' rows go.
    """
    await connection.execute(
        """
        WITH kept AS (
            SELECT l.id, l.profile_id FROM lead l
             WHERE l.team_id = $1 AND l.campaign_id = $2 AND NOT l.is_direct AND l.state <> 'removed'
               AND EXISTS (SELECT FROM list_lead m WHERE m.team_id = $1 AND m.list_id = ANY($3::text[])
                              AND m.profile_id = l.profile_id)
               AND NOT EXISTS (SELECT FROM list_lead m WHERE m.team_id = $1 AND m.list_id = ANY($4::text[])
                                  AND m.profile_id = l.profile_id)
             ORDER BY l.id FOR NO KEY UPDATE
        ), given AS (
            SELECT DISTINCT ON (k.id, t.value) k.id, t.value AS column_id, m.data -> t.key AS value
              FROM unnest($3::text[], $5::jsonb[]) WITH ORDINALITY AS d (list_id, mapping, position)
             CROSS JOIN LATERAL jsonb_each_text(d.mapping) t
              JOIN list_lead m ON m.team_id = $1 AND m.list_id = d.list_id
              JOIN kept k ON k.profile_id = m.profile_id
             WHERE coalesce(m.data ->> t.key, '') <> ''
             ORDER BY k.id, t.value, d.position
        ), gathered AS (
            SELECT id, jsonb_object_agg(column_id, value) AS data FROM given GROUP BY id
        )
        UPDATE lead l SET is_direct = true, data = coalesce(g.data, '{}') || l.data
          FROM kept LEFT JOIN gathered g ON g.id = kept.id WHERE l.team_id = $1 AND l.id = kept.id
        """,
        team_id,
        campaign_id,
        [rule.list_id for rule in detached],
        list(remaining),
        [dict(rule.mapping) for rule in detached],
    )

"""What an import must know to be undone, and the undoing, in a handful of statements over all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.core.words import MergeStrategy
from overture.store.pool import Connection

# What counts as changed in a column, by strategy: `e` is what the file says, `l` the lead as it is.
_CHANGES: Mapping[MergeStrategy, str] = {
    MergeStrategy.OVERWRITE: "l.data -> e.key IS DISTINCT FROM e.value",
    MergeStrategy.FILL_EMPTY: "coalesce(l.data -> e.key, 'null') = 'null'",
    MergeStrategy.KEEP: "false",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawn:
    """From how many persons consent was taken, and which campaigns relied on it."""

    count: int
    campaign_ids: Sequence[str]


async def remember(
    connection: Connection,
    *,
    team_id: str,
    list_id: str,
    job_id: str,
    data: Mapping[str, Mapping[str, Any]],
    strategy: MergeStrategy,
) -> None:
    """Keep whom a batch names of those who were on the list before the import, and what it is about to change of them.

    Call it before `list_leads.merge`, with the list's row locked.
    """
    ordered = sorted(data)
    # OFFSET 0: each lead is found by its key, whatever the planner thinks of the size of the batch.
    await connection.execute(
        f"""
        INSERT INTO import_lead AS i (team_id, job_id, profile_id, before, after)
        SELECT $1, $3::text, u.profile_id, coalesce(c.before, '{{}}'), coalesce(c.after, '{{}}')
          FROM ROWS FROM (unnest($4::text[]), jsonb_array_elements($5)) AS u (profile_id, data)
         CROSS JOIN LATERAL (SELECT data, import_id FROM list_lead
                              WHERE team_id = $1 AND list_id = $2 AND profile_id = u.profile_id OFFSET 0) l
         CROSS JOIN LATERAL (SELECT jsonb_object_agg(e.key, l.data -> e.key) FILTER (WHERE l.data ? e.key) AS before,
                                    jsonb_object_agg(e.key, e.value) AS after
                               FROM jsonb_each(u.data) AS e WHERE {_CHANGES[strategy]}) c
         WHERE l.import_id IS DISTINCT FROM $3
        ON CONFLICT (team_id, job_id, profile_id) DO UPDATE
           SET before = (excluded.before - ARRAY(SELECT jsonb_object_keys(i.after))) || i.before,
               after = i.after || excluded.after
        """,
        team_id,
        list_id,
        job_id,
        ordered,
        [dict(data[profile_id]) for profile_id in ordered],
    )


async def restore_values(connection: Connection, *, team_id: str, list_id: str, job_id: str, now: datetime) -> None:
    """Bring back the values an import overwrote or filled, each where it still is what the import made it."""
    await connection.execute(
        """
        UPDATE list_lead l SET data = (l.data - undone.columns) || undone.before, updated_at = $4
          FROM (SELECT i.profile_id, array_agg(a.key) AS columns,
                       coalesce(jsonb_object_agg(a.key, i.before -> a.key) FILTER (WHERE i.before ? a.key), '{}')
                           AS before
                  FROM import_lead i
                  JOIN list_lead n ON n.team_id = $1 AND n.list_id = $2 AND n.profile_id = i.profile_id
                 CROSS JOIN LATERAL jsonb_each(i.after) AS a
                 WHERE i.team_id = $1 AND i.job_id = $3 AND n.data -> a.key = a.value
                 GROUP BY i.profile_id) undone
         WHERE l.team_id = $1 AND l.list_id = $2 AND l.profile_id = undone.profile_id
        """,
        team_id,
        list_id,
        job_id,
        now,
    )


async def hand_over(connection: Connection, *, team_id: str, list_id: str, job_id: str) -> None:
    """Give people an import added to the next import that named them and stands; they leave with that one."""
    await connection.execute(
        """
        UPDATE list_lead l SET import_id = named.job_id
          FROM (SELECT DISTINCT ON (i.profile_id) i.profile_id, i.job_id
                  FROM import_job j JOIN import_lead i ON i.team_id = j.team_id AND i.job_id = j.id
                 WHERE j.team_id = $1 AND j.list_id = $2 AND j.undone_at IS NULL AND j.id <> $3
                 ORDER BY i.profile_id, i.job_id) named
         WHERE l.team_id = $1 AND l.list_id = $2 AND l.profile_id = named.profile_id AND l.import_id = $3
        """,
        team_id,
        list_id,
        job_id,
    )


async def remove_people(connection: Connection, *, team_id: str, list_id: str, job_id: str, now: datetime) -> int:
    """Take off a list whom an import has put there and nobody touched since; return how many.

    The list's row must be locked. Its size and, for campaigns that follow it, its log of changes are kept.
    """
    count: int = await connection.fetchval(
        """
        WITH gone AS (
            DELETE FROM list_lead WHERE team_id = $1 AND list_id = $2 AND import_id = $3 RETURNING profile_id
        ), raised AS (
            UPDATE list SET revision = revision + 1, leads_count = leads_count - (SELECT count(*) FROM gone),
                   updated_at = $4
             WHERE team_id = $1 AND id = $2 AND EXISTS (SELECT FROM gone) RETURNING revision
        ), logged AS (
            INSERT INTO list_change (team_id, list_id, revision, profile_id)
            SELECT $1, $2, raised.revision, gone.profile_id FROM raised, gone
             WHERE EXISTS (SELECT FROM campaign_list c WHERE c.team_id = $1 AND c.list_id = $2)
        )
        SELECT count(*) FROM gone
        """,
        team_id,
        list_id,
        job_id,
        now,
    )
    return count


async def withdraw_consent(connection: Connection, *, team_id: str, job_id: str, now: datetime) -> Withdrawn:
    """Take back the consent an import recorded, and have campaigns look again at whom they have yet to write to."""
    row = await connection.fetchrow(
        """
        WITH withdrawn AS (
            UPDATE contact SET consent_basis = NULL, consent_evidence = NULL, consent_by = NULL, consent_at = NULL,
                   consent_import_id = NULL, updated_at = $3
             WHERE team_id = $1 AND consent_import_id = $2 RETURNING id
        ), relying AS (
            SELECT l.campaign_id, l.profile_id
              FROM withdrawn w
              JOIN profile p ON p.team_id = $1 AND p.contact_id = w.id
              JOIN lead l ON l.team_id = $1 AND l.profile_id = p.id AND l.contacted_at IS NULL
               AND l.state IN ('assessing', 'ready', 'held', 'unreachable')
              JOIN campaign c ON c.team_id = $1 AND c.id = l.campaign_id AND c.deleted_at IS NULL
        ), queued AS (
            INSERT INTO scope_queue (team_id, campaign_id, profile_id)
            SELECT $1, campaign_id, profile_id FROM relying
        )
        SELECT (SELECT count(*) FROM withdrawn) AS count,
               ARRAY(SELECT DISTINCT campaign_id FROM relying ORDER BY campaign_id) AS campaign_ids
        """,
        team_id,
        job_id,
        now,
    )
    assert row is not None
    return Withdrawn(**row)


async def mark_undone(connection: Connection, *, team_id: str, job_id: str, now: datetime) -> None:
    """Note that an import is undone; what it remembered is needed no more."""
    await connection.execute(
        "UPDATE import_job SET undone_at = $3, updated_at = $3 WHERE team_id = $1 AND id = $2", team_id, job_id, now
    )
    await connection.execute("DELETE FROM import_lead WHERE team_id = $1 AND job_id = $2", team_id, job_id)

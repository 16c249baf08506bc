"""Histories: what imports tell of the time before the platform's own record begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture import ids
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The account a history is of, and where its file comes from.

    `synced_at`: when its messages were first read to the end. `line_place`: the column that tells a row's line in the
    archive; None: the file is the CSV itself.
    """

    account_id: str
    platform: str
    is_linked: bool
    synced_at: datetime | None
    line_place: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Met:
    """What is known of an account and somebody: when they were first written to by the team, and last wrote to it."""

    first_contacted_at: datetime | None
    last_inbound_at: datetime | None
    is_forgotten: bool


async def contacted_list(connection: Connection, *, team_id: str) -> str:
    """Return the list Contacted of a team."""
    list_id: str = await connection.fetchval("SELECT id FROM list WHERE team_id = $1 AND kind = 'contacted'", team_id)
    return list_id


async def source(connection: Connection, *, team_id: str, job_id: str) -> Source:
    """Return what a job reads."""
    row = await connection.fetchrow(
        """
        SELECT j.account_id, a.platform, a.deleted_at IS NULL AS is_linked, a.synced_at,
               (j.column_mapping ->> 'linePlace')::integer AS line_place
          FROM import_job j JOIN account_link a ON a.team_id = $1 AND a.id = j.account_id
         WHERE j.team_id = $1 AND j.id = $2
        """,
        team_id,
        job_id,
    )
    assert row is not None
    return Source(**row)


async def met(connection: Connection, *, team_id: str, account_id: str, profile_ids: Sequence[str]) -> dict[str, Met]:
    """Return what is known of these profiles; of whom nothing is known is left out."""
    rows = await connection.fetch(
        """
        SELECT n.profile_id, n.first_contacted_at, t.last_inbound_at,
               coalesce(n.suppressed_reason = 'forgotten', false) AS is_forgotten
          FROM person n
          LEFT JOIN thread t ON t.team_id = $1 AND t.account_id = $2 AND t.profile_id = n.profile_id
         WHERE n.team_id = $1 AND n.profile_id = ANY($3::text[])
        """,
        team_id,
        account_id,
        list(profile_ids),
    )
    return {
        row["profile_id"]: Met(
            first_contacted_at=row["first_contacted_at"],
            last_inbound_at=row["last_inbound_at"],
            is_forgotten=row["is_forgotten"],
        )
        for row in rows
    }


async def note_inbound(
    connection: Connection, *, team_id: str, account_id: str, inbound: Sequence[tuple[str, datetime]], now: datetime
) -> None:
    """Note that persons, given as (profile, instant), wrote to an account, in messages nobody has.

    The conversation of those who have none yet begins in the archive.
    """
    latest = dict(sorted(inbound))
    await connection.execute(
        """
        INSERT INTO thread AS t (team_id, id, account_id, profile_id, archived, last_message_at, last_inbound_at,
                                 created_at)
        SELECT $1, v.id, $2, v.profile_id, true, v.at, v.at, $3
          FROM unnest($4::text[], $5::text[], $6::timestamptz[]) AS v (id, profile_id, at) ORDER BY v.profile_id
        ON CONFLICT (team_id, account_id, profile_id) DO UPDATE
           SET last_message_at = greatest(t.last_message_at, excluded.last_message_at),
               last_inbound_at = greatest(t.last_inbound_at, excluded.last_inbound_at)
        """,
        team_id,
        account_id,
        now,
        ids.many("r", len(latest)),
        list(latest),
        list(latest.values()),
    )


async def stretch(connection: Connection, *, team_id: str, job_id: str, first: datetime, last: datetime) -> None:
    """Note from when to when the rows of a job tell."""
    await connection.execute(
        """
        UPDATE import_job SET column_mapping = column_mapping || jsonb_build_object(
               'first', least((column_mapping ->> 'first')::timestamptz, $3::timestamptz),
               'last', greatest((column_mapping ->> 'last')::timestamptz, $4::timestamptz))
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        job_id,
        first,
        last,
    )


async def move_beginning(connection: Connection, *, team_id: str, job_id: str) -> None:
    """Let an account's history begin with the first row of a job, if the job's rows reach to where it began before."""
    await connection.execute(
        """
        UPDATE account_link a SET history_from = (j.column_mapping ->> 'first')::timestamptz
          FROM import_job j
         WHERE j.team_id = $1 AND j.id = $2 AND a.team_id = $1 AND a.id = j.account_id
           AND (j.column_mapping ->> 'first')::timestamptz < a.history_from
           AND (j.column_mapping ->> 'last')::timestamptz >= a.history_from
        """,
        team_id,
        job_id,
    )

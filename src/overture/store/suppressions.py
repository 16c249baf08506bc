"""Suppressions: whom nobody of the team writes to any more. They lie on the person, where every claim looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from overture.store import people
from overture.store.people import Profile
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class New:
    """Somebody to suppress, and why, in words for people."""

    profile_id: str
    note: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """Somebody who is suppressed. `source` is `optOut` (the person's own word) or `byHand`; `by` who did the latter."""

    profile: Profile
    source: str
    note: str | None
    by: str | None
    at: datetime


_SELECT = f"""
    SELECT {people.COLUMNS}, n.suppressed_reason AS source, n.suppressed_note AS note, n.suppressed_by AS by,
           n.suppressed_at AS at
      FROM person n JOIN profile p ON p.team_id = $1 AND p.id = n.profile_id
     WHERE n.team_id = $1 AND n.suppressed_at IS NOT NULL
"""


async def add(
    connection: Connection, *, team_id: str, new: Sequence[New], source: str, by: str | None, at: datetime
) -> set[str]:
    """Let nobody of the team write to these persons any more; return the profiles that were not suppressed before.

    A claim holds the person's row until its intents are committed: what this returns to finds them, or none follow.
    """
    if not new:
        return set()
    notes = {one.profile_id: one.note for one in new}
    ordered = sorted(notes)
    rows = await connection.fetch(
        """
        INSERT INTO person AS n (team_id, profile_id, suppressed_at, suppressed_reason, suppressed_by, suppressed_note)
        SELECT $1, v.profile_id, $4, $5, $6, v.note
          FROM unnest($2::text[], $3::text[]) AS v (profile_id, note) ORDER BY v.profile_id
        ON CONFLICT (team_id, profile_id) DO UPDATE
           SET suppressed_at = excluded.suppressed_at, suppressed_reason = excluded.suppressed_reason,
               suppressed_by = excluded.suppressed_by, suppressed_note = excluded.suppressed_note
         WHERE n.suppressed_at IS NULL
        RETURNING profile_id
        """,
        team_id,
        ordered,
        [notes[profile_id] for profile_id in ordered],
        at,
        source,
        by,
    )
    return {row["profile_id"] for row in rows}


async def find(connection: Connection, *, team_id: str, profile_id: str) -> Suppression | None:
    """Return the suppression of a profile, if it is suppressed."""
    row = await connection.fetchrow(f"{_SELECT} AND n.profile_id = $2", team_id, profile_id)
    return None if row is None else _of_row(row)


async def among(connection: Connection, *, team_id: str, platform: str, platform_ids: Sequence[str]) -> set[str]:
    """Return those of these people, by the platform's id, whom nobody of the team may write to."""
    rows = await connection.fetch(
        """
        SELECT f.platform_id FROM profile f JOIN person n ON n.team_id = $1 AND n.profile_id = f.id
         WHERE f.team_id = $1 AND f.platform = $2 AND f.platform_id = ANY($3::text[]) AND n.suppressed_at IS NOT NULL
        """,
        team_id,
        platform,
        list(platform_ids),
    )
    return {row["platform_id"] for row in rows}


async def page(
    connection: Connection,
    *,
    team_id: str,
    platform: str | None,
    prefix: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Suppression]:
    """Return up to `limit` suppressions, the latest first, after the one at (instant, profile).

    `prefix` is what a username or shown name begins with, or a whole id of the platform.
    """
    at, profile_id = after or (None, None)
    rows = await connection.fetch(
        f"""
        {_SELECT}
           AND ($2::text IS NULL OR p.platform = $2)
           AND ($3::text IS NULL OR starts_with(lower(p.username), lower($3))
                OR starts_with(lower(p.display_name), lower($3)) OR p.platform_id = $3)
           AND ($4::timestamptz IS NULL OR (n.suppressed_at, n.profile_id) < ($4, $5::text))
         ORDER BY n.suppressed_at DESC, n.profile_id DESC LIMIT $6
        """,
        team_id,
        platform,
        prefix,
        at,
        profile_id,
        limit,
    )
    return [_of_row(row) for row in rows]


async def remove(connection: Connection, *, team_id: str, profile_id: str) -> bool:
    """Let a person be written to again; tell whether that changed anything."""
    done: str = await connection.execute(
        """
        UPDATE person SET suppressed_at = NULL, suppressed_reason = NULL, suppressed_by = NULL, suppressed_note = NULL
         WHERE team_id = $1 AND profile_id = $2 AND suppressed_at IS NOT NULL
        """,
        team_id,
        profile_id,
    )
    return done != "UPDATE 0"


async def return_leads(connection: Connection, *, team_id: str, profile_id: str) -> list[str]:
    """Hand the leads that this person's suppression left out back to the rules; return their campaigns.

    They stay excluded until sync, which the caller asks for, has held them against the rules.
    """
    rows = await connection.fetch(
        """
        WITH left_out AS (
            SELECT l.id, l.campaign_id, l.profile_id FROM lead l
              JOIN campaign c ON c.team_id = l.team_id AND c.id = l.campaign_id AND c.deleted_at IS NULL
             WHERE l.team_id = $1 AND l.profile_id = $2 AND l.state = 'excluded' AND l.reason = 'suppressed'
             ORDER BY l.id FOR NO KEY UPDATE OF l
        ), queued AS (
            INSERT INTO scope_queue (team_id, campaign_id, profile_id)
            SELECT $1, campaign_id, profile_id FROM left_out
        )
        SELECT DISTINCT campaign_id FROM left_out ORDER BY campaign_id
        """,
        team_id,
        profile_id,
    )
    return [row["campaign_id"] for row in rows]


def _of_row(row: asyncpg.Record) -> Suppression:
    return Suppression(profile=people.of_row(row), source=row["source"], note=row["note"], by=row["by"], at=row["at"])

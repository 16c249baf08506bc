"""What automations read and write: themselves, and contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture import ids
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Automation:
    """One automation that is switched on."""

    campaign_id: str
    trigger: str
    action: str
    action_data: Mapping[str, Any]


async def enabled(connection: Connection, *, team_id: str, campaign_ids: Sequence[str]) -> list[Automation]:
    """Return the automations of these campaigns that are switched on, oldest first."""
    rows = await connection.fetch(
        """
        SELECT campaign_id, trigger, action, action_data FROM automation
         WHERE team_id = $1 AND campaign_id = ANY($2::text[]) AND enabled ORDER BY campaign_id, id
        """,
        team_id,
        list(campaign_ids),
    )
    return [Automation(**row) for row in rows]


async def ensure_contacts(
    connection: Connection, *, team_id: str, now: datetime, profile_ids: Sequence[str]
) -> dict[str, str]:
    """Return the contact of each profile, made where there was none, locked in key order."""
    wanted = sorted(set(profile_ids))
    await connection.execute(
        """
        WITH missing AS (
            SELECT f.id AS profile_id, v.contact_id
              FROM unnest($2::text[], $3::text[]) AS v (profile_id, contact_id)
              JOIN profile f ON f.team_id = $1 AND f.id = v.profile_id AND f.contact_id IS NULL
             ORDER BY f.id FOR NO KEY UPDATE OF f
        ), made AS (
            INSERT INTO contact (team_id, id, created_at, updated_at)
            SELECT $1, contact_id, $4, $4 FROM missing
        )
        UPDATE profile f SET contact_id = missing.contact_id
          FROM missing WHERE f.team_id = $1 AND f.id = missing.profile_id
        """,
        team_id,
        wanted,
        ids.many("o", len(wanted)),
        now,
    )
    rows = await connection.fetch(
        """
        SELECT f.id AS profile_id, o.id AS contact_id
          FROM profile f JOIN contact o ON o.team_id = $1 AND o.id = f.contact_id
         WHERE f.team_id = $1 AND f.id = ANY($2::text[]) ORDER BY o.id FOR NO KEY UPDATE OF o
        """,
        team_id,
        wanted,
    )
    return {row["profile_id"]: row["contact_id"] for row in rows}


async def set_status(connection: Connection, *, team_id: str, contact_id: str, status_id: str, now: datetime) -> bool:
    """Give a contact a status that exists; tell whether that changed it."""
    result = await connection.execute(
        """
        UPDATE contact SET status_id = $3, updated_at = $4
         WHERE team_id = $1 AND id = $2 AND status_id IS DISTINCT FROM $3
           AND EXISTS (SELECT FROM status WHERE team_id = $1 AND id = $3)
        """,
        team_id,
        contact_id,
        status_id,
        now,
    )
    return result.endswith("1")


async def change_tag(
    connection: Connection, *, team_id: str, contact_id: str, tag_id: str, is_added: bool, now: datetime
) -> list[str] | None:
    """Add or remove a tag; return the contact's tags if that changed them."""
    tags: list[str] | None = await connection.fetchval(
        """
        UPDATE contact
           SET tag_ids = CASE WHEN $4 THEN array_append(tag_ids, $3) ELSE array_remove(tag_ids, $3) END,
               updated_at = $5
         WHERE team_id = $1 AND id = $2 AND ($3 = ANY(tag_ids)) <> $4
           AND (NOT $4 OR EXISTS (SELECT FROM tag WHERE team_id = $1 AND id = $3))
        RETURNING tag_ids
        """,
        team_id,
        contact_id,
        tag_id,
        is_added,
        now,
    )
    return tags


async def assign(connection: Connection, *, team_id: str, contact_id: str, member_id: str, now: datetime) -> bool:
    """Assign a contact to a member; tell whether that changed it."""
    result = await connection.execute(
        """
        UPDATE contact SET assignee_id = $3, updated_at = $4
         WHERE team_id = $1 AND id = $2 AND assignee_id IS DISTINCT FROM $3
           AND EXISTS (SELECT FROM member WHERE team_id = $1 AND id = $3)
        """,
        team_id,
        contact_id,
        member_id,
        now,
    )
    return result.endswith("1")

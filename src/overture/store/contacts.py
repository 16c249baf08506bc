"""Contacts: what a team notes about a person, whatever the profiles.

Every profile has a contact with an id that follows from its own; the row is made when the first thing is noted, so
that looking somebody up never writes, and a million leads cost no second million of rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import asyncpg

from overture.store import people
from overture.store.people import Profile
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """On what ground a person agreed to be written to, what shows it, and who noted it when."""

    basis: str
    evidence: str
    at: datetime
    by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """One contact with its profiles, oldest first."""

    id: str
    profiles: Sequence[Profile]
    status_id: str | None
    tag_ids: Sequence[str]
    notes: str | None
    valuation: Decimal | None
    assignee_id: str | None
    consent: Consent | None
    created_at: datetime
    updated_at: datetime


_ID = "coalesce(p.contact_id, 'o' || substr(p.id, 2))"


async def ids_of(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> list[str]:
    """Return the ids of the contacts of these profiles, in order."""
    rows = await connection.fetch(
        f"SELECT DISTINCT {_ID} AS id FROM profile p WHERE p.team_id = $1 AND p.id = ANY($2::text[]) ORDER BY 1",
        team_id,
        list(profile_ids),
    )
    return [row["id"] for row in rows]


async def profiles_of(connection: Connection, *, team_id: str, contact_ids: Sequence[str]) -> list[str]:
    """Return the profiles of these contacts, in order."""
    rows = await connection.fetch(
        """
        SELECT id FROM profile WHERE team_id = $1 AND contact_id = ANY($2::text[])
        UNION
        SELECT id FROM profile WHERE team_id = $1 AND contact_id IS NULL AND id = ANY($3::text[])
         ORDER BY id
        """,
        team_id,
        list(contact_ids),
        ["u" + contact_id[1:] for contact_id in contact_ids],
    )
    return [row["id"] for row in rows]


async def read(connection: Connection, *, team_id: str, contact_ids: Sequence[str]) -> list[Contact]:
    """Return the contacts with these ids, in their order."""
    profiles = await connection.fetch(
        f"""
        SELECT {people.COLUMNS}, {_ID} AS contact_id FROM profile p
         WHERE p.team_id = $1 AND p.contact_id = ANY($2::text[])
        UNION ALL
        SELECT {people.COLUMNS}, {_ID} FROM profile p
         WHERE p.team_id = $1 AND p.contact_id IS NULL AND p.id = ANY($3::text[])
         ORDER BY contact_id, id
        """,
        team_id,
        list(contact_ids),
        ["u" + contact_id[1:] for contact_id in contact_ids],
    )
    rows = await connection.fetch(
        """
        SELECT id, status_id, tag_ids, notes, valuation, assignee_id, consent_basis, consent_evidence, consent_at,
               consent_by, created_at, updated_at
          FROM contact WHERE team_id = $1 AND id = ANY($2::text[])
        """,
        team_id,
        list(contact_ids),
    )
    noted = {row["id"]: row for row in rows}
    grouped: dict[str, list[Profile]] = {}
    for row in profiles:
        grouped.setdefault(row["contact_id"], []).append(people.of_row(row))
    return [
        _of_row(noted[contact_id], theirs) if contact_id in noted else _blank(contact_id, theirs)
        for contact_id, theirs in grouped.items()
    ]


def _of_row(row: asyncpg.Record, profiles: Sequence[Profile]) -> Contact:
    consent = None
    if row["consent_at"] is not None:
        consent = Consent(
            basis=row["consent_basis"], evidence=row["consent_evidence"], at=row["consent_at"], by=row["consent_by"]
        )
    same = ("id", "status_id", "tag_ids", "notes", "valuation", "assignee_id", "created_at", "updated_at")
    return Contact(profiles=profiles, consent=consent, **{name: row[name] for name in same})


def _blank(contact_id: str, profiles: Sequence[Profile]) -> Contact:
    """Of whom nothing is noted yet."""
    return Contact(
        id=contact_id,
        profiles=profiles,
        status_id=None,
        tag_ids=(),
        notes=None,
        valuation=None,
        assignee_id=None,
        consent=None,
        created_at=profiles[0].created_at,
        updated_at=profiles[0].created_at,
    )


async def ensure(connection: Connection, *, team_id: str, now: datetime, profile_ids: Iterable[str]) -> dict[str, str]:
    """Return the contact of each profile, its row made where there was none, and locked in key order."""
    wanted = sorted(set(profile_ids))
    await connection.execute(
        """
        WITH missing AS (
            SELECT p.id, 'o' || substr(p.id, 2) AS contact_id, p.created_at FROM profile p
             WHERE p.team_id = $1 AND p.id = ANY($2::text[]) AND p.contact_id IS NULL
             ORDER BY p.platform, p.platform_id FOR NO KEY UPDATE
        ), made AS (
            INSERT INTO contact (team_id, id, created_at, updated_at)
            SELECT $1, contact_id, created_at, $3 FROM missing
        )
        UPDATE profile p SET contact_id = missing.contact_id
          FROM missing WHERE p.team_id = $1 AND p.id = missing.id
        """,
        team_id,
        wanted,
        now,
    )
    rows = await connection.fetch(
        """
        SELECT p.id AS profile_id, o.id AS contact_id
          FROM profile p JOIN contact o ON o.team_id = $1 AND o.id = p.contact_id
         WHERE p.team_id = $1 AND p.id = ANY($2::text[]) ORDER BY o.id FOR NO KEY UPDATE OF o
        """,
        team_id,
        wanted,
    )
    return {row["profile_id"]: row["contact_id"] for row in rows}


async def save(connection: Connection, *, team_id: str, contact: Contact) -> None:
    """Keep what is noted of a contact whose row is locked; tags have statements of their own.

    Consent that is recorded anew is no longer that of the import which recorded it before.
    """
    consent = contact.consent
    await connection.execute(
        """
        UPDATE contact SET status_id = $3, notes = $4, valuation = $5, assignee_id = $6, consent_basis = $7,
               consent_evidence = $8, consent_at = $9, consent_by = $10, updated_at = $11,
               consent_import_id = CASE WHEN (consent_basis, consent_evidence, consent_at)
                                         IS NOT DISTINCT FROM ($7, $8, $9) THEN consent_import_id END
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        contact.id,
        contact.status_id,
        contact.notes,
        contact.valuation,
        contact.assignee_id,
        consent and consent.basis,
        consent and consent.evidence,
        consent and consent.at,
        consent and consent.by,
        contact.updated_at,
    )


async def set_statuses(
    connection: Connection, *, team_id: str, now: datetime, statuses: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Give locked contacts statuses, as (contact, status); return those that this changed."""
    rows = await connection.fetch(
        """
        UPDATE contact o SET status_id = v.status_id, updated_at = $4
          FROM unnest($2::text[], $3::text[]) AS v (contact_id, status_id)
         WHERE o.team_id = $1 AND o.id = v.contact_id AND o.status_id IS DISTINCT FROM v.status_id
        RETURNING o.id, o.status_id
        """,
        team_id,
        [contact_id for contact_id, _ in statuses],
        [status_id for _, status_id in statuses],
        now,
    )
    return [(row["id"], row["status_id"]) for row in rows]


async def assign(
    connection: Connection, *, team_id: str, now: datetime, assignees: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Assign locked contacts to members, as (contact, member); return those that this changed."""
    rows = await connection.fetch(
        """
        UPDATE contact o SET assignee_id = v.member_id, updated_at = $4
          FROM unnest($2::text[], $3::text[]) AS v (contact_id, member_id)
         WHERE o.team_id = $1 AND o.id = v.contact_id AND o.assignee_id IS DISTINCT FROM v.member_id
        RETURNING o.id, o.assignee_id
        """,
        team_id,
        [contact_id for contact_id, _ in assignees],
        [member_id for _, member_id in assignees],
        now,
    )
    return [(row["id"], row["assignee_id"]) for row in rows]


async def unassign(connection: Connection, *, team_id: str, now: datetime, member_id: str) -> list[str]:
    """Leave the contacts of a member to nobody; return them in order."""
    rows = await connection.fetch(
        """
        WITH theirs AS (
            SELECT id FROM contact WHERE team_id = $1 AND assignee_id = $2 ORDER BY id FOR NO KEY UPDATE
        ), left_alone AS (
            UPDATE contact o SET assignee_id = NULL, updated_at = $3
              FROM theirs WHERE o.team_id = $1 AND o.id = theirs.id RETURNING o.id
        )
        SELECT id FROM left_alone ORDER BY id
        """,
        team_id,
        member_id,
        now,
    )
    return [row["id"] for row in rows]


async def change_tags(
    connection: Connection, *, team_id: str, now: datetime, changes: Sequence[tuple[str, str, bool]]
) -> list[tuple[str, list[str]]]:
    """Add tags to locked contacts or take them off, as (contact, tag, is added), a pair once.

    Return the contacts that this changed, with their tags in the order they were added.
    """
    rows = await connection.fetch(
        """
        WITH v AS (
            SELECT contact_id, coalesce(array_agg(tag_id ORDER BY n) FILTER (WHERE is_added), '{}') AS added,
                   coalesce(array_agg(tag_id) FILTER (WHERE NOT is_added), '{}') AS removed
              FROM unnest($2::text[], $3::text[], $4::boolean[]) WITH ORDINALITY AS u (contact_id, tag_id, is_added, n)
             GROUP BY contact_id
        ), next AS (
            SELECT o.id, ARRAY(SELECT t FROM unnest(o.tag_ids) WITH ORDINALITY AS e (t, n)
                                WHERE t <> ALL (v.removed) ORDER BY n)
                      || ARRAY(SELECT t FROM unnest(v.added) WITH ORDINALITY AS e (t, n)
                                WHERE t <> ALL (o.tag_ids) ORDER BY n) AS tag_ids
              FROM v JOIN contact o ON o.team_id = $1 AND o.id = v.contact_id
        )
        UPDATE contact o SET tag_ids = next.tag_ids, updated_at = $5
          FROM next WHERE o.team_id = $1 AND o.id = next.id AND o.tag_ids <> next.tag_ids
        RETURNING o.id, o.tag_ids
        """,
        team_id,
        [contact_id for contact_id, _, _ in changes],
        [tag_id for _, tag_id, _ in changes],
        [is_added for _, _, is_added in changes],
        now,
    )
    return [(row["id"], row["tag_ids"]) for row in rows]

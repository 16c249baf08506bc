"""Merges: everything of a profile that waited for its look-up goes to the profile that has the id already.

The profiles are locked, and every other one stands once among those that take over. Nobody was ever written to as a
profile that waits: it has no plan, no attempt and no thread, and of a person nothing but that it is suppressed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store import list_leads
from overture.store.pool import Connection

_LOCK_KEY = "hashtextextended('merge ' || $1::text, 0)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Double:
    """A lead that waited, beside the lead its person has in the same campaign."""

    campaign_id: str
    lead_id: str
    profile_id: str
    waited_id: str
    waited_state: str
    waited_reason: str | None
    was_direct: bool
    was_deleted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppressed:
    """Somebody who was suppressed while only the username was known."""

    profile_id: str
    source: str
    note: str | None
    by: str
    at: datetime


async def hold_off(connection: Connection, *, team_id: str) -> None:
    """Let nobody be merged before the transaction ends: for whoever makes leads of profiles without locking them.

    Call it before any other lock.
    """
    await connection.execute(f"SELECT pg_advisory_xact_lock_shared({_LOCK_KEY})", team_id)


async def begin(connection: Connection, *, team_id: str) -> None:
    """Wait for those who make leads meanwhile, and have them wait. Call it before any other lock."""
    await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})", team_id)


async def campaigns(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> list[str]:
    """Return the campaigns in which these profiles are leads."""
    rows = await connection.fetch(
        "SELECT DISTINCT campaign_id FROM lead WHERE team_id = $1 AND profile_id = ANY($2::text[]) ORDER BY 1",
        team_id,
        list(profile_ids),
    )
    return [row["campaign_id"] for row in rows]


async def doubles(connection: Connection, *, team_id: str, heirs: Mapping[str, str]) -> list[Double]:
    """Lock the leads of both sides (`heirs`: who takes over from whom) and return those that stand twice."""
    await connection.execute(
        "SELECT FROM lead WHERE team_id = $1 AND profile_id = ANY($2::text[]) ORDER BY id FOR UPDATE",
        team_id,
        [*heirs, *heirs.values()],
    )
    rows = await connection.fetch(
        """
        SELECT n.campaign_id, n.id AS lead_id, n.profile_id, o.id AS waited_id, o.state AS waited_state,
               o.reason AS waited_reason, o.is_direct AS was_direct, o.is_deleted_by_hand AS was_deleted
          FROM unnest($2::text[], $3::text[]) AS h (waited, heir)
          JOIN lead o ON o.team_id = $1 AND o.profile_id = h.waited
          JOIN lead n ON n.team_id = $1 AND n.campaign_id = o.campaign_id AND n.profile_id = h.heir
         ORDER BY n.campaign_id, n.id
        """,
        team_id,
        list(heirs),
        list(heirs.values()),
    )
    return [Double(**row) for row in rows]


async def drop_doubles(connection: Connection, *, team_id: str, doubles: Sequence[Double]) -> None:
    """Make one lead of two: values fill what the lead that stays has none of, what people decided is kept."""
    await connection.execute(
        """
        WITH d AS (SELECT * FROM unnest($2::text[], $3::text[]) AS d (waited, lead)), acts AS (
            UPDATE lead_act a SET lead_id = d.lead FROM d WHERE a.team_id = $1 AND a.lead_id = d.waited
        ), turned AS (
            UPDATE lead_turn h SET lead_id = d.lead FROM d WHERE h.team_id = $1 AND h.lead_id = d.waited
        ), queued AS (
            DELETE FROM assess_queue q USING d, lead o
             WHERE o.team_id = $1 AND o.id = d.waited
               AND q.team_id = $1 AND q.campaign_id = o.campaign_id AND q.lead_id = o.id
        ), filled AS (
            UPDATE lead l SET data = o.data || l.data FROM d, lead o
             WHERE l.team_id = $1 AND l.id = d.lead AND o.team_id = $1 AND o.id = d.waited AND o.data <> '{}'
        )
        DELETE FROM lead o USING d WHERE o.team_id = $1 AND o.id = d.waited
        """,
        team_id,
        [double.waited_id for double in doubles],
        [double.lead_id for double in doubles],
    )


async def move_leads(connection: Connection, *, team_id: str, heirs: Mapping[str, str]) -> None:
    """Hand the other leads over; those given up because there was nobody are assessed anew."""
    await connection.execute(
        """
        WITH moved AS (
            UPDATE lead l
               SET profile_id = h.heir, state = CASE l.state WHEN 'unreachable' THEN 'assessing' ELSE l.state END,
                   reason = CASE l.state WHEN 'unreachable' THEN NULL ELSE l.reason END
              FROM unnest($2::text[], $3::text[]) AS h (waited, heir)
             WHERE l.team_id = $1 AND l.profile_id = h.waited
            RETURNING l.id, l.campaign_id, l.profile_id, l.state
        )
        INSERT INTO assess_queue AS q (team_id, campaign_id, lead_id, profile_id)
        SELECT $1, campaign_id, id, profile_id FROM moved WHERE state = 'assessing' ORDER BY campaign_id, id
        ON CONFLICT (team_id, campaign_id, lead_id) DO UPDATE SET profile_id = excluded.profile_id, account_id = NULL
        """,
        team_id,
        list(heirs),
        list(heirs.values()),
    )


async def merge_contacts(connection: Connection, *, team_id: str, heirs: Mapping[str, str], now: datetime) -> None:
    """Hand over what is noted of the persons; where both sides have notes, they fill what the heir has none of."""
    await connection.execute(
        """
        UPDATE profile n SET contact_id = o.contact_id
          FROM unnest($2::text[], $3::text[]) AS h (waited, heir)
          JOIN profile o ON o.team_id = $1 AND o.id = h.waited AND o.contact_id IS NOT NULL
         WHERE n.team_id = $1 AND n.id = h.heir AND n.contact_id IS NULL
        """,
        team_id,
        list(heirs),
        list(heirs.values()),
    )
    await connection.execute(
        """
        WITH both_sides AS (
            SELECT o.contact_id AS waited, n.contact_id AS heir
              FROM unnest($2::text[], $3::text[]) AS h (waited, heir)
              JOIN profile o ON o.team_id = $1 AND o.id = h.waited
              JOIN profile n ON n.team_id = $1 AND n.id = h.heir AND n.contact_id <> o.contact_id
        ), locked AS (
            SELECT id FROM contact WHERE team_id = $1
               AND id IN (SELECT waited FROM both_sides UNION SELECT heir FROM both_sides) ORDER BY id FOR UPDATE
        ), noted AS (
            SELECT b.heir, o.*, n.consent_at IS NULL AND o.consent_at IS NOT NULL AS brings_consent
              FROM both_sides b JOIN contact o ON o.team_id = $1 AND o.id = b.waited
              JOIN contact n ON n.team_id = $1 AND n.id = b.heir
             WHERE EXISTS (SELECT FROM locked)
        ), filled AS (
            UPDATE contact n
               SET status_id = coalesce(n.status_id, o.status_id), notes = coalesce(n.notes, o.notes),
                   valuation = coalesce(n.valuation, o.valuation), assignee_id = coalesce(n.assignee_id, o.assignee_id),
                   tag_ids = n.tag_ids || ARRAY(SELECT t FROM unnest(o.tag_ids) AS t WHERE t <> ALL (n.tag_ids)),
                   consent_basis = CASE WHEN o.brings_consent THEN o.consent_basis ELSE n.consent_basis END,
                   consent_evidence = CASE WHEN o.brings_consent THEN o.consent_evidence ELSE n.consent_evidence END,
                   consent_by = CASE WHEN o.brings_consent THEN o.consent_by ELSE n.consent_by END,
                   consent_at = CASE WHEN o.brings_consent THEN o.consent_at ELSE n.consent_at END,
                   updated_at = $4
              FROM noted o WHERE n.team_id = $1 AND n.id = o.heir
        )
        DELETE FROM contact c USING noted o
         WHERE c.team_id = $1 AND c.id = o.id
           AND NOT EXISTS (SELECT FROM profile p
                            WHERE p.team_id = $1 AND p.contact_id = c.id AND p.id <> ALL ($2::text[]))
        """,
        team_id,
        list(heirs),
        list(heirs.values()),
        now,
    )


async def take_suppressions(connection: Connection, *, team_id: str, heirs: Mapping[str, str]) -> list[Suppressed]:
    """Take the suppressions off the profiles that wait; return whom they stand for, to be suppressed instead."""
    rows = await connection.fetch(
        """
        DELETE FROM person n USING unnest($2::text[], $3::text[]) AS h (waited, heir)
         WHERE n.team_id = $1 AND n.profile_id = h.waited
        RETURNING h.heir AS profile_id, n.suppressed_reason AS source, n.suppressed_note AS note,
                  n.suppressed_by AS by, n.suppressed_at AS at
        """,
        team_id,
        list(heirs),
        list(heirs.values()),
    )
    return [Suppressed(**row) for row in rows if row["at"] is not None]


async def lists(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> list[str]:
    """Return the lists on which these profiles are, locked."""
    rows = await connection.fetch(
        """
        SELECT l.id FROM list l
         WHERE l.team_id = $1 AND l.kind = 'user' AND EXISTS (
               SELECT FROM unnest($2::text[]) AS u (id) CROSS JOIN LATERAL (
                   SELECT FROM list_lead x WHERE x.team_id = $1 AND x.list_id = l.id AND x.profile_id = u.id LIMIT 1) y)
         ORDER BY l.id FOR NO KEY UPDATE OF l
        """,
        team_id,
        list(profile_ids),
    )
    return [row["id"] for row in rows]


async def move_on_list(
    connection: Connection, *, team_id: str, list_id: str, heirs: Mapping[str, str], now: datetime
) -> None:
    """Hand over places on a list whose row is locked; who has one already gets the values it has none of."""
    row = await connection.fetchrow(
        """
        WITH here AS (
            SELECT h.waited, h.heir, o.data, o.import_id, n.profile_id IS NOT NULL AS is_double
              FROM unnest($3::text[], $4::text[]) AS h (waited, heir)
              JOIN list_lead o ON o.team_id = $1 AND o.list_id = $2 AND o.profile_id = h.waited
              LEFT JOIN list_lead n ON n.team_id = $1 AND n.list_id = $2 AND n.profile_id = h.heir
        ), filled AS (
            UPDATE list_lead n SET data = h.data || n.data, updated_at = $5, import_id = NULL
              FROM here h
             WHERE h.is_double AND n.team_id = $1 AND n.list_id = $2 AND n.profile_id = h.heir
        ), gone AS (
            DELETE FROM list_lead o USING here h
             WHERE h.is_double AND o.team_id = $1 AND o.list_id = $2 AND o.profile_id = h.waited
        ), moved AS (
            UPDATE list_lead o SET profile_id = h.heir FROM here h
             WHERE NOT h.is_double AND o.team_id = $1 AND o.list_id = $2 AND o.profile_id = h.waited
        )
        SELECT array_agg(waited) || array_agg(heir) AS changed, count(*) FILTER (WHERE is_double) AS doubles FROM here
        """,
        team_id,
        list_id,
        list(heirs),
        list(heirs.values()),
        now,
    )
    assert row is not None
    await list_leads.log_change(
        connection,
        team_id=team_id,
        list_id=list_id,
        profile_ids=row["changed"] or [],
        growth=-row["doubles"],
        now=now,
    )


async def drop_profiles(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> None:
    """Forget profiles whose everything has been handed over."""
    await connection.execute(
        "DELETE FROM profile WHERE team_id = $1 AND id = ANY($2::text[])", team_id, list(profile_ids)
    )

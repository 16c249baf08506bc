"""Erasures: everything that tells who somebody is or what was said goes; that something was, and how often, stays."""

from collections.abc import Sequence
from datetime import datetime

from overture.store.pool import Connection


async def lock(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> None:
    """Lock profiles: the first rows of the transaction, as for whoever adds them to anything."""
    await connection.execute(
        "SELECT FROM profile WHERE team_id = $1 AND id = ANY($2::text[]) ORDER BY id FOR UPDATE",
        team_id,
        list(profile_ids),
    )


async def lists(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> list[str]:
    """Return the lists these profiles are on."""
    rows = await connection.fetch(
        "SELECT DISTINCT list_id FROM list_lead WHERE team_id = $1 AND profile_id = ANY($2::text[]) ORDER BY list_id",
        team_id,
        list(profile_ids),
    )
    return [row["list_id"] for row in rows]


async def is_under_way(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> bool:
    """Tell whether a message to one of them is on its way, or is still to be looked for in the conversation."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM lead l JOIN attempt a ON a.team_id = $1 AND a.lead_id = l.id
                        WHERE l.team_id = $1 AND l.profile_id = ANY($2::text[])
                          AND a.state IN ('intent', 'unknown') AND a.reason IS DISTINCT FROM 'notFound')
            OR EXISTS (SELECT FROM person p
                        WHERE p.team_id = $1 AND p.profile_id = ANY($2::text[]) AND p.by_hand_id IS NOT NULL)
        """,
        team_id,
        list(profile_ids),
    )
    return found


async def remember(connection: Connection, *, team_id: str, profile_ids: Sequence[str], by: str, at: datetime) -> None:
    """Keep a hash of the platform's id of each, so that whoever is met again under it is suppressed at once."""
    await connection.execute(
        """
        INSERT INTO forgotten_person (team_id, platform, digest, at, by)
        SELECT $1, p.platform, forgotten_digest(t.erasure_salt, p.platform, p.platform_id), $3, $4
          FROM profile p JOIN team t ON t.team_id = $1
         WHERE p.team_id = $1 AND p.id = ANY($2::text[]) AND p.platform_id NOT LIKE 'forgotten %'
        ON CONFLICT DO NOTHING
        """,
        team_id,
        list(profile_ids),
        at,
        by,
    )


async def erase_notes(connection: Connection, *, team_id: str, contact_id: str, at: datetime) -> None:
    """Clear what the team noted of a contact."""
    await connection.execute(
        """
        UPDATE contact SET status_id = NULL, notes = NULL, valuation = NULL, assignee_id = NULL, tag_ids = '{}',
               consent_basis = NULL, consent_evidence = NULL, consent_at = NULL, consent_by = NULL,
               consent_import_id = NULL, updated_at = $3
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        contact_id,
        at,
    )


async def erase_leads(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> None:
    """Clear the values of their leads, what was sent to them and what they wrote; that it was stays."""
    await connection.execute(
        """
        WITH theirs AS (
            UPDATE lead SET data = '{}' WHERE team_id = $1 AND profile_id = ANY($2::text[]) RETURNING id
        ), sent AS (
            UPDATE attempt a SET text = '', choices = '[]', detail = NULL
              FROM theirs WHERE a.team_id = $1 AND a.lead_id = theirs.id
        ), by_hand AS (
            UPDATE attempt SET text = '', detail = NULL
             WHERE team_id = $1 AND profile_id = ANY($2::text[]) AND message_id IS NOT NULL
        ), talks AS (
            UPDATE thread SET platform_id = NULL WHERE team_id = $1 AND profile_id = ANY($2::text[]) RETURNING id
        )
        UPDATE message m SET content = '' FROM talks WHERE m.team_id = $1 AND m.thread_id = talks.id
        """,
        team_id,
        list(profile_ids),
    )


async def erase_traces(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> None:
    """Delete what imports, look-ups, likes and a restore keep of them."""
    await connection.execute(
        """
        DELETE FROM lead_like k USING lead l
         WHERE l.team_id = $1 AND l.profile_id = ANY($2::text[]) AND k.team_id = $1 AND k.lead_id = l.id
        """,
        team_id,
        list(profile_ids),
    )
    for table in ("import_lead", "verdict", "unplaced_message"):
        await connection.execute(
            f"DELETE FROM {table} WHERE team_id = $1 AND profile_id = ANY($2::text[])",
            team_id,
            list(profile_ids),
        )


async def erase_profiles(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> None:
    """Clear the profiles themselves. In place of the platform's id stands what no id can be: it holds a space."""
    await connection.execute(
        """
        UPDATE profile SET platform_id = 'forgotten ' || id, username = NULL, display_name = NULL, bio = NULL,
               location = NULL, website = NULL, avatar_url = NULL, follower_count = NULL,
               is_protected = NULL, following_count = NULL, post_count = NULL, like_count = NULL, listed_count = NULL,
               awaits_lookup = false,
               account_status = 'notFound', looked_up_at = NULL
         WHERE team_id = $1 AND id = ANY($2::text[])
        """,
        team_id,
        list(profile_ids),
    )


async def erase_history(connection: Connection, *, team_id: str, contact_id: str, profile_ids: Sequence[str]) -> None:
    """Clear what audit, events and deliveries say of them: that something was changed, by whom and when, stays."""
    await connection.execute(
        "UPDATE event SET data = '{}' WHERE team_id = $1 AND object_type = 'contact' AND object_id = $2",
        team_id,
        contact_id,
    )
    # What waits still is delivered as a thing that happened, with nothing said of it.
    await connection.execute(
        """
        UPDATE webhook_delivery SET body = (body::jsonb || '{"data": {}}')::text
         WHERE team_id = $1 AND contact_id = $2
        """,
        team_id,
        contact_id,
    )
    await connection.execute("SELECT set_config('overture.forgets', 'on', true)")
    await connection.execute(
        """
        UPDATE audit_entry SET before = NULL, after = NULL
         WHERE team_id = $1 AND object_id = ANY($2::text[]) AND (before IS NOT NULL OR after IS NOT NULL)
        """,
        team_id,
        [contact_id, *profile_ids],
    )
    await connection.execute(
        """
        UPDATE audit_entry
           SET before = jsonb_build_object('profileId', before -> 'profileId'),
               after = jsonb_build_object('profileId', after -> 'profileId')
         WHERE team_id = $1
           AND (before ->> 'profileId' = ANY($2::text[]) OR after ->> 'profileId' = ANY($2::text[]))
        """,
        team_id,
        list(profile_ids),
    )
    await connection.execute("SELECT set_config('overture.forgets', 'off', true)")

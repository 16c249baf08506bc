"""Consent: recorded for a person, never for a list."""

from collections.abc import Sequence
from datetime import datetime

from overture.store import contacts
from overture.store.pool import Connection


async def record(
    connection: Connection,
    *,
    team_id: str,
    profile_ids: Sequence[str],
    basis: str,
    evidence: str,
    by: str,
    now: datetime,
    import_id: str | None = None,
) -> int:
    """Record consent for the persons behind these profiles; return for how many it was not recorded before.

    Consent that is recorded already stays as it is. `import_id` is the import that records it, if one does.
    """
    await contacts.ensure(connection, team_id=team_id, now=now, profile_ids=profile_ids)
    recorded = await connection.fetch(
        """
        WITH meant AS (
            SELECT o.id FROM profile p JOIN contact o ON o.team_id = p.team_id AND o.id = p.contact_id
             WHERE p.team_id = $1 AND p.id = ANY($2::text[]) AND o.consent_at IS NULL
             ORDER BY o.id FOR NO KEY UPDATE OF o
        )
        UPDATE contact o
           SET consent_basis = $3, consent_evidence = $4, consent_by = $5, consent_at = $6, updated_at = $6,
               consent_import_id = $7
          FROM meant WHERE o.team_id = $1 AND o.id = meant.id
        RETURNING true
        """,
        team_id,
        list(profile_ids),
        basis,
        evidence,
        by,
        now,
        import_id,
    )
    return len(recorded)


async def waiting_campaigns(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> list[str]:
    """Return the campaigns that left these profiles out for missing consent; their next sync looks at them again."""
    rows = await connection.fetch(
        """
        WITH waiting AS (
            SELECT l.campaign_id, l.profile_id FROM lead l
              JOIN campaign c ON c.team_id = l.team_id AND c.id = l.campaign_id AND c.deleted_at IS NULL
             WHERE l.team_id = $1 AND l.profile_id = ANY($2::text[])
               AND l.state = 'excluded' AND l.reason = 'consentMissing'
        ), queued AS (
            INSERT INTO scope_queue (team_id, campaign_id, profile_id)
            SELECT $1, campaign_id, profile_id FROM waiting
        )
        SELECT DISTINCT campaign_id FROM waiting ORDER BY campaign_id
        """,
        team_id,
        list(profile_ids),
    )
    return [row["campaign_id"] for row in rows]


async def relying_campaigns(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> list[str]:
    """Return the campaigns that have yet to write to these profiles; their next sync looks at them again."""
    rows = await connection.fetch(
        """
        WITH relying AS (
            SELECT l.campaign_id, l.profile_id FROM lead l
              JOIN campaign c ON c.team_id = l.team_id AND c.id = l.campaign_id AND c.deleted_at IS NULL
             WHERE l.team_id = $1 AND l.profile_id = ANY($2::text[]) AND l.contacted_at IS NULL
               AND l.state IN ('assessing', 'ready', 'held', 'unreachable')
        ), queued AS (
            INSERT INTO scope_queue (team_id, campaign_id, profile_id)
            SELECT $1, campaign_id, profile_id FROM relying
        )
        SELECT DISTINCT campaign_id FROM relying ORDER BY campaign_id
        """,
        team_id,
        list(profile_ids),
    )
    return [row["campaign_id"] for row in rows]

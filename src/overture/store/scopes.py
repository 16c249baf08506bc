"""Scope: which leads a campaign's rules let in, by a handful of statements over all rows.

The order of the reasons is that of `core.scope.decide`; a test compares the two over every case.
"""

from dataclasses import dataclass
from datetime import datetime

from overture import ids
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What decides a campaign's scope. `needs_consent`: none of its accounts may write to strangers."""

    status: str
    exclude_contacted: bool
    exclude_mutuals: bool
    needs_consent: bool


_FULL = """
    SELECT m.profile_id FROM campaign_list cl JOIN list_lead m ON m.team_id = $1 AND m.list_id = cl.list_id
     WHERE cl.team_id = $1 AND cl.campaign_id = $2 AND cl.role = 'synced'
    UNION
    SELECT profile_id FROM lead WHERE team_id = $1 AND campaign_id = $2
"""

_CHANGED = """
    SELECT DISTINCT h.profile_id FROM campaign_list cl
      JOIN list_change h ON h.team_id = $1 AND h.list_id = cl.list_id AND h.revision > cl.seen_revision
     WHERE cl.team_id = $1 AND cl.campaign_id = $2
"""

_FACTS = """
    SELECT a.profile_id,
           EXISTS (SELECT FROM campaign_list cl
                     JOIN list_lead m ON m.team_id = $1 AND m.list_id = cl.list_id AND m.profile_id = a.profile_id
                    WHERE cl.team_id = $1 AND cl.campaign_id = $2 AND cl.role = 'synced') AS synced,
           EXISTS (SELECT FROM campaign_list cl
                     JOIN list_lead m ON m.team_id = $1 AND m.list_id = cl.list_id AND m.profile_id = a.profile_id
                    WHERE cl.team_id = $1 AND cl.campaign_id = $2 AND cl.role = 'excluded') AS excluded_list,
           p.first_contacted_at IS NOT NULL AS contacted,
           p.first_contacted_at IS NOT NULL AND p.last_inbound_at IS NOT NULL AS mutual,
           $6 AND NOT EXISTS (SELECT FROM profile f JOIN contact o ON o.team_id = $1 AND o.id = f.contact_id
                               WHERE f.team_id = $1 AND f.id = a.profile_id AND o.consent_at IS NOT NULL)
              AND NOT EXISTS (SELECT FROM campaign_account ca
                                JOIN thread t ON t.team_id = $1 AND t.account_id = ca.account_id
                                     AND t.profile_id = a.profile_id AND t.last_inbound_at IS NOT NULL
                               WHERE ca.team_id = $1 AND ca.campaign_id = $2 AND ca.is_member) AS consent_missing
      FROM affected a
      LEFT JOIN person p ON p.team_id = $1 AND p.profile_id = a.profile_id
"""


async def rules(connection: Connection, *, team_id: str, campaign_id: str) -> Rules | None:
    """Return the rules of a campaign; None if it is gone."""
    row = await connection.fetchrow(
        """
        SELECT c.status, c.exclude_contacted, c.exclude_mutuals,
               NOT EXISTS (SELECT FROM campaign_account ca
                             JOIN account_link a ON a.team_id = $1 AND a.id = ca.account_id
                             JOIN platform_app f ON f.team_id = $1 AND f.id = a.app_id
                            WHERE ca.team_id = $1 AND ca.campaign_id = $2 AND ca.is_member
                              AND f.contact_policy = 'anyoneReachable') AS needs_consent
          FROM campaign c WHERE c.team_id = $1 AND c.id = $2 AND c.deleted_at IS NULL
        """,
        team_id,
        campaign_id,
    )
    return None if row is None else Rules(**row)


async def list_revisions(connection: Connection, *, team_id: str, campaign_id: str) -> tuple[bool, dict[str, int]]:
    """Return whether a full comparison is due, and the revisions the lists have now, to be marked as seen."""
    rows = await connection.fetch(
        """
        SELECT cl.list_id, l.revision, cl.seen_revision < 0 AS is_new
          FROM campaign_list cl JOIN list l ON l.team_id = $1 AND l.id = cl.list_id
         WHERE cl.team_id = $1 AND cl.campaign_id = $2
        """,
        team_id,
        campaign_id,
    )
    is_full = not rows or any(row["is_new"] for row in rows)
    return is_full, {row["list_id"]: row["revision"] for row in rows}


async def seen(connection: Connection, *, team_id: str, campaign_id: str, revisions: dict[str, int]) -> None:
    """Mark list changes up to these revisions as taken in."""
    await connection.execute(
        """
        UPDATE campaign_list cl SET seen_revision = v.revision
          FROM unnest($3::text[], $4::bigint[]) AS v (list_id, revision)
         WHERE cl.team_id = $1 AND cl.campaign_id = $2 AND cl.list_id = v.list_id
        """,
        team_id,
        campaign_id,
        list(revisions),
        list(revisions.values()),
    )


async def bring_in(
    connection: Connection, *, team_id: str, campaign_id: str, rules: Rules, now: datetime, is_full: bool
) -> int:
    """Add leads for members of synced lists that the campaign has not; return how many."""
    result = await connection.execute(
        f"""
        WITH affected AS ({_FULL if is_full else _CHANGED}), facts AS ({_FACTS}), fresh AS (
            SELECT profile_id, row_number() OVER (ORDER BY profile_id) AS number,
                   CASE WHEN excluded_list THEN 'excludedList'
                        WHEN $4 AND contacted THEN 'contacted'
                        WHEN $5 AND mutual THEN 'mutual'
                        WHEN consent_missing THEN 'consentMissing' END AS reason
              FROM facts WHERE synced AND NOT EXISTS (
                   SELECT FROM lead l WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.profile_id = facts.profile_id)
        ), added AS (
            INSERT INTO lead (team_id, id, campaign_id, profile_id, state, reason, is_direct, joined_at)
            SELECT $1, $7 || lpad(to_hex(number), 8, '0'), $2, profile_id,
                   CASE WHEN reason IS NULL THEN 'assessing' ELSE 'excluded' END, reason, false, $3
              FROM fresh ORDER BY number
            ON CONFLICT (team_id, campaign_id, profile_id) DO NOTHING
            RETURNING id, profile_id, state
        )
        INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
        SELECT $1, $2, id, profile_id FROM added WHERE state = 'assessing'
        """,
        team_id,
        campaign_id,
        now,
        rules.exclude_contacted,
        rules.exclude_mutuals,
        rules.needs_consent,
        ids.batch("d"),
    )
    return int(result.rsplit(" ", 1)[1])


async def bring_in_line(
    connection: Connection, *, team_id: str, campaign_id: str, rules: Rules, now: datetime, is_full: bool
) -> int:
    """Take out leads the rules no longer let in, and take back those they let in again; return how many changed.

    Leads are locked in key order before they change. Whoever comes back after being contacted resumes.
    """
    result = await connection.execute(
        f"""
        WITH affected AS ({_FULL if is_full else _CHANGED}), facts AS ({_FACTS}), decided AS (
            SELECT l.id, l.state, l.reason, l.contacted_at, l.replied_at,
                   CASE WHEN l.is_deleted_by_hand THEN 'deletedByHand'
                        WHEN NOT (f.synced OR l.is_direct) THEN 'leftLists'
                        WHEN f.excluded_list THEN 'excludedList'
                        WHEN $4 AND f.contacted AND l.contacted_at IS NULL THEN 'contacted'
                        WHEN $5 AND f.mutual AND l.contacted_at IS NULL THEN 'mutual'
                        WHEN f.consent_missing AND l.contacted_at IS NULL THEN 'consentMissing' END AS new_reason
              FROM facts f JOIN lead l ON l.team_id = $1 AND l.campaign_id = $2 AND l.profile_id = f.profile_id
        ), wanted AS (
            SELECT id, new_reason AS reason, now_at, CASE
                   WHEN new_reason IN ('deletedByHand', 'leftLists') THEN 'removed'
                   WHEN new_reason IS NOT NULL THEN 'excluded'
                   WHEN contacted_at IS NULL THEN 'assessing'
                   WHEN replied_at IS NOT NULL THEN 'replied'
                   ELSE 'inSequence' END AS state
              FROM (SELECT *, $3::timestamptz AS now_at FROM decided) d
             WHERE (new_reason IS NOT NULL AND state IN ('assessing', 'ready', 'inSequence', 'held', 'unreachable'))
                OR (new_reason IS DISTINCT FROM reason AND reason IN
                    ('deletedByHand', 'leftLists', 'excludedList', 'contacted', 'mutual', 'consentMissing')
                    AND state IN ('excluded', 'removed'))
        ), locked AS (
            SELECT l.id, w.state, w.reason FROM lead l JOIN wanted w ON w.id = l.id
             WHERE l.team_id = $1 ORDER BY l.id FOR NO KEY UPDATE OF l
        )
        UPDATE lead l SET state = k.state, reason = k.reason FROM locked k WHERE l.team_id = $1 AND l.id = k.id
        """,
        team_id,
        campaign_id,
        now,
        rules.exclude_contacted,
        rules.exclude_mutuals,
        rules.needs_consent,
    )
    changed = int(result.rsplit(" ", 1)[1])
    if changed:
        await _follow(connection, team_id=team_id, campaign_id=campaign_id)
    return changed


async def _follow(connection: Connection, *, team_id: str, campaign_id: str) -> None:
    """Bring queues, plan and persons in line with leads that left or came back."""
    for table in ("lead_due", "lead_parked", "assess_queue", "plan_queue"):
        await connection.execute(
            f"""
            DELETE FROM {table} q USING lead l
             WHERE q.team_id = $1 AND q.campaign_id = $2 AND l.team_id = $1 AND l.id = q.lead_id
               AND l.state IN ('excluded', 'removed')
            """,
            team_id,
            campaign_id,
        )
    await connection.execute(
        """
        UPDATE person p SET engaged_lead_id = NULL FROM lead l
         WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.state IN ('excluded', 'removed')
           AND p.team_id = $1 AND p.profile_id = l.profile_id AND p.engaged_lead_id = l.id
        """,
        team_id,
        campaign_id,
    )
    await connection.execute(
        """
        INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
        SELECT l.team_id, l.campaign_id, l.id, l.profile_id FROM lead l
         WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.state = 'assessing'
        ON CONFLICT DO NOTHING
        """,
        team_id,
        campaign_id,
    )


async def resumed(connection: Connection, *, team_id: str, campaign_id: str) -> list[dict[str, object]]:
    """Return leads in sequence that nothing plans: they came back and must be given their next instant."""
    rows = await connection.fetch(
        """
        SELECT l.id, l.account_id, l.rank, l.since, coalesce(l.sequence_version, c.sequence_version) AS version
          FROM lead l JOIN campaign c ON c.team_id = $1 AND c.id = l.campaign_id
         WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.state = 'inSequence'
           AND NOT EXISTS (SELECT FROM lead_due d WHERE d.team_id = $1 AND d.lead_id = l.id)
           AND NOT EXISTS (SELECT FROM lead_parked k
                            WHERE k.team_id = $1 AND k.profile_id = l.profile_id AND k.lead_id = l.id)
           AND NOT EXISTS (SELECT FROM attempt t WHERE t.team_id = $1 AND t.lead_id = l.id
                              AND t.state IN ('intent', 'unknown'))
        """,
        team_id,
        campaign_id,
    )
    return [dict(row) for row in rows]

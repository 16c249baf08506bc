"""Scope: which leads a campaign's rules let in, by a handful of statements over all rows.

The order of the reasons is that of `core.scope.decide`; a test compares the two over every case.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from overture import ids
from overture.store import assess_queue
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What decides a campaign's scope. `needs_consent`: none of its accounts may write to strangers."""

    status: str
    exclude_contacted: bool
    exclude_mutuals: bool
    needs_consent: bool


EVERYBODY = """
    SELECT m.profile_id FROM campaign_list cl JOIN list_lead m ON m.team_id = $1 AND m.list_id = cl.list_id
     WHERE cl.team_id = $1 AND cl.campaign_id = $2 AND cl.role = 'synced'
    UNION
    SELECT profile_id FROM lead WHERE team_id = $1 AND campaign_id = $2
"""

_CHANGED = """
    SELECT h.profile_id FROM campaign_list cl
      JOIN list_change h ON h.team_id = $1 AND h.list_id = cl.list_id AND h.revision > cl.seen_revision
     WHERE cl.team_id = $1 AND cl.campaign_id = $2
    UNION
    SELECT profile_id FROM queued
"""

# Each fact asks for one profile, so that many can be answered from one hashed set, and few by the index.
FACTS = """
    SELECT a.profile_id,
           EXISTS (SELECT FROM list_lead m WHERE m.team_id = $1 AND m.profile_id = a.profile_id
                      AND m.list_id = ANY (ARRAY(
                          SELECT cl.list_id FROM campaign_list cl
                           WHERE cl.team_id = $1 AND cl.campaign_id = $2 AND cl.role = 'synced'))) AS synced,
           EXISTS (SELECT FROM list_lead m WHERE m.team_id = $1 AND m.profile_id = a.profile_id
                      AND m.list_id = ANY (ARRAY(
                          SELECT cl.list_id FROM campaign_list cl
                           WHERE cl.team_id = $1 AND cl.campaign_id = $2 AND cl.role = 'excluded'))) AS excluded_list,
           $4 AND EXISTS (SELECT FROM person p WHERE p.team_id = $1 AND p.profile_id = a.profile_id
                             AND p.first_contacted_at IS NOT NULL) AS contacted,
           $5 AND EXISTS (SELECT FROM person p WHERE p.team_id = $1 AND p.profile_id = a.profile_id
                             AND p.first_contacted_at IS NOT NULL AND p.last_inbound_at IS NOT NULL) AS mutual,
           $6 AND NOT EXISTS (SELECT FROM profile f JOIN contact o ON o.team_id = $1 AND o.id = f.contact_id
                               WHERE f.team_id = $1 AND f.id = a.profile_id AND o.consent_at IS NOT NULL)
              AND NOT EXISTS (SELECT FROM campaign_account ca
                                JOIN thread t ON t.team_id = $1 AND t.account_id = ca.account_id
                                     AND t.profile_id = a.profile_id AND t.last_inbound_at IS NOT NULL
                               WHERE ca.team_id = $1 AND ca.campaign_id = $2 AND ca.is_member) AS consent_missing,
           EXISTS (SELECT FROM person p WHERE p.team_id = $1 AND p.profile_id = a.profile_id
                      AND p.suppressed_at IS NOT NULL) AS suppressed
      FROM affected a
"""

KEPT_OUT = """
    CASE WHEN {facts}.suppressed AND {lead}.contacted_at IS NULL THEN 'suppressed'
         WHEN {facts}.excluded_list THEN 'excludedList'
         WHEN {facts}.contacted AND {lead}.contacted_at IS NULL THEN 'contacted'
         WHEN {facts}.mutual AND {lead}.contacted_at IS NULL THEN 'mutual'
         WHEN {facts}.consent_missing AND {lead}.contacted_at IS NULL THEN 'consentMissing' END
"""

# What becomes of each profile that there are facts of; `direct`: whether its lead stays also where no list brings it.
DECIDED = f"""
    SELECT f.profile_id, f.synced, l.id, l.state, l.reason, l.contacted_at,
           CASE WHEN l.is_deleted_by_hand THEN 'deletedByHand'
                WHEN NOT (f.synced OR {{direct}}) THEN 'leftLists'
                ELSE {KEPT_OUT.format(facts="f", lead="l")} END AS kept_out
      FROM facts f
      LEFT JOIN lead l ON l.team_id = $1 AND l.campaign_id = $2 AND l.profile_id = f.profile_id
"""

# Where a lead goes on that comes back: whoever answered, be it another account, gets nothing more. Nobody is written to
# again while the outcome of a message is open, and whoever wrote before our first message waits for a person to decide.
# A message under way decides by itself what follows.
RETURNED = """
    LATERAL (
        SELECT EXISTS (SELECT FROM attempt t WHERE t.team_id = $1 AND t.lead_id = {lead}.id
                          AND t.state IN ('intent', 'unknown')
                          AND t.reason IS DISTINCT FROM 'notFound') AS is_under_way,
               EXISTS (SELECT FROM attempt t WHERE t.team_id = $1 AND t.lead_id = {lead}.id
                          AND t.state = 'unknown' AND t.reason = 'notFound') AS is_unknown,
               EXISTS (SELECT FROM person p WHERE p.team_id = $1 AND p.profile_id = {lead}.profile_id
                          AND p.last_inbound_at > CASE WHEN {lead}.contacted_at IS NULL THEN {lead}.joined_at
                              ELSE greatest({lead}.first_intent_at, {lead}.passed_over_until) END) AS wrote
    ) past CROSS JOIN LATERAL (
        SELECT CASE WHEN {lead}.replied_at IS NOT NULL THEN 'replied'
                    WHEN past.wrote AND {lead}.contacted_at IS NOT NULL THEN 'canceled'
                    WHEN past.is_unknown OR past.wrote AND NOT past.is_under_way THEN 'held'
                    WHEN {lead}.contacted_at IS NOT NULL THEN 'inSequence'
                    WHEN past.is_under_way THEN 'ready'
                    ELSE 'assessing' END AS state,
               CASE WHEN {lead}.replied_at IS NOT NULL THEN NULL
                    WHEN past.wrote AND {lead}.contacted_at IS NOT NULL THEN 'answeredElsewhere'
                    WHEN past.is_unknown THEN 'notFound'
                    WHEN past.wrote AND NOT past.is_under_way THEN 'wroteFirst' END AS reason
    ) back
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What one comparison changed.

    `added`: how many leads are new. `gone`: those that left, which the plan and their persons may still have. `coming`:
    those that are let in again; they are locked, and have not changed. `overtaken`: profiles whose leads were changed
    by others meanwhile; they must be looked at once more.
    """

    added: int
    gone: list[str]
    coming: list[str]
    overtaken: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """A lead that came back, and what it is now."""

    lead_id: str
    state: str
    reason: str | None


@asynccontextmanager
async def alone(connection: Connection, *, campaign_id: str) -> AsyncIterator[None]:
    """Let one at a time bring the leads of a campaign in line or plan them: they meet in the same queues.

    Outside of the transaction, whose snapshot must not be older than the end of the one it waited for.
    """
    await connection.execute(f"SELECT pg_advisory_lock({_ALONE})", campaign_id)
    try:
        yield
    finally:
        await connection.execute(f"SELECT pg_advisory_unlock({_ALONE})", campaign_id)


_ALONE = "hashtextextended('scope ' || $1, 0)"


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


async def bring_in_line(
    connection: Connection, *, team_id: str, campaign_id: str, rules: Rules, now: datetime, is_full: bool
) -> Changes:
    """Add leads that synced lists bring, take out those the rules keep out, lock those they let in again.

    One statement, so that all of it is decided on one snapshot. Leads are locked in key order before they change, and
    are left alone if they have changed since. The queues follow in the same statement; plan and persons do not, nor
    does anybody come back: an intent or an answer that was waited for is not in this snapshot.
    """
    # The sets may be of ten or of a million: what serves the one is ruinous for the other.
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL work_mem = '64MB'")
    row = await connection.fetchrow(
        _EVERYTHING if is_full else _WHAT_CHANGED,
        team_id,
        campaign_id,
        now,
        rules.exclude_contacted,
        rules.exclude_mutuals,
        rules.needs_consent,
        ids.batch("d"),
    )
    assert row is not None
    return Changes(**row)


def _in_line(affected: str) -> str:
    """Write the statement that brings the leads of `affected` profiles in line."""
    return f"""
    WITH queued AS (
        DELETE FROM scope_queue WHERE team_id = $1 AND campaign_id = $2 RETURNING profile_id
    ), affected AS ({affected}), facts AS MATERIALIZED ({FACTS}), decided AS (
        {DECIDED.format(direct="coalesce(l.is_direct, false)")}
    ), leaving AS (
        SELECT d.id, d.profile_id, d.state AS was, d.contacted_at,
               CASE WHEN d.kept_out IN ('deletedByHand', 'leftLists') THEN 'removed' ELSE 'excluded' END AS state,
               d.kept_out AS reason
          FROM decided d
         WHERE d.kept_out IS NOT NULL
           AND (d.state IN ('assessing', 'ready', 'inSequence', 'held', 'unreachable')
                OR d.kept_out <> d.reason AND {BY_SCOPE})
    ), coming AS (
        SELECT d.id, d.profile_id, d.state AS was, d.contacted_at, NULL::text, NULL::text
          FROM decided d WHERE d.kept_out IS NULL AND {BY_SCOPE}
    ), wanted AS (
        SELECT * FROM leaving UNION ALL SELECT * FROM coming
    ), locked AS (
        SELECT l.id, w.profile_id, w.state, w.reason, l.reason AS was
          FROM lead l JOIN wanted w ON w.id = l.id
         WHERE l.team_id = $1 AND l.state = w.was AND l.contacted_at IS NOT DISTINCT FROM w.contacted_at
         ORDER BY l.id FOR NO KEY UPDATE OF l
    ), changed AS (
        UPDATE lead l SET state = k.state, reason = k.reason FROM locked k
         WHERE l.team_id = $1 AND l.id = k.id AND k.state IS NOT NULL RETURNING l.id, l.state, l.reason, k.was
    ), turned AS (
        INSERT INTO lead_turn (team_id, lead_id, at, state, reason, was)
        SELECT $1, id, $3, state, reason, was FROM changed
    ), unassessed AS (
        DELETE FROM assess_queue q USING changed g WHERE q.team_id = $1 AND q.campaign_id = $2 AND q.lead_id = g.id
    ), unplanned AS (
        DELETE FROM plan_queue q USING changed g WHERE q.team_id = $1 AND q.campaign_id = $2 AND q.lead_id = g.id
    ), fresh AS (
        SELECT profile_id, row_number() OVER (ORDER BY profile_id) AS number, kept_out
          FROM decided WHERE id IS NULL AND synced
    ), added AS (
        INSERT INTO lead (team_id, id, campaign_id, profile_id, state, reason, is_direct, joined_at)
        SELECT $1, $7 || lpad(to_hex(number), 8, '0'), $2, profile_id,
               CASE WHEN kept_out IS NULL THEN 'assessing' ELSE 'excluded' END, kept_out, false, $3
          FROM fresh ORDER BY number
        ON CONFLICT (team_id, campaign_id, profile_id) DO NOTHING
        RETURNING id, profile_id, state
    ), assessed AS (
        INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
        SELECT $1, $2, id, profile_id FROM added WHERE state = 'assessing'
    )
    SELECT (SELECT count(*) FROM added) AS added,
           ARRAY(SELECT id::text FROM changed) AS gone,
           ARRAY(SELECT id::text FROM locked WHERE state IS NULL) AS coming,
           ARRAY(SELECT profile_id::text FROM wanted WHERE id NOT IN (SELECT id FROM locked)) AS overtaken
    """


BY_SCOPE = """
    d.state IN ('excluded', 'removed') AND d.reason IN
        ('deletedByHand', 'leftLists', 'suppressed', 'excludedList', 'contacted', 'mutual', 'consentMissing')
"""
_EVERYTHING = _in_line(EVERYBODY)
_WHAT_CHANGED = _in_line(_CHANGED)


async def bring_back(
    connection: Connection, *, team_id: str, campaign_id: str, lead_ids: Sequence[str], now: datetime
) -> list[Returned]:
    """Let leads go on where they stood: they were out, and their locks were waited for in a statement before.

    Returns those that have something to go on from; the others are to be assessed.
    """
    if not lead_ids:
        return []
    rows = await connection.fetch(
        f"""
        WITH back AS MATERIALIZED (
            SELECT l.id, l.reason AS was, back.state, back.reason
              FROM lead l CROSS JOIN {RETURNED.format(lead="l")}
             WHERE l.team_id = $1 AND l.id = ANY($3::text[])
        ), changed AS (
            UPDATE lead l SET state = b.state, reason = b.reason FROM back b
             WHERE l.team_id = $1 AND l.id = b.id RETURNING l.id, l.profile_id, l.state, l.reason, b.was
        ), turned AS (
            INSERT INTO lead_turn (team_id, lead_id, at, state, reason, was)
            SELECT $1, id, $4, state, reason, was FROM changed
        ), assessed AS (
            INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
            SELECT $1, $2, id, profile_id FROM changed WHERE state = 'assessing' ORDER BY id {assess_queue.ANEW}
        )
        SELECT id::text AS lead_id, state, reason FROM changed WHERE state <> 'assessing' ORDER BY id
        """,
        team_id,
        campaign_id,
        list(lead_ids),
        now,
    )
    return [Returned(**row) for row in rows]


async def resumed(
    connection: Connection, *, team_id: str, campaign_id: str, lead_ids: Sequence[str] | None
) -> list[dict[str, object]]:
    """Return leads in sequence that nothing plans: they came back and must be given their next instant.

    Of all leads of the campaign, or of `lead_ids`: asked for as a set, since a long array is searched from end to end.
    """
    rows = await connection.fetch(
        """
        SELECT l.id, l.account_id, l.rank, l.since, coalesce(l.sequence_version, c.sequence_version) AS version
          FROM lead l JOIN campaign c ON c.team_id = $1 AND c.id = l.campaign_id
         WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.state = 'inSequence'
           AND ($3::text[] IS NULL OR l.id IN (SELECT unnest($3::text[])))
           AND NOT EXISTS (SELECT FROM lead_due d WHERE d.team_id = $1 AND d.lead_id = l.id)
           AND NOT EXISTS (SELECT FROM lead_parked k
                            WHERE k.team_id = $1 AND k.profile_id = l.profile_id AND k.lead_id = l.id)
           AND NOT EXISTS (SELECT FROM attempt t WHERE t.team_id = $1 AND t.lead_id = l.id
                              AND t.state IN ('intent', 'unknown'))
        """,
        team_id,
        campaign_id,
        None if lead_ids is None else list(lead_ids),
    )
    return [dict(row) for row in rows]

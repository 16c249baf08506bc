"""Timelines: everything that happened to one lead, read from the rows in which it happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Something that happened to a lead. `id` orders what happened at the same instant."""

    id: str
    at: datetime
    type: str
    account_id: str | None
    step_id: str | None
    rank: int | None
    version: int | None
    text: str | None
    result: str | None
    reason: str | None
    detail: str | None
    by: str | None
    choices: Any
    ended_at: datetime | None


# Each part brings the rows of one kind. `$2` the lead, `$3` its profile, `$4` its campaign, `$5` when it joined.
_PARTS: Mapping[str, str] = {
    "joined": """
        SELECT 'a' AS id, l.joined_at AS at, 'joined' AS type, NULL::text AS account_id, NULL::text AS step_id,
               NULL::int AS rank, NULL::int AS version, NULL::text AS text, NULL::text AS result, NULL::text AS reason,
               NULL::text AS detail, NULL::text AS by, NULL::jsonb AS choices, NULL::timestamptz AS ended_at
          FROM lead l WHERE l.team_id = $1 AND l.id = $2
    """,
    "assessed": """
        SELECT 'b' || v.account_id, v.at, 'assessed', v.account_id, NULL, NULL, NULL, NULL, v.verdict, NULL,
               NULL, NULL, NULL, NULL
          FROM campaign_account c
          JOIN verdict v ON v.team_id = $1 AND v.profile_id = $3 AND v.account_id = c.account_id
         WHERE c.team_id = $1 AND c.campaign_id = $4
    """,
    # Where no turn tells that a lead was kept out, it was when it joined.
    "keptOut": """
        SELECT 'aa', l.joined_at, 'excluded', NULL, NULL, NULL, NULL, NULL, NULL,
               CASE WHEN first.id IS NULL THEN l.reason ELSE first.was END, NULL, NULL, NULL, NULL
          FROM lead l
          LEFT JOIN LATERAL (
             SELECT h.id, h.was FROM lead_turn h WHERE h.team_id = $1 AND h.lead_id = $2 ORDER BY h.id LIMIT 1
          ) first ON true
         WHERE l.team_id = $1 AND l.id = $2
           AND CASE WHEN first.id IS NOT NULL
                    THEN first.was IN ('suppressed', 'excludedList', 'contacted', 'mutual', 'consentMissing')
                    ELSE l.state = 'excluded'
                     AND NOT EXISTS (SELECT FROM lead_act h WHERE h.team_id = $1 AND h.lead_id = $2) END
    """,
    # What the plan said first; where it moved a lead after that stands among the turns.
    "assigned": """
        SELECT 'bz', planned.at, 'assigned', coalesce(
                   (SELECT h.was FROM lead_turn h WHERE h.team_id = $1 AND h.lead_id = $2 AND h.account_id IS NOT NULL
                     ORDER BY h.id LIMIT 1), planned.account_id),
               NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM (SELECT planned_at AS at, account_id FROM lead_due WHERE team_id = $1 AND lead_id = $2
                UNION ALL
                SELECT planned_at, account_id FROM attempt
                 WHERE team_id = $1 AND lead_id = $2 AND state IN ('intent', 'unknown', 'accepted')
                UNION ALL
                SELECT planned_at, account_id FROM attempt
                 WHERE team_id = $1 AND lead_id = $2 AND state IN ('refused', 'notSent', 'held')
                 ORDER BY at LIMIT 1) planned
         WHERE planned.at IS NOT NULL
    """,
    "turns": """
        SELECT CASE WHEN h.account_id IS NULL AND h.state IN ('assessing', 'ready', 'inSequence', 'replied')
                    THEN 'ab' ELSE 'i' END || lpad(h.id::text, 20, '0'), h.at,
               CASE WHEN h.account_id IS NOT NULL THEN 'assigned'
                    WHEN h.state IN ('assessing', 'ready', 'inSequence', 'replied') THEN 'returned' ELSE h.state END,
               h.account_id, NULL, NULL, NULL, NULL,
               CASE WHEN h.account_id IS NULL AND h.state IN ('assessing', 'ready', 'inSequence', 'replied')
                    THEN h.state END,
               CASE WHEN h.account_id IS NOT NULL THEN 'moved' ELSE coalesce(h.reason, h.was) END,
               CASE WHEN h.account_id IS NOT NULL THEN h.was END, NULL, NULL, NULL
          FROM lead_turn h WHERE h.team_id = $1 AND h.lead_id = $2
    """,
    # A lead that is through with its last message says so itself: no send pays for a turn.
    "finished": """
        SELECT 'j', l.since, 'finished', l.account_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM lead l
         WHERE l.team_id = $1 AND l.id = $2 AND l.state = 'finished' AND l.since IS NOT NULL
           AND NOT EXISTS (SELECT FROM lead_turn h
                            WHERE h.team_id = $1 AND h.lead_id = $2 AND h.state = 'finished')
    """,
    "acts": """
        SELECT 'c' || h.id, h.at, h.act, NULL, NULL, NULL, NULL, NULL, h.decision, h.before_reason, h.before_state,
               h.actor_name, NULL, NULL
          FROM lead_act h WHERE h.team_id = $1 AND h.lead_id = $2
    """,
    # A like is passed on the way to the message after it.
    "skipped": """
        SELECT 'd' || s.id, t.intent_at, 'stepSkipped', t.account_id, s.id, s.rank, s.version, NULL, s.type,
               'automatedLikesForbidden', NULL, NULL, NULL, NULL
          FROM attempt t
          JOIN sequence_step s ON s.team_id = $1 AND s.campaign_id = $4 AND s.version = t.sequence_version
               AND s.type = 'like' AND s.rank < t.rank
         WHERE t.team_id = $1 AND t.lead_id = $2 AND t.state = 'accepted'
           AND NOT EXISTS (SELECT FROM sequence_step m WHERE m.team_id = $1 AND m.campaign_id = $4
                              AND m.version = t.sequence_version AND m.type = 'message'
                              AND m.rank > s.rank AND m.rank < t.rank)
           AND NOT EXISTS (SELECT FROM lead_like k WHERE k.team_id = $1 AND k.lead_id = $2 AND k.step_id = s.id)
    """,
    "likes": """
        SELECT 'd' || k.step_id, k.at, CASE WHEN k.post_id IS NULL THEN 'stepSkipped' ELSE 'liked' END, k.account_id,
               k.step_id, k.rank, k.version, NULL, 'like', k.reason, k.post_id, NULL, NULL, NULL
          FROM lead_like k WHERE k.team_id = $1 AND k.lead_id = $2
    """,
    "attempts": """
        SELECT 'e' || t.id, t.intent_at, 'attempt', t.account_id, t.step_id, t.rank, t.sequence_version, t.text,
               t.state, t.reason, t.detail, NULL, t.choices, nullif(t.ended_at, 'infinity')
          FROM attempt t WHERE t.team_id = $1 AND t.lead_id = $2 AND t.state IN ('intent', 'unknown', 'accepted')
        UNION ALL
        SELECT 'e' || t.id, t.intent_at, 'attempt', t.account_id, t.step_id, t.rank, t.sequence_version, t.text,
               t.state, t.reason, t.detail, NULL, t.choices, nullif(t.ended_at, 'infinity')
          FROM attempt t WHERE t.team_id = $1 AND t.lead_id = $2 AND t.state IN ('refused', 'notSent', 'held')
    """,
    "received": """
        SELECT 'f' || m.id, m.sent_at, 'received', m.account_id, NULL, NULL, NULL, m.content, NULL, NULL, NULL,
               NULL, NULL, NULL
          FROM account_link a
          JOIN thread h ON h.team_id = $1 AND h.account_id = a.id AND h.profile_id = $3
          JOIN message m ON m.team_id = $1 AND m.thread_id = h.id AND m.direction = 'inbound' AND m.sent_at >= $5
         WHERE a.team_id = $1
    """,
    "replied": """
        SELECT 'g', l.replied_at, 'replied', l.account_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM lead l WHERE l.team_id = $1 AND l.id = $2 AND l.replied_at IS NOT NULL
    """,
    "suppressed": """
        SELECT 'h', p.suppressed_at, 'suppressed', NULL, NULL, NULL, NULL, NULL, NULL, p.suppressed_reason, NULL,
               p.suppressed_by, NULL, NULL
          FROM person p WHERE p.team_id = $1 AND p.profile_id = $3 AND p.suppressed_at >= $5
    """,
}
_TIMELINE = " UNION ALL ".join(_PARTS.values())


async def page(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    lead_id: str,
    profile_id: str,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Entry]:
    """Return up to `limit` entries, oldest first, after the one at (instant, id)."""
    joined_at = await connection.fetchval("SELECT joined_at FROM lead WHERE team_id = $1 AND id = $2", team_id, lead_id)
    at, entry_id = after or (None, None)
    rows = await connection.fetch(
        f"""
        SELECT * FROM ({_TIMELINE}) happened
         WHERE $6::timestamptz IS NULL OR (at, id COLLATE "C") > ($6, $7::text COLLATE "C")
         ORDER BY at, id COLLATE "C" LIMIT $8
        """,
        team_id,
        lead_id,
        profile_id,
        campaign_id,
        joined_at,
        at,
        entry_id,
        limit,
    )
    return [Entry(**row) for row in rows]

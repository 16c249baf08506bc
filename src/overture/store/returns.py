"""Returns: leads that people had taken out, and let go on where they stood."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store import assess_queue, persons, scopes
from overture.store.pool import Connection
from overture.store.scopes import Rules


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a lead stands. `is_out`: a person or a rule has stopped it, so that it may be let go on.

    `is_answered`: what its person wrote has stopped it. `obstacle`: what forbids now that it goes on; None if nothing.
    """

    lead_id: str
    profile_id: str
    state: str
    reason: str | None
    is_out: bool
    is_answered: bool
    obstacle: str | None


async def lock(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    rules: Rules,
    lead_ids: Sequence[str],
    now: datetime,
) -> list[Standing]:
    """Lock leads in key order and tell whether each may go on.

    The facts are asked for lead by lead: joined, they would be planned for as few leads as were out before. And in a
    statement of their own: what the locks waited for is in no snapshot from before.
    """
    await connection.execute(
        """
        SELECT FROM lead WHERE team_id = $1 AND campaign_id = $2 AND id = ANY($3::text[])
         ORDER BY id FOR NO KEY UPDATE
        """,
        team_id,
        campaign_id,
        list(lead_ids),
    )
    rows = await connection.fetch(
        f"""
        WITH locked AS MATERIALIZED (
            SELECT id, profile_id, state, reason, first_intent_at, contacted_at, replied_at, passed_over_until,
                   state = 'canceled' OR (state = 'removed' AND is_deleted_by_hand) AS is_out,
                   state = 'replied' AS is_answered
              FROM lead WHERE team_id = $1 AND campaign_id = $2 AND id = ANY($7::text[]) ORDER BY id
        )
        SELECT l.id AS lead_id, l.profile_id, l.state, l.reason, l.is_out, l.is_answered, CASE
               WHEN NOT (l.is_out OR l.is_answered) OR $3::timestamptz IS NULL THEN NULL
               WHEN p.suppressed_at IS NOT NULL THEN 'suppressed'
               WHEN EXISTS (SELECT FROM attempt t WHERE t.team_id = $1 AND t.lead_id = l.id AND (t.state = 'intent'
                               OR (t.state = 'unknown' AND t.reason IS DISTINCT FROM 'notFound'))) THEN 'sendInProgress'
               WHEN l.replied_at IS NULL AND p.last_inbound_at > greatest(l.first_intent_at, l.passed_over_until)
                    THEN 'answeredElsewhere'
               ELSE {scopes.KEPT_OUT.format(facts="f", lead="l")} END AS obstacle
          FROM locked l
          LEFT JOIN person p ON p.team_id = $1 AND p.profile_id = l.profile_id
          LEFT JOIN LATERAL (
             WITH affected AS (SELECT l.profile_id) {scopes.FACTS}
          ) f ON l.is_out OR l.is_answered
        """,
        team_id,
        campaign_id,
        now,
        rules.exclude_contacted,
        rules.exclude_mutuals,
        rules.needs_consent,
        list(lead_ids),
    )
    return [Standing(**row) for row in rows]


async def restore(connection: Connection, *, team_id: str, campaign_id: str, lead_ids: Sequence[str]) -> None:
    """Let locked leads go on where they stood: in their sequence, or to be assessed.

    One that no list brings stays as if added by hand. Whoever wrote before our first message waits for a decision.
    """
    await connection.execute(
        f"""
        WITH back AS (
            UPDATE lead l
               SET state = CASE WHEN replied_at IS NOT NULL THEN 'replied'
                                WHEN contacted_at IS NOT NULL THEN 'inSequence' ELSE 'assessing' END,
                   reason = NULL, is_deleted_by_hand = false,
                   is_direct = is_direct OR NOT EXISTS (
                       SELECT FROM campaign_list cl
                         JOIN list_lead m ON m.team_id = $1 AND m.list_id = cl.list_id AND m.profile_id = l.profile_id
                        WHERE cl.team_id = $1 AND cl.campaign_id = $2 AND cl.role = 'synced')
             WHERE team_id = $1 AND id = ANY($3::text[])
            RETURNING id, profile_id, state
        )
        INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
        SELECT $1, $2, id, profile_id FROM back WHERE state = 'assessing' ORDER BY id {assess_queue.ANEW}
        """,
        team_id,
        campaign_id,
        list(lead_ids),
    )
    await connection.execute(
        """
        WITH held AS (
            UPDATE lead l SET state = 'held', reason = 'wroteFirst'
              FROM person p
             WHERE l.team_id = $1 AND l.id = ANY($3::text[]) AND l.state = 'assessing'
               AND p.team_id = $1 AND p.profile_id = l.profile_id AND p.last_inbound_at > l.joined_at
            RETURNING l.id
        )
        DELETE FROM assess_queue q USING held WHERE q.team_id = $1 AND q.campaign_id = $2 AND q.lead_id = held.id
        """,
        team_id,
        campaign_id,
        list(lead_ids),
    )


async def pass_over(connection: Connection, *, team_id: str, lead_id: str, until: datetime) -> None:
    """Let a locked lead that was answered go on in its sequence: what its person wrote `until` then was no answer.

    It counts no more as one who answered, nor does the message that was followed.
    """
    await connection.execute(
        """
        WITH followed AS (
            UPDATE attempt SET answered_at = NULL
             WHERE team_id = $1 AND lead_id = $2 AND state = 'accepted' AND answered_at IS NOT NULL
        )
        UPDATE lead SET state = 'inSequence', reason = NULL, replied_at = NULL, passed_over_until = $3
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        lead_id,
        until,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Latest:
    """The last thing a person wrote, and when. `knows`: the message that was asked about is one of theirs."""

    message_id: str
    at: datetime
    knows: bool


async def latest(connection: Connection, *, team_id: str, profile_id: str, message_id: str) -> Latest | None:
    """Lock a person, so that nothing they write is stored meanwhile, and return what they wrote last to any account."""
    await persons.lock(connection, team_id=team_id, profile_ids=[profile_id])
    row = await connection.fetchrow(
        """
        SELECT m.id AS message_id, m.sent_at AS at, EXISTS (
               SELECT FROM message k JOIN thread t ON t.team_id = $1 AND t.id = k.thread_id AND t.profile_id = $2
                WHERE k.team_id = $1 AND k.id = $3 AND k.direction = 'inbound') AS knows
          FROM account_link a
          JOIN thread h ON h.team_id = $1 AND h.account_id = a.id AND h.profile_id = $2
          JOIN LATERAL (
             SELECT id, sent_at FROM message
              WHERE team_id = $1 AND thread_id = h.id AND direction = 'inbound' ORDER BY sent_at DESC, id DESC LIMIT 1
          ) m ON true
         WHERE a.team_id = $1
         ORDER BY m.sent_at DESC, m.id DESC LIMIT 1
        """,
        team_id,
        profile_id,
        message_id,
    )
    return None if row is None else Latest(**row)

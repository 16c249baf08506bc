"""Progress: how the engine moves leads on. The plan rows follow in the same call, so a lead that stops is never due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from overture.store import persons
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """A lead that gets nothing more for now, in which state and why."""

    lead_id: str
    state: str
    reason: str


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """A lead whose message was accepted: its new position, and when the next message is due (None = finished)."""

    lead_id: str
    account_id: str
    rank: int
    accepted_at: datetime
    first_intent_at: datetime
    next_due: datetime | None


class Advanced(msgspec.Struct, frozen=True, kw_only=True):
    """Where a lead stands after an accepted message."""

    lead_id: str
    campaign_id: str
    profile_id: str
    state: str
    was_first: bool


async def lock(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> dict[str, int]:
    """Lock leads in key order; return the sequence version each follows: its own, or its campaign's current one."""
    rows = await connection.fetch(
        """
        SELECT l.id, coalesce(l.sequence_version, c.sequence_version) AS version
          FROM lead l JOIN campaign c ON c.team_id = $1 AND c.id = l.campaign_id
         WHERE l.team_id = $1 AND l.id = ANY($2::text[]) ORDER BY l.id FOR NO KEY UPDATE OF l
        """,
        team_id,
        sorted(set(lead_ids)),
    )
    return {row["id"]: row["version"] for row in rows}


async def stop(connection: Connection, *, team_id: str, stops: Sequence[Stop], at: datetime) -> None:
    """Take leads out of the plan and note their state and reason, as decided `at`."""
    if not stops:
        return
    lead_ids = [stop.lead_id for stop in stops]
    await connection.execute(
        """
        WITH changed AS (
            UPDATE lead l SET state = v.state, reason = v.reason
              FROM unnest($2::text[], $3::text[], $4::text[]) AS v (id, state, reason)
             WHERE l.team_id = $1 AND l.id = v.id
            RETURNING l.id, l.state, l.reason
        )
        INSERT INTO lead_turn (team_id, lead_id, at, state, reason) SELECT $1, id, $5, state, reason FROM changed
        """,
        team_id,
        lead_ids,
        [stop.state for stop in stops],
        [stop.reason for stop in stops],
        at,
    )
    await unplan(connection, team_id=team_id, lead_ids=lead_ids)


async def finish(connection: Connection, *, team_id: str, lead_ids: Sequence[str], at: datetime) -> None:
    """End leads that have had every message, as found `at`."""
    await connection.execute(
        """
        WITH changed AS (
            UPDATE lead SET state = 'finished', reason = NULL WHERE team_id = $1 AND id = ANY($2::text[]) RETURNING id
        )
        INSERT INTO lead_turn (team_id, lead_id, at, state) SELECT $1, id, $3, 'finished' FROM changed
        """,
        team_id,
        list(lead_ids),
        at,
    )
    await unplan(connection, team_id=team_id, lead_ids=lead_ids)


async def unplan(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> None:
    """Take leads out of the plan and out of every queue before it.

    In the order in which others move them on, from the queues to the plan: whoever moves one at this moment is waited
    for where it was, and it is seen where they have put it.
    """
    if not lead_ids:
        return
    await connection.execute(_UNQUEUE, team_id, list(lead_ids))
    # Whoever frees a person has that row, and takes the leads that were parked for it.
    await persons.lock_of(connection, team_id=team_id, lead_ids=lead_ids)
    await withdraw(connection, team_id=team_id, lead_ids=lead_ids)


async def withdraw(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> None:
    """Take leads out of the plan, also those that wait for their persons, whom the caller has locked."""
    await connection.execute(_UNPARK, team_id, list(lead_ids))
    await take_due(connection, team_id=team_id, lead_ids=lead_ids)


_UNQUEUE = """
    WITH assessed AS (
        DELETE FROM assess_queue q USING lead l
         WHERE l.team_id = $1 AND l.id = ANY($2::text[])
           AND q.team_id = $1 AND q.campaign_id = l.campaign_id AND q.lead_id = l.id
    )
    DELETE FROM plan_queue q USING lead l
     WHERE l.team_id = $1 AND l.id = ANY($2::text[])
       AND q.team_id = $1 AND q.campaign_id = l.campaign_id AND q.lead_id = l.id
"""
_UNPARK = """
    DELETE FROM lead_parked k USING lead l
     WHERE l.team_id = $1 AND l.id = ANY($2::text[])
       AND k.team_id = $1 AND k.profile_id = l.profile_id AND k.lead_id = l.id
"""


async def take_due(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> None:
    """Take leads out of the plan while their message is under way."""
    await connection.execute(
        "DELETE FROM lead_due WHERE team_id = $1 AND lead_id = ANY($2::text[])", team_id, list(lead_ids)
    )


async def put_due(connection: Connection, *, team_id: str, due: Sequence[tuple[str, str, datetime]]) -> None:
    """Put leads given as (lead, account, instant) into the plan, or move them in it, if they still may be sent to."""
    await connection.execute(
        """
        INSERT INTO lead_due AS d (team_id, account_id, campaign_id, is_first, due_at, lead_id)
        SELECT $1, v.account_id, l.campaign_id, l.contacted_at IS NULL, v.due_at, l.id
          FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS v (lead_id, account_id, due_at)
          JOIN lead l ON l.team_id = $1 AND l.id = v.lead_id AND l.state IN ('ready', 'inSequence')
        ON CONFLICT (team_id, lead_id) DO UPDATE SET due_at = excluded.due_at
        """,
        team_id,
        [lead for lead, _, _ in due],
        [account for _, account, _ in due],
        [instant for _, _, instant in due],
    )


async def advance(connection: Connection, *, team_id: str, advances: Sequence[Advance]) -> list[Advanced]:
    """Note accepted messages. A lead that a person, a reply or a rule has stopped stays stopped."""
    rows = await connection.fetch(
        """
        WITH v AS (
            SELECT * FROM unnest($2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::timestamptz[],
                                 $7::timestamptz[])
                AS v (id, account_id, rank, accepted_at, first_intent_at, next_due)
        ), moved AS (
            UPDATE lead l
               SET account_id = v.account_id, rank = greatest(l.rank, v.rank), since = v.accepted_at,
                   contacted_at = coalesce(l.contacted_at, v.accepted_at),
                   followed_up_at = CASE WHEN l.contacted_at IS NOT NULL
                                         THEN coalesce(l.followed_up_at, v.accepted_at) END,
                   first_intent_at = coalesce(l.first_intent_at, v.first_intent_at),
                   state = CASE WHEN l.state IN ('ready', 'inSequence', 'unreachable', 'assessing')
                                  OR (l.state = 'held' AND l.reason = 'notFound')
                                THEN CASE WHEN v.next_due IS NULL THEN 'finished' ELSE 'inSequence' END
                                ELSE l.state END
              FROM v, lead before
             WHERE l.team_id = $1 AND l.id = v.id AND before.team_id = $1 AND before.id = l.id
            RETURNING l.id AS lead_id, l.campaign_id, l.profile_id, l.state, before.contacted_at IS NULL AS was_first,
                      v.account_id, v.next_due
        ), planned AS (
            INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
            SELECT $1, account_id, campaign_id, false, next_due, lead_id FROM moved
             WHERE state = 'inSequence' AND next_due IS NOT NULL
            ON CONFLICT (team_id, lead_id) DO UPDATE
               SET due_at = excluded.due_at, is_first = false, account_id = excluded.account_id
        )
        SELECT lead_id, campaign_id, profile_id, state, was_first FROM moved
        """,
        team_id,
        [advance.lead_id for advance in advances],
        [advance.account_id for advance in advances],
        [advance.rank for advance in advances],
        [advance.accepted_at for advance in advances],
        [advance.first_intent_at for advance in advances],
        [advance.next_due for advance in advances],
    )
    return [Advanced(**row) for row in rows]


async def refused_by_sender(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> dict[str, int]:
    """Count a refusal of the sender on each lead; return the counts."""
    rows = await connection.fetch(
        """
        UPDATE lead SET sender_refusals = sender_refusals + 1 WHERE team_id = $1 AND id = ANY($2::text[])
        RETURNING id, sender_refusals
        """,
        team_id,
        list(lead_ids),
    )
    return {row["id"]: row["sender_refusals"] for row in rows}


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A lead that this call changed."""

    lead_id: str
    campaign_id: str
    profile_id: str
    state: str


async def stop_if_open(connection: Connection, *, team_id: str, stops: Sequence[Stop], at: datetime) -> list[Changed]:
    """Stop, `at`, those of the leads for which something was still to happen; the others stay as they are."""
    if not stops:
        return []
    rows = await connection.fetch(
        """
        WITH changed AS (
            UPDATE lead l SET state = v.state, reason = v.reason
              FROM unnest($2::text[], $3::text[], $4::text[]) AS v (id, state, reason)
             WHERE l.team_id = $1 AND l.id = v.id AND l.state IN ('assessing', 'ready', 'inSequence', 'held')
            RETURNING l.id AS lead_id, l.campaign_id, l.profile_id, l.state, l.reason
        ), turned AS (
            INSERT INTO lead_turn (team_id, lead_id, at, state, reason)
            SELECT $1, lead_id, $5, state, reason FROM changed
        )
        SELECT lead_id, campaign_id, profile_id, state FROM changed
        """,
        team_id,
        [stop.lead_id for stop in stops],
        [stop.state for stop in stops],
        [stop.reason for stop in stops],
        at,
    )
    changed = [Changed(**row) for row in rows]
    await unplan(connection, team_id=team_id, lead_ids=[lead.lead_id for lead in changed])
    return changed


async def reply(connection: Connection, *, team_id: str, replies: Sequence[tuple[str, datetime]]) -> list[Changed]:
    """Count answers of contacted leads given as (lead, instant), each lead once, and stop their sequences.

    Each is noted at the message it followed: the last that is known to have arrived.

    Returns the leads counted now. A lead the team itself took out keeps its state; its answer counts all the same.
    """
    if not replies:
        return []
    rows = await connection.fetch(
        """
        WITH changed AS (
            UPDATE lead l
               SET replied_at = v.at,
                   state = CASE WHEN l.state IN ('inSequence', 'finished', 'held', 'failed')
                                THEN 'replied' ELSE l.state END,
                   reason = CASE WHEN l.state IN ('inSequence', 'finished', 'held', 'failed')
                                 THEN NULL ELSE l.reason END
              FROM unnest($2::text[], $3::timestamptz[]) AS v (id, at)
             WHERE l.team_id = $1 AND l.id = v.id AND l.contacted_at IS NOT NULL AND l.replied_at IS NULL
            RETURNING l.id AS lead_id, l.campaign_id, l.profile_id, l.state, l.replied_at
        ), noted AS (
            UPDATE attempt a SET answered_at = followed.replied_at
              FROM (SELECT last.id, c.replied_at FROM changed c
                     CROSS JOIN LATERAL (
                        SELECT b.id FROM attempt b
                         WHERE b.team_id = $1 AND b.lead_id = c.lead_id AND b.state = 'accepted'
                         ORDER BY b.accepted_at DESC, b.id DESC LIMIT 1) last) followed
             WHERE a.team_id = $1 AND a.id = followed.id
        )
        SELECT lead_id, campaign_id, profile_id, state FROM changed
        """,
        team_id,
        [lead_id for lead_id, _ in replies],
        [at for _, at in replies],
    )
    changed = [Changed(**row) for row in rows]
    await unplan(connection, team_id=team_id, lead_ids=[lead.lead_id for lead in changed])
    return changed


async def ask(connection: Connection, *, team_id: str, profile_ids: Sequence[str], reason: str) -> None:
    """Note on leads of these persons that have answered why a person is asked about the answer."""
    if not profile_ids:
        return
    await connection.execute(
        """
        UPDATE lead SET reason = $3
         WHERE team_id = $1 AND profile_id = ANY($2::text[]) AND state = 'replied' AND reason IS NULL
        """,
        team_id,
        list(profile_ids),
        reason,
    )


async def close_verdict(
    connection: Connection, *, team_id: str, profile_id: str, account_id: str, now: datetime
) -> None:
    """Note that the platform refused this account for this person: what a look-up said before is contradicted."""
    await connection.execute(
        """
        INSERT INTO verdict (team_id, profile_id, account_id, verdict, at) VALUES ($1, $2, $3, 'closed', $4)
        ON CONFLICT (team_id, profile_id, account_id) DO UPDATE SET verdict = excluded.verdict, at = excluded.at
        """,
        team_id,
        profile_id,
        account_id,
        now,
    )

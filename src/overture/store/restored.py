"""What a restored backup must catch up with before it sends: messages that only the platform knows of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection

HOLD = """
SET LOCAL search_path = public;
INSERT INTO catch_up (team_id, account_id, since)
SELECT team_id, id, '{since}'::timestamptz FROM account_link WHERE deleted_at IS NULL
ON CONFLICT (team_id, account_id) DO UPDATE SET since = least(catch_up.since, excluded.since);
UPDATE team_gate g SET open = false, revision = revision + 1
 WHERE EXISTS (SELECT FROM catch_up c WHERE c.team_id = g.team_id);
UPDATE account_pace SET lease_until = '-infinity', read_at = '-infinity', hourly_room = 0, daily_room = 0;
UPDATE campaign_account SET room = 0;
UPDATE app_budget SET room = 0;
UPDATE duty SET lease_until = '-infinity', starts = 0;
INSERT INTO duty AS d (team_id, kind, key, due_at) SELECT team_id, 'replies', account_id, since FROM catch_up
ON CONFLICT (team_id, kind, key) DO UPDATE SET due_at = least(d.due_at, excluded.due_at), wanted = d.wanted + 1;
"""
"""Run with the restore, in its transaction: there is no instant at which a restored database may send before it has
caught up. What is left of limits and leases is of the time of the backup, so it is counted anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A lead that an account may have written to since the backup was made."""

    lead_id: str
    campaign_id: str
    profile_id: str
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A message on the platform, and the step of the lead that it is."""

    attempt_id: str
    lead: Candidate
    version: int
    rank: int
    step_id: str
    text: str
    sent_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptMessage:
    """A message on the platform that was read and not yet told apart."""

    platform_id: str
    conversation_id: str | None
    sender_id: str
    other_id: str
    is_inbound: bool
    text: str
    sent_at: datetime


async def is_empty(connection: Connection) -> bool:
    """Tell whether nothing has been made in the database yet."""
    found: bool = await connection.fetchval(
        "SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)"
    )
    return found


async def stop_all(connection: Connection, *, now: datetime) -> None:
    """Stop the sending of every team, as somebody does by hand."""
    await connection.execute(
        """
        WITH stopped AS (
            UPDATE team SET stopped_at = coalesce(stopped_at, $1) RETURNING team_id
        )
        UPDATE team_gate g SET open = false, revision = revision + 1 FROM stopped s WHERE s.team_id = g.team_id
        """,
        now,
    )


async def candidates(
    connection: Connection, *, team_id: str, account_id: str, profile_ids: Sequence[str]
) -> list[Candidate]:
    """Lock, in key order, the leads of these persons in started campaigns the account belongs to.

    Left out are those another account has written to: their conversation is there.
    """
    rows = await connection.fetch(
        """
        SELECT l.id AS lead_id, l.campaign_id, l.profile_id, l.state FROM lead l
         WHERE l.team_id = $1 AND l.profile_id = ANY($3::text[]) AND coalesce(l.account_id, $2) = $2
           AND EXISTS (SELECT FROM campaign_account p WHERE p.team_id = $1 AND p.account_id = $2
                          AND p.campaign_id = l.campaign_id)
           AND EXISTS (SELECT FROM campaign c WHERE c.team_id = $1 AND c.id = l.campaign_id AND c.status <> 'draft')
         ORDER BY l.id FOR NO KEY UPDATE
        """,
        team_id,
        account_id,
        sorted(set(profile_ids)),
    )
    return [Candidate(**row) for row in rows]


async def write_attempts(
    connection: Connection, *, team_id: str, account_id: str, wall_now: datetime, found: Sequence[Found]
) -> None:
    """Write the attempts that the backup lacks, open: they are settled like any other."""
    await connection.execute(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank,
                             step_id, is_first, text, state, campaign_revision, intent_at, lease_until, fence)
        SELECT $1, v.id, a.app_id, $2, v.campaign_id, v.lead_id, v.profile_id, v.version, v.rank, v.step_id,
               l.contacted_at IS NULL, v.text, 'intent', g.revision, v.intent_at, $3, p.fence
          FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::text[], $11::text[],
                      $12::timestamptz[])
               AS v (id, campaign_id, lead_id, profile_id, version, rank, step_id, text, intent_at)
          JOIN lead l ON l.team_id = $1 AND l.id = v.lead_id
          JOIN campaign_gate g ON g.team_id = $1 AND g.campaign_id = v.campaign_id
          JOIN account_link a ON a.team_id = $1 AND a.id = $2
          JOIN account_pace p ON p.team_id = $1 AND p.account_id = $2
        """,
        team_id,
        account_id,
        wall_now,
        [one.attempt_id for one in found],
        [one.lead.campaign_id for one in found],
        [one.lead.lead_id for one in found],
        [one.lead.profile_id for one in found],
        [one.version for one in found],
        [one.rank for one in found],
        [one.step_id for one in found],
        [one.text for one in found],
        [one.sent_at for one in found],
    )


async def keep_unplaced(connection: Connection, *, team_id: str, messages: Sequence[tuple[str, str, str]]) -> None:
    """Keep messages, given as (profile, platform id, text), of which nobody knows whom they were for."""
    await connection.execute(
        """
        INSERT INTO unplaced_message (team_id, profile_id, platform_id, content)
        SELECT $1, v.* FROM unnest($2::text[], $3::text[], $4::text[]) AS v (profile_id, platform_id, content)
        ON CONFLICT DO NOTHING
        """,
        team_id,
        [profile_id for profile_id, _, _ in messages],
        [platform_id for _, platform_id, _ in messages],
        [text for _, _, text in messages],
    )


async def let_go(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> None:
    """Forget the unplaced messages to persons about whom somebody has decided."""
    await connection.execute(
        "DELETE FROM unplaced_message WHERE team_id = $1 AND profile_id = ANY($2::text[])", team_id, list(profile_ids)
    )


async def has_open_attempts(connection: Connection, *, team_id: str, account_id: str) -> bool:
    """Tell whether an account has messages whose outcome is still to be found out."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM attempt WHERE team_id = $1 AND account_id = $2 AND state IN ('intent', 'unknown')
                          AND reason IS DISTINCT FROM 'notFound')
        """,
        team_id,
        account_id,
    )
    return found


async def is_syncing(connection: Connection, *, team_id: str) -> bool:
    """Tell whether leads of a campaign under way are still to be made: only those that exist can be settled."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM duty d JOIN campaign c ON c.team_id = $1 AND c.id = d.key AND c.status <> 'draft'
                        WHERE d.team_id = $1 AND d.kind = 'sync' AND d.wanted > d.done)
        """,
        team_id,
    )
    return found


async def forget(connection: Connection, *, team_id: str, account_id: str) -> bool:
    """Note that an account has caught up, or is gone; tell whether it was the last one its team waited for."""
    known = await connection.fetchval(
        "DELETE FROM catch_up WHERE team_id = $1 AND account_id = $2 RETURNING true", team_id, account_id
    )
    return known is True and not await is_waited_for(connection, team_id=team_id)


async def is_waited_for(connection: Connection, *, team_id: str) -> bool:
    """Tell whether a team waits for accounts to catch up; it does not for those that were taken off it."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM catch_up c JOIN account_link a ON a.team_id = $1 AND a.id = c.account_id
                        WHERE c.team_id = $1 AND a.deleted_at IS NULL)
        """,
        team_id,
    )
    return found


async def keep_read(connection: Connection, *, team_id: str, account_id: str, messages: Sequence[KeptMessage]) -> None:
    """Keep what an account has read so far, until it has caught up."""
    await connection.execute(
        """
        INSERT INTO catch_up_message (team_id, account_id, platform_id, conversation_id, sender_id, other_id,
                                      is_inbound, content, sent_at)
        SELECT $1, $2, v.* FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[],
                                       $9::timestamptz[]) AS v
        ON CONFLICT DO NOTHING
        """,
        team_id,
        account_id,
        [message.platform_id for message in messages],
        [message.conversation_id for message in messages],
        [message.sender_id for message in messages],
        [message.other_id for message in messages],
        [message.is_inbound for message in messages],
        [message.text for message in messages],
        [message.sent_at for message in messages],
    )


async def read_before(connection: Connection, *, team_id: str, account_id: str) -> list[KeptMessage]:
    """Return what an account that catches up has read so far."""
    rows = await connection.fetch(
        """
        SELECT platform_id, conversation_id, sender_id, other_id, is_inbound, content AS text, sent_at
          FROM catch_up_message WHERE team_id = $1 AND account_id = $2
        """,
        team_id,
        account_id,
    )
    return [KeptMessage(**row) for row in rows]

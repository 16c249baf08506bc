"""Threads and messages: what was said between an account and a profile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture import ids
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMessage:
    """One message of a conversation. `archives` is set for a campaign's own sends."""

    account_id: str
    profile_id: str
    platform_id: str
    conversation_id: str | None
    is_inbound: bool
    content: str
    sent_at: datetime
    attempt_id: str | None
    archives: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A message that was not known before."""

    id: str
    account_id: str
    profile_id: str
    thread_id: str
    platform_id: str
    is_inbound: bool


async def store(connection: Connection, *, team_id: str, now: datetime, messages: Sequence[NewMessage]) -> list[Stored]:
    """Store messages with their threads; return those that are new. Known ones change nothing."""
    return (await store_sent(connection, team_id=team_id, now=now, messages=messages))[0]


async def store_sent(
    connection: Connection, *, team_id: str, now: datetime, messages: Sequence[NewMessage]
) -> tuple[list[Stored], dict[tuple[str, str], datetime]]:
    """Do the same; return also the latest inbound message of each conversation, as (account, profile), that has one."""
    if not messages:
        return [], {}
    ordered = sorted(messages, key=lambda message: (message.account_id, message.profile_id, message.sent_at))
    count = len(ordered)
    rows = await connection.fetch(
        """
        INSERT INTO thread AS t (team_id, id, account_id, profile_id, platform_id, archived, last_message_at,
                                 last_inbound_at, last_outbound_at, created_at)
        SELECT $1, min(v.id), v.account_id, v.profile_id, max(v.conversation_id), bool_and(v.archives),
               max(v.sent_at), max(v.sent_at) FILTER (WHERE v.is_inbound),
               max(v.sent_at) FILTER (WHERE NOT v.is_inbound), $2
          FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::timestamptz[], $9::boolean[])
               AS v (id, account_id, profile_id, conversation_id, is_inbound, sent_at, archives)
         GROUP BY v.account_id, v.profile_id
         ORDER BY v.account_id, v.profile_id
        ON CONFLICT (team_id, account_id, profile_id) DO UPDATE
           SET platform_id = coalesce(t.platform_id, excluded.platform_id),
               archived = CASE WHEN excluded.last_message_at >= coalesce(t.last_message_at, '-infinity')
                               THEN excluded.archived ELSE t.archived END,
               last_message_at = greatest(t.last_message_at, excluded.last_message_at),
               last_inbound_at = greatest(t.last_inbound_at, excluded.last_inbound_at),
               last_outbound_at = greatest(t.last_outbound_at, excluded.last_outbound_at)
        RETURNING id, account_id, profile_id, last_inbound_at
        """,
        team_id,
        now,
        ids.many("r", count),
        [message.account_id for message in ordered],
        [message.profile_id for message in ordered],
        [message.conversation_id for message in ordered],
        [message.is_inbound for message in ordered],
        [message.sent_at for message in ordered],
        [message.archives for message in ordered],
    )
    thread_ids = {(row["account_id"], row["profile_id"]): row["id"] for row in rows}
    inbound = {
        (row["account_id"], row["profile_id"]): row["last_inbound_at"]
        for row in rows
        if row["last_inbound_at"] is not None
    }
    given = {
        message_id: Stored(
            id=message_id,
            account_id=message.account_id,
            profile_id=message.profile_id,
            thread_id=thread_ids[message.account_id, message.profile_id],
            platform_id=message.platform_id,
            is_inbound=message.is_inbound,
        )
        for message_id, message in zip(ids.many("g", count), ordered, strict=True)
    }
    added = await connection.fetch(
        """
        INSERT INTO message (team_id, id, account_id, thread_id, platform_id, direction, content, sent_at, attempt_id)
        SELECT $1, v.id, v.account_id, v.thread_id, v.platform_id,
               CASE WHEN v.is_inbound THEN 'inbound' ELSE 'outbound' END, v.content, v.sent_at, v.attempt_id
          FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::timestamptz[],
                      $9::text[])
               AS v (id, account_id, thread_id, platform_id, is_inbound, content, sent_at, attempt_id)
        ON CONFLICT (team_id, account_id, platform_id) DO NOTHING
        RETURNING id
        """,
        team_id,
        list(given),
        [message.account_id for message in ordered],
        [stored.thread_id for stored in given.values()],
        [message.platform_id for message in ordered],
        [message.is_inbound for message in ordered],
        [message.content for message in ordered],
        [message.sent_at for message in ordered],
        [message.attempt_id for message in ordered],
    )
    return [given[row["id"]] for row in added], inbound


async def known(connection: Connection, *, team_id: str, account_id: str, platform_ids: Sequence[str]) -> set[str]:
    """Return which of these platform messages of an account are stored."""
    rows = await connection.fetch(
        """
        SELECT platform_id FROM message WHERE team_id = $1 AND account_id = $2 AND platform_id = ANY($3::text[])
        """,
        team_id,
        account_id,
        list(platform_ids),
    )
    return {row["platform_id"] for row in rows}

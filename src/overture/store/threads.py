"""Threads and messages: what was said between an account and a profile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from overture import ids
from overture.store import outbox
from overture.store.pool import Connection


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a conversation. `archives` is set for a campaign's own sends.

    `id`: what it was called when it was tried; None: it is new here.
    """

    account_id: str
    profile_id: str
    platform_id: str
    conversation_id: str | None
    is_inbound: bool
    content: str
    sent_at: datetime
    attempt_id: str | None
    archives: bool
    id: str | None = None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was not known before."""

    id: str
    account_id: str
    profile_id: str
    thread_id: str
    platform_id: str
    is_inbound: bool


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """A thread that messages made, put into the archive or brought back from it. `event` is named after that."""

    thread_id: str
    event: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What storing messages led to.

    `messages` are those that are new. `inbound` holds the latest inbound message of each conversation, as (account,
    profile), that has one.
    """

    messages: Sequence[Stored]
    turned: Sequence[Turned]
    inbound: Mapping[tuple[str, str], datetime]


async def store(connection: Connection, *, team_id: str, now: datetime, messages: Sequence[NewMessage]) -> Kept:
    """Store messages with their threads. Known ones change nothing.

    A thread is where its latest message puts it: a campaign's in the archive, any other in the inbox, also one that was
    deleted here.
    """
    if not messages:
        return Kept(messages=(), turned=(), inbound={})
    ordered = sorted(messages, key=lambda message: (message.account_id, message.profile_id, message.sent_at))
    count = len(ordered)
    rows = await connection.fetch(
        """
        WITH given AS MATERIALIZED (
            SELECT min(v.id) AS id, v.account_id, v.profile_id, max(v.conversation_id) AS conversation_id,
                   (array_agg(v.archives ORDER BY v.sent_at DESC))[1] AS archives, max(v.sent_at) AS sent_at,
                   max(v.sent_at) FILTER (WHERE v.is_inbound) AS inbound_at,
                   max(v.sent_at) FILTER (WHERE NOT v.is_inbound) AS outbound_at
              FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::timestamptz[],
                          $9::boolean[])
                   AS v (id, account_id, profile_id, conversation_id, is_inbound, sent_at, archives)
             GROUP BY v.account_id, v.profile_id
        ), put AS (
            INSERT INTO thread AS t (team_id, id, account_id, profile_id, platform_id, archived, last_message_at,
                                     last_inbound_at, last_outbound_at, created_at)
            SELECT $1, g.id, g.account_id, g.profile_id, g.conversation_id, g.archives, g.sent_at, g.inbound_at,
                   g.outbound_at, $2
              FROM given g ORDER BY g.account_id, g.profile_id
            ON CONFLICT (team_id, account_id, profile_id) DO UPDATE
               SET platform_id = coalesce(t.platform_id, excluded.platform_id),
                   archived = CASE WHEN excluded.last_message_at >= coalesce(t.last_message_at, '-infinity')
                                   THEN excluded.archived ELSE t.archived END,
                   deleted_at = CASE WHEN excluded.last_message_at > coalesce(t.last_message_at, '-infinity')
                                     THEN NULL ELSE t.deleted_at END,
                   last_message_at = greatest(t.last_message_at, excluded.last_message_at),
                   last_inbound_at = greatest(t.last_inbound_at, excluded.last_inbound_at),
                   last_outbound_at = greatest(t.last_outbound_at, excluded.last_outbound_at)
            RETURNING id, account_id, profile_id, last_inbound_at, archived, deleted_at
        )
        SELECT p.id, p.account_id, p.profile_id, p.last_inbound_at,
               CASE WHEN b.id IS NULL OR (b.deleted_at IS NOT NULL AND p.deleted_at IS NULL) THEN 'thread.created'
                    WHEN p.archived AND NOT b.archived THEN 'thread.archived'
                    WHEN b.archived AND NOT p.archived THEN 'thread.unarchived' END AS event
          FROM put p
          LEFT JOIN LATERAL (
             SELECT id, archived, deleted_at FROM thread
              WHERE team_id = $1 AND account_id = p.account_id AND profile_id = p.profile_id LIMIT 1) b ON true
         ORDER BY p.id
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
    return Kept(
        messages=await _add(connection, team_id, ordered, thread_ids),
        turned=[Turned(thread_id=row["id"], event=row["event"]) for row in rows if row["event"] is not None],
        inbound={
            (row["account_id"], row["profile_id"]): row["last_inbound_at"]
            for row in rows
            if row["last_inbound_at"] is not None
        },
    )


async def _add(
    connection: Connection,
    team_id: str,
    ordered: Sequence[NewMessage],
    thread_ids: Mapping[tuple[str, str], str],
) -> list[Stored]:
    """Add those of the messages that are not known."""
    fresh = ids.many("g", len(ordered))
    given = {
        message_id: Stored(
            id=message_id,
            account_id=message.account_id,
            profile_id=message.profile_id,
            thread_id=thread_ids[message.account_id, message.profile_id],
            platform_id=message.platform_id,
            is_inbound=message.is_inbound,
        )
        for message_id, message in zip(
            (message.id or new_id for message, new_id in zip(ordered, fresh, strict=True)), ordered, strict=True
        )
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
    return [given[row["id"]] for row in added]


def events(turned: Sequence[Turned]) -> list[outbox.NewEvent]:
    """Tell what became of threads."""
    return [outbox.NewEvent(type=one.event, object_type="thread", object_id=one.thread_id, data={}) for one in turned]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """The latest message that came in, and its thread."""

    thread_id: str
    message_id: str


async def last_inbound(
    connection: Connection, *, team_id: str, pairs: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Inbound]:
    """Return the latest message that came in of each conversation, as (account, profile), that has any."""
    rows = await connection.fetch(
        """
        SELECT v.account_id, v.profile_id, t.id AS thread_id, m.id AS message_id
          FROM unnest($2::text[], $3::text[]) AS v (account_id, profile_id)
          JOIN thread t ON t.team_id = $1 AND t.account_id = v.account_id AND t.profile_id = v.profile_id
         CROSS JOIN LATERAL (
            SELECT id FROM message WHERE team_id = $1 AND thread_id = t.id AND direction = 'inbound'
             ORDER BY sent_at DESC, id DESC LIMIT 1) m
        """,
        team_id,
        [account_id for account_id, _ in pairs],
        [profile_id for _, profile_id in pairs],
    )
    return {
        (row["account_id"], row["profile_id"]): Inbound(thread_id=row["thread_id"], message_id=row["message_id"])
        for row in rows
    }


async def mark_unread(connection: Connection, *, team_id: str, account_id: str, profile_ids: Sequence[str]) -> None:
    """Mark the conversations of an account with these persons for somebody to look at."""
    if not profile_ids:
        return
    await connection.execute(
        """
        UPDATE thread SET unread = true
         WHERE team_id = $1 AND account_id = $2 AND profile_id = ANY($3::text[]) AND NOT unread
        """,
        team_id,
        account_id,
        list(profile_ids),
    )


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

"""Conversations: threads as people see and work with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Last:
    """The latest message of a thread."""

    id: str
    direction: str
    content: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """One conversation between an account and a profile.

    `assignee_id`: its own, or else its contact's; `own_assignee_id` is the former alone. `is_syncing`: the account's
    messages are still being read for the first time.
    """

    id: str
    platform: str
    platform_id: str | None
    account_id: str
    profile_id: str
    contact_id: str
    assignee_id: str | None
    own_assignee_id: str | None
    archived: bool
    unread: bool
    typing_indicators: str
    is_syncing: bool
    created_at: datetime
    last: Last | None


async def read(
    connection: Connection, *, team_id: str, thread_ids: Sequence[str], also_deleted: bool = False
) -> list[Thread]:
    """Return these threads in this order; those that are not there, and unless asked for the deleted, are left out."""
    rows = await connection.fetch(
        """
        SELECT t.id, a.platform, t.platform_id, t.account_id, t.profile_id,
               coalesce(p.contact_id, 'o' || substr(p.id, 2)) AS contact_id,
               coalesce(t.assignee_id, o.assignee_id) AS assignee_id, t.assignee_id AS own_assignee_id, t.archived,
               t.unread, t.typing_indicators, a.synced_at IS NULL AND a.deleted_at IS NULL AS is_syncing, t.created_at,
               m.id AS last_id, m.direction, m.content, m.sent_at
          FROM unnest($2::text[]) WITH ORDINALITY AS v (id, position)
         CROSS JOIN LATERAL (SELECT * FROM thread
                             WHERE team_id = $1 AND id = v.id AND (deleted_at IS NULL OR $3) LIMIT 1) t
         CROSS JOIN LATERAL (SELECT * FROM account_link WHERE team_id = $1 AND id = t.account_id LIMIT 1) a
         CROSS JOIN LATERAL (SELECT * FROM profile WHERE team_id = $1 AND id = t.profile_id LIMIT 1) p
          LEFT JOIN LATERAL (SELECT * FROM contact WHERE team_id = $1 AND id = p.contact_id LIMIT 1) o ON true
          LEFT JOIN LATERAL (SELECT * FROM message WHERE team_id = $1 AND thread_id = t.id
                              ORDER BY sent_at DESC, id DESC LIMIT 1) m ON true
         ORDER BY v.position
        """,
        team_id,
        list(thread_ids),
        also_deleted,
    )
    own = Thread.__dataclass_fields__.keys() - {"last"}
    return [
        Thread(
            **{name: row[name] for name in own},
            last=None
            if row["last_id"] is None
            else Last(id=row["last_id"], direction=row["direction"], content=row["content"], at=row["sent_at"]),
        )
        for row in rows
    ]


async def lock(connection: Connection, *, team_id: str, thread_id: str) -> bool:
    """Keep a thread as it is to the end of the transaction; tell whether there is one."""
    found = await connection.fetchrow(
        "SELECT FROM thread WHERE team_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE", team_id, thread_id
    )
    return found is not None


async def save(connection: Connection, *, team_id: str, thread: Thread) -> None:
    """Keep what people say of a thread whose row is locked."""
    await connection.execute(
        """
        UPDATE thread SET archived = $3, unread = $4, assignee_id = $5, typing_indicators = $6
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        thread.id,
        thread.archived,
        thread.unread,
        thread.own_assignee_id,
        thread.typing_indicators,
    )


async def unassign(connection: Connection, *, team_id: str, member_id: str) -> list[str]:
    """Take a member off the threads that were given to them; return those that are in sight, in order."""
    rows = await connection.fetch(
        """
        WITH theirs AS (
            SELECT id FROM thread WHERE team_id = $1 AND assignee_id = $2 ORDER BY id FOR NO KEY UPDATE
        ), freed AS (
            UPDATE thread t SET assignee_id = NULL
              FROM theirs WHERE t.team_id = $1 AND t.id = theirs.id RETURNING t.id, t.deleted_at
        )
        SELECT id FROM freed WHERE deleted_at IS NULL ORDER BY id
        """,
        team_id,
        member_id,
    )
    return [row["id"] for row in rows]


async def assignees(connection: Connection, *, team_id: str, thread_ids: Sequence[str]) -> dict[str, str | None]:
    """Return whose each of these threads is: its own assignee, or else its contact's."""
    rows = await connection.fetch(
        """
        SELECT t.id, coalesce(t.assignee_id, o.assignee_id) AS assignee_id
          FROM thread t JOIN profile p ON p.team_id = $1 AND p.id = t.profile_id
          LEFT JOIN contact o ON o.team_id = $1 AND o.id = p.contact_id
         WHERE t.team_id = $1 AND t.id = ANY($2::text[])
        """,
        team_id,
        list(thread_ids),
    )
    return {row["id"]: row["assignee_id"] for row in rows}


async def delete(connection: Connection, *, team_id: str, thread_id: str, at: datetime) -> None:
    """Take a thread out of sight until somebody writes in it again; its messages stay, as the ledger needs them."""
    await connection.execute("UPDATE thread SET deleted_at = $3 WHERE team_id = $1 AND id = $2", team_id, thread_id, at)


async def mark_read(connection: Connection, *, team_id: str, thread_ids: Sequence[str]) -> None:
    """Take the mark off threads that were marked unread."""
    await connection.execute(
        "UPDATE thread SET unread = false WHERE team_id = $1 AND id = ANY($2::text[]) AND unread",
        team_id,
        list(thread_ids),
    )

"""What platforms have told by themselves: events that wait to be taken, and how late they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEvent:
    """An event of the account that the platform calls `own_id`; the rest is its message, where it has one."""

    event_id: str
    kind: str
    own_id: str
    platform_id: str | None = None
    conversation_id: str | None = None
    sender_id: str | None = None
    sender_username: str | None = None
    sender_name: str | None = None
    content: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """An event that waits to be taken."""

    event_id: str
    kind: str
    platform_id: str | None
    conversation_id: str | None
    sender_id: str | None
    sender_username: str | None
    sender_name: str | None
    content: str | None
    sent_at: datetime | None
    received_at: datetime


async def secret(connection: Connection, *, team_id: str, app_id: str, platform: str) -> bytes | None:
    """Return the sealed secret by which a platform signs what it tells an app; None where there is none."""
    sealed: bytes | None = await connection.fetchval(
        """
        SELECT sealed_consumer_secret FROM platform_app
         WHERE team_id = $1 AND id = $2 AND platform = $3 AND client_id IS NOT NULL
        """,
        team_id,
        app_id,
        platform,
    )
    return sealed


async def receive(
    connection: Connection, *, team_id: str, app_id: str, events: Sequence[NewEvent], now: datetime
) -> list[tuple[str, str]]:
    """Keep events of the app's accounts; return account and kind of those that are new.

    Those of accounts that are not linked are left out, and so are those that are known.
    """
    rows = await connection.fetch(
        """
        INSERT INTO pushed_event (team_id, account_id, event_id, kind, platform_id, conversation_id, sender_id,
                                  sender_username, sender_name, content, sent_at, received_at)
        SELECT $1, a.id, v.event_id, v.kind, v.platform_id, v.conversation_id, v.sender_id, v.sender_username,
               v.sender_name, v.content, v.sent_at, $3
          FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                      $12::text[], $13::timestamptz[])
               AS v (event_id, kind, own_id, platform_id, conversation_id, sender_id, sender_username, sender_name,
                     content, sent_at)
          JOIN account_link a ON a.team_id = $1 AND a.app_id = $2 AND a.platform_id = v.own_id AND a.deleted_at IS NULL
         ORDER BY a.id, v.event_id
        ON CONFLICT (team_id, account_id, event_id) DO NOTHING
        RETURNING account_id, kind
        """,
        team_id,
        app_id,
        now,
        [event.event_id for event in events],
        [event.kind for event in events],
        [event.own_id for event in events],
        [event.platform_id for event in events],
        [event.conversation_id for event in events],
        [event.sender_id for event in events],
        [event.sender_username for event in events],
        [event.sender_name for event in events],
        [event.content for event in events],
        [event.sent_at for event in events],
    )
    return [(row["account_id"], row["kind"]) for row in rows]


async def waiting(connection: Connection, *, team_id: str, account_id: str, count: int) -> list[Waiting]:
    """Return up to `count` events of an account that wait, in the order they came."""
    rows = await connection.fetch(
        """
        SELECT event_id, kind, platform_id, conversation_id, sender_id, sender_username, sender_name, content, sent_at,
               received_at
          FROM pushed_event
         WHERE team_id = $1 AND account_id = $2 AND taken_at IS NULL ORDER BY received_at LIMIT $3
        """,
        team_id,
        account_id,
        count,
    )
    return [Waiting(**row) for row in rows]


async def take(
    connection: Connection, *, team_id: str, account_id: str, event_ids: Sequence[str], now: datetime
) -> set[str]:
    """Take events; return those that nobody has taken before. What they said is in the messages from then on."""
    rows = await connection.fetch(
        """
        UPDATE pushed_event SET taken_at = $4, content = NULL, sender_username = NULL, sender_name = NULL
         WHERE team_id = $1 AND account_id = $2 AND event_id = ANY($3::text[]) AND taken_at IS NULL
        RETURNING event_id
        """,
        team_id,
        account_id,
        list(event_ids),
        now,
    )
    return {row["event_id"] for row in rows}


async def forget(connection: Connection, *, team_id: str, account_id: str) -> None:
    """Forget what waits for an account that is gone."""
    await connection.execute(
        "DELETE FROM pushed_event WHERE team_id = $1 AND account_id = $2 AND taken_at IS NULL", team_id, account_id
    )


async def note(
    connection: Connection, *, team_id: str, account_id: str, received_at: datetime, delay_milliseconds: int
) -> None:
    """Note when an account was last told of a message, and how long after it was written."""
    await connection.execute(
        """
        INSERT INTO account_push AS p (team_id, account_id, received_at, delay_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (team_id, account_id) DO UPDATE
           SET received_at = excluded.received_at, delay_ms = excluded.delay_ms
         WHERE p.received_at IS NULL OR p.received_at <= excluded.received_at
        """,
        team_id,
        account_id,
        received_at,
        delay_milliseconds,
    )

"""Messages as people see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message. Of one that left here: the campaign and step, or the token or member, it came from."""

    id: str
    thread_id: str
    account_id: str
    platform: str
    platform_id: str
    direction: str
    content: str
    sent_at: datetime
    attempt_id: str | None
    campaign_id: str | None
    step_id: str | None
    token_id: str | None
    member_id: str | None


_SELECT = """
    SELECT m.id, m.thread_id, m.account_id, l.platform, m.platform_id, m.direction, m.content, m.sent_at, m.attempt_id,
           a.campaign_id, a.step_id, a.token_id, a.member_id
      FROM message m
     CROSS JOIN LATERAL (SELECT * FROM account_link WHERE team_id = $1 AND id = m.account_id LIMIT 1) l
      LEFT JOIN LATERAL (SELECT * FROM attempt WHERE team_id = $1 AND id = m.attempt_id LIMIT 1) a ON true
     WHERE m.team_id = $1
"""


async def page(
    connection: Connection,
    *,
    team_id: str,
    thread_id: str,
    descending: bool,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Message]:
    """Return up to `limit` messages of a thread in the order they were sent, those behind `after`."""
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    place = "$3::timestamptz IS NULL AND $4::text IS NULL" if after is None else f"(m.sent_at, m.id) {beyond} ($3, $4)"
    rows = await connection.fetch(
        f"{_SELECT} AND m.thread_id = $2 AND {place} ORDER BY m.sent_at {direction}, m.id {direction} LIMIT $5",
        team_id,
        thread_id,
        None if after is None else after[0],
        None if after is None else after[1],
        limit,
    )
    return [_of_row(row) for row in rows]


async def read(
    connection: Connection, *, team_id: str, message_ids: Sequence[str], also_deleted: bool = False
) -> dict[str, Message]:
    """Return those of these messages that there are, by id. Those of a deleted thread are not, unless asked for."""
    rows = await connection.fetch(
        f"""{_SELECT} AND m.id = ANY($2::text[])
               AND EXISTS (SELECT FROM thread t WHERE t.team_id = $1 AND t.id = m.thread_id
                              AND (t.deleted_at IS NULL OR $3))
        """,
        team_id,
        list(message_ids),
        also_deleted,
    )
    return {row["id"]: _of_row(row) for row in rows}


def _of_row(row: asyncpg.Record) -> Message:
    return Message(**row)

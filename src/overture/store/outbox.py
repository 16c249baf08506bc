"""Events: numbered without gaps per team, written in the transaction that causes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture import ids
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEvent:
    """Something that happened to one object."""

    type: str
    object_type: str
    object_id: str
    data: Mapping[str, Any]


async def append(connection: Connection, *, team_id: str, now: datetime, events: Sequence[NewEvent]) -> None:
    """Write `events` in order. Call it last: it locks the team's counter until the transaction ends."""
    if not events:
        return
    await connection.execute(
        """
        WITH base AS (
            UPDATE team_seq SET last_seq = last_seq + $2 WHERE team_id = $1 RETURNING last_seq - $2 AS seq
        )
        INSERT INTO event (team_id, seq, id, type, object_type, object_id, data, created_at)
        SELECT $1, base.seq + e.position, e.id, e.type, e.object_type, e.object_id, e.data, $3
          FROM base, unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[])
               WITH ORDINALITY AS e (id, type, object_type, object_id, data, position)
        """,
        team_id,
        len(events),
        now,
        ids.many("e", len(events)),
        [event.type for event in events],
        [event.object_type for event in events],
        [event.object_id for event in events],
        [dict(event.data) for event in events],
    )

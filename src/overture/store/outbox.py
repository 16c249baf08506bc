"""Events: numbered without gaps per team, written in the transaction that causes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from overture import ids
from overture.core.words import EventType
from overture.store.pool import Connection

MOST_LOOKED_AT = 20_000
"""So many events are looked at for those of some types; a call that asks for rare ones goes on from there."""


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
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
        SELECT $1, base.seq + e.position, e.id, e.type, e.object_type, e.object_id, e.data::jsonb, $3
          FROM base, unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
               WITH ORDINALITY AS e (id, type, object_type, object_id, data, position)
        """,
        team_id,
        len(events),
        now,
        ids.many("e", len(events)),
        [EventType(event.type) for event in events],
        [event.object_type for event in events],
        [event.object_id for event in events],
        [msgspec.json.encode(dict(event.data)).decode() for event in events],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An event as it was written."""

    seq: int
    id: str
    type: str
    object_type: str
    object_id: str
    data: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """Events in order. All up to `last_seq` were looked at; `has_more` tells that there are later ones."""

    events: Sequence[Event]
    last_seq: int
    has_more: bool


async def read(connection: Connection, *, team_id: str, after_seq: int, types: Sequence[str], limit: int) -> Read:
    """Return up to `limit` of a team's events after a number, of these types; of all where none is named.

    One statement, so that the count and the events are of one moment: numbers become visible in their order.
    """
    row = await connection.fetchrow(
        """
        WITH part AS MATERIALIZED (
            SELECT seq, id, type, object_type, object_id, data, created_at FROM event
             WHERE team_id = $1 AND seq > $2
             ORDER BY seq LIMIT CASE WHEN $3::text[] = '{}' THEN $4::bigint ELSE $5::bigint END
        ), chosen AS MATERIALIZED (
            SELECT * FROM part WHERE $3::text[] = '{}' OR type = ANY($3::text[]) ORDER BY seq LIMIT $4
        )
        SELECT (SELECT last_seq FROM team_seq WHERE team_id = $1) AS newest,
               (SELECT max(seq) FROM part) AS looked_at, (SELECT count(*) FROM part) AS looked_at_count,
               (SELECT max(seq) FROM chosen) AS last_chosen,
               ARRAY(SELECT jsonb_build_object('seq', seq, 'id', id, 'type', type, 'objectType', object_type,
                                               'objectId', object_id, 'data', data) FROM chosen ORDER BY seq) AS events,
               ARRAY(SELECT created_at FROM chosen ORDER BY seq) AS instants
        """,
        team_id,
        after_seq,
        list(types),
        limit,
        MOST_LOOKED_AT,
    )
    assert row is not None
    events = [
        Event(
            seq=one["seq"],
            id=one["id"],
            type=one["type"],
            object_type=one["objectType"],
            object_id=one["objectId"],
            data=one["data"],
            created_at=at,
        )
        for one, at in zip(row["events"], row["instants"], strict=True)
    ]
    looked_at = row["last_chosen"] if len(events) == limit else row["looked_at"]
    last_seq = max(after_seq if looked_at is None else looked_at, 0)
    return Read(events=events, last_seq=last_seq, has_more=last_seq < (row["newest"] or 0) and looked_at is not None)


async def newest(connection: Connection, *, team_ids: Sequence[str]) -> dict[str, int]:
    """Return the number of each team's last event; 0 before the first."""
    rows = await connection.fetch(
        "SELECT team_id, last_seq FROM team_seq WHERE team_id = ANY($1::text[])", list(team_ids)
    )
    return {row["team_id"]: row["last_seq"] for row in rows}


async def first_kept(connection: Connection, *, team_id: str) -> int | None:
    """Return the number of the oldest event that is kept; None where none is."""
    seq: int | None = await connection.fetchval("SELECT min(seq) FROM event WHERE team_id = $1", team_id)
    return seq

"""Deliveries: events on their way to endpoints, and how each try went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture import ids
from overture.store.pool import Connection

_COLUMNS = "id, webhook_id, event_id, seq, type, state, tries, next_at, created_at, ended_at"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One event for one endpoint."""

    id: str
    webhook_id: str
    event_id: str
    seq: int
    type: str
    state: str
    tries: int
    next_at: datetime
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """How one try went; `status` is None where nothing was answered."""

    number: int
    at: datetime
    milliseconds: int
    status: int | None
    answer: str | None
    error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDelivery:
    """An event to be delivered, and the contact it says something of.

    `is_extra` was asked for by a person and keeps no order.
    """

    event_id: str
    seq: int
    type: str
    object_id: str
    body: str
    contact_id: str | None = None
    is_extra: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A delivery to be tried now, after so many tries."""

    id: str
    event_id: str
    body: str
    tries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a try went, and what follows: `next_at` None ends the delivery."""

    delivery_id: str
    tried: Try
    is_accepted: bool
    next_at: datetime | None


async def add(
    connection: Connection,
    *,
    team_id: str,
    webhook_id: str,
    new: Sequence[NewDelivery],
    taken_seq: int | None,
    wall_now: datetime,
) -> list[str]:
    """Add deliveries, and note up to which event this endpoint has its own; return their ids.

    What waits behind an earlier event of the same object is due when that is.
    """
    delivery_ids = ids.many("v", len(new))
    await connection.execute(
        """
        INSERT INTO webhook_delivery
               (team_id, id, webhook_id, event_id, seq, type, object_id, body, is_extra, contact_id, state, next_at,
                created_at)
        SELECT w.team_id, v.id, w.id, v.event_id, v.seq, v.type, v.object_id, v.body, v.is_extra, v.contact_id,
               'pending',
               CASE WHEN v.is_extra THEN $10 ELSE coalesce(
                   (SELECT greatest($10, max(d.next_at)) FROM webhook_delivery d
                     WHERE d.team_id = w.team_id AND d.webhook_id = w.id AND d.object_id = v.object_id
                       AND d.state = 'pending' AND NOT d.is_extra), $10) END, $10
          FROM webhook w
         CROSS JOIN unnest($3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::boolean[],
                           $11::text[])
               AS v (id, event_id, seq, type, object_id, body, is_extra, contact_id)
         WHERE w.team_id = $1 AND w.id = $2
        """,
        team_id,
        webhook_id,
        delivery_ids,
        [one.event_id for one in new],
        [one.seq for one in new],
        [one.type for one in new],
        [one.object_id for one in new],
        [one.body for one in new],
        [one.is_extra for one in new],
        wall_now,
        [one.contact_id for one in new],
    )
    if taken_seq is not None:
        await connection.execute(
            "UPDATE webhook SET taken_seq = $3 WHERE team_id = $1 AND id = $2", team_id, webhook_id, taken_seq
        )
    return delivery_ids


async def due(
    connection: Connection, *, team_id: str, webhook_id: str, wall_now: datetime, window: int, count: int
) -> list[Due]:
    """Return up to `count` deliveries to be tried now: of each object only the first that has not ended.

    Among the first `window` that have not ended; those that were asked for by a person wait for none.
    """
    rows = await connection.fetch(
        """
        WITH waiting AS MATERIALIZED (
            SELECT d.id, d.event_id, d.object_id, d.body, d.tries, d.next_at, d.is_extra, d.seq
              FROM webhook_delivery d
             WHERE d.team_id = $1 AND d.webhook_id = $2 AND d.state = 'pending' ORDER BY d.seq, d.id LIMIT $4
        ), first AS (
            SELECT *, row_number() OVER (PARTITION BY is_extra, object_id ORDER BY seq, id) AS place FROM waiting
        )
        SELECT id, event_id, body, tries FROM first
         WHERE (place = 1 OR is_extra) AND next_at <= $3
           AND (is_extra OR EXISTS (SELECT FROM webhook w WHERE w.team_id = $1 AND w.id = $2 AND w.enabled))
         ORDER BY seq, id LIMIT $5
        """,
        team_id,
        webhook_id,
        wall_now,
        window,
        count,
    )
    return [Due(**row) for row in rows]


async def settle(
    connection: Connection, *, team_id: str, webhook_id: str, outcomes: Sequence[Outcome], wall_now: datetime
) -> datetime | None:
    """Write down how tries went; return since when the endpoint has accepted nothing, None where it has just now."""
    await connection.execute(
        """
        WITH v AS (
            SELECT * FROM unnest($2::text[], $3::boolean[], $4::timestamptz[]) AS v (id, is_accepted, next_at)
        ), ended AS (
            UPDATE webhook_delivery d
               SET tries = d.tries + 1, next_at = coalesce(v.next_at, 'infinity'),
                   state = CASE WHEN v.is_accepted THEN 'delivered' WHEN v.next_at IS NULL THEN 'failed'
                                ELSE 'pending' END,
                   ended_at = CASE WHEN v.next_at IS NULL THEN $5::timestamptz END
              FROM v WHERE d.team_id = $1 AND d.id = v.id AND d.state = 'pending' RETURNING d.team_id, d.id
        )
        INSERT INTO webhook_try (team_id, delivery_id, number, at, milliseconds, status, answer, error)
        SELECT e.team_id, t.* FROM ended e
          JOIN unnest($2::text[], $6::int[], $7::timestamptz[], $8::int[], $9::int[], $10::text[], $11::text[])
               AS t (id, number, at, milliseconds, status, answer, error) ON t.id = e.id
        """,
        team_id,
        [one.delivery_id for one in outcomes],
        [one.is_accepted for one in outcomes],
        [one.next_at for one in outcomes],
        wall_now,
        [one.tried.number for one in outcomes],
        [one.tried.at for one in outcomes],
        [one.tried.milliseconds for one in outcomes],
        [one.tried.status for one in outcomes],
        [one.tried.answer for one in outcomes],
        [one.tried.error for one in outcomes],
    )
    await connection.execute(
        """
        UPDATE webhook_delivery d SET next_at = v.next_at
          FROM unnest($3::text[], $4::timestamptz[]) AS v (id, next_at)
          JOIN webhook_delivery f ON f.team_id = $1 AND f.id = v.id AND NOT f.is_extra
         WHERE d.team_id = $1 AND d.webhook_id = $2 AND d.object_id = f.object_id AND d.state = 'pending'
           AND NOT d.is_extra AND d.next_at < v.next_at
        """,
        team_id,
        webhook_id,
        [one.delivery_id for one in outcomes if one.next_at is not None],
        [one.next_at for one in outcomes if one.next_at is not None],
    )
    since: datetime | None = await connection.fetchval(
        """
        UPDATE webhook SET failing_since = CASE WHEN $3 THEN NULL ELSE coalesce(failing_since, $4) END
         WHERE team_id = $1 AND id = $2 RETURNING failing_since
        """,
        team_id,
        webhook_id,
        any(one.is_accepted for one in outcomes),
        wall_now,
    )
    return since


async def give_up(connection: Connection, *, team_id: str, webhook_id: str, wall_now: datetime) -> None:
    """End all deliveries that wait for an endpoint that is switched off."""
    await connection.execute(
        """
        UPDATE webhook_delivery SET state = 'failed', next_at = 'infinity', ended_at = $3
         WHERE team_id = $1 AND webhook_id = $2 AND state = 'pending' AND NOT is_extra
        """,
        team_id,
        webhook_id,
        wall_now,
    )


async def page(
    connection: Connection,
    *,
    team_id: str,
    webhook_id: str,
    states: Sequence[str],
    after: str | None,
    limit: int,
) -> list[Delivery]:
    """Return an endpoint's deliveries, the newest first; `states` empty for all."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM webhook_delivery
         WHERE team_id = $1 AND webhook_id = $2 AND ($3::text[] = '{{}}' OR state = ANY($3::text[]))
           AND ($4::text IS NULL OR id < $4)
         ORDER BY id DESC LIMIT $5
        """,
        team_id,
        webhook_id,
        list(states),
        after,
        limit,
    )
    return [Delivery(**row) for row in rows]


async def read(connection: Connection, *, team_id: str, webhook_id: str, delivery_id: str) -> Delivery | None:
    """Return one delivery; None if the endpoint has none of that id."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM webhook_delivery WHERE team_id = $1 AND webhook_id = $2 AND id = $3",
        team_id,
        webhook_id,
        delivery_id,
    )
    return None if row is None else Delivery(**row)


async def tries(connection: Connection, *, team_id: str, delivery_ids: Sequence[str]) -> Mapping[str, list[Try]]:
    """Return how the tries of deliveries went, by delivery."""
    rows = await connection.fetch(
        """
        SELECT delivery_id, number, at, milliseconds, status, answer, error FROM webhook_try
         WHERE team_id = $1 AND delivery_id = ANY($2::text[]) ORDER BY delivery_id, number
        """,
        team_id,
        list(delivery_ids),
    )
    found: dict[str, list[Try]] = {delivery_id: [] for delivery_id in delivery_ids}
    for row in rows:
        fields: dict[str, Any] = {name: row[name] for name in Try.__dataclass_fields__}
        found[row["delivery_id"]].append(Try(**fields))
    return found


async def sent(connection: Connection, *, team_id: str, webhook_id: str, delivery_id: str) -> NewDelivery | None:
    """Return what a delivery brought, to be brought once more; None if there is none."""
    row = await connection.fetchrow(
        """
        SELECT event_id, seq, type, object_id, body, contact_id FROM webhook_delivery
         WHERE team_id = $1 AND webhook_id = $2 AND id = $3
        """,
        team_id,
        webhook_id,
        delivery_id,
    )
    return None if row is None else NewDelivery(**row, is_extra=True)

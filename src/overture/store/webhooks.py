"""Webhooks: endpoints, what is on its way to them, and how each try went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture import ids
from overture.store.pool import Connection

_COLUMNS = "id, url, description, types, enabled, disabled_reason, failing_since, former_until, created_at, updated_at"
_DELIVERY = "id, webhook_id, event_id, seq, type, state, tries, next_at, created_at, ended_at"


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """An endpoint, without its secret. No types: all."""

    id: str
    url: str
    description: str | None
    types: Sequence[str]
    enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    former_until: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a worker needs to serve an endpoint. `newest_seq`: the number of the team's last event."""

    url: str
    types: Sequence[str]
    sealed_secret: bytes
    sealed_former_secret: bytes | None
    former_until: datetime | None
    taken_seq: int
    newest_seq: int


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
    """An event to be delivered; `is_extra` was asked for by a person and keeps no order."""

    event_id: str
    seq: int
    type: str
    object_id: str
    body: str
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


async def insert(connection: Connection, *, team_id: str, webhook: Webhook, sealed_secret: bytes) -> None:
    """Add an endpoint; it gets what happens from now on."""
    await connection.execute(
        """
        INSERT INTO webhook (team_id, id, url, description, types, sealed_secret, taken_seq, created_at, updated_at)
        SELECT q.team_id, $2, $3, $4, $5, $6, q.last_seq, $7, $7 FROM team_seq q WHERE q.team_id = $1
        """,
        team_id,
        webhook.id,
        webhook.url,
        webhook.description,
        list(webhook.types),
        sealed_secret,
        webhook.created_at,
    )


async def count(connection: Connection, *, team_id: str) -> int:
    """Count a team's endpoints."""
    found: int = await connection.fetchval("SELECT count(*) FROM webhook WHERE team_id = $1", team_id)
    return found


async def page(connection: Connection, *, team_id: str, after: str | None, limit: int) -> list[Webhook]:
    """Return endpoints in the order they were made."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM webhook WHERE team_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        team_id,
        after or "",
        limit,
    )
    return [Webhook(**row) for row in rows]


async def read(connection: Connection, *, team_id: str, webhook_id: str, lock: bool = False) -> Webhook | None:
    """Return an endpoint, locked for an edit if asked for; None if there is none."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM webhook WHERE team_id = $1 AND id = $2 {'FOR NO KEY UPDATE' if lock else ''}",
        team_id,
        webhook_id,
    )
    return None if row is None else Webhook(**row)


async def save(connection: Connection, *, team_id: str, webhook: Webhook) -> None:
    """Write an edited endpoint; one that is enabled again begins with what happens from then on."""
    await connection.execute(
        """
        UPDATE webhook w
           SET url = $3, description = $4, types = $5, enabled = $6, disabled_reason = $7, updated_at = $8,
               failing_since = CASE WHEN $6 AND NOT w.enabled THEN NULL ELSE w.failing_since END,
               taken_seq = CASE WHEN $6 AND NOT w.enabled THEN q.last_seq ELSE w.taken_seq END
          FROM team_seq q WHERE q.team_id = $1 AND w.team_id = $1 AND w.id = $2
        """,
        team_id,
        webhook.id,
        webhook.url,
        webhook.description,
        list(webhook.types),
        webhook.enabled,
        webhook.disabled_reason,
        webhook.updated_at,
    )


async def replace_secret(
    connection: Connection,
    *,
    team_id: str,
    webhook_id: str,
    sealed_secret: bytes,
    former_until: datetime,
    now: datetime,
) -> None:
    """Give an endpoint another secret; the one it had counts until `former_until`."""
    await connection.execute(
        """
        UPDATE webhook SET sealed_former_secret = sealed_secret, sealed_secret = $3, former_until = $4, updated_at = $5
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        webhook_id,
        sealed_secret,
        former_until,
        now,
    )


async def delete(connection: Connection, *, team_id: str, webhook_id: str) -> bool:
    """Delete an endpoint and all its deliveries; tell whether there was one."""
    gone = await connection.fetchval(
        "DELETE FROM webhook WHERE team_id = $1 AND id = $2 RETURNING true", team_id, webhook_id
    )
    return gone is True


async def unattended(connection: Connection, *, wall_now: datetime, count: int) -> list[tuple[str, str]]:
    """Return (team, endpoint) of those for whom there is something new, or something due."""
    rows = await connection.fetch(
        """
        (SELECT w.team_id, w.id FROM webhook w JOIN team_seq q ON q.team_id = w.team_id
          WHERE w.enabled AND w.taken_seq < q.last_seq LIMIT $2)
        UNION
        SELECT team_id, webhook_id FROM (
            SELECT d.team_id, d.webhook_id FROM webhook_delivery d JOIN webhook w
                ON w.team_id = d.team_id AND w.id = d.webhook_id
             WHERE d.state = 'pending' AND d.next_at <= $1 AND (w.enabled OR d.is_extra)
             ORDER BY d.next_at LIMIT $2) due
        """,
        wall_now,
        count,
    )
    return [(row["team_id"], row["id"]) for row in rows]


async def target(connection: Connection, *, team_id: str, webhook_id: str) -> Target | None:
    """Return what is needed to serve an endpoint, and keep others from taking its events now; None: it is gone."""
    row = await connection.fetchrow(
        """
        SELECT w.url, w.types, w.sealed_secret, w.sealed_former_secret, w.former_until, w.taken_seq,
               CASE WHEN w.enabled THEN q.last_seq ELSE w.taken_seq END AS newest_seq
          FROM webhook w JOIN team_seq q ON q.team_id = w.team_id
         WHERE w.team_id = $1 AND w.id = $2 FOR NO KEY UPDATE OF w
        """,
        team_id,
        webhook_id,
    )
    return None if row is None else Target(**row)


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
               (team_id, id, webhook_id, event_id, seq, type, object_id, body, is_extra, state, next_at, created_at)
        SELECT w.team_id, v.id, w.id, v.event_id, v.seq, v.type, v.object_id, v.body, v.is_extra, 'pending',
               CASE WHEN v.is_extra THEN $10 ELSE coalesce(
                   (SELECT greatest($10, max(d.next_at)) FROM webhook_delivery d
                     WHERE d.team_id = w.team_id AND d.webhook_id = w.id AND d.object_id = v.object_id
                       AND d.state = 'pending' AND NOT d.is_extra), $10) END, $10
          FROM webhook w
         CROSS JOIN unnest($3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::boolean[])
               AS v (id, event_id, seq, type, object_id, body, is_extra)
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


async def switch_off(connection: Connection, *, team_id: str, webhook_id: str, reason: str, now: datetime) -> bool:
    """Disable an endpoint, and end what is on its way to it; tell whether it was enabled."""
    was_enabled = await connection.fetchval(
        """
        UPDATE webhook SET enabled = false, disabled_reason = $3, updated_at = $4
         WHERE team_id = $1 AND id = $2 AND enabled RETURNING true
        """,
        team_id,
        webhook_id,
        reason,
        now,
    )
    return was_enabled is True


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


async def deliveries(
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
        SELECT {_DELIVERY} FROM webhook_delivery
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


async def delivery(connection: Connection, *, team_id: str, webhook_id: str, delivery_id: str) -> Delivery | None:
    """Return one delivery; None if the endpoint has none of that id."""
    row = await connection.fetchrow(
        f"SELECT {_DELIVERY} FROM webhook_delivery WHERE team_id = $1 AND webhook_id = $2 AND id = $3",
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
        SELECT event_id, seq, type, object_id, body FROM webhook_delivery
         WHERE team_id = $1 AND webhook_id = $2 AND id = $3
        """,
        team_id,
        webhook_id,
        delivery_id,
    )
    return None if row is None else NewDelivery(**row, is_extra=True)

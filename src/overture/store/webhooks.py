"""Webhooks: endpoints, and who of them is to be served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection

_COLUMNS = (
    "id, url, description, types, api_version, enabled, disabled_reason, failing_since, former_until, created_at,"
    " updated_at"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """An endpoint, without its secret. No types: all."""

    id: str
    url: str
    description: str | None
    types: Sequence[str]
    api_version: str
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
    api_version: str
    sealed_secret: bytes
    sealed_former_secret: bytes | None
    former_until: datetime | None
    taken_seq: int
    newest_seq: int


async def insert(connection: Connection, *, team_id: str, webhook: Webhook, sealed_secret: bytes) -> None:
    """Add an endpoint; it gets what happens from now on."""
    await connection.execute(
        """
        INSERT INTO webhook (team_id, id, url, description, types, sealed_secret, taken_seq, created_at, updated_at,
                             api_version)
        SELECT q.team_id, $2, $3, $4, $5, $6, q.last_seq, $7, $7, $8 FROM team_seq q WHERE q.team_id = $1
        """,
        team_id,
        webhook.id,
        webhook.url,
        webhook.description,
        list(webhook.types),
        sealed_secret,
        webhook.created_at,
        webhook.api_version,
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
               api_version = $9,
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
        webhook.api_version,
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
        SELECT w.url, w.types, w.api_version, w.sealed_secret, w.sealed_former_secret, w.former_until, w.taken_seq,
               CASE WHEN w.enabled THEN q.last_seq ELSE w.taken_seq END AS newest_seq
          FROM webhook w JOIN team_seq q ON q.team_id = w.team_id
         WHERE w.team_id = $1 AND w.id = $2 FOR NO KEY UPDATE OF w
        """,
        team_id,
        webhook_id,
    )
    return None if row is None else Target(**row)


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

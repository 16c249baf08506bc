"""What platforms said of their windows, and how much of the team's own limits is spent."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from overture.core.budget import Spent, Told, Window
from overture.core.words import BudgetScope, Endpoint
from overture.store.pool import Connection


async def keep(
    connection: Connection, *, team_id: str, endpoint: Endpoint, told: Mapping[str, Sequence[Window]], now: datetime
) -> None:
    """Keep what was told of windows, by account. What is told out of turn never makes one look emptier than it is."""
    rows = [(account_id, window) for account_id in sorted(told) for window in told[account_id]]
    if not rows:
        return
    await connection.execute(
        """
        INSERT INTO budget_window AS w (team_id, account_id, endpoint, scope, seconds, allowed, remaining, resets_at,
                                        told_at)
        SELECT $1, v.account_id, $2, v.scope, v.seconds, v.allowed, v.remaining, v.resets_at, $9
          FROM unnest($3::text[], $4::text[], $5::integer[], $6::integer[], $7::integer[], $8::timestamptz[])
               AS v (account_id, scope, seconds, allowed, remaining, resets_at)
        ON CONFLICT (team_id, account_id, endpoint, scope, seconds) DO UPDATE
           SET allowed = excluded.allowed, remaining = excluded.remaining, resets_at = excluded.resets_at,
               told_at = excluded.told_at
         WHERE (excluded.resets_at, -excluded.remaining) >= (w.resets_at, -w.remaining) OR w.resets_at <= $9
        """,
        team_id,
        endpoint,
        [account_id for account_id, _ in rows],
        [window.scope for _, window in rows],
        [window.seconds for _, window in rows],
        [window.limit for _, window in rows],
        [window.left for _, window in rows],
        [window.resets_at for _, window in rows],
        now,
    )


async def of_accounts(connection: Connection, *, team_id: str, account_ids: Sequence[str]) -> dict[str, list[Told]]:
    """Return what was last told of the windows of each account, and of its app's."""
    rows = await connection.fetch(
        f"""
        SELECT w.account_id AS owner, {_TOLD} FROM budget_window w
         WHERE w.team_id = $1 AND w.account_id = ANY($2::text[])
        """,
        team_id,
        list(account_ids),
    )
    return _by_owner(account_ids, rows)


async def of_apps(connection: Connection, *, team_id: str, app_ids: Sequence[str]) -> dict[str, list[Told]]:
    """Return what was last told of the windows of each app, to whichever of its accounts."""
    rows = await connection.fetch(
        f"""
        SELECT a.app_id AS owner, {_TOLD}
          FROM account_link a
          JOIN budget_window w ON w.team_id = $1 AND w.account_id = a.id AND w.scope = 'app'
         WHERE a.team_id = $1 AND a.app_id = ANY($2::text[])
        """,
        team_id,
        list(app_ids),
    )
    return _by_owner(app_ids, rows)


async def app_limit(connection: Connection, *, team_id: str, app_id: str, seconds: int) -> int | None:
    """Return how many messages a platform last said an app may send in a window; None where it has not said."""
    limit: int | None = await connection.fetchval(
        """
        SELECT w.allowed
          FROM account_link a
          JOIN budget_window w ON w.team_id = $1 AND w.account_id = a.id
                              AND w.endpoint = 'send' AND w.scope = 'app' AND w.seconds = $3
         WHERE a.team_id = $1 AND a.app_id = $2 ORDER BY w.told_at DESC LIMIT 1
        """,
        team_id,
        app_id,
        seconds,
    )
    return limit


async def sent(
    connection: Connection, *, team_id: str, account_ids: Sequence[str], spans: Sequence[int], now: datetime
) -> dict[str, list[Spent]]:
    """Return, by account, the attempts that count over the last so many seconds each."""
    rows = await connection.fetch(
        """
        SELECT a.account_id, s.seconds, count(t.ended_at) AS used,
               min(t.ended_at) FILTER (WHERE t.ended_at <= $4) AS oldest_at
          FROM unnest($2::text[]) AS a (account_id) CROSS JOIN unnest($3::integer[]) AS s (seconds)
          LEFT JOIN attempt t ON t.team_id = $1 AND t.account_id = a.account_id AND t.state <> 'notSent'
                             AND t.ended_at > $4::timestamptz - make_interval(secs => s.seconds)
         GROUP BY a.account_id, s.seconds ORDER BY a.account_id, s.seconds
        """,
        team_id,
        list(account_ids),
        list(spans),
        now,
    )
    found: dict[str, list[Spent]] = {account_id: [] for account_id in account_ids}
    for row in rows:
        found[row["account_id"]].append(Spent(seconds=row["seconds"], used=row["used"], oldest_at=row["oldest_at"]))
    return found


async def sent_by_app(
    connection: Connection, *, team_id: str, app_ids: Sequence[str], seconds: int, now: datetime
) -> dict[str, Spent]:
    """Return, by app, the attempts of all its accounts that count over the last so many seconds."""
    rows = await connection.fetch(
        """
        SELECT f.id AS app_id, count(t.ended_at) AS used, min(t.ended_at) FILTER (WHERE t.ended_at <= $4) AS oldest_at
          FROM platform_app f
          LEFT JOIN account_link a ON a.team_id = $1 AND a.app_id = f.id
          LEFT JOIN attempt t ON t.team_id = $1 AND t.account_id = a.id AND t.state <> 'notSent'
                             AND t.ended_at > $4::timestamptz - make_interval(secs => $3)
         WHERE f.team_id = $1 AND f.id = ANY($2::text[])
         GROUP BY f.id
        """,
        team_id,
        list(app_ids),
        seconds,
        now,
    )
    return {row["app_id"]: Spent(seconds=seconds, used=row["used"], oldest_at=row["oldest_at"]) for row in rows}


async def left_accounts(
    connection: Connection, *, team_id: str, account_ids: Sequence[str], seconds: int, now: datetime
) -> dict[str, Spent]:
    """Return, by account, the messages that left it over the last so many seconds, also by the platform's own pages."""
    rows = await connection.fetch(
        """
        SELECT r.account_id, count(*) AS used, min(m.sent_at) AS oldest_at
          FROM thread r
          JOIN message m ON m.team_id = $1 AND m.thread_id = r.id AND m.direction = 'outbound'
                        AND m.sent_at > $4::timestamptz - make_interval(secs => $3)
         WHERE r.team_id = $1 AND r.account_id = ANY($2::text[]) AND r.archived IN (false, true)
           AND r.active_at > $4::timestamptz - make_interval(secs => $3) AND r.deleted_at IS NULL
         GROUP BY r.account_id
        """,
        team_id,
        list(account_ids),
        seconds,
        now,
    )
    found = {account_id: Spent(seconds=seconds, used=0, oldest_at=None) for account_id in account_ids}
    for row in rows:
        found[row["account_id"]] = Spent(seconds=seconds, used=row["used"], oldest_at=row["oldest_at"])
    return found


_TOLD = "w.endpoint, w.scope, w.seconds, w.allowed, w.remaining, w.resets_at, w.told_at"


def _by_owner(owners: Sequence[str], rows: Sequence[asyncpg.Record]) -> dict[str, list[Told]]:
    told: dict[str, list[Told]] = {owner: [] for owner in owners}
    for row in rows:
        window = Window(
            scope=BudgetScope(row["scope"]),
            seconds=row["seconds"],
            limit=row["allowed"],
            left=row["remaining"],
            resets_at=row["resets_at"],
        )
        told[row["owner"]].append(Told(endpoint=Endpoint(row["endpoint"]), window=window, told_at=row["told_at"]))
    return told

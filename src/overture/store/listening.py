"""How platforms tell apps by themselves: what is set up for each app, and by which way each account is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store import duties
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """An app with a token of its own, and what is set up for it; `has_secret`: its platform's signature can be told.

    `problem`: why it is told nothing, though it could be.
    """

    id: str
    platform: str
    base_url: str
    sealed_bearer_token: bytes | None
    has_secret: bool
    way: str | None
    problem: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How an account is told: by which way, since when, when last and how late; `problem`: why not.

    Without a `way` its inbox is read alone. `read_at`: when that was last read to its head.
    """

    way: str | None
    since: datetime | None
    received_at: datetime | None
    delay_ms: int | None
    read_at: datetime | None
    problem: str | None


async def want(connection: Connection, *, team_id: str, app_id: str, due_at: datetime) -> None:
    """Ask for what an app is told to be looked after, where it has a token of its own, or had one."""
    is_told = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM platform_app WHERE team_id = $1 AND id = $2 AND sealed_bearer_token IS NOT NULL)
            OR EXISTS (SELECT FROM app_push WHERE team_id = $1 AND app_id = $2)
        """,
        team_id,
        app_id,
    )
    if is_told:
        await duties.want(connection, team_id=team_id, kind="listen", key=app_id, due_at=due_at)


async def want_all(connection: Connection, *, due_at: datetime) -> None:
    """Ask for the same of every app of every team: the settings of this process may be new."""
    await connection.execute(
        """
        INSERT INTO duty AS d (team_id, kind, key, due_at)
        SELECT team_id, 'listen', id, $1 FROM platform_app WHERE sealed_bearer_token IS NOT NULL ORDER BY team_id, id
        ON CONFLICT (team_id, kind, key) DO UPDATE
           SET due_at = least(d.due_at, excluded.due_at), wanted = d.wanted + 1, starts = 0
        """,
        due_at,
    )


async def app(connection: Connection, *, team_id: str, app_id: str) -> App | None:
    """Return what setting up what an app is told needs."""
    row = await connection.fetchrow(
        """
        SELECT f.id, f.platform, f.base_url, f.sealed_bearer_token, f.sealed_consumer_secret IS NOT NULL AS has_secret,
               p.way, p.problem
          FROM platform_app f LEFT JOIN app_push p ON p.team_id = $1 AND p.app_id = f.id
         WHERE f.team_id = $1 AND f.id = $2
        """,
        team_id,
        app_id,
    )
    return None if row is None else App(**row)


async def accounts(connection: Connection, *, team_id: str, app_id: str) -> dict[str, str]:
    """Return the app's linked accounts that are not offline: the platform's id of each, with ours."""
    rows = await connection.fetch(
        """
        SELECT platform_id, id FROM account_link
         WHERE team_id = $1 AND app_id = $2 AND deleted_at IS NULL AND status <> 'offline' ORDER BY id
        """,
        team_id,
        app_id,
    )
    return {row["platform_id"]: row["id"] for row in rows}


async def note_app(
    connection: Connection,
    *,
    team_id: str,
    app_id: str,
    way: str | None,
    address: str | None,
    problem: str | None,
    now: datetime,
) -> None:
    """Note what is set up for an app now."""
    await connection.execute(
        """
        INSERT INTO app_push (team_id, app_id, way, address, problem, checked_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (team_id, app_id) DO UPDATE
           SET way = excluded.way, address = excluded.address, problem = excluded.problem,
               checked_at = excluded.checked_at
        """,
        team_id,
        app_id,
        way,
        address,
        problem,
        now,
    )


async def note_accounts(
    connection: Connection,
    *,
    team_id: str,
    app_id: str,
    way: str | None,
    told: Sequence[str],
    problems: Mapping[str, str],
    problem: str | None,
    now: datetime,
) -> list[str]:
    """Note by which way the app's accounts are told now; return those that were told until now, and are no more.

    `told` are those that are, by our ids; `problems` says why not, or not of everything, `problem` of all the rest.
    """
    rows = await connection.fetch(
        """
        WITH found AS MATERIALIZED (
            SELECT a.id, p.way AS before, CASE WHEN a.id = ANY($4::text[]) THEN $3::text END AS way,
                   coalesce(v.problem, CASE WHEN a.id <> ALL($4::text[]) THEN $7 END) AS problem
              FROM account_link a
              LEFT JOIN account_push p ON p.team_id = $1 AND p.account_id = a.id
              LEFT JOIN unnest($5::text[], $6::text[]) AS v (id, problem) ON v.id = a.id
             WHERE a.team_id = $1 AND a.app_id = $2
        ), put AS (
            INSERT INTO account_push AS p (team_id, account_id, way, since, problem)
            SELECT $1, id, way, CASE WHEN way IS NOT NULL THEN $8::timestamptz END, problem
              FROM found WHERE way IS NOT NULL OR before IS NOT NULL OR problem IS NOT NULL ORDER BY id
            ON CONFLICT (team_id, account_id) DO UPDATE
               SET way = excluded.way, problem = excluded.problem,
                   since = CASE WHEN p.way = excluded.way THEN p.since ELSE excluded.since END
        )
        SELECT id FROM found WHERE before IS NOT NULL AND way IS NULL ORDER BY id
        """,
        team_id,
        app_id,
        way,
        list(told),
        list(problems),
        list(problems.values()),
        problem,
        now,
    )
    return [row["id"] for row in rows]


async def of_accounts(connection: Connection, *, team_id: str, account_ids: Sequence[str]) -> dict[str, Standing]:
    """Return, by account, how it is told."""
    rows = await connection.fetch(
        """
        SELECT p.account_id, h.way, h.since, h.received_at, h.delay_ms, nullif(p.read_at, '-infinity') AS read_at,
               h.problem
          FROM account_pace p LEFT JOIN account_push h ON h.team_id = $1 AND h.account_id = p.account_id
         WHERE p.team_id = $1 AND p.account_id = ANY($2::text[])
        """,
        team_id,
        list(account_ids),
    )
    return {row["account_id"]: Standing(**{name: row[name] for name in Standing.__dataclass_fields__}) for row in rows}


async def hold(connection: Connection, *, holder: str, wall_now: datetime, until: datetime) -> list[tuple[str, str]]:
    """Hold until an instant (wall time) every app's stream that nobody else holds; return them, as team and app."""
    rows = await connection.fetch(
        """
        UPDATE app_push p SET holder = $1, held_until = $3
          FROM (SELECT team_id, app_id FROM app_push
                 WHERE way = 'stream' AND (holder = $1 OR held_until <= $2)
                 ORDER BY team_id, app_id FOR NO KEY UPDATE SKIP LOCKED) free
         WHERE p.team_id = free.team_id AND p.app_id = free.app_id
        RETURNING p.team_id, p.app_id
        """,
        holder,
        wall_now,
        until,
    )
    return [(row["team_id"], row["app_id"]) for row in rows]


async def let_go(connection: Connection, *, holder: str) -> None:
    """Let go of every stream a process holds."""
    await connection.execute(
        "UPDATE app_push SET holder = NULL, held_until = '-infinity' WHERE holder = $1 AND way = 'stream'", holder
    )


async def note_stream(connection: Connection, *, team_id: str, app_id: str, problem: str | None, now: datetime) -> None:
    """Note that an app's stream is open, or why not.

    One that has just opened has the inboxes of the app's accounts read: nobody was told what came before.
    """
    changed = await connection.fetchval(
        """
        UPDATE app_push SET problem = $3
         WHERE team_id = $1 AND app_id = $2 AND way = 'stream' AND problem IS DISTINCT FROM $3 RETURNING true
        """,
        team_id,
        app_id,
        problem,
    )
    if changed:
        await duties.want(connection, team_id=team_id, kind="listen", key=app_id, due_at=now)
    if problem is None:
        for account_id in (await accounts(connection, team_id=team_id, app_id=app_id)).values():
            await duties.want(connection, team_id=team_id, kind="replies", key=account_id, due_at=now)

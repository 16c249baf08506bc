"""Talking: lists of very many conversations over real HTTP, by folder and by each filter."""

import secrets as chance
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from overture.bench import callers, crowd, noop, reading
from overture.bench.callers import Spread
from overture.bench.crowd import Crowd
from overture.bench.workplace import Workplace
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Connection

ACCOUNTS = 50
CONNECTIONS = 8
_SECONDS = 4.0
_NAME = "bench_threads"
_EXPANDED = "expand=profile"


@dataclass(frozen=True, kw_only=True, slots=True)
class Talked:
    """How long lists of threads took, by what was asked for, and the messages of one."""

    threads: int
    lists: Mapping[str, Spread]
    messages: Spread


async def measure(workplace: Workplace, *, threads: int, say: Callable[[str], None]) -> Talked:
    """Make `threads` conversations of one team and list them in every way.

    Raises:
        ReadFailed: a call was not answered with 200.
    """
    say(f"making {threads:,} conversations")
    sealer, token = Sealer([bytes(KEY_BYTES)]), chance.token_urlsafe(32)
    await workplace.make(_NAME)
    async with workplace.connected(_NAME) as connection:
        made = await crowd.make(connection, sealer=sealer, accounts=ACCOUNTS)
        await _talk(connection, made, threads)
        await reading.add_token(connection, made, token)
        await connection.execute("VACUUM ANALYZE")
        asked = await _questions(connection, made)
        thread_ids = await connection.fetch("SELECT id FROM thread WHERE last_inbound_at IS NOT NULL LIMIT 200")
    lists = {}
    async with callers.server(workplace.dsn(_NAME)) as port:
        for what, query in asked.items():
            say(f"lists of threads: {what}")
            path = f"/api/v2/threads?{query}&{_EXPANDED}"
            lists[what] = await callers.load(port, token, [path], connections=CONNECTIONS, seconds=_SECONDS)
        say("messages")
        paths = [f"/api/v2/threads/{row['id']}/messages" for row in thread_ids]
        messages = await callers.load(port, token, paths, connections=CONNECTIONS, seconds=_SECONDS)
    await workplace.drop(_NAME)
    return Talked(threads=threads, lists=lists, messages=messages)


async def _talk(connection: Connection, made: Crowd, threads: int) -> None:
    """Write to everybody once; every tenth has answered, and is back from the archive."""
    key = "substr(md5(n::text), 1, 23)"
    await connection.execute(
        f"""
        INSERT INTO profile (team_id, id, platform, platform_id, username, display_name, contact_id, looked_up_at,
                             created_at)
        SELECT $1, 'u' || {key}, $2, (5000000000 + n)::text, 'person' || n,
               initcap(right(md5(n::text), 8)) || ' ' || n, CASE WHEN n % 100 = 0 THEN 'o' || {key} END,
               $3, $3
          FROM generate_series(1, $4::int) n
        """,
        made.team_id,
        noop.PLATFORM,
        crowd.START,
        threads,
    )
    await connection.execute(
        f"""
        INSERT INTO contact (team_id, id, status_id, tag_ids, assignee_id, created_at, updated_at)
        SELECT $1, 'o' || {key}, $2,
               CASE WHEN n % 10000 = 0 THEN ARRAY[$3] ELSE '{{}}' END, CASE WHEN n % 10000 = 0 THEN $4 END, $5, $5
          FROM generate_series(100, $6::int, 100) n
        """,
        made.team_id,
        "w" + "1" * 23,
        "h" + "1" * 23,
        "m" + "1" * 23,
        crowd.START,
        threads,
    )
    await _label(connection, made)
    await connection.execute(
        f"""
        INSERT INTO thread (team_id, id, account_id, profile_id, platform_id, archived, last_message_at,
                            last_inbound_at, last_outbound_at, created_at)
        SELECT $1, 'r' || {key}, $2 || lpad(to_hex(n % $3), 8, '0'), 'u' || {key},
               n::text, n % 10 <> 0, CASE WHEN n % 10 = 0 THEN at + interval '1 hour' ELSE at END,
               CASE WHEN n % 10 = 0 THEN at + interval '1 hour' END, at, at
          FROM (SELECT n, $4::timestamptz - make_interval(secs => n) AS at FROM generate_series(1, $5::int) n) v
        """,
        made.team_id,
        made.accounts,
        ACCOUNTS,
        crowd.START - timedelta(hours=2),
        threads,
    )
    await connection.execute(
        f"""
        INSERT INTO message (team_id, id, account_id, thread_id, platform_id, direction, content, sent_at)
        SELECT $1, 'g' || substr(md5(direction || n), 1, 23), $2 || lpad(to_hex(n % $3), 8, '0'),
               'r' || {key}, left(direction, 1) || n, direction,
               CASE direction WHEN 'outbound' THEN 'Hello, we met in spring'
                    ELSE 'Thank you, tell me more about number ' || n END,
               $4::timestamptz - make_interval(secs => n) + CASE direction WHEN 'inbound' THEN interval '1 hour'
                                                                           ELSE interval '0' END
          FROM generate_series(1, $5::int) n, unnest(ARRAY['outbound', 'inbound']) direction
         WHERE direction = 'outbound' OR n % 10 = 0
        """,
        made.team_id,
        made.accounts,
        ACCOUNTS,
        crowd.START - timedelta(hours=2),
        threads,
    )


async def _label(connection: Connection, made: Crowd) -> None:
    """Make the status, the tag and the member that some have."""
    await connection.execute(
        """
        INSERT INTO status (team_id, id, name, name_key, color, position, created_at)
        VALUES ($1, $2, 'Interested', 'interested', '#40c057', 1, $3)
        """,
        made.team_id,
        "w" + "1" * 23,
        crowd.START,
    )
    await connection.execute(
        "INSERT INTO tag (team_id, id, name, name_key, color, created_at) VALUES ($1, $2, 'VIP', 'vip', '#40c057', $3)",
        made.team_id,
        "h" + "1" * 23,
        crowd.START,
    )
    await connection.execute(
        "INSERT INTO member (team_id, id, name, role, created_at) VALUES ($1, $2, 'Ana', 'user', $3)",
        made.team_id,
        "m" + "1" * 23,
        crowd.START,
    )


async def _questions(connection: Connection, made: Crowd) -> dict[str, str]:
    rare, common = (
        await connection.fetchval("SELECT username FROM profile WHERE team_id = $1 LIMIT 1 OFFSET 1000", made.team_id),
        "person1",
    )
    return {
        "inbox": "folder=inbox",
        "wait for an answer": "folder=noReply",
        "archived": "folder=archived",
        "all, oldest first": "folder=all&order=asc",
        "of one account": f"folder=all&accountLinkId={made.accounts}00000007",
        "a tag few have": "folder=all&tag=vip",
        "a status some have": "folder=all&status=interested",
        "of one member": f"folder=all&assigneeId=m{'1' * 23}",
        "nobody's": "folder=inbox&unassigned=true",
        "a name": f"folder=all&q={rare}",
        "a name many share": f"folder=all&q={common}",
        "a word few wrote": "folder=all&q=number%2070",
        "a word all wrote": "folder=inbox&q=thank",
        "words nobody wrote": "folder=all&q=nothing%20like%20it",
    }

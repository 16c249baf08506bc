"""Profiles of which only a username is known: the platform has yet to tell whose it is.

Until then a placeholder stands for the platform's id. Whoever adds such a profile to anything holds it first: found
meanwhile, it may be gone, and its leads are those of the profile that has the id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from overture import ids
from overture.core import identifiers
from overture.core.lookup import Person
from overture.store.pool import Connection


async def known(connection: Connection, *, team_id: str, platform: str, usernames: Sequence[str]) -> dict[str, str]:
    """Return the profile ids of those lower-case usernames that are waiting."""
    rows = await connection.fetch(
        """
        SELECT username, id FROM profile
         WHERE team_id = $1 AND platform = $2 AND platform_id = ANY($3::text[]) AND awaits_lookup
        """,
        team_id,
        platform,
        [identifiers.placeholder(username) for username in usernames],
    )
    return {row["username"]: row["id"] for row in rows}


async def save(
    connection: Connection, *, team_id: str, platform: str, usernames: Sequence[str], now: datetime
) -> dict[str, str]:
    """Let lower-case usernames wait for their look-up, which is asked for; return their profile ids."""
    if not usernames:
        return {}
    ordered = sorted(set(usernames))
    rows = await connection.fetch(
        """
        INSERT INTO profile AS p (team_id, id, platform, platform_id, username, awaits_lookup, created_at)
        SELECT $1, $4 || lpad(to_hex(u.position), 8, '0'), $2, u.platform_id, u.username, true, $3
          FROM unnest($5::text[], $6::text[]) WITH ORDINALITY AS u (platform_id, username, position)
         ORDER BY u.platform_id
        ON CONFLICT (team_id, platform, platform_id) DO UPDATE
           SET awaits_lookup = true, account_status = 'active'
        RETURNING p.username, p.id
        """,
        team_id,
        platform,
        now,
        ids.batch("u"),
        [identifiers.placeholder(username) for username in ordered],
        ordered,
    )
    await want(connection, team_id=team_id, now=now)
    return {row["username"]: row["id"] for row in rows}


async def wait_again(
    connection: Connection, *, team_id: str, platform: str, usernames: Sequence[str], now: datetime
) -> None:
    """Let usernames that were nobody's wait again: somebody has them now, whose profile takes their leads over."""
    rows = await connection.fetch(
        """
        WITH gone AS (
            SELECT id FROM profile WHERE team_id = $1 AND platform = $2 AND platform_id = ANY($3::text[])
               AND NOT awaits_lookup
             ORDER BY platform_id FOR NO KEY UPDATE
        )
        UPDATE profile p SET awaits_lookup = true, account_status = 'active' FROM gone
         WHERE p.team_id = $1 AND p.id = gone.id RETURNING p.id
        """,
        team_id,
        platform,
        [identifiers.placeholder(username) for username in usernames],
    )
    if rows:
        await want(connection, team_id=team_id, now=now)


async def hold(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> bool:
    """Keep waiting profiles as they are to the end of the transaction; tell whether all of them are still there.

    Call it before any other lock: whoever finds them locks them first too.
    """
    rows = await connection.fetch(
        "SELECT FROM profile WHERE team_id = $1 AND id = ANY($2::text[]) ORDER BY platform, platform_id FOR KEY SHARE",
        team_id,
        list(profile_ids),
    )
    return len(rows) == len(profile_ids)


async def want(connection: Connection, *, team_id: str, now: datetime) -> None:
    """Ask for look-ups, where anybody waits for one."""
    await connection.execute(
        """
        INSERT INTO duty AS d (team_id, kind, key, due_at)
        SELECT $1::text, 'lookup', $1::text, $2::timestamptz
         WHERE EXISTS (SELECT FROM profile WHERE team_id = $1::text AND awaits_lookup)
        ON CONFLICT (team_id, kind, key) DO UPDATE
           SET due_at = least(d.due_at, excluded.due_at), wanted = d.wanted + 1, starts = 0
        """,
        team_id,
        now,
    )


async def next_usernames(connection: Connection, *, team_id: str, count: int) -> dict[str, list[str]]:
    """Return up to `count` waiting usernames of each platform, those that have waited longest first."""
    rows = await connection.fetch(
        """
        WITH platforms AS (SELECT DISTINCT platform FROM profile WHERE team_id = $1 AND awaits_lookup)
        SELECT f.platform, w.username FROM platforms f CROSS JOIN LATERAL (
            SELECT id, username FROM profile
             WHERE team_id = $1 AND platform = f.platform AND awaits_lookup ORDER BY id LIMIT $2
        ) w ORDER BY f.platform, w.id
        """,
        team_id,
        count,
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["platform"], []).append(row["username"])
    return found


async def lock(connection: Connection, *, team_id: str, platform: str, usernames: Sequence[str]) -> dict[str, str]:
    """Lock the waiting profiles of lower-case usernames for good or worse; return their ids."""
    rows = await connection.fetch(
        """
        SELECT username, id FROM profile
         WHERE team_id = $1 AND platform = $2 AND platform_id = ANY($3::text[]) AND awaits_lookup
         ORDER BY platform, platform_id FOR UPDATE
        """,
        team_id,
        platform,
        [identifiers.placeholder(username) for username in usernames],
    )
    return {row["username"]: row["id"] for row in rows}


async def adopt(connection: Connection, *, team_id: str, platform: str, people: Sequence[Person]) -> list[str]:
    """Give waiting profiles, locked, the ids that nobody else has; return those profiles."""
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT DISTINCT ON (u.platform_id) p.id, u.platform_id
              FROM unnest($3::text[], $4::text[]) AS u (placeholder, platform_id)
              JOIN profile p ON p.team_id = $1 AND p.platform = $2 AND p.platform_id = u.placeholder AND p.awaits_lookup
              LEFT JOIN profile other
                ON other.team_id = $1 AND other.platform = $2 AND other.platform_id = u.platform_id
             WHERE other.id IS NULL
             ORDER BY u.platform_id, p.id
        )
        UPDATE profile p SET platform_id = found.platform_id, awaits_lookup = false
          FROM found WHERE p.team_id = $1 AND p.id = found.id RETURNING p.id
        """,
        team_id,
        platform,
        [identifiers.placeholder(person.username.lower()) for person in people],
        [person.platform_id for person in people],
    )
    return [row["id"] for row in rows]


async def end(
    connection: Connection, *, team_id: str, platform: str, absent: Mapping[str, str], now: datetime
) -> list[str]:
    """Note on waiting profiles, locked, that there is nobody (the reason by username); return them."""
    rows = await connection.fetch(
        """
        UPDATE profile p SET account_status = u.reason, awaits_lookup = false, looked_up_at = $5
          FROM unnest($3::text[], $4::text[]) AS u (placeholder, reason)
         WHERE p.team_id = $1 AND p.platform = $2 AND p.platform_id = u.placeholder AND p.awaits_lookup
        RETURNING p.id
        """,
        team_id,
        platform,
        [identifiers.placeholder(username) for username in absent],
        list(absent.values()),
        now,
    )
    return [row["id"] for row in rows]


async def campaigns_assessing(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> list[str]:
    """Return the campaigns in which leads of these profiles are being assessed."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT l.campaign_id FROM lead l
          JOIN campaign c ON c.team_id = $1 AND c.id = l.campaign_id AND c.deleted_at IS NULL
         WHERE l.team_id = $1 AND l.profile_id = ANY($2::text[]) AND l.state = 'assessing' ORDER BY 1
        """,
        team_id,
        list(profile_ids),
    )
    return [row["campaign_id"] for row in rows]

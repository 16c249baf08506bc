"""Profiles: the people of a platform as a team knows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from overture import ids
from overture.core import identifiers
from overture.core.lookup import Absent, Person
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One profile as it was last seen. `account_status` is `active`, `suspended` or `notFound`.

    `platform_id` is None where only a username is known: the platform has yet to tell whose it is, or it is nobody's.
    """

    id: str
    platform: str
    platform_id: str | None
    username: str | None
    display_name: str | None
    bio: str | None
    location: str | None
    website: str | None
    avatar_url: str | None
    follower_count: int | None
    account_status: str
    looked_up_at: datetime | None
    created_at: datetime
    is_protected: bool | None
    following_count: int | None
    post_count: int | None
    like_count: int | None
    listed_count: int | None


COLUMNS = (
    "p.id, p.platform, p.platform_id, p.username, p.display_name, p.bio, p.location, p.website, p.avatar_url,"
    " p.follower_count, p.account_status, p.looked_up_at, p.created_at, p.is_protected, p.following_count,"
    " p.post_count, p.like_count, p.listed_count"
)
"""What a statement selects from `profile p` to make a `Profile`; see `of_row`."""


def of_row(row: asyncpg.Record) -> Profile:
    """Make a profile from a row that holds at least `COLUMNS`."""
    fields = {name: row[name] for name in Profile.__slots__}
    if identifiers.is_placeholder(fields["platform_id"]):
        fields["platform_id"] = None
    return Profile(**fields)


async def of_ids(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> dict[str, Profile]:
    """Return those of these profiles that there are, by id."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM profile p WHERE p.team_id = $1 AND p.id = ANY($2::text[])", team_id, list(profile_ids)
    )
    return {row["id"]: of_row(row) for row in rows}


async def of_leads(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> dict[str, Profile]:
    """Return the profiles of leads, by lead."""
    rows = await connection.fetch(
        f"""
        SELECT l.id AS lead_id, {COLUMNS} FROM lead l JOIN profile p ON p.team_id = $1 AND p.id = l.profile_id
         WHERE l.team_id = $1 AND l.id = ANY($2::text[])
        """,
        team_id,
        list(lead_ids),
    )
    return {row["lead_id"]: of_row(row) for row in rows}


async def save_people(
    connection: Connection, *, team_id: str, platform: str, people: Sequence[Person], now: datetime
) -> dict[str, str]:
    """Insert or refresh what the platform showed; return the profile id of each platform id."""
    if not people:
        return {}
    known = {person.platform_id: person for person in people}
    ordered = [known[platform_id] for platform_id in sorted(known)]
    rows = await connection.fetch(
        """
        INSERT INTO profile AS p (team_id, id, platform, platform_id, username, display_name, bio, location, website,
                                  avatar_url, follower_count, is_protected, following_count, post_count, like_count,
                                  listed_count, account_status, looked_up_at, created_at)
        SELECT $1, u.id, $2, u.platform_id, u.username, u.display_name, u.bio, u.location, u.website, u.avatar_url,
               u.follower_count, u.is_protected, u.following_count, u.post_count, u.like_count, u.listed_count,
               'active', $3, $3
          FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                      $11::text[], $12::bigint[], $13::boolean[], $14::bigint[], $15::bigint[], $16::bigint[],
                      $17::bigint[])
               WITH ORDINALITY AS u (id, platform_id, username, display_name, bio, location, website, avatar_url,
                                     follower_count, is_protected, following_count, post_count, like_count,
                                     listed_count, position)
         ORDER BY u.position
        ON CONFLICT (team_id, platform, platform_id) DO UPDATE
           SET username = excluded.username, display_name = excluded.display_name, bio = excluded.bio,
               location = excluded.location, website = excluded.website, avatar_url = excluded.avatar_url,
               follower_count = excluded.follower_count, is_protected = excluded.is_protected,
               following_count = excluded.following_count, post_count = excluded.post_count,
               like_count = excluded.like_count, listed_count = excluded.listed_count, account_status = 'active',
               looked_up_at = excluded.looked_up_at
        RETURNING p.platform_id, p.id
        """,
        team_id,
        platform,
        now,
        ids.many("u", len(ordered)),
        [person.platform_id for person in ordered],
        [person.username for person in ordered],
        [person.display_name for person in ordered],
        [person.bio for person in ordered],
        [person.location for person in ordered],
        [person.website for person in ordered],
        [person.avatar_url for person in ordered],
        [person.follower_count for person in ordered],
        [person.is_protected for person in ordered],
        [person.following_count for person in ordered],
        [person.post_count for person in ordered],
        [person.like_count for person in ordered],
        [person.listed_count for person in ordered],
    )
    return {row["platform_id"]: row["id"] for row in rows}


async def save_names(
    connection: Connection, *, team_id: str, platform: str, names: Sequence[tuple[str, str, str | None]]
) -> None:
    """Keep username and display name of those platform ids that were known by nothing else.

    Call it after any lock of leads: look-ups take profiles when they have theirs.
    """
    known = {platform_id: (username, display_name) for platform_id, username, display_name in names}
    if not known:
        return
    await connection.execute(
        """
        WITH nameless AS (
            SELECT p.id, u.username, u.display_name
              FROM unnest($3::text[], $4::text[], $5::text[]) AS u (platform_id, username, display_name)
              JOIN profile p ON p.team_id = $1 AND p.platform = $2 AND p.platform_id = u.platform_id
             WHERE p.username IS NULL ORDER BY p.platform_id FOR NO KEY UPDATE OF p
        )
        UPDATE profile p SET username = n.username, display_name = coalesce(p.display_name, n.display_name)
          FROM nameless n WHERE p.team_id = $1 AND p.id = n.id
        """,
        team_id,
        platform,
        list(known),
        [username for username, _ in known.values()],
        [display_name for _, display_name in known.values()],
    )


async def save_absent(
    connection: Connection, *, team_id: str, platform: str, absent: Sequence[Absent], now: datetime
) -> None:
    """Record on known profiles that the platform has none for their ids any more, and why."""
    reasons = {one.identifier: one.reason for one in absent}
    await connection.execute(
        """
        WITH gone AS (
            SELECT p.id, u.reason
              FROM unnest($3::text[], $4::text[]) AS u (platform_id, reason)
              JOIN profile p ON p.team_id = $1 AND p.platform = $2 AND p.platform_id = u.platform_id
             ORDER BY p.platform_id FOR NO KEY UPDATE OF p
        )
        UPDATE profile p SET account_status = gone.reason, looked_up_at = $5
          FROM gone WHERE p.team_id = $1 AND p.id = gone.id
        """,
        team_id,
        platform,
        list(reasons),
        list(reasons.values()),
        now,
    )


async def hold_known(connection: Connection, *, team_id: str, platform: str, platform_ids: Iterable[str]) -> None:
    """Lock profiles in the order of their keys, ahead of several statements of one transaction that write to them."""
    await connection.execute(
        """
        SELECT FROM profile WHERE team_id = $1 AND platform = $2 AND platform_id = ANY($3::text[])
         ORDER BY platform_id FOR NO KEY UPDATE
        """,
        team_id,
        platform,
        sorted(set(platform_ids)),
    )


async def hold_all(
    connection: Connection, *, team_id: str, platform: str, platform_ids: Iterable[str], now: datetime
) -> None:
    """Make or lock profiles in the order of their keys, ahead of several statements that would each begin anew."""
    await connection.execute(
        """
        INSERT INTO profile AS p (team_id, id, platform, platform_id, created_at)
        SELECT $1, $4 || lpad(to_hex(u.position), 8, '0'), $2, u.platform_id, $3
          FROM unnest($5::text[]) WITH ORDINALITY AS u (platform_id, position)
         ORDER BY u.position
        -- Changes none, and locks them all the same.
        ON CONFLICT (team_id, platform, platform_id) DO UPDATE SET platform = p.platform WHERE false
        """,
        team_id,
        platform,
        now,
        ids.batch("u"),
        sorted(set(platform_ids)),
    )


async def save_all(
    connection: Connection,
    *,
    team_id: str,
    platform: str,
    people: Sequence[Person],
    platform_ids: Sequence[str],
    now: datetime,
) -> tuple[dict[str, str], dict[str, str]]:
    """Do as `save_people` and as `save_ids`, in one order; return what each of them returns."""
    keys = {"team_id": team_id, "platform": platform}
    if people and platform_ids:
        both = [*(person.platform_id for person in people), *platform_ids]
        await hold_all(connection, **keys, platform_ids=both, now=now)
    saved = await save_people(connection, **keys, people=people, now=now)
    return saved, await save_ids(connection, **keys, platform_ids=platform_ids, now=now)


async def save_ids(
    connection: Connection, *, team_id: str, platform: str, platform_ids: Iterable[str], now: datetime
) -> dict[str, str]:
    """Make sure that these platform ids have profiles, known by nothing else yet; return their profile ids."""
    ordered = sorted(set(platform_ids))
    # Most are new as a rule; those that are not cost a look into the index.
    made = await connection.fetch(
        """
        INSERT INTO profile (team_id, id, platform, platform_id, created_at)
        SELECT $1, $4 || lpad(to_hex(u.position), 8, '0'), $2, u.platform_id, $3
          FROM unnest($5::text[]) WITH ORDINALITY AS u (platform_id, position)
         ORDER BY u.position
        ON CONFLICT (team_id, platform, platform_id) DO NOTHING
        RETURNING platform_id, id
        """,
        team_id,
        platform,
        now,
        ids.batch("u"),
        ordered,
    )
    found = {row["platform_id"]: row["id"] for row in made}
    known = [platform_id for platform_id in ordered if platform_id not in found]
    if known:
        found |= await find_ids(connection, team_id=team_id, platform=platform, platform_ids=known)
    return found


async def find_ids(
    connection: Connection, *, team_id: str, platform: str, platform_ids: Sequence[str]
) -> dict[str, str]:
    """Return the profile ids of those platform ids the team knows."""
    rows = await connection.fetch(
        "SELECT platform_id, id FROM profile WHERE team_id = $1 AND platform = $2 AND platform_id = ANY($3::text[])",
        team_id,
        platform,
        list(platform_ids),
    )
    return {row["platform_id"]: row["id"] for row in rows}


async def find_usernames(
    connection: Connection, *, team_id: str, platform: str, usernames: Sequence[str], living: bool
) -> dict[str, str]:
    """Return the profile ids of those lower-case usernames the team knows; `living` leaves out profiles that are gone,
    and those of which nothing but the username is known.

    Usernames move from one profile to another; the profile seen last under a username has it.
    """
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (lower(username)) lower(username) AS username, id
          FROM profile
         WHERE team_id = $1 AND platform = $2 AND lower(username) = ANY($3::text[])
           AND (account_status = 'active' AND NOT awaits_lookup OR NOT $4)
         ORDER BY lower(username), looked_up_at DESC NULLS LAST
        """,
        team_id,
        platform,
        list(usernames),
        living,
    )
    return {row["username"]: row["id"] for row in rows}


async def find_profiles(connection: Connection, *, team_id: str, platform: str, profile_ids: Sequence[str]) -> set[str]:
    """Return those of `profile_ids` that are profiles of this platform in the team."""
    rows = await connection.fetch(
        "SELECT id FROM profile WHERE team_id = $1 AND platform = $2 AND id = ANY($3::text[])",
        team_id,
        platform,
        list(profile_ids),
    )
    return {row["id"] for row in rows}

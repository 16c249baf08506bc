"""Folders: which threads are meant, and in which order they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.core.words import Folder
from overture.store.pool import Connection

MANY = 5001
"""So many people that a filter lets through are not looked up one by one: in their order, threads soon pass it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which threads are meant; empty or None for all.

    `assignee_ids`: the thread's own assignee, or else its contact's. `words`: how a name of the person begins, or words
    they wrote.
    """

    folder: Folder = Folder.INBOX
    account_ids: Sequence[str] = ()
    platforms: Sequence[str] = ()
    profile_ids: Sequence[str] | None = None
    tag_ids: Sequence[str] | None = None
    status_ids: Sequence[str] | None = None
    assignee_ids: Sequence[str] = ()
    is_unassigned: bool = False
    campaign_ids: Sequence[str] = ()
    words: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a thread stands in the order: when something was last said, and its id."""

    at: datetime
    id: str


# `$1` the team, then: `$2` accounts, `$3` platforms, `$4` profiles, `$5` tags, `$6` statuses, `$7` assignees,
# `$8` campaigns, `$9` words, `$10` and `$11` the place before, `$12` how many, `$13` archived or not.
_CONTACT = """
    EXISTS (SELECT FROM profile p JOIN contact o ON o.team_id = p.team_id AND o.id = p.contact_id
             WHERE p.team_id = t.team_id AND p.id = t.profile_id AND {condition})
"""
_NAMED = """
    EXISTS (SELECT FROM profile p WHERE p.team_id = t.team_id AND p.id = t.profile_id
               AND (starts_with(lower(p.username), lower($9)) OR starts_with(lower(p.display_name), lower($9))))
"""
_TOLD = """
    EXISTS (SELECT FROM message m WHERE m.team_id = t.team_id AND m.thread_id = t.id AND m.direction = 'inbound'
               AND to_tsvector('simple', m.content) @@ {query})
"""
_QUERY = "nullif(plainto_tsquery('simple', {words})::text || ':*', ':*')::tsquery"


async def page(
    connection: Connection, *, team_id: str, filters: Filters, descending: bool, after: Place | None, limit: int
) -> list[Place]:
    """Return up to `limit` threads of a folder in their order, those behind `after`.

    A filter that few people pass is answered from these; any other by walking the folder in the order of its index,
    one for each account where accounts are named.
    """
    if filters.folder is Folder.REQUESTS or _lets_nobody_in(filters):
        # No platform here tells which conversations are requests.
        return []
    few = await _few(connection, team_id, filters)
    rows = await connection.fetch(
        _statement(filters, few=few is not None, descending=descending, is_first=after is None),
        team_id,
        list(filters.account_ids),
        list(filters.platforms),
        few,
        list(filters.tag_ids or ()),
        list(filters.status_ids or ()),
        list(filters.assignee_ids),
        list(filters.campaign_ids),
        filters.words,
        None if after is None else after.at,
        None if after is None else after.id,
        limit,
        _archived(filters.folder),
    )
    return [Place(at=row["active_at"], id=row["id"]) for row in rows]


def _lets_nobody_in(filters: Filters) -> bool:
    """Tell whether the filters name nothing that there is."""
    return any(one is not None and not one for one in (filters.profile_ids, filters.tag_ids, filters.status_ids))


def _archived(folder: Folder) -> list[bool]:
    if folder is Folder.ALL:
        return [False, True]
    return [folder is Folder.ARCHIVED]


def _statement(filters: Filters, *, few: bool, descending: bool, is_first: bool) -> str:
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    place = "$10::timestamptz IS NULL AND $11::text IS NULL" if is_first else f"(t.active_at, t.id) {beyond} ($10, $11)"
    order = f"ORDER BY active_at {direction}, id {direction} LIMIT $12"
    wanted = f"""
        SELECT t.id, t.active_at FROM thread t
         WHERE t.team_id = $1 AND t.deleted_at IS NULL AND {place} AND {" AND ".join(_conditions(filters))}
    """
    if few:
        return f"""{wanted} AND t.profile_id = ANY($4::text[]) AND t.archived = ANY($13::boolean[])
               AND (cardinality($2::text[]) = 0 OR t.account_id = ANY($2::text[])) {order}"""
    source, account = "unnest($13::boolean[]) AS f (archived)", "$2::text[] IS NOT NULL"
    if filters.account_ids:
        source, account = f"unnest($2::text[]) AS a (id) CROSS JOIN {source}", "t.account_id = a.id"
    return f"""
        SELECT one.* FROM {source} CROSS JOIN LATERAL (
            {wanted} AND {account} AND t.archived = f.archived AND $4::text[] IS NULL
             ORDER BY t.active_at {direction}, t.id {direction} LIMIT $12) one
         {order}
    """


def _conditions(filters: Filters) -> list[str]:
    """Return what a thread has to meet; each names its parameter, also where it lets everything through."""
    platform = """EXISTS (SELECT FROM account_link l WHERE l.team_id = t.team_id AND l.id = t.account_id
                             AND l.platform = ANY($3::text[]))"""
    campaign = """EXISTS (SELECT FROM lead l WHERE l.team_id = t.team_id AND l.profile_id = t.profile_id
                             AND l.campaign_id = ANY($8::text[]) AND l.account_id = t.account_id
                             AND l.contacted_at IS NOT NULL)"""
    named = f"({_NAMED} OR {_TOLD.format(query=_QUERY.format(words='$9::text'))})"
    conditions = [
        platform if filters.platforms else "$3::text[] IS NOT NULL",
        _CONTACT.format(condition="o.tag_ids && $5::text[]") if filters.tag_ids else "$5::text[] IS NOT NULL",
        _CONTACT.format(condition="o.status_id = ANY($6::text[])") if filters.status_ids else "$6::text[] IS NOT NULL",
        _assigned(filters),
        campaign if filters.campaign_ids else "$8::text[] IS NOT NULL",
        named if filters.words is not None else "$9::text IS NULL",
    ]
    if filters.folder is Folder.NO_REPLY:
        conditions.append("t.last_inbound_at >= coalesce(t.last_outbound_at, '-infinity')")
    return conditions


def _assigned(filters: Filters) -> str:
    if filters.is_unassigned:
        return f"""$7::text[] IS NOT NULL AND t.assignee_id IS NULL
               AND NOT {_CONTACT.format(condition="o.assignee_id IS NOT NULL")}"""
    if not filters.assignee_ids:
        return "$7::text[] IS NOT NULL"
    return f"""CASE WHEN t.assignee_id IS NOT NULL THEN t.assignee_id = ANY($7::text[])
                ELSE {_CONTACT.format(condition="o.assignee_id = ANY($7::text[])")} END"""


async def _few(connection: Connection, team_id: str, filters: Filters) -> list[str] | None:
    """Return the people that the first filter lets through which lets only few through; None where none does."""
    if filters.profile_ids is not None:
        return list(filters.profile_ids)
    for looked_for, statement in _LOOK_UPS.items():
        value = getattr(filters, looked_for)
        if value:
            argument = value if isinstance(value, str) else list(value)
            rows = await connection.fetch(statement, team_id, argument, MANY)
            if len(rows) < MANY:
                return [row["profile_id"] for row in rows]
    return None


_LOOK_UPS = {
    "status_ids": """
        SELECT p.id AS profile_id FROM contact o JOIN profile p ON p.team_id = $1 AND p.contact_id = o.id
         WHERE o.team_id = $1 AND o.status_id = ANY($2::text[]) LIMIT $3
    """,
    "tag_ids": """
        SELECT p.id AS profile_id FROM contact o JOIN profile p ON p.team_id = $1 AND p.contact_id = o.id
         WHERE o.team_id = $1 AND o.tag_ids && $2::text[] AND o.tag_ids <> '{}' LIMIT $3
    """,
    "assignee_ids": """
        (SELECT profile_id FROM thread WHERE team_id = $1 AND assignee_id = ANY($2::text[]) LIMIT $3)
        UNION
        (SELECT p.id FROM contact o JOIN profile p ON p.team_id = $1 AND p.contact_id = o.id
          WHERE o.team_id = $1 AND o.assignee_id = ANY($2::text[]) LIMIT $3)
    """,
    "words": f"""
        (SELECT id AS profile_id FROM profile WHERE team_id = $1 AND starts_with(lower(username), lower($2)) LIMIT $3)
        UNION
        (SELECT id FROM profile WHERE team_id = $1 AND starts_with(lower(display_name) COLLATE "C", lower($2))
            AND display_name IS NOT NULL LIMIT $3)
        UNION
        (SELECT t.profile_id FROM message m JOIN thread t ON t.team_id = $1 AND t.id = m.thread_id
          WHERE m.team_id = $1 AND m.direction = 'inbound'
            AND (array_to_tsvector(ARRAY[m.team_id::text]) || to_tsvector('simple', m.content))
                @@ ($1::text::tsquery && {_QUERY.format(words="$2::text")})
          LIMIT $3)
    """,
    "campaign_ids": """
        SELECT profile_id FROM lead
         WHERE team_id = $1 AND campaign_id = ANY($2::text[])
           AND state = ANY('{inSequence,finished,replied,held,failed,canceled,removed,excluded,unreachable}')
           AND contacted_at IS NOT NULL LIMIT $3
    """,
}
"""How the people a filter lets through are found by keys of their own, the cheapest first."""

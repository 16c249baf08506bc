"""Folders: which threads are meant, and in which order they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.core.words import Folder
from overture.store.pool import Connection, search_transaction

MANY = 50_001
"""So many people that a filter lets through are not looked up one by one: in their order, threads soon pass it."""

_SOME = 5_001
"""With so many, a page is looked for among the first threads before all of these people's are sorted."""

_FIRST = 8_000
"""So many threads are the first."""

_MANY_NAMED = 5_001
"""The same of people of a name, and of threads with some words."""


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
class _Few:
    """What filters that few pass let through; None where that is much, or nothing was looked for.

    `profile_ids` are the only people that can be meant, or `people` the statement that brings them by what is
    `looked_for`; `named` those of a name, `told` the threads with the words.
    """

    profile_ids: list[str] | None = None
    people: str | None = None
    looked_for: str | None = None
    named: list[str] | None = None
    told: list[str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Order:
    """In which order a page of `limit` threads is shown, and whether it is the first."""

    descending: bool
    is_first: bool
    limit: int

    def of(self, table: str) -> str:
        """Return the order of that table's rows."""
        direction = "DESC" if self.descending else "ASC"
        return f"ORDER BY {table}.active_at {direction}, {table}.id {direction}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a thread stands in the order: when something was last said, and its id."""

    at: datetime
    id: str


# `$1` the team, then: `$2` accounts, `$3` platforms, `$4` profiles, `$5` tags, `$6` statuses, `$7` assignees,
# `$8` campaigns, `$9` words, `$10` and `$11` the place before, `$12` archived or not, `$13` who is named so, `$14` the
# threads in which somebody wrote the words. How many are asked for stands in the text: every plan goes by it.
_CONTACT = """
    EXISTS (SELECT FROM profile p JOIN contact o ON o.team_id = p.team_id AND o.id = p.contact_id
             WHERE p.team_id = t.team_id AND p.id = t.profile_id AND {condition} OFFSET 0)
"""
_NAMED = """
    EXISTS (SELECT FROM profile p WHERE p.team_id = t.team_id AND p.id = t.profile_id
               AND (starts_with(lower(p.username), lower($9)) OR starts_with(lower(p.display_name), lower($9)))
            OFFSET 0)
"""
_TOLD = """
    EXISTS (SELECT FROM message m WHERE m.team_id = t.team_id AND m.thread_id = t.id AND m.direction = 'inbound'
               AND to_tsvector('simple', m.content) @@ {query}
            OFFSET 0)
"""
# `OFFSET 0` keeps each of them from being answered for all threads at once, where the first of a folder are asked for.
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
    if _is_plain(filters):
        return await _search(connection, team_id, filters, descending, after, limit)
    async with search_transaction(connection):
        return await _search(connection, team_id, filters, descending, after, limit)


def _is_plain(filters: Filters) -> bool:
    """Tell whether a folder is read as it is, by an index in its very order."""
    return filters == Filters(folder=filters.folder, account_ids=filters.account_ids)


async def _search(
    connection: Connection, team_id: str, filters: Filters, descending: bool, after: Place | None, limit: int
) -> list[Place]:
    order = _Order(descending=descending, is_first=after is None, limit=limit)
    few = await _labelled(connection, team_id, filters, most=_SOME)
    if few is None and _is_labelled(filters) and len(filters.account_ids) <= 1:
        first = await connection.fetch(_first_statement(filters, order), *_arguments(team_id, filters, _Few(), after))
        if len(first) == limit:
            return [Place(at=row["active_at"], id=row["id"]) for row in first]
    if few is None:
        few = await _labelled(connection, team_id, filters, most=MANY) or await _worded(connection, team_id, filters)
    rows = await connection.fetch(_statement(filters, few, order), *_arguments(team_id, filters, few, after))
    return [Place(at=row["active_at"], id=row["id"]) for row in rows]


def _is_labelled(filters: Filters) -> bool:
    """Tell whether any filter is one of those whose people are found by keys of their own."""
    return any(getattr(filters, looked_for) for looked_for in _PEOPLE)


def _arguments(team_id: str, filters: Filters, few: _Few, after: Place | None) -> tuple[object, ...]:
    return (
        team_id,
        list(filters.account_ids),
        list(filters.platforms),
        few.profile_ids,
        list(filters.tag_ids or ()),
        list(filters.status_ids or ()),
        list(filters.assignee_ids),
        list(filters.campaign_ids),
        filters.words,
        None if after is None else after.at,
        None if after is None else after.id,
        _archived(filters.folder),
        few.named or [],
        few.told or [],
    )


def _lets_nobody_in(filters: Filters) -> bool:
    """Tell whether the filters name nothing that there is."""
    return any(one is not None and not one for one in (filters.profile_ids, filters.tag_ids, filters.status_ids))


def _archived(folder: Folder) -> list[bool]:
    if folder is Folder.ALL:
        return [False, True]
    return [folder is Folder.ARCHIVED]


def _statement(filters: Filters, few: _Few, order: _Order) -> str:
    wanted = f"{_wanted(order)} AND {' AND '.join(_conditions(filters, few))}"
    if few.people is not None:
        # Their threads by key, whatever the planner thinks of so many.
        return f"""
            WITH meant AS MATERIALIZED (SELECT DISTINCT id FROM ({few.people}) theirs)
            SELECT one.* FROM meant CROSS JOIN LATERAL (
                SELECT t.id, t.active_at {wanted}
                   AND t.profile_id = meant.id AND t.archived = ANY($12::boolean[]) AND $4::text[] IS NULL
                   AND (cardinality($2::text[]) = 0 OR t.account_id = ANY($2::text[])) OFFSET 0) one
             {order.of("one")} LIMIT {order.limit:d}
        """
    if few.profile_ids is not None:
        return f"""SELECT t.id, t.active_at {wanted}
               AND t.profile_id = ANY($4::text[]) AND t.archived = ANY($12::boolean[])
               AND (cardinality($2::text[]) = 0 OR t.account_id = ANY($2::text[]))
             {order.of("t")} LIMIT {order.limit:d}"""
    source, account = "unnest($12::boolean[]) AS f (archived)", "$2::text[] IS NOT NULL"
    if filters.account_ids:
        source, account = f"unnest($2::text[]) AS a (id) CROSS JOIN {source}", "t.account_id = a.id"
    return f"""
        SELECT one.* FROM {source} CROSS JOIN LATERAL (
            SELECT t.id, t.active_at {wanted} AND {account} AND t.archived = f.archived AND $4::text[] IS NULL
             {order.of("t")} LIMIT {order.limit:d}) one
         {order.of("one")} LIMIT {order.limit:d}
    """


def _first_statement(filters: Filters, order: _Order) -> str:
    """Return what looks among the first threads of a folder, be they archived or not, for those that are meant."""
    account = "t.account_id = ($2::text[])[1]" if filters.account_ids else "$2::text[] IS NOT NULL"
    walks = [
        f"""(SELECT t.* {_wanted(order)} AND {account} AND {is_archived} AND $12::boolean[] IS NOT NULL
              {order.of("t")} LIMIT {_FIRST:d})"""
        for is_archived in ("t.archived" if archived else "NOT t.archived" for archived in _archived(filters.folder))
    ]
    return f"""
        SELECT t.id, t.active_at FROM (
            SELECT t.* FROM ({" UNION ALL ".join(walks)}) t {order.of("t")} LIMIT {_FIRST:d}) t
         WHERE $4::text[] IS NULL AND {" AND ".join(_conditions(filters, _Few()))}
         {order.of("t")} LIMIT {order.limit:d}
    """


def _wanted(order: _Order) -> str:
    """Return the threads of a team behind the place before, as the rest of a statement."""
    place = "$10::timestamptz IS NULL AND $11::text IS NULL"
    if not order.is_first:
        place = f"(t.active_at, t.id) {'<' if order.descending else '>'} ($10, $11)"
    return f"""FROM thread t
         WHERE t.team_id = $1 AND t.deleted_at IS NULL AND {place}
           AND $13::text[] IS NOT NULL AND $14::text[] IS NOT NULL"""


def _conditions(filters: Filters, few: _Few) -> list[str]:
    """Return what a thread has to meet; each names its parameter, also where it lets everything through."""
    platform = """EXISTS (SELECT FROM account_link l WHERE l.team_id = t.team_id AND l.id = t.account_id
                             AND l.platform = ANY($3::text[]) OFFSET 0)"""
    campaign = """EXISTS (SELECT FROM lead l WHERE l.team_id = t.team_id AND l.profile_id = t.profile_id
                             AND l.campaign_id = ANY($8::text[]) AND l.account_id = t.account_id
                             AND l.contacted_at IS NOT NULL OFFSET 0)"""
    conditions = [
        platform if filters.platforms else "$3::text[] IS NOT NULL",
        _CONTACT.format(condition="o.tag_ids && $5::text[]")
        if filters.tag_ids and few.looked_for != "tag_ids"
        else "$5::text[] IS NOT NULL",
        _CONTACT.format(condition="o.status_id = ANY($6::text[])")
        if filters.status_ids and few.looked_for != "status_ids"
        else "$6::text[] IS NOT NULL",
        _assigned(filters),
        campaign if filters.campaign_ids else "$8::text[] IS NOT NULL",
        "$9::text IS NULL" if filters.words is None else _said(few),
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


async def _labelled(connection: Connection, team_id: str, filters: Filters, *, most: int) -> _Few | None:
    """Look for the people that a filter lets through which lets fewer than `most` through."""
    if filters.profile_ids is not None:
        return _Few(profile_ids=list(filters.profile_ids))
    for looked_for, people in _PEOPLE.items():
        value = getattr(filters, looked_for)
        if value:
            counted = people.format(values="$2::text[]")
            count = await connection.fetchval(
                f"SELECT count(*) FROM ({counted} LIMIT $3) found", team_id, list(value), most
            )
            if count < most:
                return _Few(people=people.format(values=_VALUES[looked_for]), looked_for=looked_for)
    return None


async def _worded(connection: Connection, team_id: str, filters: Filters) -> _Few:
    """Look for the few people of a name, and the few threads with some words."""
    if filters.words is None:
        return _Few()
    named = await _look_up(connection, _BY_NAME, team_id, filters.words)
    told = await _look_up(connection, _BY_WORDS, team_id, filters.words)
    if named is None or told is None:
        return _Few(named=named, told=told)
    profiles = await connection.fetch(
        "SELECT profile_id FROM thread WHERE team_id = $1 AND id = ANY($2::text[])", team_id, told
    )
    return _Few(profile_ids=[*named, *(row["profile_id"] for row in profiles)], named=named, told=told)


async def _look_up(connection: Connection, statement: str, team_id: str, words: str) -> list[str] | None:
    """Return what a look-up finds, None where that is much."""
    rows = await connection.fetch(statement, team_id, words, _MANY_NAMED)
    return [row["id"] for row in rows] if len(rows) < _MANY_NAMED else None


def _said(few: _Few) -> str:
    """Return the condition that a name begins so, or the words were written: by keys where few fit."""
    named = _NAMED if few.named is None else "t.profile_id = ANY($13::text[])"
    told = _TOLD.format(query=_QUERY.format(words="$9::text")) if few.told is None else "t.id = ANY($14::text[])"
    return f"($9::text IS NOT NULL AND ({told} OR {named}))"


_PEOPLE = {
    "status_ids": """
        SELECT p.id FROM contact o CROSS JOIN LATERAL (
               SELECT id FROM profile WHERE team_id = $1 AND contact_id = o.id OFFSET 0) p
         WHERE o.team_id = $1 AND o.status_id = ANY({values})
    """,
    "tag_ids": """
        SELECT p.id FROM contact o CROSS JOIN LATERAL (
               SELECT id FROM profile WHERE team_id = $1 AND contact_id = o.id OFFSET 0) p
         WHERE o.team_id = $1 AND o.tag_ids && {values} AND o.tag_ids <> '{{}}'
    """,
    "assignee_ids": """
        SELECT id FROM (
            SELECT profile_id AS id FROM thread WHERE team_id = $1 AND assignee_id = ANY({values})
            UNION
            SELECT p.id FROM contact o CROSS JOIN LATERAL (
                   SELECT id FROM profile WHERE team_id = $1 AND contact_id = o.id OFFSET 0) p
             WHERE o.team_id = $1 AND o.assignee_id = ANY({values})) theirs
    """,
    "campaign_ids": """
        SELECT profile_id AS id FROM lead
         WHERE team_id = $1 AND campaign_id = ANY({values})
           AND state = ANY('{{inSequence,finished,replied,held,failed,canceled,removed,excluded,unreachable}}')
           AND contacted_at IS NOT NULL
    """,
}
"""The people a filter lets through, found by keys of their own, the cheapest to find first."""

_VALUES = {
    "status_ids": "$6::text[]",
    "tag_ids": "$5::text[]",
    "assignee_ids": "$7::text[]",
    "campaign_ids": "$8::text[]",
}

_BY_NAME = """
    (SELECT id FROM profile WHERE team_id = $1 AND starts_with(lower(username), lower($2))
      ORDER BY lower(username) LIMIT $3)
    UNION
    (SELECT id FROM profile WHERE team_id = $1 AND starts_with(lower(display_name) COLLATE "C", lower($2))
        AND display_name IS NOT NULL ORDER BY lower(display_name) COLLATE "C" LIMIT $3)
"""
"""In the order of the indexes: without it, a name so many share is looked for from end to end."""

_BY_WORDS = f"""
    SELECT DISTINCT thread_id AS id FROM (
        SELECT m.thread_id FROM message m
         WHERE m.team_id = $1 AND m.direction = 'inbound'
           AND (array_to_tsvector(ARRAY[m.team_id::text]) || to_tsvector('simple', m.content))
               @@ ($1::text::tsquery && {_QUERY.format(words="$2::text")})
         LIMIT $3) found
"""

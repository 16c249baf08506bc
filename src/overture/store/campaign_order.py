"""In which order campaigns are shown, and which of them come next in it."""

from dataclasses import dataclass
from typing import Literal

Sort = Literal["createdAt", "name", "status", "targetsCount", "contactedCount", "repliesCount", "completionRate"]
Place = tuple[str | int | float | None, ...]

_STATUSES = "array['active', 'paused', 'draft', 'completed']"
# A name is compared by its beginning: a cursor has to hold it.
NAMED = 100

_COUNTED = """
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(k.targets), 0)::bigint AS targets, coalesce(sum(k.contacted), 0)::bigint AS contacted,
               coalesce(sum(k.contacted_open), 0)::bigint AS contacted_open,
               coalesce(sum(k.answered), 0)::bigint AS answered
          FROM campaign_counter k WHERE k.team_id = c.team_id AND k.campaign_id = c.id
    ) n
"""
_RATE = "CASE WHEN n.targets > 0 THEN (n.contacted - n.contacted_open)::float8 / n.targets ELSE 0 END"


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """By what campaigns are sorted; those alike in it in the order they were made."""

    sort: Sort = "createdAt"
    is_descending: bool = True


NEWEST_FIRST = Order()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Key:
    """What a campaign is sorted by, the same of a place, and the table it takes beside that of campaigns."""

    of_campaign: str
    of_place: str
    beside: str = ""


_KEYS: dict[Sort, _Key] = {
    "name": _Key(of_campaign=f"lower(left(c.name, {NAMED}))", of_place="lower($5::text)"),
    "status": _Key(
        of_campaign=f"array_position({_STATUSES}, c.status)", of_place=f"array_position({_STATUSES}, $5::text)"
    ),
    "targetsCount": _Key(of_campaign="n.targets", of_place="$5::bigint", beside=_COUNTED),
    "contactedCount": _Key(of_campaign="n.contacted", of_place="$5::bigint", beside=_COUNTED),
    "repliesCount": _Key(of_campaign="n.answered", of_place="$5::bigint", beside=_COUNTED),
    "completionRate": _Key(of_campaign=_RATE, of_place="$5::float8", beside=_COUNTED),
}


def statement(order: Order, *, is_first_page: bool) -> str:
    """Return the statement for ids and positions of a page of campaigns.

    Its parameters: team, statuses (empty for all), part of the name (null for any), how many at most, and, except on
    the first page, the place after which they come.
    """
    compare, direction = ("<", "DESC") if order.is_descending else (">", "ASC")
    key = _KEYS.get(order.sort)
    if key is None:
        beside, ordered = "", f"c.id {direction}"
        begins = f"c.id {compare} $5::text"
    else:
        beside, ordered = key.beside, f"{key.of_campaign} {direction}, c.id {direction}"
        begins = f"({key.of_campaign}, c.id) {compare} ({key.of_place}, $6::text)"
    return f"""
        SELECT c.id, row_number() OVER (ORDER BY {ordered}) AS position FROM campaign c {beside}
         WHERE c.team_id = $1 AND c.deleted_at IS NULL
           AND (cardinality($2::text[]) = 0 OR c.status = ANY($2::text[]))
           AND ($3::text IS NULL OR position(lower($3) IN lower(c.name)) > 0)
           {"" if is_first_page else f"AND {begins}"}
         ORDER BY {ordered} LIMIT $4
    """

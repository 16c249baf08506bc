"""The header of a CSV of leads: which column names the person, and what the others hold."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from overture.core import csvfile, identifiers

MOST_HEADERS = 500
LONGEST_HEADER = 255
_SHORTEST_ID = 6
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_EXAMPLE_MAPPING = '[{"csvHeader": "<the header>", "targetColumnId": "username"}]'
_SAMPLE_ROWS = 50
_NOT_LETTERS = re.compile(r"[\W_]+")

LINE_HEADER = "importLine"
REASON_HEADER = "importReason"
"""The columns Overture puts before rejected rows; when such a file is imported again they are passed over."""


_Meaning = TypeVar("_Meaning", bound=StrEnum)


class Target(StrEnum):
    """What a column may say about who a row is, most certain first."""

    PLATFORM_ID = "platformId"
    PROFILE_URL = "profileUrl"
    USERNAME = "username"


# Names in the order of trust. The names under _VAGUE mean the person only where nothing else does.
_CLEAR: Mapping[Target, tuple[str, ...]] = {
    Target.PLATFORM_ID: (
        "platformid", "xuserid", "twitteruserid", "twitterid", "xid", "userid", "useridstr", "accountid", "idstr",
    ),
    Target.PROFILE_URL: (
        "profileurl", "profilelink", "xprofileurl", "twitterprofileurl", "xprofile", "twitterprofile", "xurl",
        "twitterurl", "xlink", "twitterlink", "userurl",
    ),
    Target.USERNAME: (
        "username", "screenname", "xusername", "twitterusername", "twitterscreenname", "xscreenname", "handle",
        "xhandle", "twitterhandle", "userhandle",
    ),
}  # fmt: skip
_VAGUE: Mapping[Target, tuple[str, ...]] = {
    Target.PLATFORM_ID: ("id",),
    Target.PROFILE_URL: ("profile", "link", "url"),
    Target.USERNAME: ("user", "twitter", "x", "account"),
}


class HeaderWrong(ValueError):
    """A header that cannot be used; the text says why. `entry` and `field` tell the place in the given mapping."""

    def __init__(self, message: str, *, entry: int | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.entry = entry
        self.field = field


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """The beginning of a file: how its fields are divided, its header, and where the first row begins."""

    delimiter: str
    headers: tuple[str, ...]
    rows: tuple[Sequence[str], ...]
    offset: int
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapped:
    """One entry of a given mapping: a header of the file, and what it is to fill."""

    header: str
    target: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Assigned:
    """What each column of a file is for, by its place from 0.

    `values` leads to ids of list columns where a mapping was given, else to the names the list columns have.
    """

    identifiers: Mapping[Target, int]
    values: Mapping[int, str]


def read_opening(sample: bytes, *, is_whole: bool, encoding: str = "utf-8") -> Opening:
    """Read the header from the beginning of a file, under the delimiter that makes most of it.

    Raises:
        HeaderWrong: there is no header in it.
    """
    if sample.startswith(_WORKBOOK):
        raise HeaderWrong("This is a workbook or an archive, no CSV: save the sheet as CSV and send that.")
    openings = [
        opening
        for delimiter in csvfile.DELIMITERS
        if (opening := _open(sample, is_whole, encoding, delimiter)) is not None
    ]
    if not openings:
        if not sample.strip():
            raise HeaderWrong("The file is empty: its first line must name the columns.")
        raise HeaderWrong("The first line cannot be read as names of columns: check its quotes and its length.")
    return max(openings, key=_merit)


def ours(headers: Sequence[str]) -> frozenset[int]:
    """Return the places of the columns that Overture has put before rejected rows."""
    keys = (LINE_HEADER.lower(), REASON_HEADER.lower())
    return frozenset(place for place, header in enumerate(headers) if _key(header) in keys)


def assign(opening: Opening, mapping: Sequence[Mapped] | None, *, platform: str) -> Assigned:
    """Decide what each column is for; None for `mapping` takes every column by its header.

    Raises:
        HeaderWrong: no column tells who a row is, a header stands twice, or the mapping does not fit.
    """
    if len(opening.headers) > MOST_HEADERS:
        raise HeaderWrong(f"The file has {len(opening.headers)} columns; at most {MOST_HEADERS} can be read.")
    if mapping is not None:
        return _assign_given(opening, mapping, platform)
    found = _recognised(opening, range(len(opening.headers)), platform)
    _require_identifier(found, opening)
    passed_over = ours(opening.headers).union(found.values())
    values = {place: header for place, header in enumerate(opening.headers) if header and place not in passed_over}
    seen: dict[str, str] = {}
    for header in values.values():
        if _folded(header) in seen:
            raise HeaderWrong(f"The header {header!r} stands twice; rename one of the two, or leave it out.")
        if len(header) > LONGEST_HEADER:
            raise HeaderWrong(f"The header {header[:40]!r}... has more than {LONGEST_HEADER} characters.")
        seen[_folded(header)] = header
    return Assigned(identifiers=found, values=values)


def matching(headers: Mapping[int, str], names: Mapping[_Meaning, tuple[str, ...]]) -> dict[_Meaning, int]:
    """Return the place of each meaning: the header that ranks highest among its names, without case and signs."""
    keys = {place: _key(header) for place, header in headers.items()}
    found: dict[_Meaning, int] = {}
    for meaning, known in names.items():
        ranked = [(known.index(key), place) for place, key in keys.items() if key in known]
        if ranked:
            found[meaning] = min(ranked)[1]
    return found


def _assign_given(opening: Opening, mapping: Sequence[Mapped], platform: str) -> Assigned:
    found: dict[Target, int] = {}
    values: dict[int, str] = {}
    for number, entry in enumerate(mapping):
        place = _place(opening.headers, entry.header, number)
        if place in values or place in found.values():
            raise HeaderWrong("This header is mapped already; map it once.", entry=number, field="csvHeader")
        if entry.target in found or entry.target in values.values():
            raise HeaderWrong("Another header fills this already.", entry=number, field="targetColumnId")
        if entry.target in list(Target):
            found[Target(entry.target)] = place
        else:
            values[place] = entry.target
    if not found:
        found = _recognised(opening, [n for n in range(len(opening.headers)) if n not in values], platform)
    _require_identifier(found, opening)
    return Assigned(identifiers=found, values=values)


def _place(headers: Sequence[str], wanted: str, number: int) -> int:
    for fold in (str.strip, _folded):
        places = [place for place, header in enumerate(headers) if fold(header) == fold(wanted)]
        if len(places) == 1:
            return places[0]
        if places:
            raise HeaderWrong("This header stands twice in the file; rename one.", entry=number, field="csvHeader")
    raise HeaderWrong(
        f"There is no such header in the file; it has {_listed(headers)}.", entry=number, field="csvHeader"
    )


def _recognised(opening: Opening, places: Sequence[int], platform: str) -> dict[Target, int]:
    """Find the columns that name the person by their headers, the most trusted header of each kind."""
    headers = {place: opening.headers[place] for place in places}
    found = matching(headers, _CLEAR)
    vague = {target: place for target, place in matching(headers, _VAGUE).items() if target not in found}
    if not found:
        return vague
    # A bare "id" beside a username is the platform's id in exports of the platform, and a running number elsewhere.
    place = vague.get(Target.PLATFORM_ID)
    if place is not None and _holds_ids(opening.rows, place, platform):
        found[Target.PLATFORM_ID] = place
    return found


def _holds_ids(rows: Sequence[Sequence[str]], place: int, platform: str) -> bool:
    values = [value for row in rows if place < len(row) and (value := row[place].strip())]
    return bool(values) and all(
        len(value) >= _SHORTEST_ID and identifiers.platform_id(platform, value) is not None for value in values
    )


def _require_identifier(found: Mapping[Target, int], opening: Opening) -> None:
    if not found:
        raise HeaderWrong(
            "No column tells who a row is: the first line must have a header like username, id or profile url "
            f"(or columnMapping must name one: {_EXAMPLE_MAPPING}). It has {_listed(opening.headers)}."
        )


def _open(sample: bytes, is_whole: bool, encoding: str, delimiter: str) -> Opening | None:
    reader = csvfile.Reader(delimiter=delimiter, encoding=encoding)
    reader.feed(sample)
    if is_whole:
        reader.close()
    headers: tuple[str, ...] | None = None
    offset, line = 0, 1
    rows: list[Sequence[str]] = []
    for record in reader.records():
        if headers is None:
            named = csvfile.separator_line(record.text) if record.line == 1 else None
            if named is not None and named != delimiter:
                return None
            if record.problem is not None:
                return None
            if named is None and not record.is_blank:
                headers = tuple(unicodedata.normalize("NFC", field).strip() for field in record.fields)
                offset, line = record.next_offset, record.next_line
        elif record.problem is None and not record.is_blank:
            rows.append(record.fields)
        if len(rows) == _SAMPLE_ROWS:
            break
    if headers is None:
        return None
    return Opening(delimiter=delimiter, headers=headers, rows=tuple(rows), offset=offset, line=line)


def _merit(opening: Opening) -> tuple[bool, bool, int, int]:
    """Rank readings of one file: a header that names the person, rows as wide as the header, more columns."""
    headers = dict(enumerate(opening.headers))
    width = len(opening.headers)
    fitting = sum(len(row) == width for row in opening.rows) if width > 1 else 0
    return bool(matching(headers, _CLEAR)), bool(matching(headers, _VAGUE)), fitting, width


def _key(header: str) -> str:
    """Return a header without case, spaces, underscores and signs."""
    return _NOT_LETTERS.sub("", header.casefold())


def _folded(header: str) -> str:
    return unicodedata.normalize("NFC", header).strip().casefold()


def _listed(headers: Sequence[str]) -> str:
    shown = ", ".join(repr(header[:40]) for header in headers[:10])
    return f"{shown} and {len(headers) - 10} more" if len(headers) > 10 else shown

"""A row of an import: who it names, and the values it brings."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from overture.core import columns, identifiers, profile_links
from overture.core.csvfile import Record
from overture.core.csvheader import Target
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import ColumnType, MergeStrategy

Values = dict[str, columns.Value]

_WHOLE = re.compile(r"[+-]?[0-9]{1,300}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,300}(\.[0-9]{0,300})?|\.[0-9]{1,300})([eE][+-]?[0-9]{1,3})?")
_LARGEST_WHOLE = 2**53 - 1
_ROUNDED = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]+")
_PROTECTED = re.compile(r'="(.*)"|\'(.*)', re.DOTALL)
_DATE = re.compile(r"([0-9]{4})[-/.]([0-9]{2})[-/.]([0-9]{2})(?:[T ][0-9:.+Z-]*)?")
_TRUE = frozenset({"true", "yes", "y", "1", "t"})
_FALSE = frozenset({"false", "no", "n", "0", "f"})
_MOST_NAMED = 10


class Reason(StrEnum):
    """Why a row that could be read is not taken."""

    TOO_MANY_VALUES = "tooManyValues"
    NO_IDENTIFIER = "noIdentifier"
    PLATFORM_ID_INVALID = "platformIdInvalid"
    PLATFORM_ID_ROUNDED = "platformIdRounded"
    USERNAME_INVALID = "usernameInvalid"
    PROFILE_URL_INVALID = "profileUrlInvalid"
    NOT_A_NUMBER = "notANumber"
    NOT_A_DATE = "notADate"
    NOT_A_BOOLEAN = "notABoolean"
    NOT_A_URL = "notAUrl"
    TEXT_TOO_LONG = "textTooLong"
    NOT_FOUND = "notFound"
    SUSPENDED = "suspended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """A column of the file that fills a list column; `header` is its name in the file."""

    place: int
    column_id: str
    kind: ColumnType
    header: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How rows are read: where the person stands (places from 0), and which columns are filled."""

    platform: str
    width: int
    identifiers: Mapping[Target, int]
    filled: Sequence[Filled]
    ours: frozenset[int] = frozenset()
    """The places of columns that say why an import has rejected the row before."""
    named: Sequence[tuple[int, "_IdentifierReader"]] = field(init=False)
    """The places in which the person may stand, the most certain first, and what reads them."""

    def __post_init__(self) -> None:
        """Look up once what every row needs."""
        named = [(self.identifiers[target], _READERS[target]) for target in Target if target in self.identifiers]
        object.__setattr__(self, "named", named)


class LeadRow(NamedTuple):
    """A row that can be taken, if its person exists."""

    identifier: Identifier
    values: Values


def read(layout: Layout, record: Record) -> LeadRow | str:
    """Read a record without a problem; a text instead of a row tells why it is not taken."""
    fields = record.fields
    if len(fields) > layout.width and any(field.strip() for field in fields[layout.width :]):
        return Reason.TOO_MANY_VALUES
    identifier = _identifier(layout, fields)
    if isinstance(identifier, Reason):
        return identifier
    values: Values = {}
    wrong: list[str] = []
    for filled in layout.filled:
        text = fields[filled.place].strip() if filled.place < len(fields) else ""
        if not text:
            continue
        value = cell(filled.kind, text)
        if isinstance(value, Reason):
            wrong.append(f"{value}: {filled.header}")
        else:
            values[filled.column_id] = value
    return _all_named(wrong) if wrong else LeadRow(identifier, values)


def merged(strategy: MergeStrategy, present: Values, incoming: Values) -> Values:
    """Return the values of a lead that is on the list already; an empty cell never takes a value away."""
    match strategy:
        case MergeStrategy.OVERWRITE:
            return present | incoming
        case MergeStrategy.FILL_EMPTY:
            return incoming | present
        case MergeStrategy.KEEP:
            return present


def cell(kind: ColumnType, text: str) -> columns.Value | Reason:
    """Return the value of a cell that is not empty, in the form its column keeps, or why it has none.

    Numbers have a point and no grouping, dates begin with the year: "1,234" and "03/04/2026" mean different things
    to different people, and are not guessed.
    """
    match kind:
        case ColumnType.TEXT:
            return text if len(text) <= columns.LONGEST_TEXT else Reason.TEXT_TOO_LONG
        case ColumnType.NUMBER:
            return _number(text)
        case ColumnType.BOOLEAN:
            folded = text.casefold()
            return folded in _TRUE if folded in _TRUE or folded in _FALSE else Reason.NOT_A_BOOLEAN
        case ColumnType.DATE:
            return _checked(kind, _DATE.sub(r"\1-\2-\3", text), Reason.NOT_A_DATE)
        case ColumnType.URL:
            return _checked(kind, text, Reason.NOT_A_URL)


def _all_named(wrong: Sequence[str]) -> str:
    """Name everything that is wrong with a row, so that mending it once is enough; of very many the first."""
    return "; ".join(wrong) if len(wrong) <= _MOST_NAMED else "; ".join([*wrong[:_MOST_NAMED], "..."])


def _number(text: str) -> columns.Value | Reason:
    if _WHOLE.fullmatch(text):
        whole = int(text)
        return whole if abs(whole) <= _LARGEST_WHOLE else Reason.NOT_A_NUMBER
    if not _DECIMAL.fullmatch(text):
        return Reason.NOT_A_NUMBER
    return _checked(ColumnType.NUMBER, float(text), Reason.NOT_A_NUMBER)


def _checked(kind: ColumnType, value: object, otherwise: Reason) -> columns.Value | Reason:
    try:
        checked = columns.checked(kind, value)
    except columns.WrongValue:
        return otherwise
    return otherwise if checked is None else checked


def _identifier(layout: Layout, fields: Sequence[str]) -> Identifier | Reason:
    """Return the most certain identifier of a row that can be read; the first wrong one tells the reason."""
    reason: Reason | None = None
    for place, read_identifier in layout.named:
        text = fields[place].strip() if place < len(fields) else ""
        if not text:
            continue
        found = read_identifier(layout.platform, _bare(text))
        if isinstance(found, Identifier):
            return found
        reason = reason or found
    return reason or Reason.NO_IDENTIFIER


def _bare(text: str) -> str:
    """Undo what people write around an id so that a spreadsheet leaves it alone: ="123" or '123."""
    found = _PROTECTED.fullmatch(text) if text[0] in "='" else None
    return text if found is None else (found[1] or found[2] or "").strip()


def _platform_id(platform: str, text: str) -> Identifier | Reason:
    value = identifiers.platform_id(platform, text)
    if value is not None:
        return Identifier(kind=IdentifierKind.PLATFORM_ID, value=value, platform=platform)
    return Reason.PLATFORM_ID_ROUNDED if _ROUNDED.fullmatch(text) else Reason.PLATFORM_ID_INVALID


def _username(platform: str, text: str) -> Identifier | Reason:
    value = identifiers.username(platform, text)
    if value is not None:
        return Identifier(kind=IdentifierKind.USERNAME, value=value, platform=platform)
    return profile_links.parse(platform, text) or Reason.USERNAME_INVALID


def _profile_url(platform: str, text: str) -> Identifier | Reason:
    found = profile_links.parse(platform, text)
    if found is None and text.startswith("@"):
        named = _username(platform, text)
        found = named if isinstance(named, Identifier) else None
    return found or Reason.PROFILE_URL_INVALID


_IdentifierReader = Callable[[str, str], Identifier | Reason]
_READERS: Mapping[Target, _IdentifierReader] = {
    Target.PLATFORM_ID: _platform_id,
    Target.PROFILE_URL: _profile_url,
    Target.USERNAME: _username,
}

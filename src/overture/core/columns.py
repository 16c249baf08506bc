"""Custom columns: which values a column of each type takes, and the one form they are kept in."""

import math
import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import urlsplit

from overture.core.words import ColumnType

Value = str | int | float | bool
LONGEST_TEXT = 10_000
LONGEST_URL = 2_048
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class WrongValue(ValueError):
    """A value that its column does not take; the text says what it takes."""


def checked(kind: ColumnType, value: object) -> Value | None:
    """Return `value` in the form it is kept in; None when it says nothing (null, or text without a letter).

    Raises:
        WrongValue: the column does not take it.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    match kind:
        case ColumnType.TEXT:
            return _text(value)
        case ColumnType.NUMBER:
            return _number(value)
        case ColumnType.DATE:
            return _date(value)
        case ColumnType.BOOLEAN:
            if not isinstance(value, bool):
                raise WrongValue("Must be true or false, or null to clear it.")
            return value
        case ColumnType.URL:
            return _url(value)


def checked_all(
    kinds: Mapping[str, ColumnType], data: Mapping[str, object]
) -> tuple[dict[str, Value | None], list[tuple[str, str]]]:
    """Check the values of one lead; return them by column id, and what is wrong as (column id, message)."""
    values: dict[str, Value | None] = {}
    wrong: list[tuple[str, str]] = []
    for column_id, value in data.items():
        kind = kinds.get(column_id)
        if kind is None:
            wrong.append((column_id, "There is no such column; check the id, or create the column first."))
            continue
        try:
            values[column_id] = checked(kind, value)
        except WrongValue as error:
            wrong.append((column_id, str(error)))
    return values, wrong


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise WrongValue("Must be a string, or null to clear it.")
    if len(value) > LONGEST_TEXT:
        raise WrongValue(f"Must have at most {LONGEST_TEXT} characters.")
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise WrongValue("Must be a number, not in quotes, or null to clear it.")
    return value


def _date(value: object) -> str:
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip()).isoformat()
        except ValueError:
            pass
    raise WrongValue("Must be a date of the calendar like 2026-11-23, or null to clear it.")


def _url(value: object) -> str:
    if isinstance(value, str) and len(value) <= LONGEST_URL:
        cleaned = value.strip()
        try:
            parts = urlsplit(cleaned)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_address = False
        if is_address and not any(letter.isspace() for letter in cleaned):
            return cleaned
    raise WrongValue("Must be an http or https address like https://example.com, or null to clear it.")

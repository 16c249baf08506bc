"""Cells of tables for spreadsheets: text that no program mistakes for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_STARTS_FORMULA = re.compile(r"[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")

Cell = str | int | float | bool | None


def safe(value: Cell) -> str:
    """Write a value as a cell; what a spreadsheet would calculate gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    if _STARTS_FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def lines(rows: Iterable[Sequence[Cell]]) -> str:
    """Write rows as CSV (RFC 4180)."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([safe(value) for value in row] for row in rows)
    return written.getvalue()

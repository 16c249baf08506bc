"""CSV for people, who open it in a spreadsheet: a cell that looks like a formula is kept from being one."""

import csv
import io
from collections.abc import Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def record(fields: Sequence[str | None]) -> str:
    """Return one line of a file; None is an empty cell."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([_cell(field) for field in fields])
    return written.getvalue()


def _cell(field: str | None) -> str:
    if field is None:
        return ""
    return f"'{field}" if field.startswith(_FORMULA) else field

"""Cells that no spreadsheet takes for a formula, and that read back as they were."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import cells


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "＝1", "＠x"])
def test_what_would_be_calculated_gets_an_apostrophe(text: str) -> None:
    assert cells.safe(text) == "'" + text


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, ""), (True, "true"), (False, "false"), (3, "3"), (-3, "-3"), (2.0, "2"), (-2.5, "-2.5"), ("+49", "+49")],
)
def test_values_and_plain_numbers_stay_as_they_are(value: cells.Cell, written: str) -> None:
    assert cells.safe(value) == written


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=4), max_size=5))
def test_rows_read_back_as_they_were_written(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(cells.lines(rows), newline="")))
    assert read == [[cells.safe(value) for value in row] for row in rows]

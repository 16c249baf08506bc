"""CSV that spreadsheets read as text."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import csvwriting

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_what_looks_like_a_formula_is_none(cell: str) -> None:
    ((written,),) = csv.reader(io.StringIO(csvwriting.record([cell]), newline=""))
    assert written == f"'{cell}"


@given(st.lists(texts, min_size=2, max_size=5))
def test_every_other_text_is_read_back_as_it_was(fields: list[str]) -> None:
    ((*written,),) = csv.reader(io.StringIO(csvwriting.record(fields), newline=""))
    assert [cell.removeprefix("'") for cell in written] == [field.removeprefix("'") for field in fields]


def test_nothing_is_an_empty_cell() -> None:
    assert csvwriting.record(["a", None, "b"]) == "a,,b\r\n"

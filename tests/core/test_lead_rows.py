"""Rows of an import: who they name and which values they bring."""

import pytest

from overture.core import lead_rows
from overture.core.csvfile import Record
from overture.core.csvheader import Target
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.lead_rows import Filled, Layout, LeadRow, Reason
from overture.core.words import ColumnType, MergeStrategy

LAYOUT = Layout(
    platform="twitter",
    width=5,
    identifiers={Target.PLATFORM_ID: 0, Target.USERNAME: 1, Target.PROFILE_URL: 2},
    filled=[
        Filled(place=3, column_id="custom_text", kind=ColumnType.TEXT, header="Company"),
        Filled(place=4, column_id="custom_number", kind=ColumnType.NUMBER, header="Size"),
    ],
)
BY_ID = IdentifierKind.PLATFORM_ID
BY_NAME = IdentifierKind.USERNAME


def _read(*fields: str) -> LeadRow | str:
    return lead_rows.read(LAYOUT, Record(2, fields, None, ",".join(fields), 0, 3))


@pytest.mark.parametrize(
    ("fields", "kind", "value"),
    [
        (("1900000000000000001",), BY_ID, "1900000000000000001"),
        ((' ="1900000000000000001" ',), BY_ID, "1900000000000000001"),
        (("'1900000000000000001",), BY_ID, "1900000000000000001"),
        (("", " @Ana "), BY_NAME, "ana"),
        (("", "https://x.com/Ana"), BY_NAME, "ana"),
        (("", "", "https://twitter.com/Ana?s=20"), BY_NAME, "ana"),
        (("", "", "x.com/i/user/123"), BY_ID, "123"),
        (("", "", "@ana"), BY_NAME, "ana"),
        (("7", "ana", "https://x.com/ben"), BY_ID, "7"),
        (("1.9E+18", "ana"), BY_NAME, "ana"),
    ],
)
def test_the_most_certain_identifier_that_can_be_read_names_the_person(
    fields: tuple[str, ...], kind: IdentifierKind, value: str
) -> None:
    assert _read(*fields) == LeadRow(Identifier(kind=kind, value=value, platform="twitter"), {})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (("", "", "", "Acme", "3"), Reason.NO_IDENTIFIER),
        (("1.9E+18",), Reason.PLATFORM_ID_ROUNDED),
        (("1,90E+18",), Reason.PLATFORM_ID_ROUNDED),
        (("abc",), Reason.PLATFORM_ID_INVALID),
        (("0",), Reason.PLATFORM_ID_INVALID),
        (("", "no such name"), Reason.USERNAME_INVALID),
        (("", "a_name_of_16_char"), Reason.USERNAME_INVALID),
        (("", "", "https://acme.example/ana"), Reason.PROFILE_URL_INVALID),
        (("", "", "https://x.com/home"), Reason.PROFILE_URL_INVALID),
        (("", "", "ana"), Reason.PROFILE_URL_INVALID),
        (("7", "", "", "", "", "more"), Reason.TOO_MANY_VALUES),
        (("7", "", "", "x" * 10_001), f"{Reason.TEXT_TOO_LONG}: Company"),
        (("7", "", "", "", "many"), f"{Reason.NOT_A_NUMBER}: Size"),
        (("7", "", "", "x" * 10_001, "many"), f"{Reason.TEXT_TOO_LONG}: Company; {Reason.NOT_A_NUMBER}: Size"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(fields: tuple[str, ...], reason: str) -> None:
    assert _read(*fields) == reason


def test_of_very_many_wrong_cells_the_first_are_named() -> None:
    filled = [
        Filled(place=place, column_id=f"custom_{place}", kind=ColumnType.NUMBER, header=f"N{place}")
        for place in range(1, 501)
    ]
    layout = Layout(platform="twitter", width=501, identifiers={Target.PLATFORM_ID: 0}, filled=filled)
    fields = ("7", *["many"] * 500)
    said = lead_rows.read(layout, Record(2, fields, None, ",".join(fields), 0, 3))
    assert said == "; ".join([*(f"{Reason.NOT_A_NUMBER}: N{place}" for place in range(1, 11)), "..."])


def test_values_come_typed_and_empty_cells_bring_nothing() -> None:
    taken = _read("7", "", "", " Acme ", "12")
    assert isinstance(taken, LeadRow)
    assert taken.values == {"custom_text": "Acme", "custom_number": 12}
    short = _read("7", "", "", "  ")
    assert isinstance(short, LeadRow)
    assert short.values == {}


def test_empty_cells_behind_the_last_header_do_no_harm() -> None:
    assert isinstance(_read("7", "", "", "", "", "", " "), LeadRow)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (ColumnType.NUMBER, "-12", -12),
        (ColumnType.NUMBER, "007", 7),
        (ColumnType.NUMBER, "12.50", 12.5),
        (ColumnType.NUMBER, "1e3", 1000.0),
        (ColumnType.NUMBER, "1,234", Reason.NOT_A_NUMBER),
        (ColumnType.NUMBER, "9007199254740993", Reason.NOT_A_NUMBER),
        (ColumnType.NUMBER, "1e999", Reason.NOT_A_NUMBER),
        (ColumnType.NUMBER, "nan", Reason.NOT_A_NUMBER),
        (ColumnType.NUMBER, "٣", Reason.NOT_A_NUMBER),
        (ColumnType.BOOLEAN, "Yes", True),
        (ColumnType.BOOLEAN, "0", False),
        (ColumnType.BOOLEAN, "maybe", Reason.NOT_A_BOOLEAN),
        (ColumnType.DATE, "2026-02-28", "2026-02-28"),
        (ColumnType.DATE, "2026/02/28 10:00", "2026-02-28"),
        (ColumnType.DATE, "2026-02-30", Reason.NOT_A_DATE),
        (ColumnType.DATE, "28/02/2026", Reason.NOT_A_DATE),
        (ColumnType.URL, "https://acme.example/a", "https://acme.example/a"),
        (ColumnType.URL, "acme", Reason.NOT_A_URL),
    ],
)
def test_a_cell_becomes_a_value_of_its_column_or_a_reason(kind: ColumnType, text: str, value: object) -> None:
    found = lead_rows.cell(kind, text)
    assert found == value
    assert type(found) is type(value)


def test_the_strategies_differ_in_which_value_stays() -> None:
    before: lead_rows.Values = {"a": 1, "b": 1}
    later: lead_rows.Values = {"b": 2, "c": 2}
    assert lead_rows.merged(MergeStrategy.OVERWRITE, before, later) == {"a": 1, "b": 2, "c": 2}
    assert lead_rows.merged(MergeStrategy.FILL_EMPTY, before, later) == {"a": 1, "b": 1, "c": 2}
    assert lead_rows.merged(MergeStrategy.KEEP, before, later) == {"a": 1, "b": 1}

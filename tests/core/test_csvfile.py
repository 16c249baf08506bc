"""CSV files as they come: encodings, delimiters, broken records, and reading on from any record."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from overture.core import csvfile
from overture.core.csvfile import LONGEST_FIELD, LONGEST_RECORD, Problem, Reader, Record


def _read(content: bytes, *, piece: int = 1 << 20, delimiter: str = ",", encoding: str = "utf-8") -> list[Record]:
    reader = Reader(delimiter=delimiter, encoding=encoding)
    records: list[Record] = []
    for start in range(0, len(content), piece):
        reader.feed(content[start : start + piece])
        records += reader.records()
    reader.close()
    return records + list(reader.records())


def _fields(records: list[Record]) -> list[list[str]]:
    return [list(record.fields) for record in records]


_CELL = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
_TABLE = st.lists(st.lists(_CELL, min_size=1, max_size=4), max_size=8)


@given(
    table=_TABLE,
    delimiter=st.sampled_from(csvfile.DELIMITERS),
    piece=st.integers(1, 40),
    end=st.sampled_from(["\n", "\r\n"]),
)
@example(table=[["a\r", "b"], ["c\n\nd", '"']], delimiter=",", piece=1, end="\r\n")
def test_what_a_writer_wrote_is_read_whatever_the_pieces(
    table: list[list[str]], delimiter: str, piece: int, end: str
) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    content = written.getvalue().encode()
    records = _read(content, piece=piece, delimiter=delimiter)
    assert _fields(records) == table
    assert [record.problem for record in records] == [None] * len(table)
    if records:
        assert records[-1].next_offset == len(content)


@given(line=st.text(st.sampled_from('a ,;\t"\x1c\u2028é'), max_size=20), delimiter=st.sampled_from(csvfile.DELIMITERS))
@example(line="", delimiter=",")
@example(line=",", delimiter=",")
def test_a_line_is_read_as_the_parser_reads_it(line: str, delimiter: str) -> None:
    parser = csv.reader(io.StringIO(line + "\n", newline=""), delimiter=delimiter, strict=False)
    (record,) = _read(f"{line}\n".encode(), delimiter=delimiter)[:1]
    if record.problem is None:
        assert list(record.fields) == next(parser)


@given(
    content=st.binary(max_size=60) | st.text(st.sampled_from('a,"\r\n;é\x00'), max_size=60).map(str.encode),
    piece=st.integers(1, 9),
)
@example(content=b'a,"b\nc\nd', piece=1)
@example(content=b'"a\n"', piece=2)
def test_any_bytes_are_read_to_the_end_in_the_same_records_whatever_the_pieces(content: bytes, piece: int) -> None:
    records = _read(content)
    assert _read(content, piece=piece) == records
    ends = [0, *(record.next_offset for record in records)]
    assert ends == sorted(set(ends))
    assert ends[-1] == len(content)


@given(content=st.text(st.sampled_from('a,"\r\né'), max_size=60).map(str.encode), data=st.data())
def test_reading_goes_on_behind_any_record_as_if_it_had_never_stopped(content: bytes, data: st.DataObject) -> None:
    records = _read(content)
    if not records:
        return
    number = data.draw(st.integers(0, len(records) - 1))
    stopped = records[number]
    reader = Reader(delimiter=",", offset=stopped.next_offset, line=stopped.next_line)
    reader.feed(content[stopped.next_offset :])
    reader.close()
    assert list(reader.records()) == records[number + 1 :]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_ends_a_record(end: bytes) -> None:
    records = _read(end.join([b"a,b", b"c,d", b"e,f"]), piece=1)
    assert _fields(records) == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert [record.line for record in records] == [1, 2, 3]


def test_lines_are_counted_through_fields_of_several_lines() -> None:
    records = _read(b'a\n"b\nb\nb"\nc\n')
    assert [(record.line, record.next_line) for record in records] == [(1, 2), (2, 5), (5, 6)]


def test_empty_lines_and_rows_of_empty_cells_are_blank() -> None:
    records = _read(b"a\n\n , ,\n\t\nb\n")
    assert [record.is_blank for record in records] == [False, True, True, True, False]


def test_a_field_that_is_too_long_costs_its_own_row_only() -> None:
    content = b"a,b\nc," + b"x" * (LONGEST_FIELD + 1) + b"\ne,f\n"
    assert [record.problem for record in _read(content)] == [None, Problem.FIELD_TOO_LONG, None]
    assert _fields(_read(b"a," + b"x" * LONGEST_FIELD + b"\n"))[0][1] == "x" * LONGEST_FIELD


@pytest.mark.parametrize("piece", [1 << 20, 300_000, 4 * (1 << 20)])
def test_a_line_of_ten_megabytes_costs_its_own_row_and_is_not_kept(piece: int) -> None:
    content = b"a,b\n" + b"x" * (10 * LONGEST_RECORD) + b"\nc,d\n"
    records = _read(content, piece=piece)
    assert [record.problem for record in records] == [None, Problem.RECORD_TOO_LONG, None]
    assert [record.line for record in records] == [1, 2, 3]
    assert len(records[1].text) < 10_000
    assert records[-1].next_offset == len(content)


def test_an_overlong_last_line_without_an_end_is_reported() -> None:
    records = _read(b"a\n" + b"x" * (3 * LONGEST_RECORD), piece=100_000)
    assert [record.problem for record in records] == [None, Problem.RECORD_TOO_LONG]


def test_a_quote_that_is_never_closed_costs_its_own_line_only() -> None:
    records = _read(b'a,b\nc,"d\ne,f\ng,h\n')
    assert [record.problem for record in records] == [None, Problem.UNCLOSED_QUOTE, None, None]
    assert _fields(records)[2:] == [["e", "f"], ["g", "h"]]
    assert [record.line for record in records] == [1, 2, 3, 4]
    assert records[1].text == 'c,"d'


def test_an_open_quote_in_the_middle_of_a_large_file_costs_its_own_line_only() -> None:
    rows = [f"user{number},company".encode() for number in range(40_000)]
    rows[100] = b'user100,"company'
    records = _read(b"\n".join(rows), piece=65_536)
    wrong = [record.line for record in records if record.problem is not None]
    assert wrong == [101]
    assert len(records) == 40_000


def test_bytes_that_are_not_of_the_encoding_cost_their_own_row_only() -> None:
    records = _read(b"a,b\nc,\xff\ne,f\n")
    assert [record.problem for record in records] == [None, Problem.UNDECODABLE, None]
    assert records[1].text == "c,\ufffd"


def test_a_nul_costs_its_own_row_only() -> None:
    records = _read(b"a,b\nc\x00,d\ne,f\n")
    assert [record.problem for record in records] == [None, Problem.NUL, None]


@pytest.mark.parametrize(
    ("text", "written_in", "detected"),
    [
        ("id,name\n1,Zoë\n", "utf-8", "utf-8"),
        ("id,name\n1,Zoe\n", "ascii", "utf-8"),
        ("id,name\n1,Zoë – “café” €\n", "cp1252", "cp1252"),
        ("id,city\n1,München\n2,Köln\n" * 30, "cp1252", "cp1252"),
        ("id,city\n1,Москва\n2,Новосибирск\n" * 10, "cp1251", "cp1251"),
        ("id,city\n1,東京都千代田区\n2,大阪市\n" * 5, "shift_jis", "cp932"),
    ],
)
def test_the_encoding_of_a_file_is_told_from_its_bytes(text: str, written_in: str, detected: str) -> None:
    content = text.encode(written_in)
    found = csvfile.detect_encoding(content, is_whole=True)
    assert (found.name, found.mark_length) == (detected, 0)
    assert content.decode(found.name) == text


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")]
)
def test_a_byte_order_mark_tells_the_encoding(encoding: str, mark: bytes) -> None:
    found = csvfile.detect_encoding(mark + "id\n1\n".encode(encoding), is_whole=True)
    assert (found.name, found.mark_length) == (encoding, len(mark))
    assert csvfile.is_wide(encoding) == encoding.startswith("utf-16")


def test_a_character_cut_by_the_end_of_the_sample_is_no_other_encoding() -> None:
    sample = "ü".encode()[:1]
    assert csvfile.detect_encoding(b"a,b\n" + sample, is_whole=False).name == "utf-8"
    assert csvfile.detect_encoding(b"a,b\n" + sample, is_whole=True).name == "cp1252"


@given(content=st.binary(max_size=200))
def test_any_bytes_have_an_encoding_that_reads_them(content: bytes) -> None:
    found = csvfile.detect_encoding(content, is_whole=True)
    content[found.mark_length :].decode(found.name, errors="replace" if found.mark_length else "strict")

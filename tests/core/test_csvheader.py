"""Headers of lead files: which column names the person, and what the others fill."""

import pytest

from overture.core import csvheader
from overture.core.csvheader import Assigned, HeaderWrong, Mapped, Target


def _assign(text: str, mapping: list[Mapped] | None = None) -> Assigned:
    return csvheader.assign(csvheader.read_opening(text.encode(), is_whole=True), mapping, platform="twitter")


@pytest.mark.parametrize(
    ("header", "target"),
    [
        *((name, Target.PLATFORM_ID) for name in ("id", "ID", "User ID", "user_id", "platformId", "platform_id")),
        *((name, Target.USERNAME) for name in ("username", "User Name", "screen_name", "Screen Name", "handle")),
        *((name, Target.USERNAME) for name in ("@handle", "X Handle", "Twitter username", "twitter")),
        *((name, Target.PROFILE_URL) for name in ("Profile URL", "profile_url", "profileUrl", "link", "url")),
    ],
)
def test_usual_headers_name_the_person(header: str, target: Target) -> None:
    assigned = _assign(f"Company,{header}\nAcme,value\n")
    assert assigned.identifiers == {target: 1}
    assert assigned.values == {0: "Company"}


def test_a_file_of_one_column_needs_no_delimiter() -> None:
    opening = csvheader.read_opening(b"username\nana\n", is_whole=True)
    assert (opening.headers, opening.rows) == (("username",), (["ana"],))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_sense_of_the_header(delimiter: str) -> None:
    lines = [["username", "note, or notes; really"], ["ana", "a,b;c,d"], ["ben", "a,b,c|d"]]
    text = "\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) for line in lines)
    opening = csvheader.read_opening(text.encode(), is_whole=True)
    assert opening.delimiter == delimiter
    assert opening.headers == tuple(lines[0])


def test_without_a_usual_header_the_delimiter_is_the_one_that_divides_rows_alike() -> None:
    opening = csvheader.read_opening(b"wer;wo\nana;Bonn, Berlin, Ulm\nben;Koeln, Trier\n", is_whole=True)
    assert opening.delimiter == ";"


def test_the_separator_line_of_spreadsheets_is_obeyed() -> None:
    opening = csvheader.read_opening(b"sep=;\r\nusername;a,b\r\nana;1\r\n", is_whole=True)
    assert (opening.delimiter, opening.headers, opening.line) == (";", ("username", "a,b"), 3)


def test_blank_lines_before_the_header_are_passed_over() -> None:
    opening = csvheader.read_opening(b"\n,,\nusername,a\nana,1\n", is_whole=True)
    assert (opening.headers, opening.offset, opening.line) == (("username", "a"), 15, 4)


def test_a_bare_id_beside_a_username_is_the_platforms_only_if_it_looks_like_one() -> None:
    exported = _assign("id,username\n1000000000000000001,ana\n2244994945,ben\n")
    assert exported.identifiers == {Target.PLATFORM_ID: 0, Target.USERNAME: 1}
    numbered = _assign("id,username\n1,ana\n2,ben\n")
    assert numbered.identifiers == {Target.USERNAME: 1}
    assert numbered.values == {0: "id"}


def test_a_link_beside_a_username_is_an_ordinary_column() -> None:
    assigned = _assign("username,url\nana,https://acme.example\n")
    assert assigned.identifiers == {Target.USERNAME: 0}
    assert assigned.values == {1: "url"}


def test_of_several_headers_for_one_thing_the_clearest_wins() -> None:
    assigned = _assign("user_id,platform_id\n123456,1000000\n")
    assert assigned.identifiers == {Target.PLATFORM_ID: 1}
    assert assigned.values == {0: "user_id"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("PK\x03\x04\n\x00", "save the sheet as CSV"),
        ("ana\nben\n", "No column tells who a row is"),
        ("ana\nben\n", '"targetColumnId": "username"'),
        ("name,company\nAna,Acme\n", "'name', 'company'"),
        ('"username,company\nana,Acme\n', "first line cannot be read"),
        ("username,Company,company\nana,a,b\n", "stands twice"),
        (f"username,{'x' * 256}\nana,a\n", "255 characters"),
        ("username," + ",".join(f"c{n}" for n in range(500)), "at most 500"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(HeaderWrong, match=words):
        _assign(text)


def test_columns_without_a_header_and_our_own_of_rejected_rows_are_passed_over() -> None:
    assert _assign("importLine,importReason,username,,Company\n2,notFound,ana,x,y\n").values == {4: "Company"}


def test_a_mapping_takes_what_it_names_and_nothing_else() -> None:
    text = "username,Firma,Ort\nana,Acme,Bonn\n"
    assigned = _assign(text, [Mapped(header=" firma", target="custom_1")])
    assert assigned == Assigned(identifiers={Target.USERNAME: 0}, values={1: "custom_1"})
    assigned = _assign(text, [Mapped(header="Ort", target="username")])
    assert assigned == Assigned(identifiers={Target.USERNAME: 2}, values={})
    assert _assign(text, []).values == {}


@pytest.mark.parametrize(
    ("mapping", "entry", "field"),
    [
        ([("Nowhere", "username")], 0, "csvHeader"),
        ([("username", "username"), ("username", "custom_1")], 1, "csvHeader"),
        ([("username", "username"), ("Firma", "username")], 1, "targetColumnId"),
        ([("Ort", "custom_1")], 0, "csvHeader"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_its_place(
    mapping: list[tuple[str, str]], entry: int, field: str
) -> None:
    with pytest.raises(HeaderWrong) as caught:
        _assign("username,Firma,Ort,Ort\nana,a,b,c\n", [Mapped(header=h, target=t) for h, t in mapping])
    assert (caught.value.entry, caught.value.field) == (entry, field)

"""Files in any encoding become text that can be split, whatever the pieces they arrive in."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import recoding

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\x00"), max_size=50)


def _recode(content: bytes, size: int) -> tuple[bytes, str]:
    recoder = recoding.Recoder()
    kept = b"".join(recoder.feed(content[start : start + size]) for start in range(0, len(content), size))
    return kept + recoder.close(), recoder.encoding


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
    ],
)
@given(text=_TEXT, size=st.integers(1, 40))
def test_what_was_written_in_unicode_comes_back_without_its_mark(
    encoding: str, mark: bytes, text: str, size: int
) -> None:
    written = "username,note\n" + text
    content, found = _recode(mark + written.encode(encoding), size)
    assert content.decode(found) == written


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_by_its_zeros(encoding: str) -> None:
    content, found = _recode("username,note\nana,Größe €\n".encode(encoding), 7)
    assert (content.decode(), found) == ("username,note\nana,Größe €\n", "utf-8")


@pytest.mark.parametrize(("encoding", "found"), [("cp1252", "cp1252"), ("latin-1", "cp1252"), ("utf-8", "utf-8")])
@pytest.mark.parametrize("rows", [1, 50_000])
def test_the_first_accent_decides_however_late_it_comes(encoding: str, found: str, rows: int) -> None:
    written = "username,note\n" + "ana,plain\n" * rows + "ben,Größe\n"
    assert _recode(written.encode(encoding), 65_536) == (written.encode(encoding), found)


def test_no_more_is_held_back_than_a_sample() -> None:
    recoder = recoding.Recoder()
    piece = b"x" * 65_536
    kept = sum(len(recoder.feed(piece)) for _ in range(100))
    assert kept == 100 * len(piece)


def test_what_a_wide_encoding_cannot_read_stays_no_text() -> None:
    content, found = _recode(codecs.BOM_UTF16_LE + "id\n1\n".encode("utf-16-le") + b"\x00\xdc" + b"\n\x00", 100)
    assert content == b"id\n1\n\xff\n"
    with pytest.raises(UnicodeDecodeError):
        content.decode(found)


@given(content=st.binary(max_size=300), size=st.integers(1, 50))
def test_any_bytes_are_taken_the_same_whatever_the_pieces(content: bytes, size: int) -> None:
    assert _recode(content, size) == _recode(content, 1_000)

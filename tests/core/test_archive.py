"""The archive of X: what it holds comes out as rows, in pieces of any size; what it cannot hold is refused by line."""

import contextlib
import csv
import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import archive, csvfile
from overture.core.archive import ArchiveWrong, Transcriber

OWN = "100"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
MESSAGE = st.fixed_dictionaries({"is_sent": st.booleans(), "text": TEXT, "id": st.integers(1, 10**18)})


def message(number: int, *, is_sent: bool, text: str = "Hi", other: str = "7") -> dict[str, Any]:
    return {
        "messageCreate": {
            "recipientId": other if is_sent else OWN,
            "reactions": [{"senderId": "9", "id": "8"}],
            "urls": [],
            "text": text,
            "mediaUrls": [],
            "senderId": OWN if is_sent else other,
            "id": str(number),
            "createdAt": "2021-03-04T05:06:07.089Z",
        }
    }


def archived(*messages: dict[str, Any], beginning: str = "window.YTD.direct_messages.part0 = ") -> bytes:
    """An archive as X writes it: one conversation with these messages."""
    held = [{"dmConversation": {"conversationId": f"7-{OWN}", "messages": list(messages)}}]
    return (beginning + json.dumps(held, indent=2, ensure_ascii=False)).encode()


def rows(content: bytes, size: int = 7) -> list[list[str]]:
    """What a file holds, fed in pieces of a size."""
    transcriber = Transcriber(OWN)
    written = b"".join(transcriber.feed(content[start : start + size]) for start in range(0, len(content), size))
    written += transcriber.close()
    header, *found = csv.reader(io.StringIO(written.decode(), newline=""))
    assert tuple(header) == archive.HEADERS
    assert len(found) == transcriber.count
    return found


def test_who_wrote_when_and_what_is_told_with_its_line() -> None:
    file = archived(message(1, is_sent=True, text="Hello"), message(2, is_sent=False, text='"Yes", he said\nand went'))
    assert rows(file) == [
        ["7", "7", "2021-03-04T05:06:07.089Z", "", "1", "Hello"],
        ["24", "7", "", "2021-03-04T05:06:07.089Z", "2", '"Yes", he said\nand went'],
    ]
    lines = file.decode().split("\n")
    assert all('"messageCreate"' in lines[int(row[0]) - 1] for row in rows(file))


@given(st.lists(MESSAGE, max_size=5, unique_by=lambda one: one["id"]), st.integers(1, 300))
def test_everything_comes_through_in_pieces_of_any_size(given_: list[dict[str, Any]], size: int) -> None:
    file = archived(*(message(one["id"], is_sent=one["is_sent"], text=one["text"]) for one in given_))
    assert [(row[4], row[5]) for row in rows(file, size)] == [(str(one["id"]), one["text"]) for one in given_]


@given(st.lists(TEXT, max_size=5))
def test_the_rows_are_read_as_any_file_is(texts: list[str]) -> None:
    transcriber = Transcriber(OWN)
    file = archived(*(message(number, is_sent=True, text=text) for number, text in enumerate(texts, 1)))
    reader = csvfile.Reader(delimiter=",", encoding="utf-8")
    reader.feed(transcriber.feed(file) + transcriber.close())
    reader.close()
    records = list(reader.records())
    assert [record.problem for record in records] == [None] * (len(texts) + 1)
    assert [record.fields[5] for record in records[1:]] == texts


def test_what_is_no_message_between_two_is_passed_over() -> None:
    group = message(1, is_sent=True)
    del group["messageCreate"]["recipientId"]
    note = message(2, is_sent=True, other=OWN)
    left = {"participantsLeave": {"userIds": ["7"], "createdAt": "2021-03-04T05:06:07.089Z"}}
    assert rows(archived(group, note, left)) == []
    assert rows(b"window.YTD.direct_messages_group.part0 = [ ]") == []
    assert rows(b"window.YTD.direct_messages.part0 = [ ]\n") == []


def test_headers_of_messages_tell_when_and_keep_no_message() -> None:
    header = message(5, is_sent=False)
    del header["messageCreate"]["text"]
    file = archived(header, beginning="window.YTD.direct_message_headers.part0 = ")
    assert rows(file) == [["7", "7", "", "2021-03-04T05:06:07.089Z", "", ""]]


def test_signs_that_cannot_be_kept_are_replaced() -> None:
    file = archived(message(1, is_sent=True, text="A")).replace(b'"A"', rb'"a\u0000b\ud800c"')
    assert [row[5][:3] for row in rows(file)] == ["a�b"]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (archived(message(1, is_sent=False, other="7")).replace(b'"100"', b'"101"'), "Line 7.*another account"),
        (archived(message(1, is_sent=True))[:-8], "Line 2[0-9].*breaks off"),
        (archived(message(1, is_sent=True)).replace(b'"urls": []', b'"urls": [oops]'), "Line 15 cannot be read"),
        (archived(message(1, is_sent=True)) + b"[]", "cannot be read"),
        (archived(message(1, is_sent=True)).replace(b"Hi", b"\xff\xfe"), "Line 16 cannot be read"),
        (b"window.YTD.direct_messages.part0 = {}", "no list of conversations"),
        (b"window.YTD.direct_messages.part0 =", "breaks off"),
        (b"[" * 1_000, "nested too deep"),
        (b"[" + b" " * (archive.LONGEST_LINE + 1), "Line 1 is longer"),
        (b"[" + b" " * (archive.LONGEST_LINE + 1) + b"\n]", "Line 1 is longer"),
        (b"[" + b"1" * 10_000 + b"]", "Line 1 cannot be read"),
        (json.dumps(json.loads(archived(message(1, is_sent=True), message(2, is_sent=True), beginning=""))).encode(),
         "several messages"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_line(file: bytes, said: str) -> None:
    with pytest.raises(ArchiveWrong, match=said):
        rows(file, 100_000)


@given(st.binary(max_size=200))
def test_whatever_comes_in_is_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(ArchiveWrong):
        rows(b"[" + content, 50)


def test_a_large_archive_leaves_nothing_in_memory() -> None:
    transcriber = Transcriber(OWN)
    piece = json.dumps(message(1, is_sent=True, text="x" * 500), indent=2).encode() + b",\n"
    transcriber.feed(b'[{"dmConversation": {"messages": [\n' + piece)
    tracemalloc.start()
    try:
        for _ in range(200):
            transcriber.feed(piece * 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert transcriber.count == 4_001
    assert peak < 500_000  # of 3 MB


def test_an_archive_is_told_by_its_beginning() -> None:
    assert archive.is_archive(archived())
    assert archive.is_archive(b"\xef\xbb\xbfwindow.YTD.direct_messages.part12=[")
    assert not archive.is_archive(b"username,sentAt\n")
    with pytest.raises(ArchiveWrong, match=r"direct-messages\.js"):
        archive.is_archive(b"window.YTD.tweets.part0 = [")

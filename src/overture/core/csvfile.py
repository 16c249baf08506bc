"""CSV as people export it: which encoding and delimiter a file has, and its records one by one.

A reader is fed pieces of the file and keeps no more than the record it is in. Each record tells where the next one
begins, so reading can go on there in another process.
"""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import charset_normalizer

LONGEST_FIELD = 100_000
"""Characters in one field; a longer one is most likely a quote that was never closed."""

LONGEST_RECORD = 1_048_576
"""Bytes in one line, and characters in one record of several lines."""

DELIMITERS = (",", ";", "\t", "|")
_KEPT_OF_OVERLONG = 1_000
_GUESSED_FROM = 65_536
_FOREIGN_SHARE = 0.15
_WIDE_SHARE = 0.4
_NUL_SHARE = 0.05
_FEWEST_FOREIGN = 20
_MOST_CHAOS = 0.2
_NEWLINE = re.compile(rb"\r\n|\r|\n")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What Western spreadsheets write when they do not write UTF-8; the last one reads any bytes.
_FALLBACKS = ("cp1252", "latin-1")
# The reader below finds line ends as single bytes; these have none.
_WIDE = re.compile(r"utf_?(7|16|32)|hz|iso2022|ebcdic|cp037|cp500|cp1140|cp875|cp1026|cp424", re.IGNORECASE)


class Problem(StrEnum):
    """Why a record cannot be read."""

    FIELD_TOO_LONG = "fieldTooLong"
    RECORD_TOO_LONG = "rowTooLong"
    UNCLOSED_QUOTE = "unclosedQuote"
    UNDECODABLE = "undecodable"
    NUL = "nulCharacter"


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How the bytes of a file become text; the text begins behind `mark_length` bytes."""

    name: str
    mark_length: int


class Record(NamedTuple):
    """One record: its first line's number (from 1), its fields, and where the next record begins.

    `problem` tells why there are no fields; `text` is the record as it stands in the file, shortened if overlong.
    """

    line: int
    fields: Sequence[str]
    problem: Problem | None
    text: str
    next_offset: int
    next_line: int

    @property
    def is_blank(self) -> bool:
        """Tell whether the record says nothing: an empty line, or a row of empty cells."""
        return self.problem is None and not any(map(str.strip, self.fields))


class _Line(NamedTuple):
    content: bytes
    size: int


class _Overlong(Exception):
    pass


def detect_encoding(sample: bytes, *, is_whole: bool) -> Encoding:
    """Tell the encoding of a file from its beginning: a byte order mark, UTF-8, a guess, or what Excel writes.

    Args:
        sample: the first bytes.
        is_whole: they are all there are; else the last character may be cut.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return Encoding(name=name, mark_length=len(mark))
    unmarked = _unmarked_wide(sample[:_GUESSED_FROM])
    if unmarked is not None:
        return Encoding(name=unmarked, mark_length=0)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=is_whole)
    except UnicodeDecodeError:
        pass
    else:
        return Encoding(name="utf-8", mark_length=0)
    for name in (*_guesses(sample[:_GUESSED_FROM]), *_FALLBACKS):
        if is_wide(name):
            continue
        try:
            sample.decode(name)
        except UnicodeDecodeError:
            continue
        return Encoding(name=name, mark_length=0)
    return Encoding(name="latin-1", mark_length=0)


def is_wide(encoding: str) -> bool:
    """Tell whether a file must be rewritten before a reader can split it: line ends are not single bytes."""
    return _WIDE.search(encoding.replace("-", "_")) is not None


def separator_line(text: str) -> str | None:
    """Return the delimiter that a first line like `sep=;` names, which spreadsheets write and read."""
    found = _SEPARATOR_LINE.fullmatch(text)
    return None if found is None else found[1]


class Reader:
    """Reads records from pieces of a file in an encoding whose line ends are single bytes (see `is_wide`).

    Args:
        delimiter: what stands between fields.
        encoding: of the bytes that are fed.
        offset: where in the file the first byte that is fed stands; it must begin a record.
        line: the number of the line there.
    """

    def __init__(self, *, delimiter: str, encoding: str = "utf-8", offset: int = 0, line: int = 1) -> None:
        self._delimiter = delimiter
        self._encoding = encoding
        self._offset = offset
        self._line = line
        self._ready: deque[_Line] = deque()
        self._tail = b""
        self._overlong_head = b""
        self._overlong_size = 0
        self._is_closed = False
        self._taken: list[_Line] = []
        self._texts: list[str] = []
        self._characters = 0
        self._is_starved = False
        self._is_damaged = False

    def feed(self, content: bytes) -> None:
        """Take the next bytes of the file."""
        if self._overlong_size:
            content = self._skip_overlong(content)
        if not content:
            return
        lines = (self._tail + content).splitlines(keepends=True)
        # A last line that ends with a lone \r may go on with \n in the next piece.
        self._tail = b"" if lines[-1].endswith(b"\n") else lines.pop()
        self._ready.extend(map(_line, lines))
        if len(self._tail) > LONGEST_RECORD:
            self._overlong_head, self._overlong_size = self._tail[:_KEPT_OF_OVERLONG], len(self._tail)
            self._tail = b""

    def close(self) -> None:
        """Tell that nothing follows."""
        self._is_closed = True
        if self._overlong_size:
            self._end_overlong(0)
        elif self._tail:
            self._ready.append(_line(self._tail))
            self._tail = b""

    def records(self) -> Iterator[Record]:
        """Yield the records that are complete so far."""
        parser = csv.reader(self, delimiter=self._delimiter)
        while self._ready:
            plain = self._plain_record()
            if plain is not None:
                yield plain
                continue
            if self._ready[0].size > LONGEST_RECORD:
                self._start()
                self._take()
                yield self._record([], Problem.RECORD_TOO_LONG)
                continue
            self._start()
            fields: list[str] = []
            problem: Problem | None = None
            try:
                fields = next(parser)
            except StopIteration:
                pass
            except (csv.Error, _Overlong):
                problem = Problem.FIELD_TOO_LONG
            if self._is_starved:
                if not self._is_closed:
                    self._put_back(from_line=0)
                    return
                problem = Problem.UNCLOSED_QUOTE
            if problem is not None:
                # The rest of what an open quote has swallowed is read again, as records of its own.
                if len(self._taken) > 1:
                    problem = Problem.UNCLOSED_QUOTE
                    self._put_back(from_line=1)
                parser = csv.reader(self, delimiter=self._delimiter)
            yield self._record(fields, problem)

    def _plain_record(self) -> Record | None:
        """Read a line that nothing is the matter with, as most are, without the parser; None if one needs care."""
        content, size = self._ready[0]
        if size > LONGEST_FIELD:
            return None
        try:
            text = content.decode(self._encoding)
        except UnicodeDecodeError:
            return None
        if '"' in text or "\x00" in text:
            return None
        self._ready.popleft()
        text = text.rstrip("\r\n")
        line = self._line
        self._line += 1
        self._offset += size
        return Record(line, text.split(self._delimiter) if text else [], None, text, self._offset, self._line)

    def __iter__(self) -> "Reader":
        """Return the lines of the record being read, for the parser."""
        return self

    def __next__(self) -> str:
        """Return the next line of the record being read, for the parser."""
        if not self._ready:
            self._is_starved = True
            raise StopIteration
        if self._taken and self._characters + self._ready[0].size > LONGEST_RECORD:
            raise _Overlong
        return self._take()

    def _start(self) -> None:
        self._taken, self._texts = [], []
        self._characters = 0
        self._is_starved = self._is_damaged = False

    def _take(self) -> str:
        line = self._ready.popleft()
        self._taken.append(line)
        try:
            text = line.content.decode(self._encoding)
        except UnicodeDecodeError:
            text = line.content.decode(self._encoding, errors="replace")
            self._is_damaged = True
        self._texts.append(text)
        self._characters += len(text)
        return text

    def _put_back(self, *, from_line: int) -> None:
        self._ready.extendleft(reversed(self._taken[from_line:]))
        del self._taken[from_line:], self._texts[from_line:]

    def _record(self, fields: list[str], problem: Problem | None) -> Record:
        text = self._texts[0] if len(self._texts) == 1 else "".join(self._texts)
        if problem is None:
            if self._is_damaged:
                problem = Problem.UNDECODABLE
            elif "\x00" in text:
                problem = Problem.NUL
            elif len(text) > LONGEST_FIELD and any(len(field) > LONGEST_FIELD for field in fields):
                problem = Problem.FIELD_TOO_LONG
        line = self._line
        self._line += len(self._taken)
        self._offset += sum(taken.size for taken in self._taken)
        return Record(line, fields if problem is None else (), problem, text.rstrip("\r\n"), self._offset, self._line)

    def _skip_overlong(self, content: bytes) -> bytes:
        """Drop an overlong line up to its end; return what comes behind it."""
        end = _NEWLINE.search(content)
        if end is None:
            self._overlong_size += len(content)
            return b""
        self._end_overlong(end.end())
        return content[end.end() :]

    def _end_overlong(self, size: int) -> None:
        self._ready.append(_Line(self._overlong_head, self._overlong_size + size))
        self._overlong_head, self._overlong_size = b"", 0


def _unmarked_wide(sample: bytes) -> str | None:
    """Tell UTF-16 without a mark by its zeros: nearly all in one half of its bytes, and many there."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd >= _WIDE_SHARE * half and even <= _NUL_SHARE * half and odd > 1:
        return "utf-16-le"
    if even >= _WIDE_SHARE * half and odd <= _NUL_SHARE * half and even > 1:
        return "utf-16-be"
    return None


def _guesses(sample: bytes) -> list[str]:
    """Guess the encoding of text in another script; accents alone are too few bytes to tell one from another."""
    if sum(byte > 0x7F for byte in sample) < max(_FEWEST_FOREIGN, _FOREIGN_SHARE * len(sample)):
        return []
    best = charset_normalizer.from_bytes(sample, enable_fallback=False).best()
    return [best.encoding] if best is not None and best.chaos < _MOST_CHAOS else []


def _line(content: bytes) -> _Line:
    size = len(content)
    return _Line(content if size <= LONGEST_RECORD else content[:_KEPT_OF_OVERLONG], size)

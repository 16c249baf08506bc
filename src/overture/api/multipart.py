"""A multipart body that is read as it arrives: small fields, and one file of any size."""

from collections import deque
from collections.abc import AsyncIterator, Collection
from typing import NamedTuple

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from overture.api import reading
from overture.errors import InvalidRequest, UnsupportedMedia

LONGEST_FIELD = 4 * reading.MEBIBYTE
"""Bytes of one field that is no file: a mapping of all columns, with long headers, fits."""

_LONGEST_HEADER = 8_192


class _Event(NamedTuple):
    kind: str
    data: bytes = b""


class Upload:
    """One multipart body.

    Args:
        request: whose body it is.
        file: the name of the part that is the file.
        fields: the names other parts may have.

    Raises:
        UnsupportedMedia: a compressed body.
        InvalidRequest: the boundary is missing or too long.
    """

    def __init__(self, request: Request, *, file: str, fields: Collection[str]) -> None:
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise UnsupportedMedia("Compressed bodies are not read; send the form as it is.")
        _, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if not boundary:
            raise InvalidRequest([((), "Content-Type names no boundary; let your HTTP client set that header.")])
        self._request = request
        self._file = file
        self._names = {file, *fields}
        self._events: deque[_Event] = deque()
        self._parser = _parser(boundary, self._events)
        self._header = b""
        self._disposition = b""
        self._name: str | None = None
        self._seen: set[str] = set()
        self._values: dict[str, bytearray] = {}
        self._has_ended = False
        self.file_name: str | None = None
        """The name the client gives the file."""

    @property
    def fields(self) -> dict[str, str]:
        """The values of the fields, once the body is read.

        Raises:
            InvalidRequest: one is not text that can be kept.
        """
        texts: dict[str, str] = {}
        for name, value in self._values.items():
            try:
                texts[name] = value.decode()
            except UnicodeDecodeError as error:
                raise InvalidRequest([((name,), f"The value is not UTF-8 (byte {error.start}).")]) from error
            if not reading.is_storable(texts[name]):
                raise InvalidRequest([((name,), "The text has a NUL, which no value here has; remove it.")])
        return texts

    async def file(self) -> AsyncIterator[bytes]:
        """Read the body to its end; yield the pieces of the file.

        Raises:
            InvalidRequest: it is no multipart form, breaks off, or has other parts than it may.
        """
        async for piece in self._pieces():
            try:
                self._parser.write(piece)
            except FormParserError as error:
                raise InvalidRequest([((), f"The body is no multipart form: {error}.")]) from error
            while self._events:
                content = self._take(self._events.popleft())
                if content:
                    yield content
        if not self._has_ended:
            raise InvalidRequest([((), "The body broke off before its closing boundary; send it again.")])
        if self._file not in self._seen:
            raise InvalidRequest([((self._file,), f"The form has no part {self._file!r}; add the file under it.")])

    async def _pieces(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._request.stream():
                yield piece
        except ClientDisconnect as error:
            raise InvalidRequest([((), "The upload was aborted.")]) from error

    def _take(self, event: _Event) -> bytes:
        match event.kind:
            case "part_begin":
                self._disposition = b""
                self._header = b""
            case "header_field":
                self._header += event.data
            case "header_value":
                if self._header.lower() == b"content-disposition":
                    self._disposition += event.data
            case "header_end":
                self._header = b""
            case "headers_finished":
                self._begin_part()
            case "part_data":
                return self._content(event.data)
            case "end":
                self._has_ended = True
        return b""

    def _begin_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = _text(options.get(b"name", b""))
        if name not in self._names:
            known = ", ".join(sorted(self._names))
            raise InvalidRequest([((name[:255],), f"There is no such part here; known are {known}.")])
        if name in self._seen:
            raise InvalidRequest([((name,), "This part is given more than once; give it once.")])
        self._seen.add(name)
        self._name = name
        if name == self._file:
            self.file_name = _text(options.get(b"filename", b"")) or None
        else:
            self._values[name] = bytearray()

    def _content(self, data: bytes) -> bytes:
        if self._name == self._file or self._name is None:
            return data
        value = self._values[self._name]
        value += data
        if len(value) > LONGEST_FIELD:
            raise InvalidRequest([((self._name,), f"Must have at most {LONGEST_FIELD} bytes.")])
        return b""


def _parser(boundary: bytes, events: deque[_Event]) -> MultipartParser:
    def noticing(kind: str) -> None:
        events.append(_Event(kind))

    def keeping(kind: str, data: bytes, start: int, end: int) -> None:
        events.append(_Event(kind, data[start:end]))

    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": lambda: noticing("part_begin"),
                "on_header_field": lambda data, start, end: keeping("header_field", data, start, end),
                "on_header_value": lambda data, start, end: keeping("header_value", data, start, end),
                "on_header_end": lambda: noticing("header_end"),
                "on_headers_finished": lambda: noticing("headers_finished"),
                "on_part_data": lambda data, start, end: keeping("part_data", data, start, end),
                "on_end": lambda: noticing("end"),
            },
            max_header_size=_LONGEST_HEADER,
        )
    except FormParserError as error:
        raise InvalidRequest([((), f"The boundary in Content-Type cannot be used: {error}.")]) from error


def _text(value: bytes) -> str:
    """Return what a header says; one that cannot be kept is shown with signs of what is missing."""
    return value.decode(errors="replace").replace("\x00", "\ufffd")

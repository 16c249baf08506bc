"""The direct messages in an archive of X, read as they arrive and written anew as a CSV of one row a message.

The file is a script: `window.YTD.direct_messages.part0 = [...]`, conversations with messages in them. Only those of two
people are taken; a message of a group names no recipient.
"""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import ijson

from overture.core import csvheader

HEADERS = (csvheader.LINE_HEADER, "platformId", "sentAt", "receivedAt", "messageId", "text")
"""What the CSV has: where the message stands in the archive, who the other one is, and what was said when."""

LONGEST_LINE = 1_048_576
_LONGEST_TEXT = 50_000
_LONGEST_FIELD = 100
_DEEPEST = 64
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:window\.YTD\.direct_message\w*\.part\d+\s*=|\[)")
_SCRIPT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:window\.YTD\.direct_message\w*\.part\d+\s*=\s*)?")
_ANOTHER = re.compile(rb"\s*window\.YTD\.")
_PLACE = (None, "dmConversation", "messages", None, "messageCreate")
_FIELDS = frozenset({"senderId", "recipientId", "createdAt", "id", "text"})


class ArchiveWrong(ValueError):
    """A file that is no archive of direct messages, or a damaged one; the text says where and why."""


def is_archive(head: bytes) -> bool:
    """Tell by its beginning whether a file is one of an archive.

    Raises:
        ArchiveWrong: it is one, but without direct messages.
    """
    if _ANOTHER.match(head) and not _BEGINS.match(head):
        raise ArchiveWrong("This file of the archive holds no direct messages: take data/direct-messages.js.")
    return _BEGINS.match(head) is not None


class Transcriber:
    """Takes the pieces of the archive of the account `own_id` and gives back CSV.

    No more is in memory than a line and a message.
    """

    def __init__(self, own_id: str) -> None:
        self._own_id = own_id
        self.count = 0
        """Messages between two people so far."""
        self._line = 1
        self._last_line = 0
        self._rest = b""
        self._is_begun = False
        self._events: list[tuple[str, Any]] = ijson.sendable_list()
        self._parser = ijson.basic_parse_coro(self._events)
        self._path: list[str | None] = []
        self._message: dict[str, str] | None = None
        self._written = io.StringIO()
        self._writer = csv.writer(self._written, lineterminator="\r\n")
        self._writer.writerow(HEADERS)

    def feed(self, content: bytes) -> bytes:
        """Take the next piece; return the rows that are ready.

        Raises:
            ArchiveWrong: it is damaged, or no archive of direct messages.
        """
        *lines, self._rest = (self._rest + content).split(b"\n")
        for line in lines:
            self._read(line + b"\n")
            self._line += 1
        if len(self._rest) > LONGEST_LINE:
            raise ArchiveWrong(f"Line {self._line} is longer than {LONGEST_LINE} bytes; take the file as X made it.")
        return self._ready()

    def close(self) -> bytes:
        """Tell that nothing follows; return the rest.

        Raises:
            ArchiveWrong: it breaks off.
        """
        self._read(self._rest)
        self._parse(self._parser.close)
        return self._ready()

    def _ready(self) -> bytes:
        text = self._written.getvalue()
        self._written.seek(0)
        self._written.truncate()
        return text.encode(errors="replace")

    def _read(self, line: bytes) -> None:
        if len(line) > LONGEST_LINE:
            raise ArchiveWrong(f"Line {self._line} is longer than {LONGEST_LINE} bytes; take the file as X made it.")
        if not self._is_begun:
            if not line.strip():
                return
            line = line[_script_length(line) :]
            self._is_begun = True
        # Nothing at all would tell the parser that the file ends.
        if line:
            self._parse(lambda: self._parser.send(line))

    def _parse(self, step: Callable[[], Any]) -> None:
        try:
            step()
        except (ijson.JSONError, ValueError, OverflowError, SystemError) as error:
            # The last is the parser's way to say that a number has more digits than Python takes.
            raise ArchiveWrong(f"Line {self._line} cannot be read: the file is damaged, or breaks off.") from error
        for event, value in self._events:
            self._take(event, value)
        self._events.clear()

    def _take(self, event: str, value: Any) -> None:
        path = self._path
        match event:
            case "map_key":
                path[-1] = value
            case "start_map" | "start_array":
                self._enter(event)
            case "end_map" | "end_array":
                path.pop()
                if self._message is not None and len(path) == len(_PLACE):
                    self._write(self._message)
                    self._message = None
            case _:
                if self._message is not None and len(path) == len(_PLACE) + 1 and path[-1] in _FIELDS:
                    self._message[path[-1]] = str(value) if event in {"string", "number"} else ""

    def _enter(self, event: str) -> None:
        path = self._path
        if not path and event != "start_array":
            raise ArchiveWrong("The file is no list of conversations: take data/direct-messages.js of the archive.")
        if len(path) == len(_PLACE) and event == "start_map" and tuple(path) == _PLACE:
            if self._line == self._last_line:
                raise ArchiveWrong(f"Line {self._line} holds several messages; take the file as X made it.")
            self._last_line = self._line
            self._message = {}
        if len(path) == _DEEPEST:
            raise ArchiveWrong(f"Line {self._line} is nested too deep; take the file as X made it.")
        path.append(None)

    def _write(self, message: dict[str, str]) -> None:
        sender, recipient = message.get("senderId", ""), message.get("recipientId")
        if recipient is None or sender == recipient:
            return
        if self._own_id not in {sender, recipient}:
            raise ArchiveWrong(
                f"Line {self._last_line}: this message is between others; the archive is of another account."
            )
        self.count += 1
        is_sent = sender == self._own_id
        at = message.get("createdAt", "")[:_LONGEST_FIELD]
        # Headers of messages have no text: that there was one is known then, and not what it said.
        message_id = message.get("id", "")[:_LONGEST_FIELD] if "text" in message else ""
        text = message.get("text", "")[:_LONGEST_TEXT].replace("\x00", "\ufffd")
        other = (recipient if is_sent else sender)[:_LONGEST_FIELD]
        self._writer.writerow([self._last_line, other, at if is_sent else "", "" if is_sent else at, message_id, text])


def _script_length(line: bytes) -> int:
    found = _SCRIPT.match(line)
    return found.end() if found is not None else 0

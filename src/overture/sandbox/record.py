"""The record: each accepted message as one line of JSON, handed to the operating system before it is seen."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from overture.sandbox import instants
from overture.sandbox.messages import Message, Origin


class RecordError(ValueError):
    """A record that this platform cannot have written."""


class Record:
    """An append-only file of messages.

    Opening it reads back what is there; a last line without its end was never answered and is cut off.

    Args:
        path: the file; its folder is made. None keeps nothing.

    Raises:
        RecordError: a complete line is not a message.
    """

    def __init__(self, path: Path | None) -> None:
        self.earlier: tuple[Message, ...] = ()
        self._file: int | None = None
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self.earlier = self._read(path)
        except RecordError:
            self.close()
            raise

    def append(self, messages: Sequence[Message]) -> None:
        """Write messages down. When this returns, a killed process loses none of them."""
        if self._file is None or not messages:
            return
        size = os.fstat(self._file).st_size
        rest = memoryview(b"".join(map(_line, messages)))
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            os.ftruncate(self._file, size)  # a half-written line would spoil the next one
            raise

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read(self, path: Path) -> tuple[Message, ...]:
        assert self._file is not None
        content = path.read_bytes()
        complete = content.rfind(b"\n") + 1
        if complete < len(content):
            os.ftruncate(self._file, complete)
        lines = content[:complete].splitlines()
        return tuple(_message(line, f"{path}:{number}") for number, line in enumerate(lines, start=1))


def as_json(message: Message) -> dict[str, object]:
    """Show a message as the record and the sandbox's controls do."""
    shown: dict[str, object] = {
        "id": str(message.id),
        "sender": message.sender,
        "recipient": message.recipient,
        "text": message.text,
        "time": instants.text_of(message.moment),
        "origin": message.origin.value,
    }
    if message.cause is not None:
        shown["cause"] = message.cause
    return shown


def _line(message: Message) -> bytes:
    return json.dumps(as_json(message) | {"virtual": message.is_virtual}).encode() + b"\n"


def _message(line: bytes, place: str) -> Message:
    try:
        read = json.loads(line)
        if not all(isinstance(read[name], str) for name in ("sender", "recipient", "text", "time")):
            raise TypeError("sender, recipient, text and time are strings")
        return Message(
            id=int(read["id"]),
            sender=read["sender"],
            recipient=read["recipient"],
            text=read["text"],
            moment=instants.parse(read["time"]),
            origin=Origin(read["origin"]),
            cause=read.get("cause"),
            is_virtual=read["virtual"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{place} is not a message of this platform: {error}") from error

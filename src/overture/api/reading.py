"""The body of a request, from bytes to JSON that PostgreSQL can store."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from email.message import Message as Headers
from typing import Any

from fastapi import Request
from starlette.types import Message, Receive

from overture.errors import BodyTooLarge, InvalidRequest, Path, UnsupportedMedia

MEBIBYTE = 1024 * 1024
JSON_LIMIT = 8 * MEBIBYTE
IMPORT_LIMIT = 64 * MEBIBYTE
UPLOAD_LIMIT = 256 * MEBIBYTE
LARGEST_INTEGER = 2**53 - 1
_INTEGER_DIGITS = 17
_SUSPICIOUS = re.compile(r"\\u(0000|[dD][89a-fA-F])")
_MOST_ISSUES = 100


def byte_limit(path: str, content_type: str) -> int:
    """Return how many bytes the body of a call to `path` may have."""
    if not _takes_files(path):
        return JSON_LIMIT
    return UPLOAD_LIMIT if content_type.lower().startswith("multipart/") else IMPORT_LIMIT


def limited(receive: Receive, headers: Mapping[str, str], limit: int) -> Receive:
    """Wrap `receive` so that it refuses more than `limit` bytes, announced or not.

    Raises:
        BodyTooLarge: the announced length is too large already.
    """
    announced = headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and (len(announced) > 18 or int(announced) > limit):
        raise _too_large(limit)
    count = 0

    async def receive_limited() -> Message:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        if count > limit:
            raise _too_large(limit)
        return message

    return receive_limited


async def read(request: Request) -> bytes:
    """Read the bytes of a JSON body; no body equals `{}`.

    Raises:
        BodyTooLarge: more bytes than this call takes.
        UnsupportedMedia: something other than JSON.
    """
    raw = await request.body()
    if not raw.strip():
        return b"{}"
    _require_json(request.headers, takes_files=_takes_files(request.url.path))
    return raw


def parse(raw: bytes) -> dict[str, Any]:
    """Parse JSON strictly: UTF-8, an object, finite numbers, integers that JSON readers can hold, storable text.

    Raises:
        InvalidRequest: it is not that.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest([((), f"The body is not UTF-8 (byte {error.start}).")]) from error
    suspicious = _SUSPICIOUS.search(text) is not None

    def integer(digits: str) -> int | float:
        nonlocal suspicious
        if len(digits) < _INTEGER_DIGITS and abs(value := int(digits)) <= LARGEST_INTEGER:
            return value
        suspicious = True
        return math.inf

    def number(digits: str) -> float:
        nonlocal suspicious
        value = float(digits)
        suspicious = suspicious or math.isinf(value)
        return value

    try:
        body = json.loads(text, parse_int=integer, parse_float=number, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidRequest([((), f"The body is not valid JSON: {error.msg} at {where}.")]) from error
    except _Constant as error:
        raise InvalidRequest([((), f"The body is not valid JSON: {error} is no JSON number.")]) from error
    except RecursionError as error:
        raise InvalidRequest([((), "The body is nested too deeply.")]) from error
    if not isinstance(body, dict):
        raise InvalidRequest([((), "The body must be a JSON object.")])
    if suspicious:
        found = [issue for issue, _ in zip(_problems(body, ()), range(_MOST_ISSUES), strict=False)]
        if found:
            raise InvalidRequest(found)
    return body


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can keep `text`: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


class _Constant(Exception):
    pass


def _refuse_constant(word: str) -> None:
    raise _Constant(word)


def _problems(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Path, str]]:
    """Walk the body with a stack of its own: bodies may be nested almost as deep as the interpreter allows."""
    stack: list[tuple[tuple[str | int, ...], Any]] = [(path, value)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, str) and not is_storable(value):
            yield path, "The text has a NUL or half a surrogate pair, which cannot be stored; remove it."
        elif isinstance(value, float) and math.isinf(value):
            limit = "numbers lie between -(2^53-1) and 2^53-1; send ids as strings"
            yield path, f"The number is too large: {limit}."
        elif isinstance(value, list):
            stack.extend(((*path, number), one) for number, one in enumerate(value))
        elif isinstance(value, dict):
            if not all(is_storable(key) for key in value):
                yield path, "A field's name has a NUL or half a surrogate pair; remove it."
            stack.extend(((*path, key), one) for key, one in value.items() if is_storable(key))


def _takes_files(path: str) -> bool:
    return path.endswith("/import-jobs")


def _require_json(headers: Mapping[str, str], *, takes_files: bool) -> None:
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMedia("Compressed bodies are not read; send the JSON as it is.")
    content_type = headers.get("content-type")
    if content_type is None:
        return
    parsed = Headers()
    parsed["content-type"] = content_type
    kind = parsed.get_content_type()
    charset = str(parsed.get_param("charset", "utf-8")).lower()
    if not (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))):
        form = ", or the file as the part `file` of a form (`multipart/form-data`)" if takes_files else ""
        raise UnsupportedMedia(f"This call reads JSON: send `Content-Type: application/json`{form}.")
    if charset not in ("utf-8", "utf8"):
        raise UnsupportedMedia("JSON is UTF-8: leave the charset out of Content-Type, or make it utf-8.")


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body is larger than the {limit // MEBIBYTE} MiB this call takes; send it in parts.",
        details={"limit": limit},
    )

"""Log lines: JSON to standard error, in UTC, one form for this program and its libraries, without secrets."""

import itertools
import logging
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "[redacted]"
_DEEPEST = 8
_SECRET_WORDS = frozenset(
    [
        *(
            "authorization",
            "bearer",
            "cookie",
            "cookies",
            "credential",
            "credentials",
            "passphrase",
            "passwd",
        ),
        *("password", "pwd", "sealed", "secret", "secrets", "token", "tokens", "verifier"),
    ]
)
_SECRET_PAIRS = frozenset({("api", "key"), ("private", "key"), ("secret", "key"), ("signing", "key")})
# `token_id` names a token and `tokens_count` counts them: no secrets.
_HARMLESS_LAST_WORDS = frozenset({"at", "count", "id", "ids", "kind", "name", "type", "url"})
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_IN_TEXT = (
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\bovt_[\w-]{8,}"), f"ovt_{MASK}"),
    (re.compile(r"(://[^:/?#@\s]*):[^@/\s]+@"), rf"\1:{MASK}@"),
    (
        re.compile(r"\b((?:set-)?cookie|authorization)([\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+", re.I),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"([?&](?:code|state)=)[^&\s\"']+"), rf"\1{MASK}"),
    (
        re.compile(
            r"\b((?:[\w-]*[_-])?(?:token|secret|password|passwd|api_?key|code_verifier))"
            r"([\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s&,;\"'}\])]+)",
            re.IGNORECASE,
        ),
        rf"\1\2{MASK}",
    ),
)
# What they say below a warning repeats what ours say, one line for each request, start and stop.
_TALKATIVE = ("httpx", "httpcore", "asyncio", "uvicorn.error")


def configure(level: str = "info", *, json: bool = True) -> None:
    """Send this program's log lines and its libraries' to standard error. May be called again.

    uvicorn must be run with `log_config=None`, or it puts its own form back.

    Args:
        level: the least severe level that is written: debug, info, warning, error or critical.
        json: one JSON object a line; otherwise lines for people at a terminal.

    Raises:
        ValueError: there is no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"{level} is no log level: use debug, info, warning, error or critical.")
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                _renderer(json=json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    _route_libraries(number)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask secrets in one log event: values of telling names, and tokens and passwords inside any text."""
    # uvicorn repeats its message here with terminal colours.
    return {key: _clean(key, value, 0) for key, value in event.items() if key != "color_message"}


def redact_text(text: str) -> str:
    """Mask the tokens and passwords inside a text."""
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def _clean(name: str, value: Any, depth: int) -> Any:
    if value is not None and not isinstance(value, bool) and _is_secret(name):
        return MASK
    return _clean_value(value, depth)


def _clean_value(value: Any, depth: int) -> Any:
    result: Any
    if depth > _DEEPEST:
        result = "…"
    elif isinstance(value, Enum):
        result = _clean_value(value.value, depth)
    elif value is None or isinstance(value, bool | int | float):
        result = value
    elif isinstance(value, datetime):
        result = value.isoformat()
    elif isinstance(value, bytes | bytearray | memoryview):
        result = f"[{len(value)} bytes]"
    elif isinstance(value, Mapping):
        result = {str(key): _clean(str(key), item, depth + 1) for key, item in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        result = [_clean_value(item, depth + 1) for item in value]
    else:
        result = redact_text(value if isinstance(value, str) else repr(value))
    return result


def _is_secret(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _HARMLESS_LAST_WORDS:
        return False
    pairs = set(itertools.pairwise(words))
    return not _SECRET_WORDS.isdisjoint(words) or not _SECRET_PAIRS.isdisjoint(pairs)


def _renderer(*, json: bool) -> Processor:
    if json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _route_libraries(level: int) -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.disabled = False
        logger.setLevel(logging.NOTSET)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)

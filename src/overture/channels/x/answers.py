"""What X's answers mean. X does not document which condition yields which refusal, so the meaning is a table.

Refusals come in two body styles, often mixed: a problem object (`title`, `detail`, `type`, `status`) and the
older `{"errors": [{"code", "message"}]}`. A row matches on any of HTTP status, problem type, code and text.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import structs

from overture.channels.port import ChannelError
from overture.channels.x import limits, refusals
from overture.channels.x.refusals import Row
from overture.core.outcome import Outcome
from overture.core.words import OutcomeKind

DETAIL_LENGTH = 500
"""Characters kept of the platform's own words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer of X: `body` is the JSON object, None where there was none; `text` is the raw body."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any] | None
    text: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the status says that X did what was asked."""
        return 200 <= self.status < 300


TABLE = refusals.built_in()
"""The refusals of a direct message seen in X's documentation and in the field, most specific first."""

TOKEN_REFUSED = frozenset({"unauthorized", "tokenExpired"})
"""Reasons that the next token may mend."""

_READ_KINDS = {
    OutcomeKind.RATE_LIMITED: "rateLimited",
    OutcomeKind.AUTH_LOST: "authLost",
    OutcomeKind.OUT_OF_CREDIT: "outOfCredit",
    OutcomeKind.INVALID: "invalid",
    # A profile that X will not show is not shown by asking again.
    OutcomeKind.RECIPIENT_REFUSED: "invalid",
}


def sent(answer: Answer, *, now: datetime, table: tuple[Row, ...] = TABLE) -> Outcome:
    """Return what the answer to a send means. `now` is engine time."""
    if answer.is_success:
        return _accepted(answer)
    return refused(answer, now=now, table=table)


def refused(answer: Answer, *, now: datetime | None, table: tuple[Row, ...] = TABLE) -> Outcome:
    """Return what an answer that is not a success means. Without `now`, relative waits are lost.

    Anything but a clear "no" (4xx) leaves open what X did: `unknown`. A 4xx that no row knows counts against
    the sender, with X's own words kept: no lead is lost for it, and a streak makes a person look.
    """
    return structs.replace(_refused(answer, now, table), windows=limits.told(answer.headers))


def _refused(answer: Answer, now: datetime | None, table: tuple[Row, ...]) -> Outcome:
    detail = _words(answer)
    if answer.status >= 500:
        return Outcome(kind=OutcomeKind.UNKNOWN, reason="serverError", detail=detail)
    if answer.status < 400:
        return Outcome(kind=OutcomeKind.UNKNOWN, reason="unreadableAnswer", detail=detail)
    row = next((row for row in table if _matches(row, answer)), None)
    if row is None:
        return Outcome(kind=OutcomeKind.SENDER_REFUSED, reason=f"http{answer.status}", detail=detail)
    if row.kind is OutcomeKind.RATE_LIMITED:
        opening = limits.refused_until(answer.headers, now)
        if opening is not None:
            return Outcome(
                kind=row.kind,
                reason=opening.reason,
                detail=detail,
                retry_at=opening.at,
                holds_app=opening.holds_app,
            )
    return Outcome(kind=row.kind, reason=row.reason, detail=detail)


def read_error(outcome: Outcome) -> ChannelError:
    """Return the error a read raises for a refusal or a failed call."""
    detail = outcome.detail or outcome.reason or outcome.kind
    kind = _READ_KINDS.get(outcome.kind, "unavailable")
    return ChannelError(kind, detail, retry_at=outcome.retry_at, reason=outcome.reason, windows=outcome.windows)


def problems(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the problem objects and older errors in `body`, its own level first."""
    yield body
    errors = body.get("errors")
    if isinstance(errors, list):
        yield from (error for error in errors if isinstance(error, Mapping))


def problem_type(problem: Mapping[str, Any]) -> str:
    """Return the last part of a problem's type; hosts differ (`api.x.com`, `api.twitter.com`)."""
    kind = problem.get("type")
    return kind.rsplit("/", 1)[-1].casefold() if isinstance(kind, str) else ""


def legible(text: str) -> str:
    """Return `text` without what a database cannot keep: NUL characters and halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def identifier(value: object) -> str | None:
    """Return one of X's numeric ids as the string it always is here, None where `value` is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and value.isascii() and value.isdecimal() else None


def _accepted(answer: Answer) -> Outcome:
    data = (answer.body or {}).get("data")
    message_id = identifier(data.get("dm_event_id")) if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or message_id is None:
        return Outcome(kind=OutcomeKind.UNKNOWN, reason="unreadableAnswer", detail=_words(answer))
    conversation = data.get("dm_conversation_id")
    # An accepted send may have used up a window: known now, it spares the refusal of the next.
    opening = limits.exhausted_until(answer.headers)
    return Outcome(
        kind=OutcomeKind.ACCEPTED,
        platform_message_id=message_id,
        conversation_id=conversation if isinstance(conversation, str) else None,
        retry_at=None if opening is None else opening.at,
        holds_app=opening is not None and opening.holds_app,
        windows=limits.told(answer.headers),
    )


def _matches(row: Row, answer: Answer) -> bool:
    if row.status is not None and row.status != answer.status:
        return False
    found = list(problems(answer.body or {}))
    if row.problem is not None and row.problem not in map(problem_type, found):
        return False
    if row.code is not None and row.code not in (problem.get("code") for problem in found):
        return False
    texts = [text.casefold() for text in _texts(found)]
    if row.phrase is not None and not any(row.phrase.casefold() in text for text in texts):
        return False
    return row.detail is None or row.detail.casefold() in (text.strip() for text in texts)


def _texts(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    # The title is left out: every 403 is titled "Forbidden", whatever it refuses.
    for problem in found:
        for key in ("detail", "message"):
            text = problem.get(key)
            if isinstance(text, str) and text:
                yield text


def _words(answer: Answer) -> str:
    words = "; ".join(dict.fromkeys(_texts(problems(answer.body or {}))))
    return legible(words or answer.text or f"HTTP {answer.status}")[:DETAIL_LENGTH]

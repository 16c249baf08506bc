"""What X's answers mean. X does not document which condition yields which refusal, so the meaning is a table.

Refusals come in two body styles, often mixed: a problem object (`title`, `detail`, `type`, `status`) and the
older `{"errors": [{"code", "message"}]}`. A row matches on any of HTTP status, problem type, code and text.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.channels.port import ChannelError
from overture.channels.x import limits
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One kind of refusal. Every condition given must hold; the first row that matches decides.

    `problem` is the last part of the problem's type, `code` the older number, `phrase` a part of the detail
    or of a message, `detail` the whole of it; texts are compared without regard to case.
    """

    kind: OutcomeKind
    reason: str
    status: int | None = None
    problem: str | None = None
    code: int | None = None
    phrase: str | None = None
    detail: str | None = None


_RECIPIENT = OutcomeKind.RECIPIENT_REFUSED
_SENDER = OutcomeKind.SENDER_REFUSED
_AUTH = OutcomeKind.AUTH_LOST
_CREDIT = OutcomeKind.OUT_OF_CREDIT
_INVALID = OutcomeKind.INVALID

TABLE: tuple[Row, ...] = (
    # Wants of the whole app come first: the same statuses also carry refusals of one call.
    Row(status=402, kind=_CREDIT, reason="creditsDepleted"),
    Row(problem="credits", kind=_CREDIT, reason="creditsDepleted"),
    Row(problem="credits-depleted", kind=_CREDIT, reason="creditsDepleted"),
    Row(problem="usage-capped", kind=_CREDIT, reason="usageCapped"),
    # Every account of an app outside its project or tier is refused alike: only stopping the app is right.
    Row(problem="client-forbidden", kind=_CREDIT, reason="appForbidden"),
    # Rate.
    Row(status=429, kind=OutcomeKind.RATE_LIMITED, reason="rateLimit"),
    Row(problem="rate-limit-exceeded", kind=OutcomeKind.RATE_LIMITED, reason="rateLimit"),
    Row(code=88, kind=OutcomeKind.RATE_LIMITED, reason="rateLimit"),
    # X failed within, or gave up waiting: nothing tells whether the message went out.
    Row(status=408, kind=OutcomeKind.UNKNOWN, reason="timeout"),
    Row(code=130, kind=OutcomeKind.UNKNOWN, reason="serverError"),
    Row(code=131, kind=OutcomeKind.UNKNOWN, reason="serverError"),
    # The account must be authorised again, or by a person.
    Row(code=64, kind=_AUTH, reason="accountSuspended"),
    Row(phrase="your account is suspended", kind=_AUTH, reason="accountSuspended"),
    # Calls are signed with the machine's time: a wrong clock is the fault of no account, and mended by its keeper.
    Row(code=135, kind=OutcomeKind.NOT_SENT, reason="clockWrong"),
    Row(status=401, code=32, kind=_AUTH, reason="keysRefused"),
    Row(status=401, code=89, kind=_AUTH, reason="tokenExpired"),
    Row(status=401, kind=_AUTH, reason="unauthorized"),
    Row(code=89, kind=_AUTH, reason="tokenExpired"),
    Row(problem="unsupported-authentication", kind=_AUTH, reason="wrongTokenKind"),
    Row(problem="oauth1-permissions", kind=_AUTH, reason="scopeMissing"),
    Row(status=403, detail="Forbidden", kind=_AUTH, reason="scopeMissing"),
    # X suspects or restricts the sender.
    Row(code=226, kind=_SENDER, reason="automationSuspected"),
    Row(phrase="looks like it might be automated", kind=_SENDER, reason="automationSuspected"),
    # Number 326 has two texts; both stand against the sender, as X says nothing of the recipient by it.
    Row(code=326, phrase="not follow you", kind=_SENDER, reason="strangersRefused"),
    Row(code=326, kind=_SENDER, reason="accountLocked"),
    Row(phrase="temporarily locked", kind=_SENDER, reason="accountLocked"),
    Row(status=403, phrase="this operation is not permitted", kind=_SENDER, reason="notPermitted"),
    Row(code=151, kind=_SENDER, reason="sendFailed"),
    # The recipient cannot be written to by this account; reasons are those of reachability verdicts.
    Row(code=389, kind=_RECIPIENT, reason="blocked"),
    Row(phrase="users you have blocked", kind=_RECIPIENT, reason="blocked"),
    Row(code=150, kind=_RECIPIENT, reason="closed"),
    Row(code=349, kind=_RECIPIENT, reason="closed"),
    Row(status=403, phrase="do not have permission to dm", kind=_RECIPIENT, reason="closed"),
    Row(status=403, phrase="users who are not following you", kind=_RECIPIENT, reason="closed"),
    Row(status=403, phrase="cannot send messages to this user", kind=_RECIPIENT, reason="closed"),
    Row(code=63, kind=_RECIPIENT, reason="suspended"),
    Row(problem="resource-not-found", phrase="suspended", kind=_RECIPIENT, reason="suspended"),
    Row(problem="resource-not-found", kind=_RECIPIENT, reason="notFound"),
    Row(code=50, kind=_RECIPIENT, reason="notFound"),
    Row(code=108, kind=_RECIPIENT, reason="notFound"),
    # An unknown participant may also come as an invalid request.
    Row(phrase="could not find user", kind=_RECIPIENT, reason="notFound"),
    # The request itself is wrong.
    Row(problem="invalid-request", kind=_INVALID, reason="invalidRequest"),
    Row(status=400, kind=_INVALID, reason="invalidRequest"),
    Row(status=422, kind=_INVALID, reason="invalidRequest"),
)
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
    return ChannelError(_READ_KINDS.get(outcome.kind, "unavailable"), detail, retry_at=outcome.retry_at)


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

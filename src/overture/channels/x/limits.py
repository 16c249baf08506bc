"""X's published limits, and what the headers of an answer say about the present windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from overture.core.budget import Published, Window
from overture.core.words import BudgetScope, Endpoint

LONGEST_TEXT = 10_000
"""Characters in one direct message (X's reference for the send endpoint)."""

LOOKUP_BATCH = 100
"""Profiles one look-up may ask for (`maxItems` in X's OpenAPI document)."""

EVENTS_PER_PAGE = 100
"""Direct-message events in one page, the most X gives."""

EVENTS_AT_FIRST = 10
"""Events asked for where most are known already: each one listed is billed, once a day."""

PAGE_CAP = 10
"""Pages one read takes at most: event reads are limited to 15 calls in 15 minutes and billed per event."""

APP_DAILY_SENDS = 1440
"""Messages a developer app may send in 24 hours, over all its accounts (X's rate-limit table)."""

ACCOUNT_DAILY_CEILING = 500
"""Messages an account may send in a day through all its clients together (X's help page)."""

HISTORY = timedelta(days=30)
"""How far back X lists direct messages."""

WINDOW = timedelta(minutes=15)
"""X's short window: the wait assumed when a refusal names none."""

SHORTEST_WAIT = timedelta(seconds=5)
"""The least wait after a refusal whose window seems over: the two clocks need not agree to the second."""

QUARTER_HOUR, DAY = 900, 86_400

PUBLISHED = (
    Published(endpoint=Endpoint.SEND, scope=BudgetScope.ACCOUNT, seconds=QUARTER_HOUR, limit=15),
    Published(endpoint=Endpoint.SEND, scope=BudgetScope.ACCOUNT, seconds=DAY, limit=1440),
    Published(endpoint=Endpoint.SEND, scope=BudgetScope.APP, seconds=DAY, limit=APP_DAILY_SENDS),
    Published(endpoint=Endpoint.INBOX, scope=BudgetScope.ACCOUNT, seconds=QUARTER_HOUR, limit=15),
    Published(endpoint=Endpoint.CONVERSATION, scope=BudgetScope.ACCOUNT, seconds=QUARTER_HOUR, limit=15),
    Published(endpoint=Endpoint.PROFILES, scope=BudgetScope.ACCOUNT, seconds=QUARTER_HOUR, limit=900),
    Published(endpoint=Endpoint.USERNAMES, scope=BudgetScope.ACCOUNT, seconds=QUARTER_HOUR, limit=900),
    Published(endpoint=Endpoint.FOLLOWERS, scope=BudgetScope.ACCOUNT, seconds=QUARTER_HOUR, limit=300),
    Published(endpoint=Endpoint.FOLLOWING, scope=BudgetScope.ACCOUNT, seconds=QUARTER_HOUR, limit=300),
    Published(endpoint=Endpoint.LIKES, scope=BudgetScope.ACCOUNT, seconds=QUARTER_HOUR, limit=75),
)
"""X's rate-limit table (2026-07-24): where an account stands before X has told anything."""

_OF_APP = "appDailyLimit"
_MOST = 2**31 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class _Headers:
    """How the headers of one window begin, and what it counts."""

    prefix: str
    reason: str
    scope: BudgetScope
    seconds: int


_WINDOWS = (
    _Headers(prefix="x-rate-limit", reason="rateLimit", scope=BudgetScope.ACCOUNT, seconds=QUARTER_HOUR),
    _Headers(prefix="x-user-limit-24hour", reason="accountDailyLimit", scope=BudgetScope.ACCOUNT, seconds=DAY),
    _Headers(prefix="x-app-limit-24hour", reason=_OF_APP, scope=BudgetScope.APP, seconds=DAY),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """The instant at which X takes calls again, and `reason`, the window that holds until then."""

    at: datetime
    reason: str

    @property
    def holds_app(self) -> bool:
        """Whether the window counts the calls of all accounts of the app together."""
        return self.reason == _OF_APP


def exhausted_until(headers: Mapping[str, str]) -> Opening | None:
    """Return the latest reset among the windows with nothing remaining, None while every window has room.

    Resets are epoch seconds of the platform's clock, taken as engine time.
    """
    spent = []
    for one in _WINDOWS:
        reset = _epoch(headers.get(f"{one.prefix}-reset"))
        if reset is not None and _is_zero(headers.get(f"{one.prefix}-remaining")):
            spent.append(Opening(at=reset, reason=one.reason))
    return max(spent, key=lambda opening: opening.at, default=None)


def told(headers: Mapping[str, str]) -> tuple[Window, ...]:
    """Return what an answer says of the windows of its kind of call; what cannot be read is left out."""
    windows = []
    for one in _WINDOWS:
        limit, left = (_count(headers.get(f"{one.prefix}-{part}")) for part in ("limit", "remaining"))
        reset = _epoch(headers.get(f"{one.prefix}-reset"))
        if limit is not None and left is not None and reset is not None:
            windows.append(
                Window(scope=one.scope, seconds=one.seconds, limit=limit, left=min(left, limit), resets_at=reset)
            )
    return tuple(windows)


def refused_until(headers: Mapping[str, str], now: datetime | None) -> Opening | None:
    """Return when X takes calls again after it refused one for its rate; None when nothing tells.

    `now` (engine time) turns a relative `retry-after` into an instant, and gives the wait where X names none.
    """
    known = []
    exhausted = exhausted_until(headers)
    if exhausted is not None:
        known.append(exhausted)
    retry_at = _retry_after(headers.get("retry-after"), now)
    if retry_at is not None:
        known.append(Opening(at=retry_at, reason="rateLimit"))
    if not known:
        reset = _epoch(headers.get("x-rate-limit-reset"))
        if reset is not None:
            known.append(Opening(at=reset, reason="rateLimit"))
    if not known:
        return None if now is None else Opening(at=now + WINDOW, reason="rateLimit")
    latest = max(known, key=lambda opening: opening.at)
    if now is not None and latest.at <= now:
        return Opening(at=now + SHORTEST_WAIT, reason=latest.reason)
    return latest


def _count(value: str | None) -> int | None:
    try:
        return None if value is None else min(max(int(value), 0), _MOST)
    except ValueError:
        return None


def _is_zero(value: str | None) -> bool:
    try:
        return value is not None and int(value) <= 0
    except ValueError:
        return False


def _epoch(value: str | None) -> datetime | None:
    try:
        return None if value is None else datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _retry_after(value: str | None, now: datetime | None) -> datetime | None:
    if value is None:
        return None
    try:
        return None if now is None else now + timedelta(seconds=int(value))
    except OverflowError:
        return None
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date.astimezone(UTC) if date.tzinfo is not None else None

"""Rate limits: one table of windows, and the meter that counts calls against it in the platform's time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

QUARTER_HOUR = 15 * 60
DAY = 24 * 60 * 60
QUARTER = "x-rate-limit"
"""How the headers of 15-minute windows begin."""


class Endpoint(StrEnum):
    """The calls that are counted, each on its own."""

    SEND = "send"
    USERS_BY_IDS = "usersByIds"
    USERS_BY_NAMES = "usersByNames"
    ME = "me"
    EVENTS = "events"
    CONVERSATION_EVENTS = "conversationEvents"
    FOLLOWERS = "followers"
    FOLLOWING = "following"
    LIKING_USERS = "likingUsers"
    POSTS = "posts"
    LIKE = "like"
    PUSH = "push"


class Scope(StrEnum):
    """Whose calls a window counts together."""

    USER = "user"
    APP = "app"


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """At most `allowed` calls in `seconds`, from the first one on; `headers` begins its headers' names."""

    allowed: int
    seconds: int = QUARTER_HOUR
    scope: Scope = Scope.USER
    headers: str = "x-rate-limit"


Table = Mapping[Endpoint, tuple[Window, ...]]

# X's rate-limit page, as of 2026-07-24.
PUBLISHED: Table = MappingProxyType(
    {
        Endpoint.SEND: (
            Window(allowed=15),
            Window(allowed=1440, seconds=DAY, headers="x-user-limit-24hour"),
            Window(allowed=1440, seconds=DAY, headers="x-app-limit-24hour", scope=Scope.APP),
        ),
        Endpoint.USERS_BY_IDS: (Window(allowed=900),),
        Endpoint.USERS_BY_NAMES: (Window(allowed=900),),
        Endpoint.ME: (Window(allowed=75),),
        Endpoint.EVENTS: (Window(allowed=15),),
        Endpoint.CONVERSATION_EVENTS: (Window(allowed=15),),
        Endpoint.FOLLOWERS: (Window(allowed=300),),
        Endpoint.FOLLOWING: (Window(allowed=300),),
        Endpoint.LIKING_USERS: (Window(allowed=75),),
        Endpoint.POSTS: (Window(allowed=900),),
        Endpoint.LIKE: (Window(allowed=50), Window(allowed=1000, seconds=DAY, headers="x-user-limit-24hour")),
    }
)


def scaled(factor: float, table: Table = PUBLISHED) -> Table:
    """Return `table` with every allowance multiplied by `factor`, but at least one call a window."""
    return {
        endpoint: tuple(replace(window, allowed=max(1, int(window.allowed * factor))) for window in windows)
        for endpoint, windows in table.items()
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What the meter says to a call: whether it may go on, and the headers its answer carries."""

    is_within: bool
    headers: Mapping[str, str]


@dataclass(kw_only=True, slots=True)
class _Count:
    start: int
    used: int = 0


class Meter:
    """Counts calls.

    Args:
        table: the windows of each endpoint; an endpoint without any is unlimited. None limits nothing.
    """

    def __init__(self, table: Table | None = PUBLISHED) -> None:
        self._table: Table = table or {}
        self._counts: dict[tuple[str, Endpoint, int], _Count] = {}

    def charge(self, account_id: str, endpoint: Endpoint, moment: int) -> Standing:
        """Count one call at `moment` (milliseconds since 1970); a call above a limit is not counted."""
        second = moment // 1000
        open_windows = [
            (window, self._count(account_id, endpoint, place, second))
            for place, window in enumerate(self._table.get(endpoint, ()))
        ]
        is_within = all(count.used < window.allowed for window, count in open_windows)
        headers: dict[str, str] = {}
        for window, count in open_windows:
            count.used += is_within
            headers[f"{window.headers}-limit"] = str(window.allowed)
            headers[f"{window.headers}-remaining"] = str(window.allowed - count.used)
            headers[f"{window.headers}-reset"] = str(count.start + window.seconds)
        return Standing(is_within=is_within, headers=headers)

    def _count(self, account_id: str, endpoint: Endpoint, place: int, second: int) -> _Count:
        window = self._table[endpoint][place]
        key = (account_id if window.scope is Scope.USER else "", endpoint, place)
        count = self._counts.get(key)
        # A clock set back before the first message leaves windows of the future behind: they are void.
        if count is None or not count.start <= second < count.start + window.seconds:
            count = self._counts[key] = _Count(start=second)
        return count


def spent(headers: Mapping[str, str], moment: int, claim: str = QUARTER) -> dict[str, str]:
    """Return headers that say a window is used up, for a limit claimed out of turn; its own begin with `claim`."""
    allowed, seconds = ("15", QUARTER_HOUR) if claim == QUARTER else ("1440", DAY)
    claimed = {f"{claim}-limit": allowed, f"{claim}-reset": str(moment // 1000 + seconds)}
    return {**claimed, **headers, f"{claim}-remaining": "0"}

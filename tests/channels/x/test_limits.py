"""What the headers of X's answers say of its windows."""

from datetime import UTC, datetime

import pytest

from overture.channels.x import limits
from overture.core.budget import Window
from overture.core.words import BudgetScope, Endpoint
from overture.sandbox import limits as sandbox_limits

RESET = 1_793_613_600
AT = datetime.fromtimestamp(RESET, UTC)


def headers(prefix: str, limit: object, left: object, reset: object) -> dict[str, str]:
    return {f"{prefix}-limit": str(limit), f"{prefix}-remaining": str(left), f"{prefix}-reset": str(reset)}


def test_each_window_is_read() -> None:
    answer = {
        **headers("x-rate-limit", 15, 12, RESET),
        **headers("x-user-limit-24hour", 1440, 1400, RESET),
        **headers("x-app-limit-24hour", 5000, 0, RESET),
    }
    account, app = BudgetScope.ACCOUNT, BudgetScope.APP
    assert limits.told(answer) == (
        Window(scope=account, seconds=900, limit=15, left=12, resets_at=AT),
        Window(scope=account, seconds=86_400, limit=1440, left=1400, resets_at=AT),
        Window(scope=app, seconds=86_400, limit=5000, left=0, resets_at=AT),
    )


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "3"},
        headers("x-rate-limit", "many", 3, RESET),
        headers("x-rate-limit", 15, "", RESET),
        headers("x-rate-limit", 15, 3, "tomorrow"),
        headers("x-rate-limit", 15, 3, 10**30),
    ],
)
def test_what_cannot_be_read_is_left_out(answer: dict[str, str]) -> None:
    assert limits.told(answer) == ()


@pytest.mark.parametrize(
    ("limit", "left", "read"),
    [(15, -4, (15, 0)), (15, 20, (15, 15)), (10**20, 10**20, (2**31 - 1, 2**31 - 1)), (-1, 5, (0, 0))],
)
def test_numbers_out_of_bounds_are_brought_into_them(limit: int, left: int, read: tuple[int, int]) -> None:
    (window,) = limits.told(headers("x-rate-limit", limit, left, RESET))
    assert (window.limit, window.left) == read


ASKED = {
    Endpoint.SEND: sandbox_limits.Endpoint.SEND,
    Endpoint.INBOX: sandbox_limits.Endpoint.EVENTS,
    Endpoint.CONVERSATION: sandbox_limits.Endpoint.CONVERSATION_EVENTS,
    Endpoint.PROFILES: sandbox_limits.Endpoint.USERS_BY_IDS,
    Endpoint.USERNAMES: sandbox_limits.Endpoint.USERS_BY_NAMES,
    Endpoint.FOLLOWERS: sandbox_limits.Endpoint.FOLLOWERS,
    Endpoint.FOLLOWING: sandbox_limits.Endpoint.FOLLOWING,
    Endpoint.LIKES: sandbox_limits.Endpoint.LIKING_USERS,
}


@pytest.mark.parametrize("endpoint", Endpoint)
def test_the_table_is_the_sandbox_s(endpoint: Endpoint) -> None:
    ours = {(one.scope.value, one.seconds, one.limit) for one in limits.PUBLISHED if one.endpoint is endpoint}
    theirs = {
        ("app" if window.scope is sandbox_limits.Scope.APP else "account", window.seconds, window.allowed)
        for window in sandbox_limits.PUBLISHED[ASKED[endpoint]]
    }
    assert ours == theirs

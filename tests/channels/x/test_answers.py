"""The table of refusals: every row of what X is known to answer, read as an outcome."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from overture.channels.x import answers
from overture.channels.x.answers import Answer
from overture.channels.x.refusals import Row
from overture.core.words import OutcomeKind

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CLOSED = "You do not have permission to DM one or more participants."


def problem(status: int, detail: str, kind: str | None = None, **more: Any) -> Answer:
    body = {
        "title": "Forbidden",
        "detail": detail,
        "type": f"https://api.x.com/2/problems/{kind}" if kind else "about:blank",
        "status": status,
        **more,
    }
    return Answer(status=status, headers={}, body=body)


def numbered(status: int, code: int, message: str) -> Answer:
    return Answer(status=status, headers={}, body={"errors": [{"code": code, "message": message}]})


SEEN = [
    ("closed", problem(403, CLOSED), "recipientRefused", "closed"),
    ("not permitted", problem(403, "This operation is not permitted."), "senderRefused", "notPermitted"),
    ("missing scopes", problem(403, "Forbidden"), "authLost", "scopeMissing"),
    (
        "app-only token",
        problem(403, "Application-Only is forbidden", "unsupported-authentication"),
        "authLost",
        "wrongTokenKind",
    ),
    (
        "app not enrolled",
        problem(403, "attach the app to a Project", "client-forbidden", reason="client-not-enrolled"),
        "outOfCredit",
        "appForbidden",
    ),
    (
        "150",
        numbered(403, 150, "You cannot send messages to users who are not following you."),
        "recipientRefused",
        "closed",
    ),
    ("349", numbered(403, 349, "You cannot send messages to this user."), "recipientRefused", "closed"),
    ("389", numbered(403, 389, "to users you have blocked."), "recipientRefused", "blocked"),
    (
        "326 locked",
        numbered(403, 326, "this account is temporarily locked."),
        "senderRefused",
        "accountLocked",
    ),
    (
        "326 strangers",
        numbered(403, 326, "You cannot send a DM to users that do not follow you."),
        "senderRefused",
        "strangersRefused",
    ),
    ("151", numbered(403, 151, "There was an error sending your message."), "senderRefused", "sendFailed"),
    (
        "226",
        numbered(403, 226, "This request looks like it might be automated."),
        "senderRefused",
        "automationSuspected",
    ),
    ("64", numbered(403, 64, "Your account is suspended."), "authLost", "accountSuspended"),
    ("433", numbered(403, 433, "The original author restricted replies."), "senderRefused", "http403"),
    ("400", problem(400, "Your request was invalid.", "invalid-request"), "invalid", "invalidRequest"),
    (
        "400 unknown participant",
        problem(400, "Could not find user with participant_id: [7].", "invalid-request"),
        "recipientRefused",
        "notFound",
    ),
    ("401", problem(401, "Unauthorized"), "authLost", "unauthorized"),
    ("89", numbered(403, 89, "Invalid or expired token."), "authLost", "tokenExpired"),
    ("402 credits", problem(402, "no credits", "credits"), "outOfCredit", "creditsDepleted"),
    ("402 depleted", problem(402, "no credits", "credits-depleted"), "outOfCredit", "creditsDepleted"),
    ("402 bare", Answer(status=402, headers={}, body=None), "outOfCredit", "creditsDepleted"),
    ("403 cap", problem(403, "Usage cap exceeded", "usage-capped"), "outOfCredit", "usageCapped"),
    ("429 cap", problem(429, "Usage cap exceeded", "usage-capped"), "outOfCredit", "usageCapped"),
    ("404", problem(404, "Could not find user.", "resource-not-found"), "recipientRefused", "notFound"),
    (
        "404 suspended",
        problem(404, "User has been suspended: [7].", "resource-not-found"),
        "recipientRefused",
        "suspended",
    ),
    ("88", numbered(429, 88, "Rate limit exceeded"), "rateLimited", "rateLimit"),
    ("429", problem(429, "Too Many Requests", "rate-limit-exceeded"), "rateLimited", "rateLimit"),
    ("429 bare", Answer(status=429, headers={}, body=None), "rateLimited", "rateLimit"),
    ("500", numbered(500, 131, "Internal error"), "unknown", "serverError"),
    ("502", Answer(status=502, headers={}, body=None, text="<html>"), "unknown", "serverError"),
    ("503", numbered(503, 130, "Over capacity"), "unknown", "serverError"),
    ("504", Answer(status=504, headers={}, body=None), "unknown", "serverError"),
    ("408", Answer(status=408, headers={}, body=None), "unknown", "timeout"),
    ("301", Answer(status=301, headers={}, body=None), "unknown", "unreadableAnswer"),
    (
        "404 of a path",
        problem(404, "Not Found"),
        "senderRefused",
        "http404",
    ),
]


@pytest.mark.parametrize(("answer", "kind", "reason"), [row[1:] for row in SEEN], ids=[row[0] for row in SEEN])
def test_every_refusal_seen_on_x_has_its_meaning(answer: Answer, kind: str, reason: str) -> None:
    outcome = answers.sent(answer, now=NOW)

    assert (outcome.kind.value, outcome.reason) == (kind, reason)
    assert outcome.platform_message_id is None


@pytest.mark.parametrize("row", answers.TABLE, ids=str)
def test_no_row_of_the_table_is_hidden_by_those_before_it(row: Row) -> None:
    body: dict[str, Any] = {"detail": row.detail or row.phrase or "words"}
    if row.problem is not None:
        body["type"] = f"https://api.twitter.com/2/problems/{row.problem}"
    if row.code is not None:
        body["errors"] = [{"code": row.code, "message": row.phrase or "words"}]

    outcome = answers.sent(Answer(status=row.status or 403, headers={}, body=body), now=NOW)

    assert (outcome.kind, outcome.reason) == (row.kind, row.reason)


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_stays_unknown_even_when_its_body_names_a_refusal(status: int) -> None:
    assert answers.sent(numbered(status, 349, CLOSED), now=NOW).kind is OutcomeKind.UNKNOWN


def test_the_title_forbidden_alone_is_no_missing_scope() -> None:
    answer = Answer(status=403, headers={}, body={"title": "Forbidden", "status": 403})

    assert answers.sent(answer, now=NOW).kind is OutcomeKind.SENDER_REFUSED


def test_problem_types_of_the_old_host_are_read_too() -> None:
    body = {"type": "https://api.twitter.com/2/problems/credits", "detail": "empty"}

    assert answers.sent(Answer(status=403, headers={}, body=body), now=NOW).kind is OutcomeKind.OUT_OF_CREDIT


def test_an_unknown_refusal_keeps_the_platforms_words_up_to_500_characters() -> None:
    outcome = answers.sent(problem(403, "x" * 600), now=NOW)
    raw = answers.sent(Answer(status=418, headers={}, body=None, text="<html>\x00no"), now=NOW)

    assert (outcome.kind, outcome.detail) == (OutcomeKind.SENDER_REFUSED, "x" * 500)
    assert (raw.kind, raw.reason, raw.detail) == (OutcomeKind.SENDER_REFUSED, "http418", "<html>no")


def test_an_accepted_send_carries_the_ids_of_message_and_conversation() -> None:
    body = {"data": {"dm_conversation_id": "5-9", "dm_event_id": "123"}}

    outcome = answers.sent(Answer(status=201, headers={}, body=body), now=NOW)

    assert outcome.kind is OutcomeKind.ACCEPTED
    assert (outcome.platform_message_id, outcome.conversation_id) == ("123", "5-9")
    assert outcome.retry_at is None


def test_an_accepted_send_that_used_up_a_window_tells_when_it_opens_again() -> None:
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": epoch(NOW + timedelta(minutes=9))}
    body = {"data": {"dm_event_id": "123"}}

    outcome = answers.sent(Answer(status=201, headers=headers, body=body), now=NOW)

    assert outcome.kind is OutcomeKind.ACCEPTED
    assert outcome.retry_at == NOW + timedelta(minutes=9)


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"data": None},
        {"data": {"dm_conversation_id": "5-9"}},
        {"data": {"dm_event_id": None}},
        {"data": {"dm_event_id": "no number"}},
        {"data": {"dm_event_id": True}},
        {"errors": [{"detail": CLOSED}]},
    ],
)
def test_a_success_without_a_message_id_is_unknown_and_never_a_failure(body: dict[str, Any] | None) -> None:
    outcome = answers.sent(Answer(status=201, headers={}, body=body), now=NOW)

    assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, "unreadableAnswer")


def epoch(instant: datetime) -> str:
    return str(int(instant.timestamp()))


def limited(**headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=429, headers=names, body=None)


def test_a_rate_limit_lasts_until_the_latest_reset_among_the_spent_windows() -> None:
    outcome = answers.sent(
        limited(
            x_rate_limit_remaining="0",
            x_rate_limit_reset=epoch(NOW + timedelta(minutes=4)),
            x_user_limit_24hour_remaining="0",
            x_user_limit_24hour_reset=epoch(NOW + timedelta(hours=7)),
            x_app_limit_24hour_remaining="3",
            x_app_limit_24hour_reset=epoch(NOW + timedelta(hours=20)),
        ),
        now=NOW,
    )

    assert outcome.retry_at == NOW + timedelta(hours=7)
    assert outcome.reason == "accountDailyLimit"


def test_a_spent_window_of_the_whole_app_is_named_as_such() -> None:
    outcome = answers.sent(
        limited(
            x_app_limit_24hour_remaining="0",
            x_app_limit_24hour_reset=epoch(NOW + timedelta(hours=20)),
        ),
        now=NOW,
    )

    assert (outcome.reason, outcome.retry_at) == ("appDailyLimit", NOW + timedelta(hours=20))


def test_retry_after_counts_from_engine_time_and_the_later_wait_wins() -> None:
    spent = {"x_rate_limit_remaining": "0", "x_rate_limit_reset": epoch(NOW + timedelta(minutes=4))}

    longer = answers.sent(limited(retry_after="600", **spent), now=NOW)
    shorter = answers.sent(limited(retry_after="30", **spent), now=NOW)
    dated = answers.sent(limited(retry_after="Mon, 02 Nov 2026 09:20:00 GMT"), now=NOW)

    assert longer.retry_at == NOW + timedelta(minutes=10)
    assert shorter.retry_at == NOW + timedelta(minutes=4)
    assert dated.retry_at == NOW + timedelta(minutes=20)


def test_a_refusal_without_a_spent_window_waits_for_the_short_one() -> None:
    told = answers.sent(limited(x_rate_limit_reset=epoch(NOW + timedelta(minutes=4))), now=NOW)
    untold = answers.sent(limited(), now=NOW)

    assert told.retry_at == NOW + timedelta(minutes=4)
    assert untold.retry_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize("value", ["soon", "", "9" * 400, "-1e9"])
def test_unreadable_headers_do_no_harm(value: str) -> None:
    outcome = answers.sent(limited(retry_after=value, x_rate_limit_remaining=value, x_rate_limit_reset=value), now=NOW)

    assert outcome.retry_at == NOW + timedelta(minutes=15)


def test_a_reset_in_the_past_still_makes_a_wait() -> None:
    outcome = answers.sent(
        limited(x_rate_limit_remaining="0", x_rate_limit_reset=epoch(NOW - timedelta(minutes=1))), now=NOW
    )

    assert outcome.retry_at == NOW + timedelta(seconds=5)


def test_rows_of_the_operator_come_before_the_built_in_ones() -> None:
    own = Row(status=403, phrase="teapot", kind=OutcomeKind.RECIPIENT_REFUSED, reason="closed")

    outcome = answers.sent(problem(403, "I am a Teapot"), now=NOW, table=(own, *answers.TABLE))

    assert outcome.kind is OutcomeKind.RECIPIENT_REFUSED

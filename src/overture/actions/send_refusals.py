"""Refusals of messages by hand: what an account's limits, or the platform's answer, mean to the caller."""

import math
from datetime import datetime, timedelta

from overture.core.outcome import Outcome
from overture.core.words import OutcomeKind
from overture.engine import halts
from overture.errors import ApiError, Conflict, PlatformFailed, PlatformRateLimited, Unavailable, Unprocessable
from overture.store.claims import LeasedAccount


def barred(account: LeasedAccount, *, until: datetime, now: datetime) -> ApiError:
    """Say that an account may not send before an instant."""
    if account.app_paused_until > now:
        return _app_stopped(account.app_paused_until - now)
    return PlatformRateLimited(
        "The account has sent as much as it may for now, or the platform lets it rest: go on after `Retry-After`.",
        seconds=_whole(until - now),
    )


def check(outcome: Outcome, *, account_id: str, now: datetime) -> None:
    """Pass over a message the platform has taken, and refuse every other.

    Raises:
        Conflict: `accountLinkDisconnected`.
        Unprocessable: `recipientUnavailable`, `contentRejected`.
        PlatformRateLimited: the platform takes no more for now.
        PlatformFailed: it refused the account.
        Unavailable: it could not be asked, or its app may not send.
    """
    reason = outcome.reason or "refused"
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return
        case OutcomeKind.RECIPIENT_REFUSED:
            raise Unprocessable(
                f"The platform does not let this account write to this person ({reason}).",
                code="recipientUnavailable",
                details={"reason": reason},
            )
        case OutcomeKind.INVALID:
            detail = outcome.detail or reason
            raise Unprocessable(
                "The platform refused this text; change it.", code="contentRejected", details={"detail": detail}
            )
        case OutcomeKind.RATE_LIMITED:
            raise PlatformRateLimited(
                "The platform takes no more messages of this account for now: go on after `Retry-After`.",
                seconds=_whole((outcome.retry_at or now + halts.RATE_REST) - now),
            )
        case OutcomeKind.OUT_OF_CREDIT:
            raise _app_stopped(halts.CREDIT_RETRY)
        case OutcomeKind.AUTH_LOST:
            raise Conflict(
                "The platform no longer takes what this account has granted; link it again.",
                code="accountLinkDisconnected",
                details={"accountLinkId": account_id, "status": "offline"},
            )
        case OutcomeKind.SENDER_REFUSED:
            raise PlatformFailed(
                f"The platform refused the account, which rests for a while ({reason}). The message was not sent."
            )
        case _:
            raise Unavailable(
                "The platform could not be asked; the message was not sent. Try again in a moment.",
                details={"retryAfterSeconds": 5},
            )


def _app_stopped(wait: timedelta) -> Unavailable:
    return Unavailable(
        "The platform app may not send now (credit or plan). Overture tries again every hour.",
        details={"retryAfterSeconds": _whole(wait)},
    )


def _whole(span: timedelta) -> int:
    return max(1, math.ceil(span.total_seconds()))

"""What a platform's answer to a send means: a "no" is a value, never an exception."""

from datetime import datetime, timedelta

import msgspec

from overture.core.budget import Window
from overture.core.words import AttemptState, OutcomeKind

FIRST_REST = timedelta(minutes=15)
"""How long an account rests after the platform refused it as a sender; doubles with each refusal in a row."""

LONGEST_REST = timedelta(hours=6)

STREAK_LIMIT = 5
"""Refusals of the sender in a row, over different leads, that pause the account."""

PAUSE = timedelta(hours=24)
"""How long an account stays paused for that. Then it tries again; one more refusal pauses it as long once more."""

PAUSE_REASON = "senderRefused"
"""Why such an account is paused."""

LEAD_REFUSAL_LIMIT = 2
"""Refusals of the sender that one lead may meet, on any account, before a person has to look at it."""

_STATES = {
    OutcomeKind.ACCEPTED: AttemptState.ACCEPTED,
    OutcomeKind.RECIPIENT_REFUSED: AttemptState.REFUSED,
    OutcomeKind.SENDER_REFUSED: AttemptState.REFUSED,
    OutcomeKind.RATE_LIMITED: AttemptState.REFUSED,
    OutcomeKind.OUT_OF_CREDIT: AttemptState.REFUSED,
    OutcomeKind.AUTH_LOST: AttemptState.REFUSED,
    OutcomeKind.UNKNOWN: AttemptState.UNKNOWN,
    OutcomeKind.NOT_SENT: AttemptState.NOT_SENT,
    OutcomeKind.INVALID: AttemptState.HELD,
}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one attempt to send one message.

    `reason` is a short machine-readable word, `detail` the platform's own text, `retry_at` the instant (UTC) before
    which the platform takes no more (of the whole app where `holds_app`), `platform_message_id` the accepted message
    on the platform. `windows`: what the platform said with it of the windows for sending.
    """

    kind: OutcomeKind
    platform_message_id: str | None = None
    conversation_id: str | None = None
    reason: str | None = None
    detail: str | None = None
    retry_at: datetime | None = None
    holds_app: bool = False
    windows: tuple[Window, ...] = ()

    @property
    def state(self) -> AttemptState:
        """The state the attempt takes in the ledger."""
        return _STATES[self.kind]

    @property
    def is_due_again(self) -> bool:
        """Whether the lead may be tried again: the message provably did not go out, and not for the lead's sake."""
        return self.kind in {
            OutcomeKind.NOT_SENT,
            OutcomeKind.RATE_LIMITED,
            OutcomeKind.OUT_OF_CREDIT,
            OutcomeKind.AUTH_LOST,
            OutcomeKind.SENDER_REFUSED,
        }


def rest(streak: int) -> timedelta:
    """Return how long an account rests after its `streak`-th refusal in a row (from 1)."""
    doublings = min(max(streak, 1), 16) - 1
    return min(FIRST_REST * (1 << doublings), LONGEST_REST)

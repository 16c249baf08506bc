"""One direct message, and the numbers messages get."""

from dataclasses import dataclass
from enum import StrEnum

# X counts the milliseconds in its ids from this instant.
_ID_EPOCH = 1_288_834_974_657
_SEQUENCE_BITS = 22


class Origin(StrEnum):
    """How a message came about: through the API, by a person's habit, or through the sandbox's controls."""

    API = "api"
    ANSWER = "answer"
    CONTROL = "control"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message the platform has accepted.

    `moment` is in milliseconds since 1970. `cause` names the answer of a habit: the id of the message that
    made them talk, and the answer's number. `is_virtual` tells whether the clock stood still then.
    """

    id: int
    sender: str
    recipient: str
    text: str
    moment: int
    origin: Origin
    cause: str | None
    is_virtual: bool


def next_id(moment: int, last: int) -> int:
    """Return an id above `last` that tells the time as X's do: milliseconds, then a sequence number."""
    return max(last + 1, (moment - _ID_EPOCH) << _SEQUENCE_BITS)


def conversation_id(one: str, other: str) -> str:
    """Return the id of the conversation between two users: the smaller user id first."""
    low, high = sorted((int(one), int(other)))
    return f"{low}-{high}"

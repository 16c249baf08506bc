"""What happened, as a judge needs it: the platform's record, the ledger, the rules that held, and the counters.

Accounts and people go by the platform's ids throughout. Nothing here knows the engine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message of the platform's own record; `is_sent` tells whether it came through the platform's API."""

    id: str
    sender: str
    recipient: str
    text: str
    at: datetime
    is_sent: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One row of the ledger."""

    id: str
    sender: str
    recipient: str
    version: int
    rank: int
    step_id: str
    text: str
    state: str
    message_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """The settings of a campaign from an instant on. `hours`: weekday "0" (Sunday) to "6" → start, end (minutes)."""

    at: datetime
    is_open: bool
    rate: int
    zone: str
    hours: Mapping[str, Mapping[str, int]]
    accounts: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of a version of the sequence; `delay_seconds` is 0 but for a delay."""

    rank: int
    type: str
    delay_seconds: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A sending account, its own limits, and up to when its inbox had been read."""

    id: str
    username: str
    hourly_limit: int
    daily_limit: int
    read_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """A person in the campaign; `status` is the name of the team's status, `is_suppressed` an opt-out."""

    id: str
    state: str
    reason: str | None
    is_contacted: bool
    has_replied: bool
    status: str | None
    is_suppressed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Counters:
    """What the campaign says of itself."""

    status: str
    targets: int
    assessed: int
    contacted: int
    replies: int
    completion_rate: float
    reply_rate: float


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Everything a judge looks at, for one campaign whose accounts send nothing else.

    `revisions` are in their order. `reachable` are the leads that, by the platform's own word, one of the accounts may
    write to; None leaves out whether somebody was forgotten. `reply_status` is the status an answer should set.
    """

    messages: Sequence[Message]
    attempts: Sequence[Attempt]
    revisions: Sequence[Revision]
    steps: Mapping[int, Sequence[Step]]
    accounts: Sequence[Account]
    leads: Sequence[Lead]
    counters: Counters
    reachable: frozenset[str] | None = None
    reply_status: str | None = None

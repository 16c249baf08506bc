"""A turn of dispatch: what one transaction found and decided so far."""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from overture.engine import allowance, composing
from overture.store import claims, outbox, outlines, progress


@dataclass(kw_only=True, slots=True)
class Turn:
    """What one transaction has decided so far."""

    team_id: str
    now: datetime
    wall_now: datetime
    accounts: dict[str, claims.LeasedAccount]
    allowances: dict[str, allowance.Allowance]
    rules: claims.TeamRules
    outline: dict[str, outlines.Outline] = field(default_factory=dict)
    wakes: dict[str, datetime] = field(default_factory=dict)
    stops: list[progress.Stop] = field(default_factory=list)
    events: list[outbox.NewEvent] = field(default_factory=list)
    later: list[tuple[str, str, datetime]] = field(default_factory=list)
    moved: list[tuple[str, str, datetime]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A picked lead, locked, with the message that may leave now; `room` is what the pair's rate still allows."""

    pick: claims.Pick
    lead: claims.DueLead
    message: composing.Message
    room: int

"""How many calls a team may make: three sliding windows, each counted in slots of time.

A call counts until its whole slot has left the window, so a limit is never exceeded in any stretch of that length, and
a call is back at most one slot later than it could be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A window and how it is counted: `slots` of `slot_seconds`, one more than fit into it."""

    name: str
    slot_seconds: int
    slots: int

    def slot(self, now: datetime) -> int:
        """Return the number of the slot an instant lies in."""
        return int(now.timestamp()) // self.slot_seconds


WINDOWS = (
    Window(name="minute", slot_seconds=1, slots=61),
    Window(name="hour", slot_seconds=60, slots=61),
    Window(name="day", slot_seconds=1800, slots=49),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """The calls counted in one window, newest slot first; `slot` is the number of that slot."""

    slot: int
    counts: Sequence[int]

    def later(self, slot: int) -> "Used":
        """Return what of it counts in a later slot."""
        passed = slot - self.slot
        if passed <= 0:
            return self
        kept = len(self.counts)
        return Used(slot=slot, counts=([0] * min(passed, kept) + list(self.counts))[:kept])


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a team stands in one window; at `resets_at` the oldest counted calls are back."""

    window: str
    limit: int
    remaining: int
    resets_at: datetime


def nearest(used: Sequence[Used], limits: Sequence[int]) -> Standing:
    """Return the standing in the window that is nearest to its end; among several, the one that stays there longest."""
    standings = [_standing(*one) for one in zip(WINDOWS, used, limits, strict=True)]
    return min(standings, key=lambda standing: (standing.remaining, -standing.resets_at.timestamp()))


def _standing(window: Window, used: Used, limit: int) -> Standing:
    oldest = max((age for age, count in enumerate(used.counts) if count), default=0)
    leaves = (used.slot - oldest + window.slots) * window.slot_seconds
    return Standing(
        window=window.name,
        limit=limit,
        remaining=max(0, limit - sum(used.counts)),
        resets_at=datetime.fromtimestamp(leaves, UTC),
    )

"""Rights: what an account can do by the scopes it has granted, and what a missing one costs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from overture.core.words import Capability


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """A right an account is asked for.

    `costs` is what it cannot do without, as the end of a sentence that begins "without it"; `opens` is what rests on
    it.
    An account that refuses one that `is_needed` is not linked.
    """

    name: str
    costs: str
    is_needed: bool = True
    opens: frozenset[Capability] = frozenset()


def missing(asked: Sequence[Scope], granted: Collection[str] | None) -> list[Scope]:
    """Return the scopes that were asked for and not granted; none where nobody has told what was (None)."""
    return [] if granted is None else [scope for scope in asked if scope.name not in granted]


def left(capabilities: Sequence[Capability], lacking: Sequence[Scope]) -> list[Capability]:
    """Return what can be done without the scopes that are lacking."""
    closed = {capability for scope in lacking for capability in scope.opens}
    return [capability for capability in capabilities if capability not in closed]


def told(lacking: Sequence[Scope]) -> str:
    """Say what the lack of each scope costs."""
    return "; ".join(f"without {scope.name} {scope.costs}" for scope in lacking)

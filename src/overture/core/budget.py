"""Budgets: what a platform lets an account or an app do in a window of time, as it tells or has published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.core.words import BudgetScope, BudgetSource, Endpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """A window as a platform has published it: at most `limit` calls of a kind in so many seconds."""

    endpoint: Endpoint
    scope: BudgetScope
    seconds: int
    limit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A window as a platform tells of it beside an answer: `left` of `limit` calls until `resets_at`."""

    scope: BudgetScope
    seconds: int
    limit: int
    left: int
    resets_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A window of one kind of call as a platform last told of it, at `told_at`."""

    endpoint: Endpoint
    window: Window
    told_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What has been counted here over the last `seconds`: how many, and when the oldest of them was."""

    seconds: int
    used: int
    oldest_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a budget stands. `frees_at`: when something of it comes back; None where nothing is used, or not known."""

    endpoint: Endpoint
    scope: BudgetScope
    seconds: int
    limit: int
    used: int
    frees_at: datetime | None
    source: BudgetSource
    told_at: datetime | None = None

    @property
    def left(self) -> int:
        """How many calls it still allows."""
        return max(0, self.limit - self.used)


def newest(told: Sequence[Told]) -> list[Told]:
    """Return one word for each window: of several accounts of an app, what was told of the latest and fullest one."""
    found: dict[tuple[Endpoint, BudgetScope, int], Told] = {}
    for one in told:
        key = (one.endpoint, one.window.scope, one.window.seconds)
        known = found.get(key)
        if known is None or _rank(one) > _rank(known):
            found[key] = one
    return list(found.values())


def of_platform(
    published: Sequence[Published], told: Sequence[Told], spent: Sequence[Spent], *, scope: BudgetScope, now: datetime
) -> list[Standing]:
    """Return where the platform's windows of one scope stand at `now`.

    What it has told overrules what it has published. `spent` are the sends counted here, for windows it has not told
    of.
    """
    known = {(one.endpoint, one.window.seconds): one for one in newest(told) if one.window.scope is scope}
    standings = [_by_word(one, now) for one in known.values()]
    by_table = {(one.endpoint, one.seconds): one for one in published if one.scope is scope}
    counted = {one.seconds: one for one in spent}
    for key, one in by_table.items():
        if key not in known:
            sends = counted.get(one.seconds) if one.endpoint is Endpoint.SEND else None
            standings.append(_by_table(one, sends))
    return sorted(standings, key=_order)


def of_limit(limit: int, spent: Spent, *, source: BudgetSource) -> Standing:
    """Return where a rolling limit on an account's messages stands."""
    return Standing(
        endpoint=Endpoint.SEND,
        scope=BudgetScope.ACCOUNT,
        seconds=spent.seconds,
        limit=limit,
        used=spent.used,
        frees_at=_frees_at(spent),
        source=source,
    )


def _order(standing: Standing) -> tuple[bool, str, int]:
    """Sending first, as that is what everything else is for."""
    return standing.endpoint is not Endpoint.SEND, standing.endpoint, standing.seconds


def _by_word(told: Told, now: datetime) -> Standing:
    window = told.window
    # A window that is over is empty: the next call begins another.
    used = window.limit - window.left if window.resets_at > now else 0
    return Standing(
        endpoint=told.endpoint,
        scope=window.scope,
        seconds=window.seconds,
        limit=window.limit,
        used=used,
        frees_at=window.resets_at if used else None,
        source=BudgetSource.TOLD,
        told_at=told.told_at,
    )


def _by_table(published: Published, spent: Spent | None) -> Standing:
    return Standing(
        endpoint=published.endpoint,
        scope=published.scope,
        seconds=published.seconds,
        limit=published.limit,
        used=0 if spent is None else spent.used,
        frees_at=None if spent is None else _frees_at(spent),
        source=BudgetSource.PUBLISHED,
    )


def _frees_at(spent: Spent) -> datetime | None:
    return None if spent.oldest_at is None else spent.oldest_at + timedelta(seconds=spent.seconds)


def _rank(told: Told) -> tuple[datetime, int]:
    return told.window.resets_at, -told.window.left

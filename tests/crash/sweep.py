"""The sweep: strikes at one point after another, each in a campaign of its own."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.crash.points import Point
from tests.crash.stage import Manner, Stage
from tests.crash.telling import Account


@dataclass(frozen=True, kw_only=True, slots=True)
class Strike:
    """What is killed, when and where."""

    stage: Stage
    manner: Manner
    point: Point


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a strike led to; no violations means that nothing was lost and nothing repeated."""

    strike: Strike
    was_struck: bool
    violations: Sequence[str]

    def __str__(self) -> str:
        end = "; ".join(self.violations) or ("well" if self.was_struck else "never came there")
        return f"{self.strike.manner.name} {self.strike.point}: {end}"


def points(counts: Mapping[str, int], random: Random) -> list[Point]:
    """Choose before and after the first time of everything, and before and after a time drawn at random."""
    return [
        Point(label=label, count=place, is_after=is_after)
        for label, count in sorted(counts.items())
        for place in sorted({1, random.randint(1, count)})
        for is_after in (False, True)
    ]


async def sweep(told: Account, strikes: Sequence[Strike]) -> AsyncIterator[Finding]:
    """Strike, one at a time on each stage, and yield what it led to, measured by a campaign `told` undisturbed."""
    taken: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def perform(strike: Strike) -> Finding:
        async with taken[strike.stage.machine.url]:
            return await _perform(told, strike)

    tasks = [asyncio.create_task(perform(strike)) for strike in strikes]
    try:
        for task in asyncio.as_completed(tasks):
            yield await task
    finally:
        for each in tasks:
            each.cancel()


async def _perform(told: Account, strike: Strike) -> Finding:
    account = await strike.stage.tell(strike.point, strike.manner)
    violations = list(account.violations)
    if account.states != told.states:
        violations.append(f"leads ended as {account.states}, not as {told.states}")
    return Finding(strike=strike, was_struck=account.was_struck, violations=violations)

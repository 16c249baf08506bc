"""Costs: what a platform has billed the team, by what Overture has counted and the price list in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from overture.actions import people
from overture.actions.context import Actor, Context
from overture.core.costs import PriceList
from overture.core.words import CostKind
from overture.store import costs
from overture.store.costs import Used


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """One UTC day on which something was used."""

    day: date
    units: Mapping[CostKind, int]
    cost: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What was used and what it costs; `days` are those of the span asked for, `units` and `cost` of all time."""

    price_list: PriceList
    units: Mapping[CostKind, int]
    cost: Decimal
    days: Sequence[Day]


async def spent(context: Context, actor: Actor, *, platform: str, days: int) -> Spent:
    """Return what the team has spent on a platform, day by day for the last `days`.

    Raises:
        Unprocessable: `platformNotSupported`.
    """
    price_list = people.require_channel(context, platform).capabilities.price_list
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        every = await costs.used(connection, team_id=actor.team_id, platform=platform)
    return Spent(
        price_list=price_list,
        units=_units(every),
        cost=price_list.cost(_units(every)),
        days=_by_day(every, price_list, _first_day(now, days)),
    )


def _first_day(now: datetime, days: int) -> date:
    return now.astimezone(UTC).date() - timedelta(days=days - 1)


def _by_day(every: Sequence[Used], price_list: PriceList, first: date) -> list[Day]:
    shown = [one for one in every if one.day >= first]
    by_day = [(day, _units(list(used))) for day, used in groupby(shown, key=lambda one: one.day)]
    return [Day(day=day, units=units, cost=price_list.cost(units)) for day, units in by_day]


def _units(every: Sequence[Used]) -> dict[CostKind, int]:
    return {kind: sum(one.units for one in every if one.kind == kind) for kind in CostKind}

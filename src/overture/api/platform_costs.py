"""Platform costs: what a platform has billed the team for, as far as Overture has counted it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import Query
from pydantic import Field

from overture.actions import costs
from overture.api import bodies, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.core.words import CostKind

router = routing.router("Platforms")

_KINDS = "`messageSent`: accepted; `messageRead`: shown by an inbox; `profileRead`: looked up or listed."


class PriceAnswer(bodies.Answer):
    """What one unit costs, and how many were used in all."""

    kind: CostKind = Field(description=_KINDS, examples=["messageSent"])
    price: float = Field(description="Price of one, by the price list in force.", examples=[0.015])
    units: int = Field(description="How many were used since the team began.", examples=[3600])
    cost: float = Field(description="What they cost, by the price list in force.", examples=[54.0])


class DayAnswer(bodies.Answer):
    """One day on which something was used."""

    day: str = Field(description="Which day, in UTC.", examples=["2026-11-23"])
    message_sent: int = Field(description="Messages sent that day.", examples=[120])
    message_read: int = Field(description="Messages read that day.", examples=[140])
    profile_read: int = Field(description="Profiles looked up that day.", examples=[300])
    cost: float = Field(description="What the day cost.", examples=[6.2])


class CostsAnswer(bodies.Answer):
    """What a platform has billed the team for."""

    currency: str = Field(description="In which currency, as three letters.", examples=["USD"])
    cost: float = Field(description="What was spent since the team began.", examples=[91.4])
    prices_as_of: str = Field(description="The day the price list was published.", examples=["2026-08-22"])
    prices_from: str = Field(
        description="Where the price list is from.", examples=["https://docs.x.com/x-api/getting-started/pricing"]
    )
    kinds: list[PriceAnswer] = Field(description="The same by what was billed.")
    days: list[DayAnswer] = Field(description="Days on which something was used, the earliest first.")


@router.get("/platforms/{platform}/costs", summary="Get what was spent")
async def get_costs(
    context: CurrentContext,
    actor: CurrentActor,
    platform: str,
    days: Annotated[
        int, Query(description="How many days to show, the present one included.", ge=1, le=366, examples=[30])
    ] = 30,
) -> CostsAnswer:
    """Return what the platform bills for the team's messages and look-ups, counted as they happen.

    It is reckoned by the price list in force now; the platform's own invoice decides.
    """
    spent = await costs.spent(context, actor, platform=platform, days=days)
    prices = spent.price_list
    return CostsAnswer(
        currency=prices.currency,
        cost=float(spent.cost),
        prices_as_of=prices.as_of.isoformat(),
        prices_from=prices.source,
        kinds=[_price(kind, prices.prices.get(kind, Decimal(0)), spent.units[kind]) for kind in CostKind],
        days=[_day(one.day, one.units, one.cost) for one in spent.days],
    )


def _price(kind: CostKind, price: Decimal, units: int) -> PriceAnswer:
    return PriceAnswer(kind=kind, price=float(price), units=units, cost=float(price * units))


def _day(day: date, units: Mapping[CostKind, int], cost: Decimal) -> DayAnswer:
    return DayAnswer(
        day=day.isoformat(),
        message_sent=units[CostKind.MESSAGE_SENT],
        message_read=units[CostKind.MESSAGE_READ],
        profile_read=units[CostKind.PROFILE_READ],
        cost=float(cost),
    )

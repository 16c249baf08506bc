"""Costs: what a platform bills, and a price list for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from overture.core.words import CostKind

DEAREST = Decimal(1000)
"""No unit costs as much as this: a price list that says so is in another unit."""


class PriceListInvalid(ValueError):
    """A price list cannot be read; the message says where and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceList:
    """What one unit of each kind costs, as published on `as_of`; a kind that is not listed is free."""

    currency: str
    as_of: date
    source: str
    prices: Mapping[CostKind, Decimal]

    def cost(self, units: Mapping[CostKind, int]) -> Decimal:
        """Return what so many units of each kind cost."""
        return sum((self.prices.get(kind, Decimal(0)) * count for kind, count in units.items()), Decimal(0))


FREE = PriceList(currency="USD", as_of=date.min, source="nothing is billed", prices={})
"""The price list of a platform that bills nothing."""


def parse(content: str) -> PriceList:
    """Read a price list: `{"currency", "asOf", "source", "prices": {kind: "0.015"}}`.

    Raises:
        PriceListInvalid: it is none.
    """
    try:
        given = json.loads(content, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise PriceListInvalid(f"it is not JSON: {error}") from error
    if not isinstance(given, dict) or set(given) != {"currency", "asOf", "source", "prices"}:
        raise PriceListInvalid("it must be an object of currency, asOf, source and prices, and nothing else")
    currency, source = given["currency"], given["source"]
    if not isinstance(currency, str) or len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise PriceListInvalid("currency must be three capital letters, as in USD")
    if not isinstance(source, str) or not source:
        raise PriceListInvalid("source must say where the prices are from")
    try:
        as_of = date.fromisoformat(given["asOf"])
    except (TypeError, ValueError) as error:
        raise PriceListInvalid("asOf must be a date, as in 2026-08-22") from error
    return PriceList(currency=currency, as_of=as_of, source=source, prices=_prices(given["prices"]))


def _prices(given: Any) -> dict[CostKind, Decimal]:
    if not isinstance(given, dict):
        raise PriceListInvalid("prices must be an object")
    unknown = sorted(set(given) - set(CostKind))
    if unknown:
        raise PriceListInvalid(f"prices.{unknown[0]} is none of {', '.join(CostKind)}")
    prices = {}
    for kind, value in given.items():
        try:
            price = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        except InvalidOperation:
            price = Decimal("NaN")
        if not price.is_finite() or not 0 <= price < DEAREST:
            raise PriceListInvalid(f"prices.{kind} must be a number from 0 to below {DEAREST}")
        prices[CostKind(kind)] = price
    return prices

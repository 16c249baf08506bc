"""Price lists: what they say, and what they may not say."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.channels.x import prices
from overture.core import costs
from overture.core.words import CostKind

GOOD: dict[str, Any] = {
    "currency": "EUR",
    "asOf": "2026-10-01",
    "source": "our contract",
    "prices": {"messageSent": "0.015", "profileRead": 0.01},
}


def test_amounts_are_exact_and_what_is_not_listed_is_free() -> None:
    price_list = costs.parse(json.dumps(GOOD))
    units = {CostKind.MESSAGE_SENT: 3, CostKind.PROFILE_READ: 7, CostKind.MESSAGE_READ: 1000}
    assert price_list.cost(units) == Decimal("0.115")


def test_the_published_prices_of_x_name_every_kind_and_their_source() -> None:
    assert set(prices.PUBLISHED.prices) == set(CostKind)
    assert prices.PUBLISHED.source.startswith("https://docs.x.com/")
    # A thousand leads: ten for looking them up, fifteen for a message to each.
    assert prices.PUBLISHED.cost({CostKind.PROFILE_READ: 1000, CostKind.MESSAGE_SENT: 1000}) == 25


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"currency": "dollars"}, "currency"),
        ({"asOf": "yesterday"}, "asOf"),
        ({"asOf": 5}, "asOf"),
        ({"source": ""}, "source"),
        ({"prices": []}, "prices"),
        ({"prices": {"likes": "1"}}, "prices.likes"),
        ({"prices": {"messageSent": "-0.1"}}, "prices.messageSent"),
        ({"prices": {"messageSent": "NaN"}}, "prices.messageSent"),
        ({"prices": {"messageSent": "1e9"}}, "prices.messageSent"),
        ({"prices": {"messageSent": None}}, "prices.messageSent"),
        ({"discount": 1}, "nothing else"),
    ],
)
def test_what_makes_no_sense_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(costs.PriceListInvalid, match=said):
        costs.parse(json.dumps(GOOD | change))


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_whatever_a_file_holds_it_is_a_price_list_or_refused(content: str) -> None:
    with pytest.raises(costs.PriceListInvalid):
        costs.parse(content)

"""X's published prices, kept as data beside this file."""

from importlib import resources

from overture.core import costs
from overture.core.costs import PriceList

PUBLISHED: PriceList = costs.parse(resources.files(__package__).joinpath("prices.json").read_text("utf-8"))
"""What X bills who pays per use."""

"""The draws of an account that takes its place in a campaign."""

import random
from collections.abc import Sequence

from overture.core import pacing
from overture.store.campaign_accounts import Seat

_source: random.Random = random.SystemRandom()


def draw(account_ids: Sequence[str]) -> list[Seat]:
    """Draw the first gap of each account once; the draws are stored, so looking never moves an instant."""
    return [
        Seat(
            account_id=account_id,
            draw=_source.uniform(pacing.DRAW_LOW, pacing.DRAW_HIGH),
            opening_draw=_source.uniform(0.0, 1.0),
        )
        for account_id in account_ids
    ]

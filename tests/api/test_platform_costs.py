"""What was spent: by day and kind, and priced."""

from datetime import timedelta

import httpx
import pytest
from tests.api.conftest import START, Link, Tenant

from overture.actions.context import Context
from overture.core.words import CostKind
from overture.store import costs

COSTS = "/platforms/twitter/costs"


async def use(context: Context, team: Tenant, account_id: str, kind: CostKind, units: int, *, days_ago: int) -> None:
    async with context.pool.acquire() as connection:
        await costs.count(
            connection,
            team_id=team.id,
            kind=kind,
            units={account_id: units},
            now=START - timedelta(days=days_ago),
        )


async def test_what_was_used_is_told_by_day_and_kind_and_priced(
    client: httpx.AsyncClient, link: Link, context: Context, team: Tenant
) -> None:
    ana, ben = (await link("ana"))["id"], (await link("ben"))["id"]
    before = (await client.get(COSTS)).json()
    assert (before["cost"], before["days"]) == (0, [])
    await use(context, team, ana, CostKind.MESSAGE_SENT, 100, days_ago=40)
    await use(context, team, ana, CostKind.MESSAGE_SENT, 2, days_ago=1)
    await use(context, team, ben, CostKind.MESSAGE_SENT, 3, days_ago=1)
    await use(context, team, ben, CostKind.PROFILE_READ, 10, days_ago=0)

    spent = (await client.get(COSTS)).json()
    assert (spent["currency"], spent["pricesAsOf"]) == ("USD", "2026-08-22")
    assert spent["days"] == [
        {"day": "2026-11-22", "messageSent": 5, "messageRead": 0, "profileRead": 0, "cost": 0.075},
        {"day": "2026-11-23", "messageSent": 0, "messageRead": 0, "profileRead": 10, "cost": 0.1},
    ]
    assert spent["cost"] == 1.675
    assert {one["kind"]: (one["units"], one["price"], one["cost"]) for one in spent["kinds"]} == {
        "messageSent": (105, 0.015, 1.575),
        "messageRead": (0, 0.01, 0),
        "profileRead": (10, 0.01, 0.1),
    }
    longer = (await client.get(COSTS, params={"days": 366})).json()
    assert [day["day"] for day in longer["days"]] == ["2026-10-14", "2026-11-22", "2026-11-23"]
    (today,) = (await client.get(COSTS, params={"days": 1})).json()["days"]
    assert today["day"] == "2026-11-23"


@pytest.mark.parametrize("days", ["0", "367", "-1", "x"])
async def test_a_span_that_makes_no_sense_is_refused(client: httpx.AsyncClient, days: str) -> None:
    refused = await client.get(COSTS, params={"days": days})
    assert refused.status_code == 400
    assert "days" in refused.text


async def test_another_platform_costs_nothing_here(client: httpx.AsyncClient) -> None:
    refused = await client.get("/platforms/pigeon/costs")
    assert (refused.status_code, refused.json()["code"]) == (422, "platformNotSupported")

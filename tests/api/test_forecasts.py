"""About when a running campaign has sent everything: told where it can be told, and nothing otherwise."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import delay, message
from tests.api.conftest import Link

from overture.actions.context import Context

DAY = timedelta(days=1)
# It is Monday, 09:00, when the sending hours open.
TEN, ELEVEN = "2026-11-23T10:00:00.000Z", "2026-11-23T11:00:00.000Z"


@pytest.fixture
async def account(link: Link, context: Context) -> dict[str, Any]:
    made = await link("ana")
    await campaigning.write_to_anyone(context)
    return made


async def start(client: httpx.AsyncClient, account: dict[str, Any], *steps: dict[str, Any]) -> dict[str, Any]:
    campaign = await campaigning.create(client, account, sequence={"steps": list(steps)})
    return await campaigning.enable(client, campaign)


async def finish(client: httpx.AsyncClient, campaign: dict[str, Any]) -> str | None:
    """Return what a campaign and the list of campaigns tell alike."""
    shown: str | None = (await campaigning.read(client, campaign))["finishesAt"]
    listed = {one["id"]: one["finishesAt"] for one in (await client.get("/campaigns")).json()["data"]}
    assert listed[campaign["id"]] == shown
    return shown


async def test_first_messages_leave_at_the_pace_of_the_accounts(
    client: httpx.AsyncClient, account: dict[str, Any], context: Context
) -> None:
    campaign = await start(client, account, message("1"))
    assert await finish(client, campaign) is None
    for person in range(8):
        await campaigning.put(context, campaign, str(person), state="ready")
    assert await finish(client, campaign) == TEN
    for person in range(8, 72):
        await campaigning.put(context, campaign, str(person), state="ready")
    # Sixty-four in the eight hours of Monday, and eight more in the first of Tuesday.
    assert await finish(client, campaign) == "2026-11-24T10:00:00.000Z"


async def test_an_account_that_serves_two_campaigns_may_leave_each_of_them_half_of_its_limit(
    client: httpx.AsyncClient, account: dict[str, Any], context: Context
) -> None:
    campaign = await start(client, account, message("1"))
    for person in range(8):
        await campaigning.put(context, campaign, str(person), state="ready")
    await client.patch(f"/account-links/{account['id']}", json={"hourlyLimit": 8})
    assert await finish(client, campaign) == TEN
    await start(client, account, message("another"))
    assert await finish(client, campaign) == ELEVEN


async def test_the_last_follow_up_is_told_where_only_one_is_left_and_not_where_more_may_come(
    client: httpx.AsyncClient, account: dict[str, Any], context: Context
) -> None:
    two = await start(client, account, message("1"), delay(2), message("2"))
    three = await start(client, account, message("1"), delay(2), message("2"), delay(20), message("3"))
    for person, campaign in (("1", two), ("2", three)):
        at: dict[str, Any] = {"account": account, "contacted": DAY, "rank": 1, "due": DAY + timedelta(hours=1)}
        await campaigning.put(context, campaign, person, state="inSequence", **at)
    assert await finish(client, two) == "2026-11-24T10:00:00.000Z"
    assert await finish(client, three) is None


async def test_whoever_begins_last_has_all_delays_before_them(
    client: httpx.AsyncClient, account: dict[str, Any], context: Context
) -> None:
    campaign = await start(client, account, message("1"), delay(2), message("2"))
    for person in range(8):
        await campaigning.put(context, campaign, str(person), state="ready")
    # All sixteen messages take two hours; the delay begins then at the latest.
    assert await finish(client, campaign) == "2026-11-25T11:00:00.000Z"


async def test_nothing_is_told_where_it_is_not_known(
    client: httpx.AsyncClient, account: dict[str, Any], context: Context
) -> None:
    campaign = await start(client, account, message("1"))
    address = f"/campaigns/{campaign['id']}"
    await campaigning.put(context, campaign, "1", state="ready")

    async def is_told() -> bool:
        return await finish(client, campaign) is not None

    assert await is_told()
    await campaigning.put(context, campaign, "2", state="assessing")
    assert not await is_told()
    await context.pool.execute("DELETE FROM lead WHERE state = 'assessing'")
    assert await is_told()
    await client.post("/team/stop")
    assert not await is_told()
    await client.post("/team/resume")
    await client.patch(address, json={"scheduleHours": {}})
    assert not await is_told()
    await client.patch(address, json={"scheduleHours": campaign["scheduleHours"]})
    await context.pool.execute("UPDATE app_budget SET daily_cap = 10")
    assert not await is_told()
    await context.pool.execute("UPDATE app_budget SET daily_cap = NULL")
    assert await is_told()
    await context.pool.execute("UPDATE account_link SET status = 'offline'")
    assert not await is_told()
    await context.pool.execute("UPDATE account_link SET status = 'active'")
    await client.post(f"{address}/disable")
    assert not await is_told()

"""One held lead released by a person: sent again, passed over, or stopped."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import issue_paths, message
from tests.api.conftest import Link

from overture.actions.context import Context

DAY = timedelta(days=1)
TWO = {"steps": [message("1"), message("2")]}


@pytest.fixture
async def campaign(client: httpx.AsyncClient, context: Context, link: Link) -> dict[str, Any]:
    """A campaign whose lead 1 is held after its first message."""
    ana = await link("ana")
    made = await campaigning.create(client, ana, sequence=TWO)
    await campaigning.write_to_anyone(context)
    await campaigning.put(context, made, "1", state="held", reason="textTooLong", account=ana, contacted=DAY, rank=1)
    return made


async def release(client: httpx.AsyncClient, campaign: dict[str, Any], identifier: str, **body: Any) -> httpx.Response:
    return await client.post(f"/campaigns/{campaign['id']}/leads/{identifier}/release", json=body)


@pytest.mark.parametrize(
    ("action", "state", "rank"), [("resend", "inSequence", 1), ("skip", "finished", None), ("stop", "canceled", None)]
)
async def test_a_held_lead_goes_on_as_decided(
    client: httpx.AsyncClient, campaign: dict[str, Any], action: str, state: str, rank: int | None
) -> None:
    answer = await release(client, campaign, "1", action=action)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    lead = await campaigning.lead(client, campaign, "1")
    assert (lead["state"], lead["step"] and lead["step"]["rank"]) == (state, rank)
    again = await release(client, campaign, "1", action=action)
    assert (again.status_code, again.json()["code"]) == (409, "leadNotHeld")


async def test_a_lead_to_release_is_named_in_three_ways(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    external_id = (await campaigning.lead(client, campaign, "1"))["profile"]["id"]
    for by, name in (
        ({"by": "username"}, "user1"),
        ({"by": "externalId"}, external_id),
        ({"platform": "twitter"}, "1"),
    ):
        assert (await release(client, campaign, name, action="resend", **by)).status_code == 200
        await context.pool.execute("DELETE FROM lead_due")
        await context.pool.execute("UPDATE lead SET state = 'held', reason = 'textTooLong'")


async def test_the_decision_is_one_of_three(client: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    assert issue_paths(await release(client, campaign, "1")) == [["action"]]
    assert issue_paths(await release(client, campaign, "1", action="retry")) == [["action"]]
    assert (await release(client, campaign, "2", action="stop")).json()["code"] == "leadNotFound"
    assert (await campaigning.lead(client, campaign, "1"))["state"] == "held"

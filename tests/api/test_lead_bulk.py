"""One call for many leads of a campaign: cancel, restore, release, by names or by a filter."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import message
from tests.api.conftest import Link
from tests.api.test_lead_exits import OPEN, put_every_state, states

from overture.actions.context import Context

DAY = timedelta(days=1)
TWO = {"steps": [message("1"), message("2")]}


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


@pytest.fixture
async def campaign(client: httpx.AsyncClient, context: Context, account: dict[str, Any]) -> dict[str, Any]:
    made = await campaigning.create(client, account, sequence=TWO)
    await campaigning.write_to_anyone(context)
    return made


async def change(client: httpx.AsyncClient, campaign: dict[str, Any], act: str, **body: Any) -> int:
    response = await client.post(f"/campaigns/{campaign['id']}/leads/{act}", json=body)
    assert response.status_code == 200, response.text
    changed: int = response.json()["changed"]
    return changed


async def test_cancel_and_restore_count_what_they_changed(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    before = await put_every_state(context, campaign, account)
    assert await change(client, campaign, "cancel", filter={}) == len(OPEN)
    after = await states(client, campaign)
    for person, state in before.items():
        assert after[person][0] == ("canceled" if state in OPEN else state)
    assert await change(client, campaign, "cancel", filter={}) == 0
    # All that were canceled by now, and the one that had been canceled before.
    assert await change(client, campaign, "restore", filter={}) == len(OPEN) + 1
    assert {after[0] for after in (await states(client, campaign)).values()} == {
        "assessing",
        "inSequence",
        "finished",
        "replied",
        "failed",
        "removed",
    }


async def test_leads_are_named_or_filtered(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    for person in ("10", "11", "2"):
        await campaigning.put(context, campaign, person, state="ready", account=account, due=timedelta())
    await campaigning.put(context, campaign, "3", state="assessing")
    assert await change(client, campaign, "cancel", filter={"q": "@user1", "state": ["ready"]}) == 2
    assert await change(client, campaign, "cancel", filter={"accountLinkId": [account["id"]]}) == 1
    assert await change(client, campaign, "cancel", platformIds=["3", "77", "2"]) == 1
    assert await change(client, campaign, "restore", usernames=["user10"], leads=[{"platformId": "11"}]) == 2


@pytest.mark.parametrize("act", ["cancel", "restore", "release"])
async def test_a_call_must_say_which_leads_and_only_once(
    client: httpx.AsyncClient, campaign: dict[str, Any], act: str
) -> None:
    more = {"action": "stop"} if act == "release" else {}
    path = f"/campaigns/{campaign['id']}/leads/{act}"
    assert campaigning.issue_paths(await client.post(path, json=more)) == [[]]
    both = {"platformIds": ["1"], "filter": {}, **more}
    assert campaigning.issue_paths(await client.post(path, json=both)) == [["filter"]]
    wrong = {"filter": {"state": ["asleep"]}, **more}
    assert campaigning.issue_paths(await client.post(path, json=wrong)) == [["filter", "state", 0]]


@pytest.mark.parametrize(
    ("action", "new", "contacted"),
    [
        ("resend", ("ready", 0), ("inSequence", 1)),
        ("skip", ("ready", 1), ("finished", 1)),
        ("stop", ("canceled", 0), ("canceled", 1)),
    ],
)
async def test_held_leads_go_on_as_decided(
    client: httpx.AsyncClient,
    context: Context,
    campaign: dict[str, Any],
    account: dict[str, Any],
    action: str,
    new: tuple[str, int],
    contacted: tuple[str, int],
) -> None:
    await campaigning.put(context, campaign, "1", state="held", reason="wroteFirst")
    await campaigning.put(
        context, campaign, "2", state="held", reason="textTooLong", account=account, contacted=DAY, rank=1
    )
    await campaigning.put(context, campaign, "3", state="ready", account=account, due=timedelta())
    await context.pool.execute("UPDATE lead SET reach_id = 1 WHERE state = 'held' AND contacted_at IS NULL")
    assert await change(client, campaign, "release", filter={"state": ["held", "ready"]}, action=action) == 2
    rows = await context.pool.fetch("SELECT state, rank FROM lead ORDER BY id")
    assert [tuple(row) for row in rows] == [new, contacted, ("ready", 0)]
    assert await context.pool.fetchval("SELECT count(*) FROM plan_queue") == (new[0] == "ready")
    assert await context.pool.fetchval("SELECT count(*) FROM lead_due") == 1 + (contacted[0] == "inSequence")


async def test_who_changed_many_is_written_down_once(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    for person in ("1", "2"):
        await campaigning.put(context, campaign, person, state="held", reason="wroteFirst")
    await change(client, campaign, "release", filter={}, action="stop")
    await change(client, campaign, "restore", filter={})
    await change(client, campaign, "cancel", filter={})
    await change(client, campaign, "cancel", filter={})
    acts = (await client.get("/audit", params={"objectId": campaign["id"]})).json()["data"]
    assert [(act["action"], act["after"]["count"]) for act in acts if act["action"].startswith("leads.")] == [
        ("leads.canceled", 2),
        ("leads.restored", 2),
        ("leads.released", 2),
    ]
    assert acts[2]["after"]["action"] == "stop"

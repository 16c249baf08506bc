"""Leads of a campaign by why they stand where they stand, by what comes next, and by what they have got."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.conftest import Link

from overture.actions.context import Context

HI = {
    "steps": [
        {"type": "message", "data": {"segments": [{"type": "static", "text": "Hi"}]}},
        {"type": "delay", "data": {"delaySeconds": 86400, "unit": "days"}},
        {"type": "message", "data": {"segments": [{"type": "static", "text": "Still there?"}]}},
    ]
}
DAY = timedelta(days=1)


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


@pytest.fixture
async def campaign(client: httpx.AsyncClient, account: dict[str, Any]) -> dict[str, Any]:
    return await campaigning.create(client, account, sequence=HI)


async def _found(client: httpx.AsyncClient, campaign: dict[str, Any], **query: Any) -> str:
    answer = await client.get(f"/campaigns/{campaign['id']}/leads", params=query)
    assert answer.status_code == 200, answer.text
    return " ".join(sorted(lead["profile"]["platformId"] for lead in answer.json()["data"]))


async def test_by_reason_and_a_kind_stands_for_all_of_its_kind(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    for platform_id, state, reason in (
        ("1", "held", "variableMissing:bio"),
        ("2", "held", "variableMissing:city"),
        ("3", "held", "wroteFirst"),
        ("4", "excluded", "suppressed"),
        ("5", "unreachable", "suppressed"),
        ("6", "assessing", None),
    ):
        await campaigning.put(context, campaign, platform_id, state=state, reason=reason)
    assert await _found(client, campaign, reason="variableMissing") == "1 2"
    assert await _found(client, campaign, reason="variableMissing:city") == "2"
    assert await _found(client, campaign, reason=["variableMissing:city", "wroteFirst"]) == "2 3"
    assert await _found(client, campaign, reason="suppressed") == "4 5"
    assert await _found(client, campaign, reason="suppressed", state="excluded") == "4"
    assert await _found(client, campaign, reason=["suppressed", "wroteFirst"], q="user3") == "3"
    assert await _found(client, campaign, reason="bio") == ""


async def test_by_the_step_that_comes_next(
    client: httpx.AsyncClient, context: Context, account: dict[str, Any], campaign: dict[str, Any]
) -> None:
    first, _, last = (step["id"] for step in campaign["sequence"]["steps"])
    await campaigning.put(context, campaign, "1", state="ready", account=account, due=timedelta())
    await campaigning.put(context, campaign, "2", state="inSequence", account=account, contacted=DAY, rank=2)
    await campaigning.put(context, campaign, "3", state="finished", account=account, contacted=DAY, rank=2)
    assert await _found(client, campaign, stepId=first) == "1"
    assert await _found(client, campaign, stepId=last) == "2", "who has ended has no next step"
    assert await _found(client, campaign, stepId=[first, last]) == "1 2"
    assert await _found(client, campaign, stepId=last, state="ready") == ""
    assert await _found(client, campaign, stepId="s" + "0" * 23) == ""


async def test_by_how_far_they_have_come(
    client: httpx.AsyncClient, context: Context, account: dict[str, Any], campaign: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="assessing")
    await campaigning.put(context, campaign, "2", state="ready", account=account, due=timedelta())
    await campaigning.put(context, campaign, "3", state="excluded", reason="suppressed")
    written: dict[str, Any] = {"account": account, "contacted": DAY}
    stopped = await campaigning.put(context, campaign, "4", state="canceled", reason="stopped", **written)
    answered = await campaigning.put(context, campaign, "5", state="replied", replied=True, **written)
    for lead_id in (stopped, answered):
        await campaigning.wrote(context, lead_id, account=account)
    assert await _found(client, campaign, stage="inScope") == "1 2 4 5"
    assert (await client.get(f"/campaigns/{campaign['id']}")).json()["targetsCount"] == 4
    assert await _found(client, campaign, stage="reachable") == "2 4 5"
    assert await _found(client, campaign, stage="contacted") == "4 5"
    assert await _found(client, campaign, stage="contacted", state=["ready", "replied"]) == "5"
    assert await _found(client, campaign, stage="contacted", accountLinkId=account["id"]) == "4 5"
    assert await _found(client, campaign, stage="contacted", state="assessing") == ""
    assert await _found(client, campaign, stage="replied") == "5"
    assert await _found(client, campaign, stage="followedUp") == ""


async def test_by_the_status_of_the_person(
    client: httpx.AsyncClient, context: Context, account: dict[str, Any], campaign: dict[str, Any]
) -> None:
    written: dict[str, Any] = {"account": account, "contacted": DAY}
    for platform_id in ("1", "2", "3"):
        await campaigning.put(context, campaign, platform_id, state="replied", replied=True, **written)
    await campaigning.put(context, campaign, "4", state="finished", **written)
    keen, cool = [
        (await client.post("/statuses", json={"name": name, "color": "#112233"})).json()["id"]
        for name in ("Keen", "Cool")
    ]
    profiles = await context.pool.fetch("SELECT platform_id, 'o' || substr(id, 2) AS contact_id FROM profile")
    contacts = {row["platform_id"]: row["contact_id"] for row in profiles}
    for platform_id, status in (("1", keen), ("2", cool), ("4", keen)):
        marked = await client.patch(f"/contacts/{contacts[platform_id]}", json={"status": status})
        assert marked.status_code == 200, marked.text
    assert await _found(client, campaign, statusId=keen) == "1 4"
    assert await _found(client, campaign, statusId=keen, stage="replied") == "1"
    assert await _found(client, campaign, statusId=[keen, cool]) == "1 2 4"
    assert await _found(client, campaign, statusId="none") == "3"
    assert await _found(client, campaign, statusId=["none", cool], state="replied") == "2 3"
    assert await _found(client, campaign, statusId=keen, q="user4") == "4"
    assert await _found(client, campaign, statusId=keen, q="user2") == ""
    assert await _found(client, campaign, statusId="w" + "0" * 23) == ""
    funnel = (await client.get(f"/campaigns/{campaign['id']}/analytics")).json()["funnel"]
    for one in funnel["statuses"]:
        found = await _found(client, campaign, stage="replied", statusId=one["statusId"] or "none")
        assert len(found.split()) == one["count"]


async def test_acts_on_many_take_the_same_filters(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    for platform_id, reason in (("1", "variableMissing:bio"), ("2", "wroteFirst")):
        await campaigning.put(context, campaign, platform_id, state="held", reason=reason)
    body = {"filter": {"reason": ["variableMissing"], "stage": "reachable"}}
    assert (await client.post(f"/campaigns/{campaign['id']}/leads/cancel", json=body)).json() == {"changed": 1}
    assert await _found(client, campaign, state="canceled") == "1"


@pytest.mark.parametrize(
    ("filters", "path"),
    [
        ({"stage": "far"}, "stage"),
        ({"option": "1-0"}, "option"),
        ({"option": "one", "sentStepId": "s"}, "option"),
        ({"sentStepId": "s", "answeredStepId": "s"}, "answeredStepId"),
        ({"reason": [""]}, "reason"),
    ],
)
async def test_filters_that_mean_nothing_are_refused_with_their_path(
    client: httpx.AsyncClient, campaign: dict[str, Any], filters: dict[str, Any], path: str
) -> None:
    address = f"/campaigns/{campaign['id']}/leads"
    asked = await client.get(address, params=filters)
    told = await client.post(f"{address}/cancel", json={"filter": filters})
    for refused, begins in ((asked, []), (told, ["filter"])):
        assert refused.status_code == 400, refused.text
        assert refused.json()["details"]["issues"][0]["path"][: len(begins) + 1] == [*begins, path]

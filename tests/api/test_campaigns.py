"""Campaigns as objects: read, listed, changed, copied."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import message, variable
from tests.api.conftest import Link, SteeredClock

from overture.actions.context import Context

NOWHERE = "a00000000000000000000000"


async def test_another_teams_campaign_does_not_exist_whatever_is_asked_of_it(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, link: Link
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    for campaign_id in (campaign["id"], "abc", NOWHERE):
        at = f"/campaigns/{campaign_id}"
        for response in [
            await other_client.get(at),
            await other_client.patch(at, json={"name": "B"}),
            await other_client.delete(at),
            await other_client.post(f"{at}/enable"),
            await other_client.post(f"{at}/disable"),
            await other_client.post(f"{at}/duplicate"),
            await other_client.get(f"{at}/preflight"),
            await other_client.patch(f"{at}/rules", json={"excludeContacted": True}),
            await other_client.put(f"{at}/sequence", json={"steps": []}),
            await other_client.get(f"{at}/sequence/versions"),
            await other_client.get(f"{at}/columns"),
            await other_client.post(f"{at}/columns", json={"name": "A"}),
            await other_client.get(f"{at}/leads"),
            await other_client.get(f"{at}/leads/1"),
            await other_client.post(f"{at}/leads", json={"platformIds": ["1"]}),
        ]:
            assert (response.status_code, response.json()["code"]) == (404, "campaignNotFound"), response.request
    assert await campaigning.read(client, campaign) == campaign


async def test_a_list_is_filtered_ordered_and_paged_without_repeats(client: httpx.AsyncClient, link: Link) -> None:
    ana = await link("ana")
    made = [await campaigning.create(client, ana, name=f"Campaign {number}") for number in range(5)]
    await client.post(f"/campaigns/{made[1]['id']}/disable")
    newest = (await client.get("/campaigns")).json()["data"]
    assert {entry["id"] for entry in newest} == {entry["id"] for entry in made}
    walked: list[str] = []
    parameters: dict[str, Any] = {"limit": 2, "order": "asc"}
    while True:
        page = (await client.get("/campaigns", params=parameters)).json()
        walked += [entry["id"] for entry in page["data"]]
        if page["nextCursor"] is None:
            break
        parameters["cursor"] = page["nextCursor"]
    assert walked == [entry["id"] for entry in newest][::-1] == sorted(walked)
    paused = (await client.get("/campaigns", params={"status": ["paused", "active"]})).json()["data"]
    assert [entry["id"] for entry in paused] == [made[1]["id"]]
    found = (await client.get("/campaigns", params={"q": "CAMPAIGN 3"})).json()["data"]
    assert [entry["id"] for entry in found] == [made[3]["id"]]
    assert (await client.get("/campaigns", params={"q": "%"})).json()["data"] == []
    assert (await client.get("/campaigns", params={"status": "sleeping"})).status_code == 400
    assert (await client.get("/campaigns", params={"order": "name"})).status_code == 400


async def walk(client: httpx.AsyncClient, **query: Any) -> list[str]:
    """Return the names of all campaigns, read in pages of two."""
    names: list[str] = []
    parameters: dict[str, Any] = {"limit": 2, **query}
    while True:
        response = await client.get("/campaigns", params=parameters)
        assert response.status_code == 200, response.text
        names += [campaign["name"] for campaign in response.json()["data"]]
        if response.json()["nextCursor"] is None:
            return names
        parameters["cursor"] = response.json()["nextCursor"]


async def test_a_list_is_sorted_by_name_state_and_numbers_page_by_page(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana, day = await link("ana"), timedelta(days=1)
    made = [await campaigning.create(client, ana, name=name) for name in ("beta", "Ärmel", "Alpha", "BETA", "a" * 255)]
    beta, _, alpha, other_beta, _ = made
    await client.post(f"/campaigns/{alpha['id']}/disable")
    await campaigning.put(context, beta, "1", state="finished", account=ana, contacted=day)
    await campaigning.put(context, beta, "2", state="ready")
    await campaigning.put(context, other_beta, "3", state="replied", account=ana, contacted=day, replied=True)
    long = "a" * 255
    assert await walk(client, sort="name") == [long, "Alpha", "beta", "BETA", "Ärmel"]
    assert await walk(client, sort="name", order="desc") == ["Ärmel", "BETA", "beta", "Alpha", long]
    assert await walk(client, sort="name", q="bet") == ["beta", "BETA"]
    assert await walk(client, sort="status") == ["Alpha", "beta", "Ärmel", "BETA", long]
    assert await walk(client, sort="targetsCount") == ["beta", "BETA", long, "Alpha", "Ärmel"]
    assert (await walk(client, sort="contactedCount"))[:2] == ["BETA", "beta"]
    assert (await walk(client, sort="repliesCount"))[0] == "BETA"
    assert (await walk(client, sort="repliesCount", order="asc"))[-1] == "BETA"
    assert (await walk(client, sort="completionRate"))[:2] == ["BETA", "beta"]
    assert await walk(client, sort="createdAt") == await walk(client) == [long, "BETA", "Alpha", "Ärmel", "beta"]
    refused = await client.get("/campaigns", params={"sort": "length"})
    assert (refused.status_code, refused.json()["details"]["issues"][0]["path"]) == (400, ["sort"])


async def test_a_page_of_campaigns_takes_as_many_statements_as_one(
    client: httpx.AsyncClient, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await link("ana")
    counts: list[int] = []
    original: Any = vars(asyncpg.Connection)["_execute"]

    async def counted(self: Any, *arguments: Any, **named: Any) -> Any:
        counts[-1] += 1
        return await original(self, *arguments, **named)

    monkeypatch.setattr("asyncpg.Connection._execute", counted)
    for campaigns in (1, 7):
        counts.append(0)
        while len((await client.get("/campaigns")).json()["data"]) < campaigns:
            await campaigning.create(client, ana)
        counts[-1] = 0
        assert (await client.get("/campaigns")).status_code == 200
    assert counts[0] == counts[1] > 0


async def test_an_edit_changes_what_it_names_and_nothing_else(
    client: httpx.AsyncClient, link: Link, clock: SteeredClock
) -> None:
    ana, ben = await link("ana"), await link("ben")
    campaign = await campaigning.create(client, ana, description="notes")
    clock.at += timedelta(minutes=1)
    assert (await client.patch(f"/campaigns/{campaign['id']}", json={})).json() == campaign
    change: dict[str, Any] = {
        "name": " Winter ",
        "description": None,
        "accountLinkIds": [ben["id"], ana["id"]],
        "hourlyMessageRate": 1,
        "scheduleTimezone": "Europe/Berlin",
        "scheduleHours": {},
    }
    changed = await client.patch(f"/campaigns/{campaign['id']}", json=change)
    assert changed.status_code == 200, changed.text
    expected = {**campaign, **change, "name": "Winter", "updatedAt": "2026-11-23T09:01:00.000Z"}
    # Another account: whom it may write to, and who is reached by whom, has to be found out anew.
    assert changed.json() == {**expected, "isBuildingPlan": True, "isSyncing": True}
    assert await campaigning.read(client, campaign) == changed.json()


async def test_an_account_that_leaves_and_comes_back_keeps_its_pace(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana, ben = await link("ana"), await link("ben")
    campaign = await campaigning.create(client, ana, accountLinkIds=[ana["id"], ben["id"]])

    async def draws() -> dict[str, tuple[float, float, bool]]:
        rows = await context.pool.fetch(
            "SELECT account_id, draw, opening_draw, is_member FROM campaign_account WHERE campaign_id = $1",
            campaign["id"],
        )
        return {row["account_id"]: (row["draw"], row["opening_draw"], row["is_member"]) for row in rows}

    first = await draws()
    assert all(0.75 <= draw <= 1.25 and 0 <= opening <= 1 for draw, opening, _ in first.values())
    left = await client.patch(f"/campaigns/{campaign['id']}", json={"accountLinkIds": [ana["id"]]})
    assert left.status_code == 200, left.text
    assert (await draws())[ben["id"]] == (*first[ben["id"]][:2], False)
    await client.patch(f"/campaigns/{campaign['id']}", json={"accountLinkIds": [ben["id"], ana["id"]]})
    assert await draws() == first


async def test_leads_nobody_reached_are_asked_about_again_when_an_account_joins(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana, ben = await link("ana"), await link("ben")
    campaign = await campaigning.create(client, ana)
    await campaigning.put(context, campaign, "1", state="unreachable", reason="closed")
    await campaigning.put(context, campaign, "2", state="unreachable", reason="suspended")
    await client.patch(f"/campaigns/{campaign['id']}", json={"accountLinkIds": [ana["id"], ben["id"]]})
    assert (await campaigning.lead(client, campaign, "1"))["state"] == "assessing"
    assert (await campaigning.lead(client, campaign, "2"))["state"] == "unreachable"
    assert await context.pool.fetchval("SELECT count(*) FROM assess_queue") == 1


async def test_counters_are_those_of_the_leads(client: httpx.AsyncClient, link: Link, context: Context) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana)
    day = timedelta(days=1)
    await campaigning.put(context, campaign, "1", state="assessing")
    await campaigning.put(context, campaign, "2", state="ready")
    await campaigning.put(context, campaign, "3", state="inSequence", account=ana, contacted=day, rank=1)
    await campaigning.put(context, campaign, "4", state="finished", account=ana, contacted=day)
    await campaigning.put(context, campaign, "5", state="replied", account=ana, contacted=day, replied=True)
    await campaigning.put(context, campaign, "6", state="held", account=ana, contacted=day, reason="textTooLong")
    await campaigning.put(context, campaign, "7", state="removed", account=ana, contacted=day, reason="leftLists")
    await campaigning.put(context, campaign, "8", state="removed", reason="leftLists")
    await campaigning.put(context, campaign, "9", state="excluded", reason="consentMissing")
    await campaigning.put(context, campaign, "10", state="unreachable", reason="closed")
    shown = await campaigning.read(client, campaign)
    assert shown["targetsCount"] == 7
    assert shown["scopeAssessedCount"] == 6
    assert shown["contactedCount"] == 5
    assert shown["repliesCount"] == 1
    assert shown["completionRate"] == pytest.approx(3 / 7)
    assert shown["replyRate"] == pytest.approx(1 / 5)
    assert (shown["heldCount"], shown["consentMissingCount"]) == (1, 1)


async def test_a_duplicate_is_a_draft_with_everything_but_hand_added_leads(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    founders = await campaigning.make_list(client, "Founders", ["Company"])
    won = (await client.get("/statuses/Won")).json()
    source = await campaigning.create(
        client,
        ana,
        name="N" * 255,
        description="notes",
        hourlyMessageRate=5,
        scheduleTimezone="Asia/Tokyo",
        rules={"syncedListIds": [founders["id"]], "excludeContacted": True},
        sequence={"steps": [message("Hi ", variable("Company", "x"))]},
        automations=[{"trigger": "replied", "action": "setStatus", "actionData": {"statusId": won["id"]}}],
    )
    await campaigning.put(context, source, "1", state="ready")
    copied = (await client.post(f"/campaigns/{source['id']}/duplicate")).json()
    assert copied["name"] == "N" * 248 + " (copy)"
    own = {"id", "name", "sequence", "automations", "targetsCount", "scopeAssessedCount"}
    assert copied.keys() == source.keys()
    assert {name: copied[name] for name in copied.keys() - own} == {name: source[name] for name in source.keys() - own}
    assert copied["targetsCount"] == 0
    assert copied["isSyncing"] is True
    assert [step["data"] for step in copied["sequence"]["steps"]] == [
        step["data"] for step in source["sequence"]["steps"]
    ]
    assert copied["sequence"]["steps"][0]["id"] != source["sequence"]["steps"][0]["id"]
    assert copied["automations"][0]["actionData"] == source["automations"][0]["actionData"]
    assert copied["automations"][0]["id"] != source["automations"][0]["id"]


async def test_creation_and_duplication_are_told(client: httpx.AsyncClient, link: Link, context: Context) -> None:
    source = await campaigning.create(client, await link("ana"))
    copied = (await client.post(f"/campaigns/{source['id']}/duplicate")).json()
    rows = await context.pool.fetch("SELECT object_id FROM event WHERE type = 'campaign.created' ORDER BY seq")
    assert [row["object_id"] for row in rows] == [source["id"], copied["id"]]

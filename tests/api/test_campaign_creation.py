"""Making a campaign: what one body may hold, what it starts with, what is refused."""

from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import delay, issue_paths, message, variable
from tests.api.conftest import Link, Wakes

from overture.actions.context import Context

FIELDS = {
    "id", "name", "description", "status", "enabled", "dryRun", "targetsCount", "contactedCount", "repliesCount",
    "scopeAssessedCount", "completionRate", "replyRate", "hourlyMessageRate", "scheduleTimezone", "scheduleHours",
    "isBuildingPlan", "isSyncing", "accountLinkIds", "rules", "sequence", "automations", "createdAt", "updatedAt",
    "pausedAt", "completedAt", "lastStartedAt", "pauseReason", "heldCount", "consentMissingCount", "contactPolicy",
    "waitsFor", "nextSendAt", "finishesAt",
}  # fmt: skip
NOWHERE = "a00000000000000000000000"


async def test_a_new_campaign_is_a_draft_with_every_field_and_the_documented_defaults(
    client: httpx.AsyncClient, link: Link
) -> None:
    ana = await link("ana")
    made = await campaigning.create(client, ana)
    assert set(made) == FIELDS
    assert (made["status"], made["enabled"], made["dryRun"]) == ("draft", False, False)
    assert (made["hourlyMessageRate"], made["scheduleTimezone"]) == (8, "UTC")
    assert made["scheduleHours"] == {str(day): {"start": 540, "end": 1020} for day in range(1, 6)}
    assert made["rules"] == {
        "syncedLists": [],
        "excludedLists": [],
        "excludeContacted": False,
        "excludeMutuals": False,
    }
    assert made["sequence"] == {"version": 0, "steps": []}
    assert made["createdAt"] == made["updatedAt"] == "2026-11-23T09:00:00.000Z"
    assert [made[name] for name in ("pausedAt", "completedAt", "lastStartedAt", "pauseReason")] == [None] * 4
    assert made["isSyncing"] is False
    assert made["contactPolicy"] == "inboundOrConsent"
    assert made["waitsFor"]["code"] == "notEnabled"
    assert await campaigning.read(client, made) == made


async def test_one_body_makes_a_campaign_with_all_its_parts_and_its_sync_is_under_way(
    client: httpx.AsyncClient, link: Link, wakes: Wakes
) -> None:
    ana, ben = await link("ana"), await link("ben")
    founders = await campaigning.make_list(client, "Founders", ["Company"])
    won = (await client.get("/statuses/Won")).json()
    before = wakes.count
    made = await campaigning.create(
        client,
        ana,
        accountLinkIds=[ben["id"], ana["id"]],
        description="notes",
        hourlyMessageRate=25,
        timezone="Europe/Berlin",
        scheduleHours={"0": {"start": 0, "end": 1440}},
        columns=[{"name": "City", "type": "text"}],
        rules={"syncedListIds": [founders["id"]], "excludeContacted": True},
        sequence={"steps": [message("Hi ", variable("City", "you")), delay(2), message(variable("Company"))]},
        automations=[{"trigger": "replied", "action": "setStatus", "actionData": {"statusId": won["id"]}}],
    )
    columns = {
        column["name"]: column["id"] for column in (await client.get(f"/campaigns/{made['id']}/columns")).json()["data"]
    }
    assert set(columns) == {"City", "Company"}
    assert made["accountLinkIds"] == [ben["id"], ana["id"]]
    assert (made["description"], made["hourlyMessageRate"]) == ("notes", 25)
    assert (made["scheduleTimezone"], made["scheduleHours"]) == ("Europe/Berlin", {"0": {"start": 0, "end": 1440}})
    assert made["rules"]["syncedLists"] == [
        {
            "listId": founders["id"],
            "listName": "Founders",
            "columnMapping": {founders["columns"]["Company"]: columns["Company"]},
        }
    ]
    assert made["rules"]["excludeContacted"] is True
    assert made["isSyncing"] is True
    sequence = made["sequence"]
    assert sequence["version"] == 1
    assert [(step["rank"], step["type"]) for step in sequence["steps"]] == [
        (0, "message"),
        (1, "delay"),
        (2, "message"),
    ]
    assert sequence["steps"][0]["data"]["segments"][1] == variable(columns["City"], "you")
    assert sequence["steps"][2]["data"]["segments"][0]["name"] == columns["Company"]
    (automation,) = made["automations"]
    assert automation["actionData"] == {"statusId": won["id"]}
    assert automation["enabled"] is True
    assert wakes.count > before
    assert await campaigning.read(client, made) == made


async def test_rules_are_read_back_in_the_shape_a_campaign_shows_them(client: httpx.AsyncClient, link: Link) -> None:
    ana = await link("ana")
    founders, customers = await campaigning.make_list(client, "F"), await campaigning.make_list(client, "C")
    shown = {
        "syncedLists": [{"listId": founders["id"], "listName": "whatever", "columnMapping": {}}],
        "excludedLists": [{"listId": customers["id"], "listName": "F"}],
        "excludeContacted": False,
        "excludeMutuals": True,
    }
    made = await campaigning.create(client, ana, leadRules=shown)
    assert made["rules"]["syncedLists"] == [{"listId": founders["id"], "listName": "F", "columnMapping": {}}]
    assert made["rules"]["excludedLists"] == [{"listId": customers["id"], "listName": "C"}]
    assert made["rules"]["excludeMutuals"] is True


@pytest.mark.parametrize("name", ["rules", "leadRules"])
async def test_rules_have_two_names_and_two_shapes(client: httpx.AsyncClient, link: Link, name: str) -> None:
    ana = await link("ana")
    first, second = await campaigning.make_list(client, "First"), await campaigning.make_list(client, "Second")
    shown = {
        "syncedLists": [{"listId": first["id"], "listName": "First", "columnMapping": {}}],
        "excludedLists": [{"listId": second["id"], "listName": "Second"}],
        "excludeContacted": True,
        "excludeMutuals": False,
    }
    given = {"syncedListIds": [first["id"]], "excludedListIds": [second["id"]], "excludeContacted": True}
    for rules in (shown, given):
        made = await campaigning.create(client, ana, **{name: rules})
        assert (made["rules"], made["isSyncing"]) == (shown, True)
    both = {"name": "A", "accountLinkIds": [ana["id"]], "rules": given, "leadRules": {**given, "excludeMutuals": True}}
    assert issue_paths(await client.post("/campaigns", json=both)) == [["leadRules"]]


async def test_names_need_not_be_unique_and_are_as_long_as_the_bounds_allow(
    client: httpx.AsyncClient, link: Link
) -> None:
    ana = await link("ana")
    body = {"name": "🦆" * 255, "description": "x" * 1000, "hourlyMessageRate": 1}
    first, second = [await campaigning.create(client, ana, **body) for _ in range(2)]
    assert first["id"] != second["id"]
    assert {name: second[name] for name in body} == body


async def test_an_account_that_is_offline_may_be_in_a_campaign(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    await context.pool.execute("UPDATE account_link SET status = 'offline'")
    assert (await campaigning.create(client, ana))["accountLinkIds"] == [ana["id"]]


async def test_zone_aliases_agree_or_are_refused(client: httpx.AsyncClient, link: Link) -> None:
    ana = await link("ana")
    agreed = await campaigning.create(client, ana, timeZone="Asia/Tokyo", scheduleTimezone="Asia/Tokyo")
    assert agreed["scheduleTimezone"] == "Asia/Tokyo"
    body = {"name": "A", "accountLinkIds": [ana["id"]], "timezone": "Asia/Tokyo", "scheduleTimezone": "UTC"}
    assert issue_paths(await client.post("/campaigns", json=body)) == [["timezone"]]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "   "}, ["name"]),
        ({"name": "x" * 256}, ["name"]),
        ({"name": 5}, ["name"]),
        ({"name": None}, ["name"]),
        ({"description": "x" * 1001}, ["description"]),
        ({"accountLinkIds": []}, ["accountLinkIds"]),
        ({"hourlyMessageRate": 0}, ["hourlyMessageRate"]),
        ({"hourlyMessageRate": 26}, ["hourlyMessageRate"]),
        ({"hourlyMessageRate": "8"}, ["hourlyMessageRate"]),
        ({"hourlyMessageRate": True}, ["hourlyMessageRate"]),
        ({"scheduleTimezone": "Mars/Olympus"}, ["scheduleTimezone"]),
        ({"scheduleTimezone": "europe/berlin"}, ["scheduleTimezone"]),
        ({"scheduleHours": {"1": {"start": 600, "end": 600}}}, ["scheduleHours", "1"]),
        ({"scheduleHours": {"1": {"start": 700, "end": 600}}}, ["scheduleHours", "1"]),
        ({"scheduleHours": {"1": {"start": 0, "end": 1441}}}, ["scheduleHours", "1", "end"]),
        ({"scheduleHours": {"1": {"start": -1, "end": 5}}}, ["scheduleHours", "1", "start"]),
        ({"scheduleHours": {"1": {"start": 5}}}, ["scheduleHours", "1", "end"]),
        ({"scheduleHours": {"7": {"start": 0, "end": 5}}}, ["scheduleHours", "7"]),
        ({"scheduleHours": None}, ["scheduleHours"]),
        ({"dryRun": True}, ["dryRun"]),
        ({"colour": "red"}, ["colour"]),
    ],
)
async def test_what_is_not_well_formed_is_refused_with_its_path_and_changes_nothing(
    client: httpx.AsyncClient, link: Link, change: dict[str, Any], path: list[str | int]
) -> None:
    ana = await link("ana")
    created = await client.post("/campaigns", json={"name": "A", "accountLinkIds": [ana["id"]], **change})
    assert issue_paths(created) == [path]
    assert (await client.get("/campaigns")).json()["data"] == []
    campaign = await campaigning.create(client, ana)
    assert issue_paths(await client.patch(f"/campaigns/{campaign['id']}", json=change)) == [path]
    assert await campaigning.read(client, campaign) == campaign


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"rules": {"syncedListIds": [], "syncedLists": []}}, ["rules", "syncedLists"]),
        ({"rules": {"syncedListIds": "l"}}, ["rules", "syncedListIds"]),
        ({"rules": {"nothing": 1}}, ["rules", "nothing"]),
        ({"rules": {"columnMappings": {"l": {"a": "b"}}}}, ["rules", "columnMappings", "l"]),
        ({"columns": [{"name": "A"}, {"name": " "}]}, ["columns", 1, "name"]),
        ({"columns": [{"name": "A", "type": "colour"}]}, ["columns", 0, "type"]),
        ({"sequence": {"steps": [message("a"), delay(), delay(), message("b")]}}, ["sequence", "steps", 2]),
        (
            {"sequence": {"steps": [message(variable("nickname"))]}},
            ["sequence", "steps", 0, "data", "segments", 0, "name"],
        ),
        (
            {"automations": [{"trigger": "replied", "action": "addTag", "actionData": {"statusId": "x"}}]},
            ["automations", 0, "actionData"],
        ),
        (
            {"automations": [{"trigger": "opened", "action": "addTag", "actionData": {}}]},
            ["automations", 0, "trigger"],
        ),
    ],
)
async def test_a_part_that_is_not_well_formed_refuses_the_whole_creation(
    client: httpx.AsyncClient, link: Link, body: dict[str, Any], path: list[str | int]
) -> None:
    ana = await link("ana")
    response = await client.post("/campaigns", json={"name": "A", "accountLinkIds": [ana["id"]], **body})
    assert issue_paths(response) == [path]
    assert (await client.get("/campaigns")).json()["data"] == []


async def test_a_name_that_two_columns_have_tells_nobody_which_is_meant(client: httpx.AsyncClient, link: Link) -> None:
    ana, founders = await link("ana"), await campaigning.make_list(client, "Founders", ["City"])
    twins = {"name": "A", "accountLinkIds": [ana["id"]], "columns": [{"name": "Town"}, {"name": "Town"}]}
    text = {"steps": [message("Hi"), message(variable("Town"))]}
    refused = await client.post("/campaigns", json={**twins, "sequence": text})
    assert issue_paths(refused) == [["sequence", "steps", 1, "data", "segments", 0, "name"]]
    assert "More than one column is called 'Town'" in refused.json()["message"]
    city = founders["columns"]["City"]
    rules = {"syncedListIds": [founders["id"]], "columnMappings": {founders["id"]: {city: "Town"}}}
    refused = await client.post("/campaigns", json={**twins, "rules": rules})
    assert issue_paths(refused) == [["rules", "columnMappings", founders["id"], city]]
    assert (await client.get("/campaigns")).json()["data"] == []
    # Nobody names them: they may be called alike. A name of Overture's own means what it always means.
    clear = {"steps": [message(variable("location"))]}
    body = {**twins, "columns": [*twins["columns"], {"name": "location"}], "sequence": clear}
    made = (await client.post("/campaigns", json=body)).json()
    assert made["sequence"]["steps"][0]["data"]["segments"][0]["name"] == "location"


@pytest.mark.parametrize("account_id", [NOWHERE, "abc", "", "x" * 400])
async def test_an_account_the_team_does_not_have_is_a_404_that_names_it(
    client: httpx.AsyncClient, link: Link, account_id: str
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana)
    body = {"name": "A", "accountLinkIds": [ana["id"], account_id]}
    for response in (
        await client.post("/campaigns", json=body),
        await client.patch(f"/campaigns/{campaign['id']}", json={"accountLinkIds": body["accountLinkIds"]}),
    ):
        assert response.status_code == 404
        assert response.json()["code"] == "accountLinkNotFound"
        assert response.json()["details"] == {"id": account_id}
    assert await campaigning.read(client, campaign) == campaign


async def test_an_account_given_twice_is_refused(client: httpx.AsyncClient, link: Link) -> None:
    ana = await link("ana")
    body = {"name": "A", "accountLinkIds": [ana["id"], ana["id"]]}
    assert issue_paths(await client.post("/campaigns", json=body)) == [["accountLinkIds", 1]]


async def test_an_account_of_another_team_and_an_unlinked_one_are_not_found(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, link: Link
) -> None:
    foreign = await link("ben", using=other_client)
    gone = await link("ana")
    assert (await client.delete(f"/account-links/{gone['id']}")).status_code == 204
    for account in (foreign, gone):
        response = await client.post("/campaigns", json={"name": "A", "accountLinkIds": [account["id"]]})
        assert (response.status_code, response.json()["code"]) == (404, "accountLinkNotFound")

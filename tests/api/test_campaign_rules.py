"""The rules of a campaign: which lists feed it, which exclude, and how list columns fill its own."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import issue_paths
from tests.api.conftest import Link, SteeredClock, Tenant

from overture.actions.context import Context
from overture.engine import sync

NOWHERE = "l00000000000000000000000"


async def change(client: httpx.AsyncClient, campaign: dict[str, Any], **body: Any) -> httpx.Response:
    return await client.patch(f"/campaigns/{campaign['id']}/rules", json=body)


async def run_sync(context: Context, team: Tenant, campaign: dict[str, Any], clock: SteeredClock) -> None:
    """Let the engine do what the campaign has asked it for."""
    await sync.step(context.pool, team_id=team.id, campaign_id=campaign["id"], now=clock.at)
    await context.pool.execute("UPDATE duty SET done = wanted WHERE kind = 'sync'")


async def states(client: httpx.AsyncClient, campaign: dict[str, Any]) -> dict[str, str]:
    """Each lead's state by its platform id."""
    page = (await client.get(f"/campaigns/{campaign['id']}/leads")).json()
    return {entry["profile"]["platformId"]: entry["state"] for entry in page["data"]}


async def test_a_change_shows_at_once_and_a_sync_is_under_way_in_the_same_breath(
    client: httpx.AsyncClient, link: Link, clock: SteeredClock
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    first, second, third = [await campaigning.make_list(client, name) for name in ("1", "2", "3")]
    clock.at += timedelta(minutes=1)
    answer = await change(
        client,
        campaign,
        syncedListIds=[second["id"], first["id"]],
        excludedListIds=[third["id"]],
        excludeContacted=True,
        excludeMutuals=True,
    )
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    shown = await campaigning.read(client, campaign)
    assert [entry["listId"] for entry in shown["rules"]["syncedLists"]] == [second["id"], first["id"]]
    assert shown["rules"]["excludedLists"] == [{"listId": third["id"], "listName": "3"}]
    assert (shown["rules"]["excludeContacted"], shown["rules"]["excludeMutuals"]) == (True, True)
    assert shown["isSyncing"] is True
    assert shown["updatedAt"] == "2026-11-23T09:01:00.000Z"


async def test_omitted_rules_stay_and_empty_arrays_clear(client: httpx.AsyncClient, link: Link) -> None:
    first, second = [await campaigning.make_list(client, name) for name in ("1", "2")]
    rules = {"syncedListIds": [first["id"]], "excludedListIds": [second["id"]], "excludeContacted": True}
    campaign = await campaigning.create(client, await link("ana"), rules=rules)
    await change(client, campaign, excludeMutuals=True)
    kept = (await campaigning.read(client, campaign))["rules"]
    assert kept == {**campaign["rules"], "excludeMutuals": True}
    await change(client, campaign, syncedListIds=[])
    cleared = (await campaigning.read(client, campaign))["rules"]
    assert cleared == {**kept, "syncedLists": []}


async def test_a_change_that_changes_nothing_starts_no_sync(
    client: httpx.AsyncClient, link: Link, context: Context, clock: SteeredClock, team: Tenant
) -> None:
    first = await campaigning.make_list(client, "1", ["City"])
    campaign = await campaigning.create(client, await link("ana"), rules={"syncedListIds": [first["id"]]})
    await run_sync(context, team, campaign, clock)
    for body in ({}, {"syncedListIds": [first["id"]]}, {"excludeContacted": False}, {"autoMapColumns": True}):
        assert (await change(client, campaign, **body)).status_code == 200
        shown = await campaigning.read(client, campaign)
        assert shown == {**campaign, "isSyncing": False}


@pytest.mark.parametrize("key", ["syncedListIds", "excludedListIds"])
@pytest.mark.parametrize("list_id", [NOWHERE, "abc", ""])
async def test_an_unknown_list_is_a_404_that_names_it(
    client: httpx.AsyncClient, link: Link, key: str, list_id: str
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    refused = await change(client, campaign, **{key: [list_id], "excludeContacted": True})
    assert (refused.status_code, refused.json()["code"]) == (404, "listNotFound")
    assert refused.json()["details"] == {"id": list_id}
    assert await campaigning.read(client, campaign) == campaign


async def test_a_foreign_list_is_not_found(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, link: Link
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    foreign = await campaigning.make_list(other_client, "theirs")
    refused = await change(client, campaign, syncedListIds=[foreign["id"]])
    assert (refused.status_code, refused.json()["code"]) == (404, "listNotFound")


@pytest.mark.parametrize("key", ["syncedListIds", "excludedListIds"])
async def test_system_lists_and_repeats_are_refused_with_their_place(
    client: httpx.AsyncClient, link: Link, key: str
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    own = await campaigning.make_list(client, "own")
    lists = (await client.get("/lists")).json()["data"]
    system = next(entry for entry in lists if entry["kind"] == "contacted")
    assert issue_paths(await change(client, campaign, **{key: [own["id"], system["id"]]})) == [[key, 1]]
    assert issue_paths(await change(client, campaign, **{key: [own["id"], own["id"]]})) == [[key, 1]]
    assert await campaigning.read(client, campaign) == campaign


async def test_new_lists_get_their_columns_mapped_by_name_and_a_name_is_made_once(
    client: httpx.AsyncClient, link: Link
) -> None:
    campaign = await campaigning.create(client, await link("ana"), columns=[{"name": "City"}])
    (city,) = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    first = await campaigning.make_list(client, "1", ["City", "Company"])
    second = await campaigning.make_list(client, "2", ["Company"])
    await change(client, campaign, syncedListIds=[first["id"], second["id"]])
    columns = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    assert [column["name"] for column in columns] == ["City", "Company"]
    shown = (await campaigning.read(client, campaign))["rules"]["syncedLists"]
    assert shown[0]["columnMapping"] == {
        first["columns"]["City"]: city["id"],
        first["columns"]["Company"]: columns[1]["id"],
    }
    assert shown[1]["columnMapping"] == {second["columns"]["Company"]: columns[1]["id"]}


async def test_mapping_by_hand_replaces_and_only_asked_for_lists_are_mapped_by_themselves(
    client: httpx.AsyncClient, link: Link
) -> None:
    campaign = await campaigning.create(client, await link("ana"), columns=[{"name": "Place"}])
    (place,) = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    first = await campaigning.make_list(client, "1", ["City", "Company"])
    mapping = {first["columns"]["City"]: place["id"]}

    async def shown() -> Any:
        return (await campaigning.read(client, campaign))["rules"]["syncedLists"][0]["columnMapping"]

    await change(
        client,
        campaign,
        syncedListIds=[first["id"]],
        columnMappings={first["id"]: mapping},
        autoMapColumns=False,
    )
    assert await shown() == mapping
    await change(client, campaign, excludeContacted=True)
    assert await shown() == mapping
    await change(client, campaign, autoMapColumns=True)
    assert set(await shown()) == set(first["columns"].values())
    await change(client, campaign, columnMappings={first["id"]: {}}, autoMapColumns=False)
    assert await shown() == {}


async def test_mappings_of_what_does_not_exist_are_refused(client: httpx.AsyncClient, link: Link) -> None:
    first = await campaigning.make_list(client, "1", ["City"])
    other = await campaigning.make_list(client, "2", ["City"])
    campaign = await campaigning.create(client, await link("ana"), rules={"syncedListIds": [first["id"]]})
    (ours,) = campaign["rules"]["syncedLists"][0]["columnMapping"].values()
    source = first["columns"]["City"]
    not_synced = await change(client, campaign, columnMappings={other["id"]: {other["columns"]["City"]: ours}})
    assert issue_paths(not_synced) == [["columnMappings", other["id"]]]
    for mapping, missing in (
        ({source: "custom_nothing"}, "custom_nothing"),
        ({"custom_nothing": ours}, "custom_nothing"),
        ({other["columns"]["City"]: ours}, other["columns"]["City"]),
    ):
        refused = await change(client, campaign, columnMappings={first["id"]: mapping})
        assert (refused.status_code, refused.json()["code"]) == (404, "columnNotFound")
        assert refused.json()["details"] == {"id": missing}
    assert await campaigning.read(client, campaign) == campaign


async def test_a_column_is_filled_from_columns_of_its_own_type_and_text_from_any(
    client: httpx.AsyncClient, link: Link
) -> None:
    campaign = await campaigning.create(
        client, await link("ana"), columns=[{"name": "Size", "type": "number"}, {"name": "Note"}]
    )
    size, note = [one["id"] for one in (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]]
    numbers = await campaigning.make_list(client, "1", ["Employees"], kind="number")
    dates = await campaigning.make_list(client, "2", ["Since"], kind="date")
    both = {"syncedListIds": [numbers["id"], dates["id"]], "autoMapColumns": False}
    employees, since = numbers["columns"]["Employees"], dates["columns"]["Since"]
    before = await campaigning.read(client, campaign)
    refused = await change(
        client, campaign, **both, columnMappings={numbers["id"]: {employees: size}, dates["id"]: {since: size}}
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidRequest")
    assert issue_paths(refused) == [["columnMappings", dates["id"], since]]
    assert "'Since' is of type date, the campaign's column 'Size' of type number" in refused.json()["message"]
    assert await campaigning.read(client, campaign) == before
    mappings = {numbers["id"]: {employees: size}, dates["id"]: {since: note}}
    assert (await change(client, campaign, **both, columnMappings=mappings)).status_code == 200


async def test_lists_that_do_not_agree_on_a_type_fill_a_text_column_and_leave_others_alone(
    client: httpx.AsyncClient, link: Link
) -> None:
    campaign = await campaigning.create(client, await link("ana"), columns=[{"name": "Size", "type": "number"}])
    numbers = await campaigning.make_list(client, "1", ["Size", "Score"], kind="number")
    dates = await campaigning.make_list(client, "2", ["Size", "Score"], kind="date")
    await change(client, campaign, syncedListIds=[numbers["id"], dates["id"]])
    columns = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    assert [(one["name"], one["type"]) for one in columns] == [("Size", "number"), ("Score", "text")]
    size, score = [one["id"] for one in columns]
    mapped = [one["columnMapping"] for one in (await campaigning.read(client, campaign))["rules"]["syncedLists"]]
    assert mapped == [
        {numbers["columns"]["Size"]: size, numbers["columns"]["Score"]: score},
        {dates["columns"]["Score"]: score},
    ]


async def test_a_new_campaign_maps_onto_columns_of_the_same_body_by_name(client: httpx.AsyncClient, link: Link) -> None:
    first = await campaigning.make_list(client, "1", ["City"])
    campaign = await campaigning.create(
        client,
        await link("ana"),
        columns=[{"name": "Place"}],
        rules={"syncedListIds": [first["id"]], "columnMappings": {first["id"]: {first["columns"]["City"]: "Place"}}},
    )
    (place,) = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    assert campaign["rules"]["syncedLists"][0]["columnMapping"] == {first["columns"]["City"]: place["id"]}


@pytest.mark.parametrize(("behavior", "left"), [(None, "excluded"), ("unlink", "excluded"), ("remove", "removed")])
async def test_leads_of_a_list_that_stops_being_synced_stay_or_go_as_asked(
    client: httpx.AsyncClient,
    link: Link,
    context: Context,
    clock: SteeredClock,
    team: Tenant,
    behavior: str | None,
    left: str,
) -> None:
    first, second = [await campaigning.make_list(client, name) for name in ("1", "2")]
    await campaigning.fill(client, first, "101", "102")
    await campaigning.fill(client, second, "102", "103")
    rules = {"syncedListIds": [first["id"], second["id"]]}
    campaign = await campaigning.create(client, await link("ana"), rules=rules)
    await run_sync(context, team, campaign, clock)
    # Nobody has agreed to anything here, so whoever belongs to the campaign is left out of it for that alone.
    assert await states(client, campaign) == dict.fromkeys(("101", "102", "103"), "excluded")
    more = {} if behavior is None else {"detachBehavior": behavior}
    await change(client, campaign, syncedListIds=[second["id"]], **more)
    await run_sync(context, team, campaign, clock)
    assert await states(client, campaign) == {"101": left, "102": "excluded", "103": "excluded"}
    # Leads that another list still brings are that list's: they leave with it.
    await change(client, campaign, syncedListIds=[], detachBehavior="remove")
    await run_sync(context, team, campaign, clock)
    assert await states(client, campaign) == {"101": left, "102": "removed", "103": "removed"}


async def test_every_change_of_a_running_campaign_is_kept_in_its_history(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    await change(client, campaign, excludeContacted=True)
    rows = await context.pool.fetch("SELECT revision, settings FROM campaign_revision ORDER BY revision")
    assert [row["revision"] for row in rows] == [1, 2]
    assert [row["settings"]["excludeContacted"] for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"syncedListIds": None}, ["syncedListIds"]),
        ({"syncedListIds": [5]}, ["syncedListIds", 0]),
        ({"excludeContacted": "yes"}, ["excludeContacted"]),
        ({"detachBehavior": "forget"}, ["detachBehavior"]),
        ({"columnMappings": {"l": ["a"]}}, ["columnMappings", "l"]),
        ({"syncedLists": []}, ["syncedLists"]),
    ],
)
async def test_rules_that_are_not_well_formed_are_refused_with_their_path(
    client: httpx.AsyncClient, link: Link, body: dict[str, Any], path: list[str | int]
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    assert issue_paths(await change(client, campaign, **body)) == [path]
    assert await campaigning.read(client, campaign) == campaign


async def test_a_list_column_that_campaigns_fill_theirs_from_cannot_be_deleted(
    client: httpx.AsyncClient, link: Link
) -> None:
    first = await campaigning.make_list(client, "1", ["City", "Company"])
    campaign = await campaigning.create(client, await link("ana"), rules={"syncedListIds": [first["id"]]})
    address = f"/lists/{first['id']}/columns/{first['columns']['City']}"
    refused = await client.delete(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "columnInUse")
    assert refused.json()["details"] == {"campaignIds": [campaign["id"]]}
    company = campaign["rules"]["syncedLists"][0]["columnMapping"][first["columns"]["Company"]]
    mapping = {first["id"]: {first["columns"]["Company"]: company}}
    await change(client, campaign, columnMappings=mapping, autoMapColumns=False)
    assert (await client.delete(address)).status_code == 204
    assert (await campaigning.read(client, campaign))["rules"]["syncedLists"][0]["columnMapping"] == mapping[
        first["id"]
    ]

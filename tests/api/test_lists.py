"""Lists and their columns."""

from datetime import timedelta

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import issue_paths
from tests.api.conftest import START, Link, SteeredClock, Tenant

from overture import ids
from overture.store.pool import Pool

NOWHERE = "l0mdbz3k91yq0c8f4w2n7xhs"


async def _create(client: httpx.AsyncClient, name: str = "Founders") -> str:
    response = await client.post("/lists", json={"name": name})
    assert response.status_code == 200, response.text
    list_id: str = response.json()["id"]
    return list_id


async def _used_by_deleted_campaign(database: Pool, team_id: str, list_id: str) -> None:
    campaign_id = ids.new("c")
    await database.execute(
        """
        INSERT INTO campaign (team_id, id, name, schedule_hours, created_at, updated_at, deleted_at)
        VALUES ($1, $2, 'C', '{}', $3, $3, $4)
        """,
        team_id,
        campaign_id,
        START,
        START,
    )
    await database.execute(
        """
        INSERT INTO campaign_list (team_id, campaign_id, list_id, role, position)
        VALUES ($1, $2, $3, 'synced', 0)
        """,
        team_id,
        campaign_id,
        list_id,
    )


async def test_a_new_list_shows_every_field(client: httpx.AsyncClient) -> None:
    response = await client.post("/lists", json={"name": "  Founders ", "description": "Spring fair"})
    assert response.status_code == 200
    made = response.json()
    assert ids.is_valid(made.pop("id"))
    assert made == {
        "kind": "user",
        "name": "Founders",
        "description": "Spring fair",
        "leadsCount": 0,
        "createdAt": "2026-11-23T09:00:00.000Z",
        "updatedAt": "2026-11-23T09:00:00.000Z",
    }


async def test_a_team_starts_with_its_two_system_lists(client: httpx.AsyncClient) -> None:
    await _create(client)
    listed = (await client.get("/lists")).json()["data"]
    assert [(row["kind"], row["name"]) for row in listed] == [
        ("contacted", "Contacted"),
        ("mutual", "Mutual"),
        ("user", "Founders"),
    ]


async def test_a_patch_changes_what_it_names_and_null_clears(client: httpx.AsyncClient, clock: SteeredClock) -> None:
    list_id = await _create(client)
    await client.patch(f"/lists/{list_id}", json={"description": "A"})
    clock.at += timedelta(minutes=1)
    changed = (await client.patch(f"/lists/{list_id}", json={"name": "Makers"})).json()
    assert (changed["name"], changed["description"]) == ("Makers", "A")
    assert changed["updatedAt"] == "2026-11-23T09:01:00.000Z"
    cleared = (await client.patch(f"/lists/{list_id}", json={"description": None})).json()
    assert (cleared["name"], cleared["description"]) == ("Makers", None)
    assert (await client.get(f"/lists/{list_id}")).json() == cleared


async def test_system_lists_cannot_be_written(client: httpx.AsyncClient) -> None:
    system = (await client.get("/lists")).json()["data"][0]["id"]
    for method, path, body in (
        ("PATCH", "", {"name": "Mine"}),
        ("DELETE", "", None),
        ("POST", "/columns", {"name": "A"}),
        ("POST", "/leads", {"platformIds": ["1"]}),
        ("DELETE", "/leads", {"platformIds": ["1"]}),
        ("PATCH", "/leads/1", {"data": {}}),
    ):
        response = await client.request(method, f"/lists/{system}{path}", json=body)
        assert (response.status_code, response.json()["code"]) == (409, "listNotWritable"), (method, path)


async def test_a_deleted_list_is_gone_with_its_leads(client: httpx.AsyncClient, database: Pool) -> None:
    list_id = await _create(client)
    await client.post(f"/lists/{list_id}/columns", json={"name": "Company"})
    await client.post(f"/lists/{list_id}/leads", json={"platformIds": ["1"]})
    response = await client.delete(f"/lists/{list_id}")
    assert (response.status_code, response.content) == (204, b"")
    assert (await client.get(f"/lists/{list_id}")).json()["code"] == "listNotFound"
    assert (await client.delete(f"/lists/{list_id}")).status_code == 404
    assert await database.fetchval("SELECT count(*) FROM list_lead") == 0
    assert await database.fetchval("SELECT count(*) FROM list_change") == 0


@pytest.mark.parametrize("rule", ["syncedListIds", "excludedListIds"])
async def test_a_list_that_campaigns_sync_or_exclude_is_kept(client: httpx.AsyncClient, link: Link, rule: str) -> None:
    list_id = await _create(client)
    account = await link("ana")
    used_by = [(await campaigning.create(client, account, rules={rule: [list_id]}))["id"] for _ in range(2)]
    response = await client.delete(f"/lists/{list_id}")
    assert (response.status_code, response.json()["code"]) == (409, "listInUse")
    assert response.json()["details"] == {"campaignIds": used_by}
    for campaign_id in used_by:
        assert (await client.patch(f"/campaigns/{campaign_id}/rules", json={rule: []})).status_code == 200
    assert (await client.delete(f"/lists/{list_id}")).status_code == 204


async def test_a_deleted_campaign_does_not_keep_its_lists(
    client: httpx.AsyncClient, database: Pool, team: Tenant
) -> None:
    list_id = await _create(client)
    await _used_by_deleted_campaign(database, team.id, list_id)
    assert (await client.delete(f"/lists/{list_id}")).status_code == 204


async def test_another_teams_list_does_not_exist(client: httpx.AsyncClient, other_client: httpx.AsyncClient) -> None:
    list_id = await _create(client)
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "Mine"}),
        ("DELETE", "", None),
        ("GET", "/columns", None),
        ("POST", "/columns", {"name": "A"}),
        ("GET", "/leads", None),
        ("POST", "/leads", {"platformIds": ["1"]}),
        ("DELETE", "/leads", {"platformIds": ["1"]}),
        ("PATCH", "/leads/1", {"data": {}}),
    ):
        response = await other_client.request(method, f"/lists/{list_id}{path}", json=body)
        assert (response.status_code, response.json()["code"]) == (404, "listNotFound"), (method, path)
    assert (await client.get(f"/lists/{list_id}")).json()["name"] == "Founders"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "   "}, ["name"]),
        ({"name": "x" * 256}, ["name"]),
        ({"name": 5}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": "A", "description": "x" * 1001}, ["description"]),
        ({"name": "A", "descripton": "x"}, ["descripton"]),
    ],
)
async def test_a_list_that_cannot_be_is_refused_with_the_place(
    client: httpx.AsyncClient, body: dict[str, object], path: list[str]
) -> None:
    response = await client.post("/lists", json=body)
    assert response.status_code == 400
    assert [issue["path"] for issue in response.json()["details"]["issues"]] == [path]


async def test_a_list_is_named_and_described_up_to_the_bounds(client: httpx.AsyncClient) -> None:
    for name, description in (("x", ""), ("é" * 255, "🦆" * 1000)):
        body = {"name": name, "description": description}
        made = (await client.post("/lists", json=body)).json()
        assert (made["name"], made["description"]) == (name, description)
        assert (await client.patch(f"/lists/{made['id']}", json=body)).json()["name"] == name
    twin = (await client.post("/lists", json={"name": name})).json()
    assert twin["id"] != made["id"], "names need not be unique"
    for wrong in ({"name": "x" * 256}, {"name": ""}, {"name": None}, {"description": "x" * 1001}, {"kind": "user"}):
        (path,) = issue_paths(await client.patch(f"/lists/{made['id']}", json=wrong))
        assert path == list(wrong)


@pytest.mark.parametrize("kind", ["lists", "campaigns"])
async def test_a_column_has_a_name_a_type_and_bounds(client: httpx.AsyncClient, link: Link, kind: str) -> None:
    at = f"/lists/{await _create(client)}/columns"
    if kind == "campaigns":
        at = f"/campaigns/{(await campaigning.create(client, await link('ana')))['id']}/columns"
    for number, type_ in enumerate(("text", "number", "date", "boolean", "url")):
        body = {"name": "x" * (255 - number), "description": "x" * 1000, "type": type_}
        made = (await client.post(at, json=body)).json()
        assert set(made) == {"id", "name", "description", "type", "createdAt", "updatedAt"}
        assert {**made, **body} == made
        assert made["id"].startswith("custom_") and ids.is_valid(made["id"].removeprefix("custom_"))
    plain = (await client.post(at, json={"name": "A"})).json()
    assert (plain["type"], plain["description"]) == ("text", None)
    assert [column["name"][0] for column in (await client.get(at)).json()["data"]] == ["x"] * 5 + ["A"]
    wrongs: tuple[dict[str, object], ...] = (
        {"name": ""},
        {"name": "x" * 256},
        {"name": None},
        {"description": "x" * 1001},
        {"type": "money"},
        {"type": None},
        {"colour": "red"},
    )
    for wrong in wrongs:
        assert issue_paths(await client.post(at, json={"name": "B", **wrong})) == [list(wrong)], wrong
        assert issue_paths(await client.patch(f"{at}/{plain['id']}", json=wrong)) == [list(wrong)], wrong
    cleared = await client.patch(f"{at}/{made['id']}", json={"description": None})
    assert (cleared.json()["description"], cleared.json()["name"]) == (None, made["name"])


async def test_columns_are_made_renamed_and_listed(client: httpx.AsyncClient) -> None:
    list_id = await _create(client)
    made = (await client.post(f"/lists/{list_id}/columns", json={"name": "Since", "type": "date"})).json()
    assert made["id"].startswith("custom_")
    assert (made["type"], made["description"]) == ("date", None)
    path = f"/lists/{list_id}/columns/{made['id']}"
    changed = (await client.patch(path, json={"description": "First order"})).json()
    assert (changed["name"], changed["description"]) == ("Since", "First order")
    assert (await client.get(f"/lists/{list_id}/columns")).json() == {"data": [changed], "nextCursor": None}
    refused = await client.patch(path, json={"type": "text"})
    assert refused.json()["details"]["issues"][0]["path"] == ["type"]
    refused = await client.post(f"/lists/{list_id}/columns", json={"name": "A", "type": "money"})
    assert refused.json()["details"]["issues"][0]["path"] == ["type"]


async def test_a_deleted_column_takes_its_values_along(client: httpx.AsyncClient) -> None:
    list_id = await _create(client)
    keep = (await client.post(f"/lists/{list_id}/columns", json={"name": "A"})).json()["id"]
    drop = (await client.post(f"/lists/{list_id}/columns", json={"name": "B"})).json()["id"]
    lead = {"platformId": "1", "data": {keep: "a", drop: "b"}}
    await client.post(f"/lists/{list_id}/leads", json={"leads": [lead]})
    assert (await client.delete(f"/lists/{list_id}/columns/{drop}")).status_code == 204
    (row,) = (await client.get(f"/lists/{list_id}/leads")).json()["data"]
    assert row["data"] == {keep: "a"}
    again = await client.delete(f"/lists/{list_id}/columns/{drop}")
    assert (again.status_code, again.json()["code"]) == (404, "columnNotFound")


@pytest.mark.parametrize("identifier", ["x", "L" + NOWHERE[1:], NOWHERE, "%00", "%ff", "a" * 5000, "🦆"])
async def test_an_id_that_is_nobodys_is_not_found(client: httpx.AsyncClient, identifier: str) -> None:
    response = await client.get(f"/lists/{identifier}")
    assert response.status_code == 404

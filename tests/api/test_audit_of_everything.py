"""Every write leaves an entry that says whose it was."""

from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.conftest import Link


async def act(client: httpx.AsyncClient, action: str) -> dict[str, Any]:
    """The only entry of this kind."""
    (found,) = (await client.get("/audit", params={"action": action})).json()["data"]
    assert found["actor"]["name"] == "test"
    told: dict[str, Any] = found
    return told


async def told(client: httpx.AsyncClient, action: str) -> tuple[str, Any, Any]:
    found = await act(client, action)
    return found["object"]["id"], found["before"], found["after"]


@pytest.mark.parametrize("kind", ["status", "tag"])
async def test_labels(client: httpx.AsyncClient, kind: str) -> None:
    path = "/statuses" if kind == "status" else "/tags"
    made = (await client.post(path, json={"name": "Warm", "color": "blue"})).json()
    await client.patch(f"{path}/{made['id']}", json={"name": "Hot"})
    await client.patch(f"{path}/{made['id']}", json={"name": "Hot"})
    await client.delete(f"{path}/{made['id']}")
    was, now = {"name": "Warm", "color": made["color"]}, {"name": "Hot", "color": made["color"]}
    assert await told(client, f"{kind}.created") == (made["id"], None, was)
    assert await told(client, f"{kind}.changed") == (made["id"], was, now)
    assert await told(client, f"{kind}.deleted") == (made["id"], now, None)


async def test_lists_with_their_columns_and_leads(client: httpx.AsyncClient) -> None:
    made = (await client.post("/lists", json={"name": "Leads"})).json()
    path = f"/lists/{made['id']}"
    await client.patch(path, json={"name": "Fans"})
    column = (await client.post(f"{path}/columns", json={"name": "City", "type": "text"})).json()
    await client.patch(f"{path}/columns/{column['id']}", json={"name": "Town"})
    added = await client.post(f"{path}/leads", json={"platform": "twitter", "platformIds": ["1", "2"]})
    assert added.status_code == 200, added.text
    changed = await client.patch(f"{path}/leads/1", json={"data": {column["id"]: "Rome"}})
    assert changed.status_code == 200, changed.text
    await client.request("DELETE", f"{path}/leads", json={"platform": "twitter", "platformIds": ["2"]})
    await client.delete(f"{path}/columns/{column['id']}")
    await client.delete(path)

    assert await told(client, "list.created") == (made["id"], None, {"name": "Leads", "description": None})
    assert await told(client, "list.changed") == (made["id"], {"name": "Leads"}, {"name": "Fans"})
    deleted = await told(client, "list.deleted")
    assert deleted == (made["id"], {"name": "Fans", "description": None, "leadsCount": 1}, None)
    city = {"id": column["id"], "name": "City", "description": None, "type": "text"}
    assert await told(client, "column.created") == (made["id"], None, city)
    assert await told(client, "column.changed") == (made["id"], city, city | {"name": "Town"})
    assert await told(client, "column.deleted") == (made["id"], city | {"name": "Town"}, None)
    assert (await act(client, "leads.added"))["after"]["count"] == 2
    assert (await act(client, "leads.removed"))["after"]["count"] == 1
    assert (await act(client, "lead.changed"))["after"]["data"] == {column["id"]: "Rome"}


async def test_a_campaigns_columns_automations_and_leads(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    path = f"/campaigns/{campaign['id']}"
    column = (await client.post(f"{path}/columns", json={"name": "City", "type": "text"})).json()
    await client.post(f"{path}/leads", json={"platform": "twitter", "platformIds": ["1"]})
    await client.patch(f"{path}/leads/1", json={"data": {column["id"]: "Rome"}})
    await client.delete(f"{path}/columns/{column['id']}")
    tag = (await client.post("/tags", json={"name": "Warm"})).json()
    body = {"trigger": "replied", "action": "addTag", "actionData": {"tagId": tag["id"]}}
    automation = (await client.post(f"{path}/automations", json=body)).json()
    await client.patch(f"{path}/automations/{automation['id']}", json={"enabled": False})
    await client.delete(f"{path}/automations/{automation['id']}")

    assert (await act(client, "column.created"))["object"] == {"type": "campaign", "id": campaign["id"]}
    assert (await act(client, "column.deleted"))["before"]["name"] == "City"
    assert (await act(client, "leads.added"))["after"]["count"] == 1
    assert (await act(client, "lead.changed"))["after"]["data"] == {column["id"]: "Rome"}
    was = body | {"id": automation["id"], "enabled": True}
    assert await told(client, "automation.created") == (campaign["id"], None, was)
    assert await told(client, "automation.changed") == (campaign["id"], was, was | {"enabled": False})
    assert await told(client, "automation.deleted") == (campaign["id"], {"id": automation["id"]}, None)


async def test_contacts(client: httpx.AsyncClient) -> None:
    made = (await client.post("/lists", json={"name": "Leads"})).json()
    await client.post(f"/lists/{made['id']}/leads", json={"platform": "twitter", "platformIds": ["1"]})
    found = await client.get("/contacts", params={"platform": "twitter", "platformId": "1"})
    (contact,) = found.json()["data"]
    tag = (await client.post("/tags", json={"name": "Warm"})).json()
    await client.patch(f"/contacts/{contact['id']}", json={"notes": "Met in Rome", "valuation": 12.5})
    changed = await act(client, "contact.changed")
    assert changed["before"] == {"notes": None, "valuation": None}
    assert changed["after"] == {"notes": "Met in Rome", "valuation": 12.5}
    await client.put(f"/contacts/{contact['id']}/tags/{tag['id']}")
    await client.put(f"/contacts/{contact['id']}/tags/{tag['id']}")
    acts = (await client.get("/audit", params={"action": "contact.changed"})).json()["data"]
    assert [one["after"] for one in acts] == [{"tagIds": [tag["id"]]}, changed["after"]]


async def test_imports(client: httpx.AsyncClient) -> None:
    made = (await client.post("/lists", json={"name": "Leads"})).json()
    path = f"/lists/{made['id']}/import-jobs"
    job = await client.post(path, json={"data": {"type": "csv", "fileName": "fans.csv", "content": "username\nann\n"}})
    assert job.status_code == 200, job.text
    canceled = await client.post(f"{path}/{job.json()['id']}/cancel")
    assert canceled.status_code == 200, canceled.text
    await client.post(f"{path}/{job.json()['id']}/cancel")
    created = await told(client, "importJob.created")
    assert created == (job.json()["id"], None, {"listId": made["id"], "fileName": "fans.csv", "checkOnly": False})
    assert await told(client, "importJob.canceled") == (job.json()["id"], None, {"processedCount": 0})

"""Automations and columns of a campaign."""

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import delay, issue_paths, message, variable
from tests.api.conftest import Link, Tenant

from overture.actions.context import Context


async def test_automations_are_added_changed_switched_off_and_removed(
    client: httpx.AsyncClient, link: Link, context: Context, team: Tenant
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    at = f"/campaigns/{campaign['id']}/automations"
    won = (await client.get("/statuses/Won")).json()
    member_id = await context.pool.fetchval("SELECT id FROM member WHERE team_id = $1", team.id)
    body = {"trigger": "replied", "action": "setStatus", "actionData": {"statusId": won["id"]}}
    made = (await client.post(at, json=body)).json()
    assert made == {**body, "id": made["id"], "enabled": True}
    change = {"action": "assign", "actionData": {"memberId": member_id}, "enabled": False}
    changed = (await client.patch(f"{at}/{made['id']}", json=change)).json()
    assert changed == {**made, **change}
    assert (await campaigning.read(client, campaign))["automations"] == [changed]
    assert issue_paths(await client.patch(f"{at}/{made['id']}", json={"action": "addTag"})) == [["actionData"]]
    for kind, action, key in (
        ("status", "setStatus", "statusId"),
        ("tag", "addTag", "tagId"),
        ("member", "assign", "memberId"),
    ):
        unknown = {"trigger": "finished", "action": action, "actionData": {key: "nope"}}
        refused = await client.post(at, json=unknown)
        assert (refused.status_code, refused.json()["code"]) == (404, f"{kind}NotFound")
        assert refused.json()["details"] == {"id": "nope"}
    assert (await client.delete(f"{at}/{made['id']}")).status_code == 204
    for response in (await client.delete(f"{at}/{made['id']}"), await client.patch(f"{at}/{made['id']}", json={})):
        assert (response.status_code, response.json()["code"]) == (404, "automationNotFound")


@pytest.mark.parametrize("trigger", ["contacted", "followUpSent", "replied", "finished", "failed"])
async def test_every_trigger_takes_every_action(client: httpx.AsyncClient, link: Link, trigger: str) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    at = f"/campaigns/{campaign['id']}/automations"
    tag = (await client.post("/tags", json={"name": "VIP"})).json()["id"]
    member = (await client.get("/members")).json()["data"][0]["id"]
    actions = {
        "setStatus": {"statusId": (await client.get("/statuses/won")).json()["id"]},
        "addTag": {"tagId": tag},
        "removeTag": {"tagId": tag},
        "assign": {"memberId": member},
    }
    for action, data in actions.items():
        body = {"trigger": trigger, "action": action, "actionData": data, "enabled": False}
        made = (await client.post(at, json=body)).json()
        assert made == {**body, "id": made["id"]}
        other = {**body, "actionData": {"statusIdx": "x"}}
        assert issue_paths(await client.post(at, json=other)) == [["actionData"]]
    shown = (await campaigning.read(client, campaign))["automations"]
    assert [one["action"] for one in shown] == list(actions)
    wrong = {"trigger": "opened", "action": "setStatus", "actionData": actions["setStatus"]}
    assert issue_paths(await client.post(at, json=wrong)) == [["trigger"]]


async def test_columns_are_added_renamed_listed_and_removed(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    at = f"/campaigns/{campaign['id']}/columns"
    made = (await client.post(at, json={"name": "City"})).json()
    assert made["id"].startswith("custom_")
    assert (made["type"], made["description"]) == ("text", None)
    changed = (await client.patch(f"{at}/{made['id']}", json={"name": "Town", "description": "where"})).json()
    assert changed == {**made, "name": "Town", "description": "where"}
    assert (await client.get(at)).json() == {"data": [changed], "nextCursor": None}
    assert issue_paths(await client.patch(f"{at}/{made['id']}", json={"name": None})) == [["name"]]
    assert issue_paths(await client.patch(f"{at}/{made['id']}", json={"type": "number"})) == [["type"]]
    assert (await client.delete(f"{at}/{made['id']}")).status_code == 204
    gone = await client.delete(f"{at}/{made['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "columnNotFound")


async def test_a_column_a_step_uses_cannot_be_removed_and_its_steps_are_named(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(
        client,
        ana,
        columns=[{"name": "City"}],
        sequence={"steps": [message("Hi"), delay(), message(variable("City"))]},
    )
    (column,) = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    at = f"/campaigns/{campaign['id']}/columns/{column['id']}"
    await campaigning.put(context, campaign, "1", state="ready", data={column["id"]: "Lisbon"})
    refused = await client.delete(at)
    assert (refused.status_code, refused.json()["code"]) == (409, "columnInUse")
    (use,) = refused.json()["details"]["steps"]
    assert use == {"id": campaign["sequence"]["steps"][2]["id"], "rank": 2, "version": 1}
    await client.put(f"/campaigns/{campaign['id']}/sequence", json={"steps": [message("Hi")]})
    assert (await client.delete(at)).status_code == 204
    assert (await campaigning.lead(client, campaign, "1"))["data"] == {}

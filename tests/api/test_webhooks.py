"""Webhooks over the API: who may make them, what they may be, and what their deliveries tell."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.api.conftest import Tenant

from overture.actions import tokens
from overture.actions.context import Context
from overture.engine.chores import Chore
from overture.engine.posting import Answer, Poster
from overture.engine.webhooks import Deliverer

URL = "https://crm.example/hooks/overture"


class Line(Poster):
    """A line to the receiver that tells what came over it, and answers as told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.posted: list[tuple[str, str]] = []

    async def post(self, url: str, *, body: bytes, headers: Any) -> Answer:  # noqa: ARG002 - as the real one takes it
        self.posted.append((url, headers["webhook-id"]))
        return Answer(status=self.statuses.pop(0), text="said", error=None, milliseconds=7)


async def make(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post("/webhooks", json={"url": URL, **body})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def work(context: Context, team: Tenant, webhook: dict[str, Any], line: Line) -> None:
    deliverer = Deliverer(pool=context.pool, clock=context.clock, sealer=context.sealer, poster=line)
    assert await deliverer.work(Chore(team_id=team.id, key=webhook["id"]), halt=asyncio.Event())


async def deliveries(client: httpx.AsyncClient, webhook: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    response = await client.get(f"/webhooks/{webhook['id']}/deliveries{query}")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


async def test_a_webhook_is_made_and_its_secret_shown_this_once(client: httpx.AsyncClient, context: Context) -> None:
    made = await make(client, description="CRM", types=["message.received", "message.received"])
    assert made["secret"].startswith("whsec_")
    assert (made["types"], made["enabled"], made["apiVersion"]) == (["message.received"], True, "2")
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert (await client.get(f"/webhooks/{made['id']}")).json() == shown
    assert (await client.get("/webhooks")).json() == {"data": [shown], "nextCursor": None}
    sealed = await context.pool.fetchval("SELECT sealed_secret FROM webhook")
    assert made["secret"].encode() not in sealed


async def test_a_webhook_is_changed_switched_off_and_deleted(client: httpx.AsyncClient) -> None:
    made = await make(client, description="CRM")
    path = f"/webhooks/{made['id']}"
    changed = (await client.patch(path, json={"url": f"{URL}/2", "types": ["tag.created"], "description": None})).json()
    assert (changed["url"], changed["types"], changed["description"]) == (f"{URL}/2", ["tag.created"], None)
    off = (await client.patch(path, json={"enabled": False})).json()
    assert (off["enabled"], off["disabledReason"]) == (False, "It was switched off by hand.")
    assert (await client.patch(path, json={"enabled": True})).json()["disabledReason"] is None
    assert (await client.delete(path)).status_code == 204
    for method, address in (("GET", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/test")):
        response = await client.request(method, address, json={} if method != "GET" else None)
        assert (response.status_code, response.json()["code"]) == (404, "webhookNotFound")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": None},
        {"url": ""},
        {"url": "https://user:secret@crm.example/"},
        {"url": "https://crm.example:0/"},
        {"url": "file:///etc/passwd"},
        {"url": "https://2130706433/"},
        {"url": "https://[::ffff:127.0.0.1]/"},
        {"url": URL, "types": ["message.whispered"]},
        {"url": URL, "types": "tag.created"},
        {"url": URL, "description": "x" * 1001},
        {"url": URL, "secret": "mine"},
        {"url": URL, "enabled": True},
    ],
)
async def test_a_wrong_webhook_is_refused_and_none_is_made(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    response = await client.post("/webhooks", json=body)
    assert (response.status_code, response.json()["code"]) == (400, "invalidRequest")
    assert (await client.get("/webhooks")).json()["data"] == []


async def test_webhooks_are_for_owners_and_admins(client: httpx.AsyncClient, context: Context, team: Tenant) -> None:
    made, member_id = await make(client), "m" + "0" * 23
    await context.pool.execute(
        """
        INSERT INTO member (team_id, id, name, role, created_at)
        SELECT team_id, $2, 'U', 'user', created_at FROM team WHERE team_id = $1
        """,
        team.id,
        member_id,
    )
    _, token = await tokens.create(context, team.actor, name="user", member_id=member_id)
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/webhooks/{made['id']}"
    for method, address, body in (
        ("POST", "/webhooks", {"url": URL}),
        ("PATCH", path, {"enabled": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/test", {}),
        ("POST", f"{path}/rotate-secret", {}),
    ):
        response = await client.request(method, address, json=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "forbidden"), (method, address)
    assert (await client.get(path, headers=headers)).status_code == 200


async def test_a_team_has_fifty_webhooks_at_most(client: httpx.AsyncClient) -> None:
    for _ in range(50):
        await make(client)
    refused = await client.post("/webhooks", json={"url": URL})
    assert (refused.status_code, refused.json()["code"]) == (422, "webhookLimitReached")
    assert len((await client.get("/webhooks?limit=100")).json()["data"]) == 50


async def test_another_team_has_no_part_in_it(client: httpx.AsyncClient, other_client: httpx.AsyncClient) -> None:
    made = await make(client)
    assert (await other_client.get("/webhooks")).json()["data"] == []
    assert (await other_client.get(f"/webhooks/{made['id']}/deliveries")).status_code == 404


async def test_deliveries_tell_of_each_try(client: httpx.AsyncClient, context: Context, team: Tenant) -> None:
    webhook = await make(client)
    tag = (await client.post("/tags", json={"name": "A"})).json()
    line = Line(503)
    await work(context, team, webhook, line)
    (delivery,) = await deliveries(client, webhook)
    event = (await client.get("/events?type=tag.created")).json()["data"][0]
    assert event["object"]["id"] == tag["id"]
    assert (delivery["eventId"], delivery["seq"], delivery["type"]) == (event["id"], event["seq"], "tag.created")
    assert (delivery["state"], delivery["endedAt"], delivery["nextTryAt"] is not None) == ("pending", None, True)
    (tried,) = delivery["tries"]
    assert {name: tried[name] for name in ("milliseconds", "status", "answer", "error")} == {
        "milliseconds": 7,
        "status": 503,
        "answer": "said",
        "error": None,
    }
    assert (await client.get(f"/webhooks/{webhook['id']}")).json()["failingSince"] is not None
    assert await deliveries(client, webhook, "?state=delivered") == []
    assert line.posted == [(URL, event["id"])]


async def test_an_event_is_delivered_once_more_with_the_same_id(
    client: httpx.AsyncClient, context: Context, team: Tenant
) -> None:
    webhook = await make(client)
    await client.post("/tags", json={"name": "A"})
    (pending,) = await _after(client, context, team, webhook, Line(500))
    path = f"/webhooks/{webhook['id']}/deliveries"
    refused = await client.post(f"{path}/{pending['id']}/redeliver")
    assert (refused.status_code, refused.json()["code"]) == (409, "deliveryPending")
    await context.pool.execute("UPDATE webhook_delivery SET next_at = created_at")
    line = Line(200, 204)
    await work(context, team, webhook, line)
    again = await client.post(f"{path}/{pending['id']}/redeliver")
    assert (again.status_code, again.json()["state"]) == (200, "pending")
    await work(context, team, webhook, line)
    assert {one["eventId"] for one in await deliveries(client, webhook)} == {pending["eventId"]}
    assert [event_id for _, event_id in line.posted] == [pending["eventId"]] * 2
    nothing = await client.post(f"{path}/v{'0' * 23}/redeliver")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "deliveryNotFound")


async def test_a_test_is_delivered_also_while_the_webhook_is_off(
    client: httpx.AsyncClient, context: Context, team: Tenant
) -> None:
    webhook = await make(client)
    await client.patch(f"/webhooks/{webhook['id']}", json={"enabled": False})
    await client.post("/tags", json={"name": "A"})
    asked = await client.post(f"/webhooks/{webhook['id']}/test")
    assert (asked.status_code, asked.json()["type"], asked.json()["seq"]) == (200, "webhook.test", 0)
    await work(context, team, webhook, Line(200))
    (delivery,) = await deliveries(client, webhook)
    assert (delivery["id"], delivery["state"]) == (asked.json()["id"], "delivered")


async def test_a_new_secret_is_shown_once_and_the_former_counts_for_as_long_as_asked(client: httpx.AsyncClient) -> None:
    made = await make(client)
    path = f"/webhooks/{made['id']}/rotate-secret"
    rotated = (await client.post(path, json={"overlapHours": 1})).json()
    assert rotated["secret"] != made["secret"]
    assert rotated["formerSecretUntil"] is not None
    for wrong in ({"overlapHours": -1}, {"overlapHours": 721}, {"overlapHours": "1"}, {"overlap": 1}):
        assert (await client.post(path, json=wrong)).status_code == 400


async def test_what_is_done_to_webhooks_is_written_down_without_secrets(client: httpx.AsyncClient) -> None:
    made = await make(client)
    path = f"/webhooks/{made['id']}"
    await client.patch(path, json={"enabled": False})
    await client.post(f"{path}/rotate-secret")
    await client.delete(path)
    entries = (await client.get("/audit?objectType=webhook")).json()["data"]
    assert [entry["action"] for entry in reversed(entries)] == [
        "webhook.created",
        "webhook.changed",
        "webhook.secretRotated",
        "webhook.deleted",
    ]
    assert "whsec" not in str(entries)


async def _after(
    client: httpx.AsyncClient, context: Context, team: Tenant, webhook: dict[str, Any], line: Line
) -> list[dict[str, Any]]:
    await work(context, team, webhook, line)
    return await deliveries(client, webhook)

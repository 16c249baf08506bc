"""What the platform tells by itself: webhooks that prove themselves, and signed events for those who subscribed."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from tests.sandbox import calls

from overture.sandbox.talk import Talk

APP = {"authorization": "Bearer sandbox-bearer"}
URL = "https://receiver.example/hook"


def signature(body: bytes) -> str:
    return "sha256=" + base64.b64encode(hmac.new(b"sandbox-consumer-secret", body, hashlib.sha256).digest()).decode()


@dataclass
class Receiver(httpx.AsyncBaseTransport):
    """The app's side: answers challenges while it is right, and takes events while it is well."""

    is_right: bool = True
    is_well: bool = True
    bodies: list[bytes] = field(default_factory=list)
    tries: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            token = request.url.params["crc_token"].encode() if self.is_right else b"other"
            return httpx.Response(200, json={"response_token": signature(token)})
        self.tries += 1
        body = await request.aread()
        assert request.headers["x-twitter-webhooks-signature"] == signature(body)
        if not self.is_well:
            return httpx.Response(500)
        self.bodies.append(body)
        return httpx.Response(200)

    async def events(self, count: int) -> list[dict[str, Any]]:
        """Wait for so many events, and no more of them."""
        async with asyncio.timeout(5):
            while len(self.bodies) < count:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        found: list[dict[str, Any]] = [json.loads(body)["data"] for body in self.bodies]
        return found


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def app(make_app: Callable[..., Starlette], receiver: Receiver) -> Starlette:
    return make_app(webhooks=receiver, limits=None)


async def _hook(client: calls.Client, url: str = URL) -> httpx.Response:
    return await client.post("/2/webhooks", headers=APP, json={"url": url})


async def _subscribe(client: calls.Client, **given: Any) -> httpx.Response:
    body = {"event_type": "dm.received", "filter": {"user_id": calls.ANA.id}, **given}
    return await client.post("/2/activity/subscriptions", headers=APP, json=body)


async def _say(client: calls.Client, app: Starlette, text: str = "hello") -> None:
    person = calls.talker(app.state.platform, Talk.SILENT)
    answer = await client.post("/_sandbox/messages", json={"sender": person.id, "recipient": "ana", "text": text})
    assert answer.status_code == 201


async def test_only_the_apps_own_token_opens_these_calls(client: calls.Client) -> None:
    for method, path in (("GET", "/2/webhooks"), ("POST", "/2/activity/subscriptions"), ("GET", "/2/activity/stream")):
        assert (await client.request(method, path)).status_code == 401


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/hook",
        "https://receiver.example:8443/hook",
        "https://user@receiver.example/",
        "https://receiver.example/" + "x" * 200,
        "receiver.example",
        "https://[",
    ],
)
async def test_an_address_must_be_https_and_have_no_port(client: calls.Client, url: str) -> None:
    answer = await _hook(client, url)
    assert (answer.status_code, answer.json()["detail"]) == (400, "UrlValidationFailed")


async def test_an_address_must_prove_to_be_the_apps(client: calls.Client, receiver: Receiver) -> None:
    receiver.is_right = False
    assert (await _hook(client)).json()["detail"] == "CrcValidationFailed"
    receiver.is_right = True
    assert (await _hook(client)).json()["data"]["valid"] is True
    assert (await _hook(client)).json()["detail"] == "DuplicateUrlFailed"
    assert (await _hook(client, URL + "/2")).json()["detail"] == "WebhookLimitExceeded"


async def test_one_that_fails_later_gets_nothing_until_it_proves_itself_again(
    client: calls.Client, app: Starlette, receiver: Receiver
) -> None:
    hook_id = (await _hook(client)).json()["data"]["id"]
    await _subscribe(client, webhook_id=hook_id)
    receiver.is_right = False
    assert (await client.put(f"/2/webhooks/{hook_id}", headers=APP)).status_code == 400
    await _say(client, app, "lost")
    receiver.is_right = True
    assert (await client.put(f"/2/webhooks/{hook_id}", headers=APP)).json() == {"data": {"valid": True}}
    await _say(client, app, "found")
    (event,) = await receiver.events(1)
    assert event["payload"]["direct_message_events"][0]["message_create"]["message_data"]["text"] == "found"


async def test_what_an_account_receives_is_told_in_xs_form(
    client: calls.Client, app: Starlette, receiver: Receiver
) -> None:
    hook_id = (await _hook(client)).json()["data"]["id"]
    made = (await _subscribe(client, webhook_id=hook_id, tag="mine")).json()["data"]["subscription"]
    assert (await _subscribe(client, webhook_id=hook_id)).json()["detail"] == "DuplicateSubscription"
    listed = (await client.get("/2/activity/subscriptions", headers=APP)).json()
    assert listed["data"] == [made]
    await _say(client, app)
    person = calls.talker(app.state.platform, Talk.SILENT)
    await calls.send(client, person.id)  # what an account sends is not told
    (event,) = await receiver.events(1)
    message = event["payload"]["direct_message_events"][0]
    assert event["event_type"] == "dm.received" and event["tag"] == "mine"
    assert event["filter"] == {"user_id": calls.ANA.id}
    assert message["message_create"]["sender_id"] == person.id
    assert message["id"] == (await client.get("/2/dm_events")).json()["data"][1]["id"]


async def test_what_does_not_fit_is_not_subscribed_to(client: calls.Client, app: Starlette) -> None:
    person = calls.talker(app.state.platform, Talk.SILENT)
    wrong: tuple[dict[str, Any], ...] = (
        {"event_type": "other"},
        {"filter": {}},
        {"filter": {"user_id": person.id}},
        {"webhook_id": "1"},
        {"more": 1},
    )
    for body in wrong:
        assert (await _subscribe(client, **body)).status_code in (400, 403)
    assert app.state.subscribed.subscriptions == {}


async def test_a_receiver_that_fails_is_called_again(client: calls.Client, app: Starlette, receiver: Receiver) -> None:
    await _subscribe(client, webhook_id=(await _hook(client)).json()["data"]["id"])
    receiver.is_well = False
    await _say(client, app)
    async with asyncio.timeout(5):
        while not receiver.tries:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    receiver.is_well = True
    assert len(await receiver.events(1)) == 1


async def test_events_can_be_lost_late_and_told_twice(client: calls.Client, app: Starlette, receiver: Receiver) -> None:
    await _subscribe(client, webhook_id=(await _hook(client)).json()["data"]["id"])
    for kind, text in (("lostDelivery", "lost"), ("delayedDelivery", "late"), ("duplicateDelivery", "twice")):
        await calls.break_with(client, kind, next=1)
        await _say(client, app, text)
    events = await receiver.events(3)
    texts = [event["payload"]["direct_message_events"][0]["message_create"]["message_data"]["text"] for event in events]
    assert texts == ["twice", "twice", "late"]
    assert events[0]["event_uuid"] == events[1]["event_uuid"]


async def test_faults_of_calls_do_not_meet_events_nor_the_reverse(client: calls.Client) -> None:
    for body in ({"kind": "lostDelivery", "endpoint": "send"}, {"kind": "serverError", "endpoint": "push"}):
        assert (await client.post("/_sandbox/faults", json=body)).status_code == 400


async def test_the_end_of_a_subscription_ends_the_events(
    client: calls.Client, app: Starlette, receiver: Receiver
) -> None:
    hook_id = (await _hook(client)).json()["data"]["id"]
    made = (await _subscribe(client, webhook_id=hook_id)).json()["data"]["subscription"]
    path = f"/2/activity/subscriptions/{made['subscription_id']}"
    assert (await client.delete(path, headers=APP)).json() == {"data": {"deleted": True}}
    assert (await client.delete(path, headers=APP)).status_code == 404
    await _say(client, app)
    await _subscribe(client, webhook_id=hook_id)
    assert (await client.delete(f"/2/webhooks/{hook_id}", headers=APP)).json() == {"data": {"deleted": True}}
    assert app.state.subscribed.subscriptions == {}
    assert await receiver.events(0) == []

"""A platform that tells a server by itself what happens, for tests: its hook, its app, and what it would post."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from tests.engine import conftest as engine
from tests.engine.conftest import World

from overture.actions import tokens
from overture.actions.context import operator
from overture.api import app as api_app
from overture.sandbox import app as sandbox_app
from overture.store.pool import Pool

SECRET = "sandbox-consumer-secret"
BEARER = {"Authorization": "Bearer sandbox-bearer"}
APP = {"clientId": "sandbox-client", "bearerToken": "sandbox-bearer", "consumerSecret": SECRET}
PUBLIC = "https://overture.example"


class Later(httpx.AsyncBaseTransport):
    """A way to a server that is made later than the one who calls it."""

    to: httpx.AsyncBaseTransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one call."""
        return await self.to.handle_async_request(request)


@dataclass(kw_only=True)
class Told:
    """A server, the platform that knows its hook, and who calls it from outside."""

    world: World
    client: httpx.AsyncClient
    outside: httpx.AsyncClient
    hook: str

    async def subscribe(self, username: str, *kinds: str) -> None:
        """Have the platform tell of an account, by hand."""
        listed = (await self.world.platform.get("/2/webhooks", headers=BEARER)).json()["data"]
        if not listed:
            made = await self.world.platform.post("/2/webhooks", headers=BEARER, json={"url": PUBLIC + self.hook})
            assert made.status_code == 200, made.text
            listed = [made.json()["data"]]
        for kind in kinds or ("dm.received",):
            body = {
                "event_type": kind,
                "filter": {"user_id": self.platform_id(username)},
                "webhook_id": listed[0]["id"],
            }
            made = await self.world.platform.post("/2/activity/subscriptions", headers=BEARER, json=body)
            assert made.status_code == 200, made.text

    def platform_id(self, username: str) -> str:
        """Return the platform's id of one of the team's accounts."""
        found = self.world.sandbox.state.platform.account_named(username)
        return str(found.id)

    async def say(self, sender: str, recipient: str, text: str) -> None:
        """Have somebody write on the platform, and wait until it has told that here."""
        before = await self.waiting()
        await self.world.say(sender, recipient, text)
        await self.arrival(of=before + 1)

    async def arrival(self, *, of: int) -> None:
        """Wait until so many events wait to be taken."""
        async with asyncio.timeout(5):
            while await self.waiting() < of:  # noqa: ASYNC110 - the database tells nobody that a row has come
                await asyncio.sleep(0.01)

    async def post(self, body: bytes, **headers: str) -> httpx.Response:
        """Post to the hook, signed unless told otherwise."""
        signed = {
            "x-twitter-webhooks-signature": signature(body),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return await self.outside.post(self.hook, content=body, headers=signed)

    async def waiting(self) -> int:
        """Return how many events wait to be taken."""
        return int(await self.world.pool.fetchval("SELECT count(*) FROM pushed_event WHERE taken_at IS NULL"))


def signature(body: bytes, secret: str = SECRET) -> str:
    """Sign as X does."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def message(own_id: str, sender_id: str, number: int, at: datetime, text: str = "Hi", **more: Any) -> bytes:
    """Write down what X posts of a direct message."""
    event = {
        "type": "message_create",
        "id": str(number),
        "created_timestamp": str(int(at.timestamp() * 1000)),
        "message_create": {
            "target": {"recipient_id": own_id},
            "sender_id": sender_id,
            "message_data": {"text": text},
        },
    }
    data = {
        "event_uuid": str(number + 1),
        "event_type": "dm.received",
        "filter": {"user_id": own_id},
        "payload": {"direct_message_events": [event | more]},
    }
    return json.dumps({"data": data}).encode()


@asynccontextmanager
async def opened(database: Pool) -> AsyncIterator[Told]:
    """A team with ana linked and its app registered, whose hook the platform can reach."""
    way = Later()
    sandbox = sandbox_app.create_app(people=2_000, seed=3, start=engine.START, limits=None, webhooks=way)
    async with engine.opened(database, sandbox) as world:
        application = api_app.create_app(
            world.context, platform_urls={"twitter": engine.SANDBOX_URL}, public_url=PUBLIC
        )
        way.to = httpx.ASGITransport(app=application)
        _, token = await tokens.create(world.context, operator(world.actor.team_id), name="test")
        async with (
            httpx.AsyncClient(
                transport=way, base_url="http://overture/api/v2", headers={"Authorization": f"Bearer {token}"}
            ) as client,
            httpx.AsyncClient(transport=way, base_url="http://overture") as outside,
        ):
            await world.link("ana")
            registered = await client.put("/platforms/twitter/app", json=APP)
            assert registered.status_code == 200, registered.text
            app_id = await world.pool.fetchval("SELECT id FROM platform_app")
            hook = f"/hooks/twitter/{world.actor.team_id}/{app_id}"
            yield Told(world=world, client=client, outside=outside, hook=hook)
        sandbox.state.bringing.close()

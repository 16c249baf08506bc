"""Bringing events to those who subscribed: posts to webhooks, signed and tried again, and lines of the stream."""

import asyncio
import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from overture.sandbox import activity
from overture.sandbox.activity import Activity, Event, Subscription, Webhook
from overture.sandbox.faults import Faults, Kind
from overture.sandbox.limits import Endpoint

ANSWER_SECONDS = 10.0
RETRY_SECONDS = (1.0, 5.0, 30.0)
VALIDATION_SECONDS = 1_800.0
TICK_SECONDS = 0.2
LATE_SECONDS = 1.0
"""How much later than it should a delayed event comes."""

LONGEST_URL = 200
MOST_WAITING = 1_000
"""Events a connection of the stream may lie behind before it is cut."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Deliveries:
    """Brings events.

    Args:
        subscribed: who wants what.
        faults: what goes wrong on the way.
        tick: called a few times a second while somebody is subscribed, so that what is due happens by itself.
        transport: how webhooks are called; None calls them over the network.
    """

    def __init__(
        self,
        *,
        subscribed: Activity,
        faults: Faults,
        tick: Callable[[], object],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._subscribed = subscribed
        self._faults = faults
        self._tick = tick
        self._transport = transport
        self._running: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._streams: list[asyncio.Queue[bytes | None]] = []

    def tell(self, event: Event) -> None:
        """Bring an event to all who subscribed to it, beside whatever goes on."""
        for subscription in list(self._subscribed.meeting(event)):
            if not self._is_reached(subscription):
                continue
            strike = self._faults.strike(event.user_id, Endpoint.PUSH)
            if strike.is_of(Kind.LOST_DELIVERY):
                continue
            delay = LATE_SECONDS if strike.is_of(Kind.DELAYED_DELIVERY) else 0.0
            times = 2 if strike.is_of(Kind.DUPLICATE_DELIVERY) else 1
            self._start(self._bring(event, subscription, delay=delay, times=times))

    def keep_time(self) -> None:
        """Let what is due happen by itself from now on, for as long as somebody is subscribed."""
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._keep_time())

    def open_stream(self) -> asyncio.Queue[bytes | None]:
        """Open a connection of the stream: what comes out of the queue is its lines, None ends it."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._streams.append(queue)
        return queue

    def close_stream(self, queue: asyncio.Queue[bytes | None]) -> None:
        """Forget a connection of the stream."""
        self._streams.remove(queue)

    def cut_streams(self) -> int:
        """End all connections of the stream, as X does now and then; return how many there were."""
        for queue in self._streams:
            queue.put_nowait(None)
        return len(self._streams)

    @property
    def open_streams(self) -> int:
        """How many connections of the stream are open."""
        return len(self._streams)

    async def proves_itself(self, url: str) -> bool:
        """Tell whether an address answers a challenge as only the app can."""
        token = secrets.token_urlsafe(24)
        try:
            async with self._client() as client:
                answer = await client.get(url, params={"crc_token": token})
            given = answer.json().get("response_token")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError):
            return False
        expected = activity.signature(token.encode())
        return answer.status_code == 200 and isinstance(given, str) and hmac.compare_digest(given, expected)

    def close(self) -> None:
        """Bring nothing more."""
        for task in self._running:
            task.cancel()
        if self._ticking is not None:
            self._ticking.cancel()
        self.cut_streams()

    async def _keep_time(self) -> None:
        loop = asyncio.get_running_loop()
        validated_at = loop.time()
        while self._subscribed.subscriptions or self._subscribed.webhooks:
            await asyncio.sleep(TICK_SECONDS)
            self._tick()
            if loop.time() - validated_at > VALIDATION_SECONDS:
                validated_at = loop.time()
                for webhook in list(self._subscribed.webhooks.values()):
                    self._subscribed.mark(webhook, is_valid=await self.proves_itself(webhook.url))

    async def _bring(self, event: Event, subscription: Subscription, *, delay: float, times: int) -> None:
        await asyncio.sleep(delay)
        body = json.dumps(activity.told(event, subscription), separators=(",", ":")).encode()
        for _ in range(times):
            if subscription.webhook_id is None:
                self._put_into_streams(body)
                continue
            webhook = self._subscribed.webhooks.get(subscription.webhook_id)
            if webhook is not None:
                await self._post(webhook, body)

    def _is_reached(self, subscription: Subscription) -> bool:
        """Tell whether there is a way to the subscriber: none to an address that has failed its last challenge."""
        if subscription.webhook_id is None:
            return True
        webhook = self._subscribed.webhooks.get(subscription.webhook_id)
        return webhook is not None and webhook.is_valid

    def _put_into_streams(self, body: bytes) -> None:
        # Each event goes to every connection: whoever opens two gets it twice.
        for queue in self._streams:
            queue.put_nowait(body + b"\r\n" if queue.qsize() < MOST_WAITING else None)

    async def _post(self, webhook: Webhook, body: bytes) -> None:
        headers = {"content-type": "application/json", "x-twitter-webhooks-signature": activity.signature(body)}
        for wait in (*RETRY_SECONDS, None):
            try:
                async with self._client() as client:
                    answer = await client.post(webhook.url, content=body, headers=headers)
                if answer.status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if wait is not None:
                await asyncio.sleep(wait)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self._transport, timeout=ANSWER_SECONDS, follow_redirects=False)


def is_address(url: str) -> bool:
    """Tell whether a webhook may have an address: HTTPS and no port as at X, or this machine, for trials on it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.hostname is None or parts.username is not None or parts.fragment or len(url) > LONGEST_URL:
        return False
    if parts.hostname in _LOOPBACK:
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and port is None

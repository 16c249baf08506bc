"""Delivering: events posted to webhooks on this machine, against the same posts with nothing written down."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from overture import ids
from overture.actions import webhooks
from overture.actions.context import Actor, Context
from overture.bench import crowd, listening
from overture.bench.workplace import Workplace
from overture.channels.registry import Registry
from overture.clock import WallClock
from overture.core.words import EventType
from overture.engine.chores import Chores
from overture.engine.posting import Poster
from overture.engine.webhooks import AT_ONCE, Deliverer
from overture.secrets import KEY_BYTES, Sealer
from overture.store import outbox
from overture.store.pool import Pool

ENDPOINTS = 4
_NAME = "bench_webhooks"
_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.1
_APPENDED = 100
_RECEIVER = """
import sys
import uvicorn

async def receive_all(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})

uvicorn.run(receive_all, port=int(sys.argv[1]), lifespan="off", log_level="error", access_log=False)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """So many deliveries to `ENDPOINTS` webhooks, how many a second, and bare posts a second."""

    deliveries: int
    rate: float
    bare_rate: float


class DeliveryFailed(Exception):
    """Not everything was delivered in time."""


async def measure(workplace: Workplace, *, events: int, say: Callable[[str], None]) -> Delivered:
    """Deliver `events` events to each of `ENDPOINTS` webhooks.

    Raises:
        DeliveryFailed: something was left over.
    """
    await workplace.make(_NAME)
    async with _receiver() as url, workplace.pooled(_NAME) as pool:
        say(f"{events:,} events for {ENDPOINTS} webhooks")
        sealer = Sealer([bytes(KEY_BYTES)])
        context = Context(pool=pool, clock=WallClock(), channels=Registry([]), sealer=sealer, wake=lambda: None)
        async with pool.acquire() as connection:
            made = await crowd.make(connection, sealer=sealer, accounts=1)
        actor = Actor(team_id=made.team_id, token_id=None, name="Bench")
        for _ in range(ENDPOINTS):
            await webhooks.create(context, actor, url=url, description=None, types=(), allows_private=True)
        await _happen(pool, made.team_id, events)
        rate = await _deliver(context, events * ENDPOINTS)
        say("the same posts with nothing written down")
        bare_rate = await _post(url, events * ENDPOINTS)
    await workplace.drop(_NAME)
    return Delivered(deliveries=events * ENDPOINTS, rate=rate, bare_rate=bare_rate)


async def _happen(pool: Pool, team_id: str, count: int) -> None:
    now = await WallClock().now()
    for begin in range(0, count, _APPENDED):
        events = [
            outbox.NewEvent(type=EventType.TAG_CREATED, object_type="tag", object_id=ids.new("h"), data={})
            for _ in range(min(_APPENDED, count - begin))
        ]
        async with pool.acquire() as connection, connection.transaction():
            await outbox.append(connection, team_id=team_id, now=now, events=events)


async def _deliver(context: Context, expected: int) -> float:
    """Let a worker deliver everything; return how many a second."""
    poster = Poster(allows_private=True)
    deliverer = Deliverer(pool=context.pool, clock=context.clock, sealer=context.sealer, poster=poster)
    chores = Chores(pool=context.pool, kind=deliverer, at_once=ENDPOINTS, feed_seconds=_LOOK_SECONDS)
    running = asyncio.create_task(chores.run())
    began = time.perf_counter()
    try:
        delivered = 0
        while delivered < expected:
            await asyncio.sleep(_LOOK_SECONDS)
            delivered = await context.pool.fetchval("SELECT count(*) FROM webhook_delivery WHERE state = 'delivered'")
            if time.perf_counter() - began > _PATIENCE_SECONDS:
                raise DeliveryFailed(f"{delivered:,} of {expected:,} deliveries arrived in time")
        return expected / (time.perf_counter() - began)
    finally:
        chores.stop()
        await asyncio.wait([running], timeout=_PATIENCE_SECONDS)


async def _post(url: str, count: int) -> float:
    """Post as many bodies, as many at once; return how many a second."""
    poster, left = Poster(allows_private=True), iter(range(count))
    body = b'{"type":"tag.created"}'

    async def go_on() -> None:
        for _ in left:
            answer = await poster.post(url, body=body, headers={"Content-Type": "application/json"})
            if not answer.is_accepted:
                raise DeliveryFailed(f"a bare post failed: {answer.error}")

    began = time.perf_counter()
    await asyncio.gather(*(go_on() for _ in range(AT_ONCE * ENDPOINTS)))
    return count / (time.perf_counter() - began)


@asynccontextmanager
async def _receiver() -> AsyncIterator[str]:
    """Run a receiver that accepts everything, in a process of its own; yields its address."""
    port = listening.free_port()
    process = subprocess.Popen([sys.executable, "-c", _RECEIVER, str(port)])  # noqa: S603, ASYNC220 - our own program
    try:
        if not await listening.has_begun(process, port):
            raise DeliveryFailed("the receiver did not come up")
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        process.kill()
        process.wait()

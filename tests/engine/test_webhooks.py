"""Webhooks: every event arrives, in order for each object, whatever the receiver and the workers do."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from standardwebhooks.webhooks import Webhook as Verifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.engine.conftest import World

from overture import clock as clocks
from overture import ids, serving
from overture.actions import webhooks as actions
from overture.actions.context import Actor
from overture.core.words import EventType, MemberRole
from overture.engine import posting
from overture.engine.chores import Chore, Chores
from overture.engine.posting import Poster
from overture.engine.webhooks import Deliverer
from overture.store import outbox
from overture.store import webhooks as endpoints

Answer = Callable[[dict[str, Any]], Awaitable[Response]]


async def ok(_event: dict[str, Any]) -> Response:
    return PlainTextResponse("ok")


@dataclass(kw_only=True)
class Receiver:
    """A server that takes deliveries, and what it has been sent."""

    url: str = ""
    answer: Answer = ok
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    has_some: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: Request) -> Response:
        body = await request.body()
        event = json.loads(body)
        response = await self.answer(event)
        if response.status_code < 300:
            self.got.append(event)
            self.headers.append(dict(request.headers))
            self.bodies.append(body)
            self.has_some.set()
        return response


@asynccontextmanager
async def served(receiver: Receiver) -> AsyncIterator[Receiver]:
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    with serving.listen("127.0.0.1", 0) as listening:
        async with serving.served(app, listening):
            receiver.url = f"{serving.url(listening)}/hook"
            yield receiver


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with served(Receiver()) as ready:
        yield ready


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Wall time that a test moves."""
    instant = [datetime.now(UTC)]
    monkeypatch.setattr(clocks, "wall_now", lambda: instant[0])
    return instant


@dataclass(kw_only=True)
class Post:
    """An installation with webhooks."""

    world: World
    allows_private: bool = True

    @property
    def owner(self) -> Actor:
        return replace(self.world.actor, role=MemberRole.OWNER)

    async def make(self, url: str, *types: EventType) -> str:
        made = await actions.create(
            self.world.context, self.owner, url=url, description=None, types=types, allows_private=True
        )
        self.secret = made.secret
        return made.webhook.id

    async def happen(self, object_id: str, *, count: int = 1, kind: EventType = EventType.TAG_UPDATED) -> None:
        """Let something happen to an object."""
        events = [outbox.NewEvent(type=kind, object_type="tag", object_id=object_id, data={}) for _ in range(count)]
        async with self.world.pool.acquire() as connection, connection.transaction():
            await outbox.append(
                connection, team_id=self.world.actor.team_id, now=await self.world.clock.now(), events=events
            )

    def deliverer(self) -> Deliverer:
        return Deliverer(
            pool=self.world.pool,
            clock=self.world.clock,
            sealer=self.world.context.sealer,
            poster=Poster(allows_private=self.allows_private),
        )

    async def work(self, webhook_id: str) -> bool:
        return await self.deliverer().work(
            Chore(team_id=self.world.actor.team_id, key=webhook_id), halt=asyncio.Event()
        )

    async def wanted(self) -> list[str]:
        """Return the endpoints that have something new or due."""
        async with self.world.pool.acquire() as connection:
            return sorted(chore.key for chore in await self.deliverer().unattended(connection))

    async def tried(self, webhook_id: str) -> list[actions.Tried]:
        return await actions.deliveries(
            self.world.context, self.owner, webhook_id=webhook_id, states=(), after=None, limit=100
        )


@pytest.fixture
def post(world: World) -> Post:
    return Post(world=world)


def things(count: int) -> list[str]:
    return [ids.new("h") for _ in range(count)]


async def test_an_event_arrives_once_as_the_api_shows_it_and_signed_for_both_verifiers(
    post: Post, receiver: Receiver
) -> None:
    webhook_id = await post.make(receiver.url)
    (thing,) = things(1)
    await post.happen(thing)
    assert await post.wanted() == [webhook_id]
    assert await post.work(webhook_id)
    assert await post.wanted() == []
    (event,) = receiver.got
    assert event["object"] == {"type": "tag", "id": thing, "url": f"/api/v2/tags/{thing}"}
    assert receiver.headers[0]["webhook-id"] == event["id"]
    assert Verifier(post.secret).verify(receiver.bodies[0], receiver.headers[0]) == event
    assert receiver.headers[0]["x-inbox-signature"].startswith("t=")
    (tried,) = await post.tried(webhook_id)
    assert (tried.delivery.state, [(one.status, one.answer) for one in tried.tries]) == ("delivered", [(200, "ok")])


async def test_only_chosen_types_arrive_and_only_what_happened_since_the_webhook_is_there(
    post: Post, receiver: Receiver
) -> None:
    (thing,) = things(1)
    await post.happen(thing, kind=EventType.TAG_DELETED)
    webhook_id = await post.make(receiver.url, EventType.TAG_DELETED)
    await post.happen(thing)
    await post.happen(thing, kind=EventType.TAG_DELETED)
    assert await post.work(webhook_id)
    assert [event["type"] for event in receiver.got] == ["tag.deleted"]
    assert await post.wanted() == []


async def test_what_happens_while_events_are_taken_arrives_once(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook_id = await post.make(receiver.url)
    first, second = things(2)
    await post.happen(first)
    look = endpoints.target

    async def look_and_let_something_happen(*arguments: Any, **named: Any) -> endpoints.Target | None:
        found = await look(*arguments, **named)
        monkeypatch.setattr(endpoints, "target", look)
        await post.happen(second)
        return found

    monkeypatch.setattr(endpoints, "target", look_and_let_something_happen)
    assert await post.work(webhook_id)
    assert [event["object"]["id"] for event in receiver.got] == [first, second]
    assert await post.wanted() == []


async def test_events_of_an_object_keep_their_order_while_others_overtake_one_that_fails(
    post: Post, receiver: Receiver, wall: list[datetime]
) -> None:
    webhook_id = await post.make(receiver.url)
    stuck, free = things(2)

    async def refuse_stuck(event: dict[str, Any]) -> Response:
        return PlainTextResponse("later", status_code=503 if event["object"]["id"] == stuck else 200)

    receiver.answer = refuse_stuck
    for thing in (stuck, free, stuck, free):
        await post.happen(thing)
    assert await post.work(webhook_id)
    assert [event["object"]["id"] for event in receiver.got] == [free, free]
    receiver.answer = ok
    assert await post.wanted() == []
    wall[0] += timedelta(seconds=5)
    assert await post.wanted() == [webhook_id]
    assert await post.work(webhook_id)
    seqs = [event["seq"] for event in receiver.got if event["object"]["id"] == stuck]
    assert seqs == sorted(seqs) and len(seqs) == 2


async def test_a_delivery_is_tried_eight_times_and_then_given_up(
    post: Post, receiver: Receiver, wall: list[datetime]
) -> None:
    async def refuse(_event: dict[str, Any]) -> Response:
        return PlainTextResponse("no", status_code=500)

    receiver.answer = refuse
    webhook_id = await post.make(receiver.url)
    await post.happen(*things(1))
    for _ in range(12):
        await post.work(webhook_id)
        (tried,) = await post.tried(webhook_id)
        if tried.delivery.ended_at is not None:
            break
        wall[0] = tried.delivery.next_at
    assert (tried.delivery.state, len(tried.tries)) == ("failed", 8)
    assert tried.tries[-1].at - tried.tries[0].at > timedelta(hours=27)


async def test_a_webhook_that_accepts_nothing_for_five_days_is_switched_off_with_an_event(
    post: Post, receiver: Receiver, wall: list[datetime]
) -> None:
    async def refuse(_event: dict[str, Any]) -> Response:
        return PlainTextResponse("no", status_code=500)

    receiver.answer = refuse
    webhook_id = await post.make(receiver.url)
    for _ in range(6):
        await post.happen(*things(1))
        await post.work(webhook_id)
        wall[0] += timedelta(days=1)
    found = await actions.get(post.world.context, post.owner, webhook_id=webhook_id)
    assert not found.enabled
    assert "accepted nothing since" in (found.disabled_reason or "")
    kinds = await post.world.pool.fetch("SELECT type, object_id FROM event ORDER BY seq DESC LIMIT 1")
    assert [(row["type"], row["object_id"]) for row in kinds] == [("webhook.disabled", webhook_id)]
    assert {tried.delivery.state for tried in await post.tried(webhook_id)} == {"failed"}
    assert await post.wanted() == []
    receiver.answer = ok
    await actions.change(
        post.world.context, post.owner, webhook_id=webhook_id, changes={"enabled": True}, allows_private=True
    )
    await post.happen(*things(1))
    assert await post.work(webhook_id)
    assert len(receiver.got) == 1


async def test_while_a_secret_is_replaced_both_verify(post: Post, receiver: Receiver, wall: list[datetime]) -> None:
    webhook_id = await post.make(receiver.url)
    former = post.secret
    made = await actions.rotate(post.world.context, post.owner, webhook_id=webhook_id)
    (thing,) = things(1)
    await post.happen(thing)
    await post.work(webhook_id)
    for secret in (former, made.secret):
        Verifier(secret).verify(receiver.bodies[0], receiver.headers[0])
    wall[0] += actions.OVERLAP
    await post.happen(thing)
    await post.work(webhook_id)
    assert receiver.headers[1]["webhook-signature"].count("v1,") == 1


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("redirect", 307, "redirect"),
        ("slow", None, "did not answer within"),
        ("trickle", None, "did not answer within"),
    ],
)
async def test_a_receiver_that_answers_wrongly_holds_nobody_up(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, name: str, status: int | None, words: str
) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.5)

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.05)

    async def answer(_event: dict[str, Any]) -> Response:
        if name == "redirect":
            return RedirectResponse("http://127.0.0.1:1/elsewhere")
        if name == "slow":
            await asyncio.sleep(2)
            return PlainTextResponse("late")
        return StreamingResponse(trickle())

    receiver.answer = answer
    webhook_id = await post.make(receiver.url)
    await post.happen(*things(1))
    async with asyncio.timeout(5):
        assert await post.work(webhook_id)
    (tried,) = await post.tried(webhook_id)
    (one,) = tried.tries
    assert (one.status, tried.delivery.state) == (status, "pending")
    assert words in (one.error or "")


async def test_of_an_answer_without_end_the_beginning_is_kept(post: Post, receiver: Receiver) -> None:
    async def flood() -> AsyncIterator[bytes]:
        for _ in range(100_000):
            yield b"\x00" * 10_000

    async def answer(_event: dict[str, Any]) -> Response:
        return StreamingResponse(flood(), status_code=200)

    receiver.answer = answer
    webhook_id = await post.make(receiver.url)
    await post.happen(*things(1))
    async with asyncio.timeout(5):
        assert await post.work(webhook_id)
    (tried,) = await post.tried(webhook_id)
    assert tried.delivery.state == "delivered"


async def test_a_name_that_leads_to_a_private_network_is_not_called(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.allows_private = False
    port = int(receiver.url.split(":")[2].split("/")[0])
    webhook_id = await post.make(f"http://crm.example:{port}/hook")

    async def resolve(*_arguments: object, **_named: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve, raising=False)
    await post.happen(*things(1))
    assert await post.work(webhook_id)
    (tried,) = await post.tried(webhook_id)
    assert receiver.got == []
    assert "not on the open internet" in (tried.tries[0].error or "")


async def test_a_name_is_looked_up_once_and_called_by_that_address(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    webhook_id = await post.make(f"http://crm.example:{port}/hook")
    looked_up: list[object] = []

    async def resolve(host: object, *_arguments: object, **_named: object) -> list[Any]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve, raising=False)
    await post.happen(*things(1))
    assert await post.work(webhook_id)
    assert looked_up == ["crm.example"]
    assert receiver.headers[0]["host"] == f"crm.example:{port}"


async def test_an_endpoint_that_breaks_its_worker_is_left_alone_for_a_while_and_loses_nothing(
    post: Post, receiver: Receiver
) -> None:
    webhook_id = await post.make(receiver.url)
    await post.happen(*things(1))
    chore = Chore(team_id=post.world.actor.team_id, key=webhook_id)
    deliverer = post.deliverer()
    async with post.world.pool.acquire() as connection:
        assert await deliverer.unattended(connection) == [chore]
        await deliverer.postpone(chore, error=ValueError("x"), by=timedelta(seconds=0.2))
        assert await deliverer.unattended(connection) == []
        await asyncio.sleep(0.25)
        assert await deliverer.unattended(connection) == [chore]
    assert await post.work(webhook_id)
    assert len(receiver.got) == 1


async def test_a_dead_endpoint_delays_no_other(post: Post, receiver: Receiver) -> None:
    """All of it at work: the queue, a receiver that never answers, and one that does."""

    async def never(_event: dict[str, Any]) -> Response:
        await asyncio.sleep(30)
        return PlainTextResponse("late")

    async with served(Receiver(answer=never)) as dead:
        for url in (dead.url, dead.url, receiver.url):
            await post.make(url)
        chores = Chores(pool=post.world.pool, kind=post.deliverer(), at_once=10, feed_seconds=0.2)
        running = asyncio.create_task(chores.run())
        try:
            await asyncio.sleep(0.5)
            await post.happen(*things(1))
            async with asyncio.timeout(4):
                await receiver.has_some.wait()
        finally:
            chores.stop()
            await asyncio.wait([running], timeout=5)
            running.cancel()


async def test_workers_that_die_and_a_receiver_that_fails_half_of_the_time_lose_nothing(
    post: Post, receiver: Receiver, wall: list[datetime]
) -> None:
    random = Random(3)

    refused: Counter[str] = Counter()

    async def half(event: dict[str, Any]) -> Response:
        # Never so often that a delivery is given up: that is another test's.
        is_refused = random.random() < 0.5 and refused[event["id"]] < 6
        refused[event["id"]] += is_refused
        return PlainTextResponse("", status_code=500 if is_refused else 200)

    receiver.answer = half
    webhook_id = await post.make(receiver.url)
    several = things(40)
    for _ in range(5):
        for thing in several:
            await post.happen(thing, count=2)
    for _ in range(400):
        worker = asyncio.create_task(post.work(webhook_id))
        done, _ = await asyncio.wait({worker}, timeout=random.uniform(0.001, 0.2))
        if not done:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
        wall[0] += timedelta(hours=1)
        waiting = await post.world.pool.fetchval("SELECT count(*) FROM webhook_delivery WHERE state = 'pending'")
        if not waiting and await post.wanted() == []:
            break
    first_seq = min(event["seq"] for event in receiver.got)
    assert {event["seq"] for event in receiver.got} == set(range(first_seq, first_seq + 400))
    for thing in several:
        first = list(dict.fromkeys(event["seq"] for event in receiver.got if event["object"]["id"] == thing))
        assert first == sorted(first)

"""Events for webhooks while workers are killed, the database too, and the receiver fails half of the time.

The receiver keeps what it takes, and the judge compares that with the events there are: each has arrived, whoever gets
one twice knows it by its id, and those of one thing came in their order.
"""

import asyncio
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import Any

from tests import databases
from tests.crash import deliverer, processes, worker
from tests.crash.machine import Machine

from overture import ids, serving
from overture.actions import teams, webhooks
from overture.actions.context import Actor, Context
from overture.channels.registry import Registry
from overture.clock import WallClock
from overture.core.words import EventType, MemberRole
from overture.secrets import Sealer
from overture.store import outbox
from overture.store.pool import GONE, Pool, open_pool

ENDPOINTS = 4
WORKERS = 2
MOST_REFUSALS = 6
"""Never so often that a delivery is given up, which takes eight tries."""

_APPENDED = 50
_THINGS = 200
_DATABASE_TOO = 0.3
_PATIENCE_SECONDS = 120.0


@dataclass(kw_only=True)
class Receiver:
    """Takes deliveries. Of ten tries it refuses four, and loses its answer to one that it took."""

    random: Random
    taken: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    bodies: dict[str, bytes] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    changed: set[str] = field(default_factory=set)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answer one call, as an ASGI application."""
        body = b""
        while True:
            part = await receive()
            if part["type"] == "http.disconnect":
                return  # who sends it was killed in the middle
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        status = self._take(scope["path"], dict(scope["headers"])[b"webhook-id"].decode(), body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def _take(self, path: str, event_id: str, body: bytes) -> int:
        draw = self.random.random()
        may_fail = self.tries[event_id] < MOST_REFUSALS
        self.tries[event_id] += 1
        if draw < 0.4 and may_fail:
            self.failures += 1
            return 503
        if self.bodies.setdefault(event_id, body) != body:
            self.changed.add(event_id)
        self.taken[path].append(event_id)
        if draw < 0.5 and may_fail:
            self.failures += 1
            return 500
        return 204


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What came of it: so many events, tries, repetitions and kills; `violations` is empty where all is well."""

    events: int
    tries: int
    failures: int
    repetitions: int
    kills: int
    database_kills: int
    seconds: float
    violations: Sequence[str]

    def __str__(self) -> str:
        share = self.failures / max(self.tries, 1)
        return (
            f"{self.events:,} events, {self.tries:,} tries of which {share:.0%} failed, {self.repetitions:,} came "
            f"again, {self.kills} workers and {self.database_kills} databases killed, {self.seconds:.0f} s"
        )


async def tell(
    machine: Machine,
    *,
    events: int,
    random: Random,
    seconds_between_kills: tuple[float, float],
    database_kills: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Told:
    """Let `events` events happen and be delivered, killing all the while, and judge."""
    receiver = Receiver(random=random)
    began = time.monotonic()
    async with _database(machine) as dsn, _served(receiver) as url, _opened(dsn) as pool:
        team_ids = await _subscribe(pool, url)
        with tempfile.NamedTemporaryFile(prefix="overture-crash-", suffix=".log") as log:
            crew = _Crew(dsn=dsn, log=Path(log.name), machine=machine, random=random)
            happening = asyncio.create_task(_happen(pool, team_ids, events))
            killing = asyncio.create_task(crew.kill_on(seconds_between_kills, database_kills))
            try:
                await happening
                await _until_delivered(pool, events, receiver, say)
            finally:
                await crew.end(killing)
        violations = await _judge(pool, team_ids, events, receiver)
    taken = sum(len(event_ids) for event_ids in receiver.taken.values())
    return Told(
        events=events,
        tries=receiver.tries.total(),
        failures=receiver.failures,
        repetitions=taken - len(receiver.bodies),
        kills=crew.kills,
        database_kills=crew.database_kills,
        seconds=time.monotonic() - began,
        violations=violations,
    )


@dataclass(kw_only=True)
class _Crew:
    """Workers, one of which dies every now and then and is followed by another."""

    dsn: str
    log: Path
    machine: Machine
    random: Random
    kills: int = 0
    database_kills: int = 0
    _working: list[ForkServerProcess] = field(default_factory=list)

    async def kill_on(self, seconds_between: tuple[float, float], databases_to_kill: int) -> None:
        for _ in range(WORKERS):
            self._join()
        while True:
            await asyncio.sleep(self.random.uniform(*seconds_between))
            victim = self._working.pop(self.random.randrange(WORKERS))
            victim.kill()
            await asyncio.to_thread(victim.join)
            self.kills += 1
            if self.database_kills < databases_to_kill and self.random.random() < _DATABASE_TOO:
                worker.kill_tree(self.machine.postmaster())
                await asyncio.to_thread(self.machine.start)
                self.database_kills += 1
            self._join()

    def _join(self) -> None:
        process = processes.FORKED.Process(target=deliverer.work, args=(self.dsn, self.log), daemon=True)
        process.start()
        self._working.append(process)

    async def end(self, killing: asyncio.Task[None]) -> None:
        killing.cancel()
        with suppress(asyncio.CancelledError):
            await killing
        for process in self._working:
            process.kill()
            await asyncio.to_thread(process.join)


async def _subscribe(pool: Pool, url: str) -> list[str]:
    """Make teams with a webhook each; return them."""
    sealer = Sealer(worker.KEYS)
    context = Context(pool=pool, clock=WallClock(), channels=Registry([]), sealer=sealer, wake=lambda: None)
    team_ids = []
    for number in range(ENDPOINTS):
        team = await teams.create(context, name=f"Team {number}", owner_name="Owner")
        actor = Actor(team_id=team.id, token_id=None, name="crash", role=MemberRole.OWNER)
        await webhooks.create(context, actor, url=f"{url}/{team.id}", description=None, types=(), allows_private=True)
        team_ids.append(team.id)
    return team_ids


async def _happen(pool: Pool, team_ids: Sequence[str], count: int) -> None:
    """Let things change, a few at a time; what a dying database did not take happens again."""
    things = {team_id: ids.many("h", _THINGS) for team_id in team_ids}
    random, left = Random(count), dict.fromkeys(team_ids, count // len(team_ids))
    while any(left.values()):
        for team_id in team_ids:
            size = min(_APPENDED, left[team_id])
            events = [
                outbox.NewEvent(
                    type=EventType.TAG_UPDATED, object_type="tag", object_id=random.choice(things[team_id]), data={}
                )
                for _ in range(size)
            ]
            try:
                async with pool.acquire() as connection, connection.transaction():
                    await outbox.append(connection, team_id=team_id, now=await WallClock().now(), events=events)
            except GONE:
                left[team_id] = count // len(team_ids) - await _reached(pool, team_id)
            else:
                left[team_id] -= size
        await asyncio.sleep(0)


async def _reached(pool: Pool, team_id: str) -> int:
    """Return how much has happened, as soon as the database is there again."""
    while True:
        with suppress(*GONE):
            async with pool.acquire() as connection:
                return (await outbox.newest(connection, team_ids=[team_id]))[team_id]
        await asyncio.sleep(0.2)


async def _until_delivered(pool: Pool, count: int, receiver: Receiver, say: Callable[[str], None]) -> None:
    """Wait until no delivery is under way; give up when nothing moves any more."""
    seen, since = -1, time.monotonic()
    while True:
        with suppress(*GONE):
            delivered = await pool.fetchval("SELECT count(*) FROM webhook_delivery WHERE state = 'delivered'")
            if delivered >= count:
                return
            if delivered > seen:
                seen, since = delivered, time.monotonic()
                say(f"{delivered:,} of {count:,} delivered, {receiver.tries.total():,} tries")
        if time.monotonic() - since > _PATIENCE_SECONDS:
            return
        await asyncio.sleep(1.0)


async def _judge(pool: Pool, team_ids: Sequence[str], count: int, receiver: Receiver) -> list[str]:
    """Compare what arrived with what happened."""
    violations = [f"event {event_id} came with another body" for event_id in sorted(receiver.changed)]
    for team_id in team_ids:
        rows = await pool.fetch("SELECT id, seq, object_id FROM event WHERE team_id = $1 ORDER BY seq", team_id)
        if [row["seq"] for row in rows] != list(range(1, count // len(team_ids) + 1)):
            violations.append(f"{len(rows)} events are not numbered from 1 without gaps")
        arrived = list(dict.fromkeys(receiver.taken[f"/{team_id}"]))
        lost = {row["id"] for row in rows} - set(arrived)
        if lost:
            violations.append(f"{len(lost)} events never arrived")
        if len(arrived) + len(lost) != len(rows):
            violations.append("something arrived that never happened")
        place = {event_id: number for number, event_id in enumerate(arrived)}
        latest: dict[str, int] = {}
        for row in rows:
            at = place.get(row["id"], -1)
            if at < latest.get(row["object_id"], -1):
                violations.append(f"event {row['seq']} came before an earlier one of the same thing")
            latest[row["object_id"]] = at
        violations += [
            f"event {event_id} came under another id"
            for event_id in arrived
            if json.loads(receiver.bodies[event_id])["id"] != event_id
        ]
    unsettled = await pool.fetchval("SELECT count(*) FROM webhook_delivery WHERE state <> 'delivered'")
    if unsettled:
        violations.append(f"{unsettled} deliveries did not end well")
    return violations


@asynccontextmanager
async def _database(machine: Machine) -> AsyncIterator[str]:
    name = f"overture_delivering_{ids.new('x')}"
    await databases.make_template(machine.url, "overture_crash_template")
    async with databases.connected(machine.url) as connection:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE overture_crash_template STRATEGY file_copy')
    try:
        yield databases.with_database(machine.url, name)
    finally:
        async with databases.connected(machine.url) as connection:
            await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def _opened(dsn: str) -> AsyncIterator[Pool]:
    pool = await open_pool(dsn, size=3)
    try:
        yield pool
    finally:
        pool.terminate()


@asynccontextmanager
async def _served(receiver: Receiver) -> AsyncIterator[str]:
    with serving.listen("127.0.0.1", 0) as listening:
        async with serving.served(receiver, listening):
            yield serving.url(listening)

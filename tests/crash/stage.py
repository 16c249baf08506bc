"""The stage: one campaign from the import of its leads to its end, told again for each point a process is struck at."""

import asyncio
import multiprocessing
import re
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from tests import databases
from tests.crash import worker
from tests.crash.machine import Machine
from tests.crash.points import Point
from tests.engine.conftest import START, World, message, opened
from tests.simulation import evidence, judge

from overture import sandbox_server, serving
from overture.actions import imports, lead_release, lists, sequences
from overture.actions.context import Actor, Context
from overture.actions.lead_release import Decision
from overture.channels.registry import Registry
from overture.channels.x.channel import XChannel
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import MergeStrategy, StepType
from overture.sandbox import app as sandbox_app
from overture.secrets import Sealer
from overture.store.pool import GONE, Pool, open_pool
from overture.store.virtual import VirtualClock

PATIENCE_SECONDS = 90.0
_TEMPLATE = "overture_crash_template"
_LOOK_SECONDS = 0.02
_DOWN_SECONDS = 0.3
_BROKEN = re.compile(r'"event": ?"(\w+_broke|duty_lost)"')
STEPS = [
    message("Hello "),
    sequences.NewStep(type=StepType.DELAY, data={"delaySeconds": 4 * 3_600, "unit": "hours"}),
    message("Again "),
]
TALKS = ("silent", "silent", "silent", "answers", "stops")
"""What the leads who can be reached are like; one more cannot be."""

_RATE = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """What is killed at a point. Where the process does not die, it must go on by itself."""

    name: str
    kills_database: bool
    dies: bool


PROCESS = Manner(name="the process dies", kills_database=False, dies=True)
DATABASE = Manner(name="the database dies", kills_database=True, dies=False)
BOTH = Manner(name="the process and the database die", kills_database=True, dies=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What became of a campaign: each lead's state by person, and how often its last worker passed each label."""

    was_struck: bool
    violations: list[str]
    states: Mapping[str, str]
    counts: Mapping[str, int]
    log: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What the judge must know of a team's own doing: here it does nothing."""

    limits: Mapping[str, Sequence[tuple[datetime, int, int]]]
    closed: Mapping[str, Sequence[tuple[int, int | None]]] = field(default_factory=dict)


def platform() -> Starlette:
    """The platform as every telling finds it."""
    return sandbox_app.create_app(people=200, seed=3, start=START, limits=None)


async def prepare(machine: Machine) -> "Stage":
    """Make a database in which everything stands ready to start, to copy from."""
    await databases.make_template(machine.url, _TEMPLATE)
    scene = f"overture_stage_{uuid.uuid4().hex}"
    await _execute(machine.url, f'CREATE DATABASE "{scene}" TEMPLATE "{_TEMPLATE}" STRATEGY file_copy')
    pool = await open_pool(databases.with_database(machine.url, scene))
    try:
        async with opened(pool, platform()) as world:
            await _set(world)
    finally:
        await pool.close()
    return Stage(machine=machine, scene=scene)


async def _set(world: World) -> None:
    await world.link("ana", "ben")
    people = [(await world.people(nature="closed", talk="silent"))[0]]
    for talk, count in Counter(TALKS).items():
        open_ones = await world.people(nature="open", talk=talk)
        people += [person for person in open_ones if person["answersAfter"] in {None, 1}][:count]
    made = await lists.create(world.context, world.actor, name="Leads", description=None)
    await world.campaign([made.id], steps=STEPS, rate=_RATE)
    new = imports.NewImport(
        platform="twitter", file_name="leads.csv", mapping=None, merge_strategy=MergeStrategy.OVERWRITE
    )
    content = "id,company\n" + "".join(f"{person['id']},Company\n" for person in people)
    await imports.create(world.context, world.actor, list_id=made.id, pieces=_pieces(content), describe=lambda: new)


async def _pieces(content: str) -> AsyncIterator[bytes]:
    yield content.encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Where campaigns are run: a database server, and the database on it to copy."""

    machine: Machine
    scene: str

    async def tell(self, point: Point | None, manner: Manner, *, is_blind: bool = False) -> Account:
        """Run the campaign, let what is to die do so at `point` and others go on, and judge what became of it."""
        name = f"overture_told_{uuid.uuid4().hex}"
        server = self.machine.url
        await _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{self.scene}" STRATEGY file_copy')
        dsn = databases.with_database(server, name)
        try:
            with tempfile.NamedTemporaryFile(prefix="overture-crash-", suffix=".log") as log:
                async with _platform() as url, _opened(dsn) as pool:
                    await pool.execute("UPDATE platform_app SET base_url = $1", url)
                    post = worker.Post(
                        dsn=dsn,
                        platform_url=url,
                        log=Path(log.name),
                        point=point,
                        postmaster=self.machine.postmaster() if manner.kills_database else None,
                        dies=manner.dies,
                        is_blind=is_blind,
                    )
                    return await _Telling(pool, post, self.machine).run()
        finally:
            await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def _opened(dsn: str) -> AsyncIterator[Pool]:
    pool = await open_pool(dsn, size=3)
    try:
        yield pool
    finally:
        pool.terminate()


@asynccontextmanager
async def _platform() -> AsyncIterator[str]:
    with serving.listen("127.0.0.1", 0) as port:
        async with sandbox_server.served(platform(), port):
            yield serving.url(port)


class _Hand:
    """A worker's process, and the pipe to it."""

    def __init__(self, post: worker.Post) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([worker.__name__])
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=worker.work, args=(post, theirs), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return self._process.is_alive()

    def heard(self) -> Any:
        """Return what it has said since it was last asked, if anything."""
        try:
            return self._pipe.recv() if self._pipe.poll() else None
        except (EOFError, ConnectionResetError):
            return None

    def _wait(self) -> None:
        wait([self._pipe, self._process.sentinel], timeout=10)

    async def dismiss(self) -> Mapping[str, int]:
        """Tell it to stop; return what it counted."""
        try:
            with suppress(BrokenPipeError):
                self._pipe.send("stop")
            await asyncio.to_thread(self._wait)
            counts: Mapping[str, int] = self.heard() or {}
            return counts
        finally:
            self._process.kill()
            self._process.join()


class _Telling:
    """One run of the campaign."""

    def __init__(self, pool: Pool, post: worker.Post, machine: Machine) -> None:
        self._pool = pool
        self._post = post
        self._machine = machine
        self._violations: list[str] = []
        self._was_struck = False

    async def run(self) -> Account:
        """Run to the end, and judge."""
        hand = _Hand(self._post)
        counts: Mapping[str, int] = {}
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not await self._is_over():
                hand = await self._attend(hand)
                if self._violations or time.monotonic() > deadline:
                    self._violations.append(f"not at its end: {await self._standing()}")
                    break
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            counts = await hand.dismiss()
        return Account(
            was_struck=self._was_struck,
            violations=self._violations + await self._judge(),
            counts=counts,
            states=await self._standing(),
            log=self._post.log.read_text(encoding="utf-8"),
        )

    async def _attend(self, hand: _Hand) -> _Hand:
        """Bring back what was killed."""
        is_alive = hand.is_alive  # asked first: what it said before it died is then there to be heard
        if hand.heard() == worker.STRUCK:
            self._was_struck = True
            if self._post.postmaster is not None:
                await asyncio.sleep(_DOWN_SECONDS)
                await asyncio.to_thread(self._machine.start)
        if is_alive:
            return hand
        if not (self._was_struck and self._post.dies):
            self._violations.append("the worker ended by itself")
            return hand
        await hand.dismiss()
        return _Hand(replace(self._post, point=None, postmaster=None, late=worker.AFTERWARDS))

    async def _is_over(self) -> bool:
        """Tell whether the campaign is completed; decide, as a person would, about messages nobody can find."""
        try:
            lost = await self._pool.fetch(
                """
                SELECT l.team_id, l.campaign_id, f.platform_id FROM lead l
                  JOIN profile f ON f.team_id = l.team_id AND f.id = l.profile_id
                 WHERE l.state = 'held' AND l.reason = 'notFound'
                """
            )
            for lead in lost:
                await self._resend(lead["team_id"], lead["campaign_id"], lead["platform_id"])
            return bool(await self._pool.fetchval("SELECT status = 'completed' FROM campaign"))
        except GONE:
            if self._post.postmaster is None:
                raise
            return False

    async def _resend(self, team_id: str, campaign_id: str, person: str) -> None:
        channels = Registry([XChannel()])
        context = Context(
            pool=self._pool,
            clock=VirtualClock(self._pool),
            channels=channels,
            sealer=Sealer(worker.KEYS),
            wake=lambda: None,
        )
        await lead_release.release(
            context,
            Actor(team_id=team_id, token_id="k" * 24, name="test"),
            campaign_id=campaign_id,
            identifier=Identifier(kind=IdentifierKind.PLATFORM_ID, value=person, platform="twitter"),
            decision=Decision.RESEND,
        )
        await channels.close()

    async def _judge(self) -> list[str]:
        async with httpx.AsyncClient(base_url=self._post.platform_url, timeout=30) as control:
            accounts = await self._pool.fetch("SELECT id, hourly_limit, daily_limit FROM account_link")
            bounds = Bounds(limits={row["id"]: [(START, row["hourly_limit"], row["daily_limit"])] for row in accounts})
            found = await evidence.gather(self._post.dsn, control, bounds, [])
        broken = [line for line in self._post.log.read_text(encoding="utf-8").splitlines() if _BROKEN.search(line)]
        return judge.judge(found) + broken

    async def _standing(self) -> dict[str, str]:
        """Return what became of each person."""
        rows = await self._pool.fetch(
            """
            SELECT f.platform_id, l.state FROM lead l
              JOIN profile f ON f.team_id = l.team_id AND f.id = l.profile_id ORDER BY 1
            """
        )
        return {row["platform_id"]: row["state"] for row in rows}


async def _execute(url: str, statement: str) -> None:
    async with databases.connected(url) as connection:
        await connection.execute(statement)

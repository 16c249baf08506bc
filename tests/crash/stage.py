"""The stage: one campaign from the import of its leads to its end, told again for each point a process is struck at."""

import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.applications import Starlette
from tests import databases
from tests.crash.machine import Machine
from tests.crash.points import Point
from tests.crash.telling import Account, Shift, Telling
from tests.crash.worker import Post
from tests.engine.conftest import START, World, message, opened

from overture import sandbox_server, serving
from overture.actions import imports, lists, sequences
from overture.core.words import MergeStrategy, StepType
from overture.sandbox import app as sandbox_app
from overture.store.pool import Pool, open_pool

_TEMPLATE = "overture_crash_template"
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
        async with self.set() as (pool, post):
            struck = replace(
                post,
                point=point,
                postmaster=self.machine.postmaster() if manner.kills_database else None,
                dies=manner.dies,
                is_blind=is_blind,
            )
            return await Telling(pool, [Shift(post=struck)], machine=self.machine).run()

    @asynccontextmanager
    async def set(self) -> AsyncIterator[tuple[Pool, Post]]:
        """Make a copy of the scene and a platform; yield connections and the post of a worker whom nothing befalls."""
        name = f"overture_told_{uuid.uuid4().hex}"
        await _execute(self.machine.url, f'CREATE DATABASE "{name}" TEMPLATE "{self.scene}" STRATEGY file_copy')
        dsn = databases.with_database(self.machine.url, name)
        try:
            with tempfile.NamedTemporaryFile(prefix="overture-crash-", suffix=".log") as log:
                async with _platform() as url, _opened(dsn) as pool:
                    await pool.execute("UPDATE platform_app SET base_url = $1", url)
                    yield pool, Post(dsn=dsn, platform_url=url, log=Path(log.name))
        finally:
            await _execute(self.machine.url, f'DROP DATABASE "{name}" WITH (FORCE)')


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


async def _execute(url: str, statement: str) -> None:
    async with databases.connected(url) as connection:
        await connection.execute(statement)

"""Chores: plain jobs that any worker may take, handed out by PgQueuer. Nothing else here knows of it.

A chore is the kind of work and the key of what it is about. The rows of that thing are the truth, also of when it goes
on; PgQueuer sees to it that some worker has the chore, tells workers at once that there is one, and gives it to another
when a worker dies.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol, cast

import asyncpg
import structlog
from pgqueuer import models
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from pgqueuer.errors import RetryRequested
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

from overture import clock
from overture.core.words import ChoreKind
from overture.store import chores
from overture.store.pool import GONE, PASSING, Connection, Pool

_log = structlog.get_logger(__name__)

HEARTBEAT_TIMEOUT = timedelta(seconds=15)
"""So long after its last sign of life (wall time) a worker's chores are taken for left behind."""

POLL = timedelta(seconds=5)
"""How often a worker looks for chores nobody told it of: others' that were left behind."""

FEED_SECONDS = 5.0
"""How often it looks for chores whose time has come."""

HALT_SECONDS = 1.5
"""How long a chore may go on when its worker stops; what is cut off then, another worker does again."""

CLOSE_SECONDS = 0.5
"""How long the database has to say good-bye."""

KEPT = timedelta(days=7)
"""How long the queue's own log and counts are kept."""

PRUNE_SECONDS = 3_600.0

_AWAY = timedelta(seconds=1)
_AGAIN, _AFTER_ERROR = timedelta(seconds=1), timedelta(seconds=30)

# Every name is given: the library would take others from the environment, "TRIGGER" and "CHANNEL" among them.
SETTINGS = DBSettings(
    prefix="",
    db_schema=None,
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    trigger="tg_pgqueuer_changed",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    statistics_table="pgqueuer_statistics",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chore:
    """One piece of work: whose, and the key of what it is about."""

    team_id: str
    key: str


class Kind(Protocol):
    """Work of one kind."""

    @property
    def name(self) -> ChoreKind:
        """What it is called in the queue."""
        ...

    async def work(self, chore: Chore, *, halt: asyncio.Event) -> bool:
        """Do a chore until it is done or waits, or `halt` is set; tell whether another worker need not go on."""
        ...

    async def postpone(self, chore: Chore, *, error: Exception | None, by: timedelta) -> None:
        """Let a chore wait that broke off; None = for nothing but others who were in the way."""
        ...

    async def unattended(self, connection: Connection) -> Sequence[Chore]:
        """Return chores whose time has come and of which the queue does not know."""
        ...


def queries(connection: Connection, driver: type[AsyncpgDriver] = AsyncpgDriver) -> Queries:
    """Return the library's statements, on the tables our migrations make."""
    return Queries(
        driver(cast("asyncpg.Connection[asyncpg.Record]", connection)),
        qbe=QueryBuilderEnvironment(settings=SETTINGS),
        qbq=QueryQueueBuilder(settings=SETTINGS),
        qbs=QuerySchedulerBuilder(settings=SETTINGS),
    )


async def want(connection: Connection, *, kind: ChoreKind, wanted: Sequence[Chore], behind: int = 0) -> None:
    """Ask for chores in the caller's transaction; those that wait or are being done stay as they are.

    Args:
        connection: where the transaction is open.
        kind: of what kind they are.
        wanted: the chores.
        behind: how many of its own the team has waiting already: teams take turns, whoever asked first.
    """
    count = len(wanted)
    await queries(connection, _Asking).enqueue(
        [kind.value] * count,
        [json.dumps({"teamId": chore.team_id, "key": chore.key}).encode() for chore in wanted],
        [-behind] * count,
        dedupe_key=[f"{kind}:{chore.key}" for chore in wanted],
        on_conflict="skip",
    )


def read(job: models.Job) -> Chore:
    """Return the chore a job of the queue asks for."""
    asked = json.loads(job.payload or b"")
    return Chore(team_id=asked["teamId"], key=asked["key"])


class Chores:
    """The chores of one kind that one worker takes, at most `at_once` together.

    `ended` is called whenever one ends here. Every `feed_seconds` it looks for chores whose time has come.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        kind: Kind,
        at_once: int,
        ended: Callable[[], None] = lambda: None,
        feed_seconds: float = FEED_SECONDS,
    ) -> None:
        self._pool = pool
        self._kind = kind
        self._at_once = at_once
        self._ended = ended
        self._feed_seconds = feed_seconds
        self._under_way = 0
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._manager: QueueManager | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no chore is being done here."""
        return self._under_way == 0

    def wake(self) -> None:
        """Look now for chores whose time has come."""
        self._woken.set()

    def stop(self) -> None:
        """End `run`: chores under way are handed back."""
        self._stopping.set()
        self._woken.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def run(self) -> None:
        """Do chores until stopped."""
        await asyncio.gather(self._feed_loop(), self._serve_loop(), self._prune_loop())

    async def _feed_loop(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            await self._guarded(self._feed())
            with suppress(TimeoutError):
                async with asyncio.timeout(self._feed_seconds):
                    await self._woken.wait()

    async def _serve_loop(self) -> None:
        while not self._stopping.is_set():
            await self._guarded(self._serve())
            with suppress(TimeoutError):
                async with asyncio.timeout(_AWAY.total_seconds()):
                    await self._stopping.wait()

    async def _prune_loop(self) -> None:
        while not self._stopping.is_set():
            await self._guarded(self._prune())
            with suppress(TimeoutError):
                async with asyncio.timeout(PRUNE_SECONDS):
                    await self._stopping.wait()

    async def _guarded(self, part: Awaitable[None]) -> None:
        try:
            await part
        except GONE as error:
            _log.warning("database_gone", error=repr(error))
        except Exception:
            _log.exception("chores_broke", kind=self._kind.name)

    async def _feed(self) -> None:
        """Put into the queue what is not there and should be."""
        async with self._pool.acquire() as connection, connection.transaction():
            found = await self._kind.unattended(connection)
            if found:
                await want(connection, kind=self._kind.name, wanted=found)

    async def _prune(self) -> None:
        """Forget what happened to chores long ago."""
        before = clock.wall_now() - KEPT
        is_more = True
        while is_more and not self._stopping.is_set():
            async with self._pool.acquire() as connection:
                is_more = await chores.prune(connection, before=before)

    async def _serve(self) -> None:
        """Let the library hand out chores, over a connection of its own, until that is lost or the worker stops."""
        async with self._pool.acquire() as connection:
            halt = asyncio.Event()
            connection.add_termination_listener(lambda _: halt.set())
            self._manager = QueueManager(queries(connection), channel=SETTINGS.channel)
            self._manager.entrypoint(self._kind.name)(partial(self._answer, halt=halt))
            halting = asyncio.create_task(self._halt(halt))
            try:
                # The library writes its JSON by itself.
                await connection.reset_type_codec("jsonb", schema="pg_catalog")
                if not self._stopping.is_set():
                    await self._manager.run(
                        dequeue_timeout=POLL,
                        batch_size=1,
                        max_concurrent_tasks=self._at_once,
                        heartbeat_timeout=HEARTBEAT_TIMEOUT,
                    )
            finally:
                self._manager = None
                halting.cancel()
                # It listens, and knows no JSON: nobody else can use it. One that was lost is nobody's already.
                with suppress(asyncpg.InterfaceError):
                    await connection.close(timeout=CLOSE_SECONDS)

    async def _halt(self, halt: asyncio.Event) -> None:
        await self._stopping.wait()
        halt.set()

    async def _answer(self, job: models.Job, halt: asyncio.Event) -> None:
        """Do what a job of the queue asks for.

        Raises:
            RetryRequested: it goes back into the queue, for another worker or for later.
        """
        self._under_way += 1
        try:
            await self.perform(read(job), halt)
        finally:
            self._under_way -= 1
            self._ended()

    async def perform(self, chore: Chore, halt: asyncio.Event) -> None:
        """Do a chore; one that breaks off waits a while.

        Raises:
            RetryRequested: another worker must go on, or the database was away.
        """
        try:
            is_done = await _until_cut(self._kind.work(chore, halt=halt), halt)
        except GONE as error:
            _log.warning("database_gone", kind=self._kind.name, error=repr(error))
            raise RetryRequested(_AWAY) from error
        except PASSING as error:
            _log.info("chore_retried", kind=self._kind.name, key=chore.key, team_id=chore.team_id, error=repr(error))
            await self._kind.postpone(chore, error=None, by=_AGAIN)
        except Exception as error:
            _log.exception("chore_broke", kind=self._kind.name, key=chore.key, team_id=chore.team_id)
            await self._kind.postpone(chore, error=error, by=_AFTER_ERROR)
        else:
            if not is_done:
                raise RetryRequested


class _Asking(AsyncpgDriver):
    """Lets the library ask for chores over one of our connections, which take Python values for its JSON texts."""

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        *others, headers = args
        assert isinstance(headers, list)
        return await super().fetch(query, *others, [json.loads(text) for text in headers])


async def _until_cut(work: Awaitable[bool], halt: asyncio.Event) -> bool:
    """Await work; False if it had to be cut off, a moment after `halt` was set."""

    async def cut() -> None:
        await halt.wait()
        limit.reschedule(asyncio.get_running_loop().time() + HALT_SECONDS)

    try:
        async with asyncio.timeout(None) as limit:
            cutting = asyncio.create_task(cut())
            try:
                return await work
            finally:
                cutting.cancel()
    except TimeoutError:
        if limit.expired():
            return False
        raise

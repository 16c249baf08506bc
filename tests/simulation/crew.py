"""The workers of a simulated run: engines that start, freeze and die, and look like one engine to the conductor."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
from tests.simulation import database
from tests.simulation.chores import ChoresByTurns
from tests.simulation.turnstile import Actor, Turnstile

from overture.channels.registry import Registry
from overture.channels.x.channel import XChannel
from overture.engine.supervisor import Engine
from overture.secrets import Sealer
from overture.store import virtual
from overture.store.pool import Pool

POOL_SIZE = 3


class TurningTransport(httpx.AsyncBaseTransport):
    """Carries one actor's calls to the platform, one turn before each and one after its answer."""

    def __init__(self, inner: httpx.AsyncBaseTransport, actor: Actor, turnstile: Turnstile) -> None:
        self._inner = inner
        self._actor = actor
        self._turnstile = turnstile

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a call on."""
        call = f"{request.method} {request.url.path}"
        await self._turnstile.enter(self._actor, call)
        try:
            response = await self._inner.handle_async_request(request)
        except AssertionError as error:
            # How this transport says that the platform broke off in the middle of its answer.
            await self._turnstile.leave(self._actor, call, is_alone=False)
            raise httpx.ReadError("connection reset", request=request) from error
        await self._turnstile.leave(self._actor, call, is_alone=False)
        return response


@dataclass(eq=False, kw_only=True, slots=True)
class Worker:
    """One engine with its own connections."""

    actor: Actor
    pool: Pool
    engine: Engine
    task: asyncio.Task[None]


class Crew:
    """All workers that live. The conductor sees one engine."""

    def __init__(
        self,
        *,
        dsn: str,
        turnstile: Turnstile,
        clock: virtual.VirtualClock,
        transport: httpx.AsyncBaseTransport,
        sealer: Sealer,
        random: Random,
    ) -> None:
        self._dsn = dsn
        self._turnstile = turnstile
        self._clock = clock
        self._transport = transport
        self._sealer = sealer
        self._random = random
        self._count = 0
        self.workers: list[Worker] = []
        self.dead: list[Worker] = []
        """Kept until the end, so that none of their code is unwound in the middle of a run."""
        self.busy = 0
        """What else must end before time may pass: edits by the team."""
        self.settled_down = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether nobody is doing anything; who is frozen does nothing, and time goes on without them."""
        awake = self._awake()
        return self.busy == 0 and bool(awake) and all(worker.engine.is_idle for worker in awake)

    @property
    def is_woken(self) -> bool:
        """Whether a wake-up is waiting to be taken up."""
        return any(worker.engine.is_woken for worker in self._awake())

    def _awake(self) -> list[Worker]:
        now = asyncio.get_running_loop().time()
        return [worker for worker in self.workers if worker.actor.frozen_until <= now]

    def wake(self, *, sends: bool = True, duties: bool = True, chores: bool = False) -> None:
        """Wake every worker."""
        for worker in self.workers:
            worker.engine.wake(sends=sends, duties=duties, chores=chores)

    async def hire(self) -> Worker:
        """Start a worker."""
        self._count += 1
        actor = Actor(name=f"worker {self._count}")
        pool = await database.open_pool(self._dsn, actor, self._turnstile, size=POOL_SIZE)
        channel = XChannel(transport=TurningTransport(self._transport, actor, self._turnstile))
        engine = Engine(
            pool=pool,
            clock=self._clock,
            channels=Registry([channel]),
            sealer=self._sealer,
            draws=Random(self._random.random()),
            chores=ChoresByTurns,
        )
        engine.settled_down = self.settled_down
        worker = Worker(actor=actor, pool=pool, engine=engine, task=asyncio.create_task(engine.run()))
        self.workers.append(worker)
        return worker

    def bury(self, actor: Actor) -> None:
        """Take a dead worker out: what it held is found by others when its leases end."""
        self.dead += [worker for worker in self.workers if worker.actor is actor]
        self.workers = [worker for worker in self.workers if worker.actor is not actor]
        self.settled_down.set()

    def failure(self) -> BaseException | None:
        """Return what ended a worker that should run."""
        for worker in self.workers:
            if worker.task.done() and not worker.task.cancelled():
                return worker.task.exception() or AssertionError("a worker ended by itself")
        return None

    async def dismiss(self) -> None:
        """Stop everybody; what was still to befall somebody no longer does."""
        for worker in self.workers:
            worker.actor.mishap = None
            worker.engine.stop()
        await asyncio.gather(*(worker.task for worker in self.workers))

    def as_engine(self) -> Any:
        """Return the crew as what the conductor takes."""
        return self

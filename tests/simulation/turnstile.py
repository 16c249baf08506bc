"""One at a time: every statement and every platform call of every actor passes here, and a seed picks who is next.

The loop below runs on a clock of its own. It stands still while anybody has something to do, so a run is a function of
its seed: who goes next, which lock is waited for, when a process dies.
"""

import asyncio
import heapq
import itertools
import selectors
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Protocol

_POLL_SECONDS = 0.002
_CLEARING_SECONDS = 5.0
_BASE = datetime(2026, 1, 1, tzinfo=UTC)


class Stuck(AssertionError):
    """Nobody can go on, and no timer will change that."""


@dataclass(eq=False, kw_only=True, slots=True)
class Mishap:
    """What becomes of an actor at the `turns`-th of its turns whose label begins with `at`, before or after it.

    It freezes for so many seconds, or dies if that is None.
    """

    turns: int
    at: str
    is_after: bool
    freezes: float | None

    def strikes(self, label: str) -> bool:
        """Count a turn down; tell whether it is the one."""
        if label.startswith(self.at):
            self.turns -= 1
        return self.turns <= 0


@dataclass(eq=False, kw_only=True, slots=True)
class Actor:
    """A process of the simulation. `frozen_until` is loop time."""

    name: str
    mishap: Mishap | None = None
    frozen_until: float = 0.0
    is_dead: bool = False
    is_connecting: bool = False
    pids: set[int] = field(default_factory=set)


class Observer(Protocol):
    """Knows which database sessions wait for a lock."""

    def blocked(self, pids: Sequence[int]) -> dict[int, set[int]]:
        """Return those of `pids` that wait for a lock, each with the sessions it waits for."""
        ...

    def end(self, pids: Sequence[int]) -> None:
        """End sessions, and return when they are gone."""
        ...


@dataclass(eq=False, slots=True)
class _Waiting:
    actor: Actor
    place: int
    pid: int
    label: str
    future: asyncio.Future[None]

    @property
    def order(self) -> tuple[str, int, str]:
        """An order that does not depend on whose answer came first."""
        return (self.actor.name, self.place, self.label)


class Turnstile:
    """Lets one actor pass at a time, in an order drawn from a seed."""

    def __init__(self, random: Random, observer: Observer, *, on_death: Callable[[Actor], None]) -> None:
        self._random = random
        self._observer = observer
        self._on_death = on_death
        self._waiting: list[_Waiting] = []
        self._running: dict[int, Actor] = {}
        self._blocked: dict[int, Actor] = {}
        self._disturbed: set[int] = set()
        self._blockers: set[int] = set()
        self.is_closed = False
        self.begun: list[tuple[int, str]] = []
        """With which turn attempts were committed, and whose: of a team, account, campaign, lead and person each."""
        self.watch: Callable[[str], None] = lambda _: None
        """Told of every turn, before it is taken."""
        self.passed_by: Callable[[int, str], None] = lambda _pid, _statement: None
        """Told of every statement that a session has finished."""
        self.passed = 0
        self.digest = 0
        self.trace: list[str] = []

    async def enter(self, actor: Actor, label: str, *, place: int = 0, pid: int = 0) -> None:
        """Wait for a turn; a dead actor's never comes. `place` tells apart the sessions of an actor."""
        if self.is_closed:
            raise asyncio.CancelledError
        loop = asyncio.get_running_loop()
        waiting = _Waiting(actor, place, pid, label, loop.create_future())
        if not actor.is_dead:
            self._waiting.append(waiting)
        await waiting.future
        mishap = actor.mishap
        if mishap is not None and mishap.strikes(label) and not mishap.is_after:
            await self._strike(actor, mishap)
            await self.enter(actor, label, place=place, pid=pid)

    async def leave(self, actor: Actor, label: str, *, is_alone: bool, place: int = 0, pid: int = 0) -> None:
        """End a turn: who was not alone waits to go on; what is to happen to the actor after the turn happens."""
        if not pid:
            # Who freezes behind an answer of the platform has it, and comes to its next turn with it.
            await self.enter(actor, f"{label} returns", place=place, pid=pid)
        mishap = actor.mishap
        if mishap is not None and mishap.turns <= 0:
            await self._strike(actor, mishap)
            is_alone = False
        if pid and not is_alone:
            await self.enter(actor, f"{label} returns", place=place, pid=pid)

    async def _strike(self, actor: Actor, mishap: Mishap) -> None:
        actor.mishap = None
        if mishap.freezes is None:
            await self.die(actor)
        else:
            actor.frozen_until = asyncio.get_running_loop().time() + mishap.freezes
            self._note(f"{actor.name} freezes")

    async def die(self, actor: Actor) -> None:
        """Kill an actor, as kill -9 does: its sessions end, and none of its code goes on."""
        actor.is_dead = True
        self._waiting = [waiting for waiting in self._waiting if waiting.actor is not actor]
        self._observer.end(sorted(actor.pids))
        for sessions in (self._running, self._blocked):
            for pid in [pid for pid, owner in sessions.items() if owner is actor]:
                del sessions[pid]
        self._note(f"{actor.name} dies")
        self._on_death(actor)
        await asyncio.get_running_loop().create_future()

    def begin(self, pid: int, actor: Actor) -> None:
        """Note that a statement is on its way."""
        if self._blocked:
            self._disturbed.add(pid)
        self._running[pid] = actor

    def end(self, pid: int) -> bool:
        """Note that a statement has ended; tell whether it ran alone and was held up by nobody."""
        was_disturbed = pid in self._disturbed
        self._disturbed.discard(pid)
        self._running.pop(pid, None)
        self._blocked.pop(pid, None)
        return not was_disturbed

    @property
    def has_running(self) -> bool:
        """Whether a statement is on its way that no lock holds up."""
        return bool(self._running)

    @property
    def has_blocked(self) -> bool:
        """Whether a statement waits for a lock."""
        return bool(self._blocked)

    def look_for_locks(self) -> None:
        """Sort statements on their way into those that go on and those that wait for a lock."""
        sessions = self._running | self._blocked
        blocked = self._observer.blocked(sorted(sessions))
        self._running = {pid: actor for pid, actor in sessions.items() if pid not in blocked}
        self._blocked = {pid: actor for pid, actor in sessions.items() if pid in blocked}
        self._disturbed |= set(blocked)
        self._blockers = set().union(*blocked.values())

    def let_one_pass(self, now: float) -> bool:
        """Let one of those who wait pass; tell whether anybody could."""
        able = sorted(
            (waiting for waiting in self._waiting if waiting.actor.frozen_until <= now),
            key=lambda waiting: waiting.order,
        )
        if not able:
            return False
        if self._blocked:
            # Who holds a lock goes first: which of several that wait for one gets it is the database's secret.
            able = [waiting for waiting in able if waiting.pid in self._blockers] or able
        chosen = able[self._random.randrange(len(able))]
        self._waiting.remove(chosen)
        self.watch(chosen.label)
        self._note(f"{chosen.actor.name}: {chosen.label}")
        if not chosen.future.done():
            chosen.future.set_result(None)
        return True

    def nearest_thaw(self) -> float | None:
        """Return when the first of those who are frozen may go on, in loop time."""
        return min((waiting.actor.frozen_until for waiting in self._waiting), default=None)

    def _note(self, what: str) -> None:
        self.passed += 1
        self.digest = zlib.crc32(what.encode(), self.digest)
        self.trace.append(what)
        if len(self.trace) > 400:
            del self.trace[:200]


class _Selector(selectors.DefaultSelector):
    """Turns waiting into the passing of simulated time, once nobody has anything to do."""

    loop: "SimulatedLoop"

    def select(self, timeout: float | None = None) -> Any:
        """Wait for what is on its way; else let somebody pass; else let time pass."""
        turnstile = self.loop.turnstile
        if turnstile is None:
            return super().select(timeout)
        if timeout == 0:
            return super().select(0) if turnstile.has_running or turnstile.has_blocked else []
        while True:
            if turnstile.has_running:
                events = super().select(_POLL_SECONDS)
                if events:
                    return events
                turnstile.look_for_locks()
                continue
            if turnstile.has_blocked:
                events = super().select(0)
                if events:
                    return events
                turnstile.look_for_locks()
                if turnstile.has_running:
                    continue
            if turnstile.let_one_pass(self.loop.time()):
                return []
            return self._pass_time(turnstile)

    def _pass_time(self, turnstile: Turnstile) -> Any:
        instants = [instant for instant in (turnstile.nearest_thaw(), self.loop.nearest_timer()) if instant is not None]
        if instants:
            self.loop.advance_to(min(instants))
            return []
        if turnstile.has_blocked:
            # All wait for each other: the database ends one of them.
            return super().select(0.1)
        # A session lost to a restart of the database is cleared away outside of any turn.
        if events := super().select(_CLEARING_SECONDS):
            return events
        raise Stuck("nobody waits for anything: " + "; ".join(turnstile.trace[-20:]))


class _Timer(asyncio.TimerHandle):
    """A timer that goes off after those of the same instant which were set before it, however many there are."""

    def __init__(self, number: int, *rest: Any) -> None:
        super().__init__(*rest)
        self._order = (self.when(), number)

    def __lt__(self, other: Any) -> bool:
        return bool(self._order < other._order)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when nobody has anything to do. In force once `turnstile` is set."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._timers = itertools.count()
        self.turnstile: Turnstile | None = None
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since the start of the run."""
        return self._elapsed

    def call_at(self, when: float, callback: Any, *args: Any, **options: Any) -> asyncio.TimerHandle:  # type: ignore[override] # options hold the context
        """Set a timer."""
        timer = _Timer(next(self._timers), when, callback, args, self, options.get("context"))
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined] # the heap of the base class
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def nearest_timer(self) -> float | None:
        """Return when the next timer goes off."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined] # nobody else tells
        return scheduled[0].when() if scheduled else None

    def advance_to(self, instant: float) -> None:
        """Let time pass, to the very instant: how often it passed before must not show in what is due together."""
        self._elapsed = max(self._elapsed, instant)

    def wall_now(self) -> datetime:
        """Wall time of the run."""
        return _BASE + timedelta(seconds=self._elapsed)

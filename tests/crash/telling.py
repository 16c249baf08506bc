"""The telling of a campaign: its workers come, are struck, go on and leave, until it is completed and judged."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from typing import Any, Protocol

import httpx
from tests.crash import processes, worker
from tests.crash.machine import Machine
from tests.crash.worker import Post
from tests.engine.conftest import START
from tests.simulation import evidence, judge

from overture.actions import lead_release
from overture.actions.context import Actor, Context
from overture.actions.lead_release import Decision
from overture.channels.registry import Registry
from overture.channels.x.channel import XChannel
from overture.core.identifiers import Identifier, IdentifierKind
from overture.secrets import Sealer
from overture.store.pool import GONE, Pool
from overture.store.virtual import VirtualClock

PATIENCE_SECONDS = 90.0
AWAY_SECONDS = 4.0
"""How long who is frozen or cut off is away, by the machine's clock: longer than a lease by a fast wall clock."""

LATE_CALL_SECONDS = 1.5
"""How long a call may be under way that was held up, by the machine's clock."""

LATEST_SECONDS = 15.0
_LOOK_SECONDS = 0.02
_DOWN_SECONDS = 0.3
_BROKEN = re.compile(r'"event": ?"(\w+_broke|duty_lost)"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What became of a campaign: each lead's state by person, and how often its first worker passed each label.

    `strikes` is how many workers were struck.
    """

    strikes: int
    violations: list[str]
    states: Mapping[str, str]
    counts: Mapping[str, int]

    @property
    def was_struck(self) -> bool:
        """Whether anybody was struck."""
        return self.strikes > 0


class Network(Protocol):
    """A way to a worker that can be cut."""

    def cut(self) -> None:
        """Let nothing through."""
        ...

    def mend(self) -> None:
        """Let everything through again."""
        ...


class Time(Protocol):
    """The virtual clocks, ours and the platform's, which are moved one after the other."""

    async def stop(self) -> None:
        """Let both stand at one instant."""
        ...

    def go_on(self) -> None:
        """Let them be moved again."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """A worker; `network` is cut when it is struck.

    It is there from the start, or joins so many seconds after the first strike, or after `LATEST_SECONDS` if nobody is
    struck until then. It leaves after so many seconds of work.
    """

    post: Post
    joins: float | None = None
    leaves: float | None = None
    network: Network | None = None


class _Hand:
    """A worker's process, and the pipe to it."""

    def __init__(self, shift: Shift) -> None:
        self.shift = shift
        self.began = time.monotonic()
        self.was_struck = False
        self.back_at: float | None = None
        self._pipe, theirs = processes.FORKED.Pipe()
        self._process = processes.FORKED.Process(target=worker.work, args=(shift.post, theirs), daemon=True)
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

    def let_go_on(self) -> None:
        """Let the process go on that was stopped."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGCONT)

    async def dismiss(self) -> Mapping[str, int]:
        """Tell it to stop; return what it counted."""
        try:
            if self.is_alive:
                self.let_go_on()
            with suppress(BrokenPipeError):
                self._pipe.send("stop")
            await asyncio.to_thread(self._wait)
            counts: Mapping[str, int] = self.heard() or {}
            return counts
        finally:
            self._process.kill()
            self._process.join()

    def _wait(self) -> None:
        wait([self._pipe, self._process.sentinel], timeout=10)


class Telling:
    """One run of the campaign."""

    def __init__(self, pool: Pool, shifts: Sequence[Shift], *, machine: Machine, time: Time | None = None) -> None:
        self._pool = pool
        self._time = time
        self._to_come = list(shifts)
        self._post = shifts[0].post
        self._machine = machine
        self._hands: list[_Hand] = []
        self._violations: list[str] = []
        self._strikes = 0
        self._struck_at: float | None = None

    async def run(self) -> Account:
        """Run to the end, and judge."""
        began = time.monotonic()
        try:
            while self._to_come or not await self._is_over():
                passed = time.monotonic() - began
                self._admit(passed)
                for hand in list(self._hands):
                    await self._attend(hand)
                if self._violations or passed > PATIENCE_SECONDS:
                    self._violations.append(f"not at its end: {await self._standing()}")
                    break
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            counts = [await hand.dismiss() for hand in self._hands]
        return Account(
            strikes=self._strikes,
            violations=self._violations + await self._judge(),
            counts=counts[0],
            states=await self._standing(),
        )

    def _admit(self, passed: float) -> None:
        """Start those who join now."""
        since = time.monotonic() - self._struck_at if self._struck_at is not None else passed - LATEST_SECONDS
        joining = [shift for shift in self._to_come if shift.joins is None or shift.joins <= since]
        self._to_come = [shift for shift in self._to_come if shift not in joining]
        self._hands += [_Hand(shift) for shift in joining]

    async def _attend(self, hand: _Hand) -> None:
        """Look after a worker: bring back what was killed, let go on what was stopped, let leave who is to."""
        is_alive = hand.is_alive  # asked first: what it said before it died is then there to be heard
        if hand.heard() == worker.STRUCK:
            self._strikes += 1
            self._struck_at = self._struck_at or time.monotonic()
            hand.was_struck = True
            await self._strike(hand)
        if hand.back_at is not None and time.monotonic() >= hand.back_at:
            hand.back_at = None
            await self._bring_back(hand)
        if not is_alive:
            await self._replace(hand)
        elif (
            hand.back_at is None and hand.shift.leaves is not None and time.monotonic() > hand.began + hand.shift.leaves
        ):
            self._hands.remove(hand)
            await hand.dismiss()

    async def _bring_back(self, hand: _Hand) -> None:
        """Let a worker go on, and with it its call; nobody's clock is between two instants while that is under way."""
        if self._time is not None:
            await self._time.stop()
        if hand.shift.network is not None:
            hand.shift.network.mend()
        hand.let_go_on()
        if self._time is not None:
            await asyncio.sleep(LATE_CALL_SECONDS)
            self._time.go_on()

    async def _strike(self, hand: _Hand) -> None:
        post = hand.shift.post
        if post.postmaster is not None:
            await asyncio.sleep(_DOWN_SECONDS)
            await asyncio.to_thread(self._machine.start)
        if post.freezes:
            hand.back_at = time.monotonic() + AWAY_SECONDS
        if hand.shift.network is not None:
            hand.shift.network.cut()
            hand.let_go_on()

    async def _replace(self, hand: _Hand) -> None:
        post = hand.shift.post
        self._hands.remove(hand)
        await hand.dismiss()
        if not (hand.was_struck and post.dies):
            self._violations.append("a worker ended by itself")
        late = post.late if post.wall.speed > 1 else worker.AFTERWARDS
        healthy = replace(post, point=None, postmaster=None, freezes=False, late=late)
        self._hands.insert(0, _Hand(Shift(post=healthy)))

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
            limits = {row["id"]: [(START, row["hourly_limit"], row["daily_limit"])] for row in accounts}
            # The team does nothing here but wait.
            found = await evidence.gather(
                self._post.dsn,
                control,
                limits=limits,
                lifted={},
                continued={},
                consents={},
                begun=[],
                closed={},
                keeps=False,
            )
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

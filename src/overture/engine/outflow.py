"""Outflow: claims what teams have due, sends it, and has written down what comes of it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

import structlog

from overture import clock as clocks
from overture.channels.registry import Registry
from overture.clock import EngineClock
from overture.core import pacing
from overture.core.words import OutcomeKind
from overture.engine import dispatch, sending, settle, settling
from overture.engine.keyring import Keyring
from overture.engine.shares import Shares
from overture.engine.standstill import Standstill
from overture.store.pool import GONE, PASSING, Pool

_log = structlog.get_logger(__name__)

SENDS_AT_ONCE = 400
"""Sends of one process from their claim until their outcomes are taken up; half of them for a team that is alone."""

CLAIMS_AT_ONCE = 4
CLAIMS_OF_A_TEAM = 2
"""Claims of one team side by side, where one has just taken all it may: one decides while the other is written."""


class Outflow:
    """What one process sends."""

    def __init__(
        self,
        *,
        pool: Pool,
        clock: EngineClock,
        channels: Registry,
        keyring: Keyring,
        draws: Random,
        standstill: Standstill,
        wake: Callable[[bool], None],
        ended: Callable[[], None],
    ) -> None:
        """Take what it works with, and whom to tell.

        `wake` is called when more may be claimed, with whether other duties came of it, too; `ended` when something
        has ended, and it may be idle.
        """
        self._clock = clock
        self._channels = channels
        self._keyring = keyring
        self._standstill = standstill
        self._wake = wake
        self._ended = ended
        self._dispatcher = dispatch.Dispatcher(pool=pool, channels=channels, draws=draws)
        self._settler = settling.Settler(
            pool=pool, clock=clock, taken_up=self._taken_up, settled=self._settled, ended=ended
        )
        self._places = Shares(SENDS_AT_ONCE)
        self._claims: set[asyncio.Task[None]] = set()
        self._claims_of: Counter[str] = Counter()
        self._pressed: set[str] = set()
        self._sends: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def stop(self) -> None:
        """Claim nothing more."""
        self._is_stopping = True

    @property
    def is_idle(self) -> bool:
        """Whether nothing is claimed, sent or settled at this moment."""
        return not self._claims and not self._places.taken and self._settler.is_idle

    def sated(self) -> list[str]:
        """Return the teams that get no more now."""
        return [*self._places.sated(), *(team_id for team_id in self._claims_of if not self._may_claim(team_id))]

    async def serve(self, team_id: str) -> None:
        """Begin to send what a team has due, as far as there is room, once there is room among the claims."""
        while self._may_claim(team_id):
            if len(self._claims) >= CLAIMS_AT_ONCE:
                await asyncio.wait(self._claims, return_when=asyncio.FIRST_COMPLETED)
                continue
            count = min(dispatch.BATCH, self._places.room(team_id))
            if not count:
                return
            # Taken beforehand: claims side by side share the room, they do not each have all of it.
            self._places.take(team_id, count)
            self._claims_of[team_id] += 1
            task = asyncio.create_task(self._claim(team_id, count))
            self._claims.add(task)
            task.add_done_callback(self._claim_ended)

    async def finish(self) -> None:
        """Wait for what is under way, the platform's answers no longer than a call may take, and settle it."""
        if self._claims:
            await asyncio.wait(self._claims)
        if self._sends:
            await asyncio.wait(self._sends, timeout=pacing.CALL_TIMEOUT.total_seconds() * 2)
        await self._settler.finish()

    def _may_claim(self, team_id: str) -> bool:
        most = CLAIMS_OF_A_TEAM if team_id in self._pressed else 1
        return self._claims_of[team_id] < most and not self._is_stopping

    async def _claim(self, team_id: str, count: int) -> None:
        """Send what a claim of up to `count` messages finds due."""
        claimed = dispatch.Claimed(ready=[], is_due_again=False)
        try:
            claimed = await self._dispatcher.claim(
                team_id, now=await self._clock.now(), wall_now=clocks.wall_now(), count=count
            )
        except GONE as error:
            self._standstill.begin(error)
        except PASSING as error:
            _log.info("claim_retried", error=repr(error))
            claimed = dispatch.Claimed(ready=[], is_due_again=True)
        except Exception:
            _log.exception("claim_broke", team_id=team_id)
        finally:
            self._claims_of[team_id] -= 1
            if not self._claims_of[team_id]:
                del self._claims_of[team_id]
        self._press(team_id, is_full=len(claimed.ready) == dispatch.BATCH)
        for one in claimed.ready:
            task = asyncio.create_task(self._send(one))
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)
        is_awaited = self._give(team_id, count - len(claimed.ready))
        if claimed.is_due_again or is_awaited:
            self._wake(False)

    def _claim_ended(self, task: "asyncio.Task[None]") -> None:
        self._claims.discard(task)
        self._ended()

    def _press(self, team_id: str, *, is_full: bool) -> None:
        if is_full:
            self._pressed.add(team_id)
        else:
            self._pressed.discard(team_id)

    def _give(self, team_id: str, count: int) -> bool:
        """Give places back; tell whether anybody may have waited for them."""
        is_awaited = count > 0 and bool(self._places.sated())
        self._places.give(team_id, count)
        return is_awaited

    async def _send(self, ready: dispatch.Ready) -> None:
        result = await sending.send(ready, channels=self._channels, keyring=self._keyring, clock=self._clock)
        self._settler.put(ready.team_id, result)

    def _taken_up(self, team_id: str, count: int) -> None:
        if self._give(team_id, count):
            self._wake(False)

    def _settled(self, _team_id: str, results: Sequence[settle.Result]) -> None:
        if any(result.outcome.kind != OutcomeKind.ACCEPTED for result in results):
            self._wake(True)

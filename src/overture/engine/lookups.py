"""Look-ups of usernames: any active account of the team may ask, and the next one where one is refused."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.channels.port import Channel, ChannelError
from overture.channels.registry import Registry
from overture.core.lookup import Person
from overture.core.words import CostKind, ReadEndpoint
from overture.engine import askers
from overture.engine.askers import OF_THE_ACCOUNT, RETRY, Asker, Refusal
from overture.engine.hearing import Hearing
from overture.engine.keyring import Keyring
from overture.secrets import Sealer
from overture.store import costs
from overture.store.pool import Pool

_log = logging.getLogger(__name__)

CALLS_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What the platform said: people, and why (`notFound`, `suspended`) there is none behind other usernames.

    Usernames in neither were not answered; then `refusal` says why.
    """

    people: Sequence[Person]
    absent: Mapping[str, str]
    refusal: Refusal | None


class Finder:
    """Finds the people behind usernames."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._channels = channels
        self._keyring = Keyring(pool=pool, channels=channels, sealer=sealer)

    async def find(self, *, team_id: str, platform: str, usernames: Sequence[str], now: datetime) -> Answers:
        """Look up lower-case usernames on a platform, the first ones first. Call it outside any transaction."""
        channel = self._channels.get(platform)
        known = await askers.linked(
            self._pool, self._keyring, team_id=team_id, platform=platform, endpoint=ReadEndpoint.USERNAMES
        )
        free = [asker for asker in known if asker.may_ask(now)]
        if channel is None or not free:
            return Answers(people=(), absent={}, refusal=askers.nobody_asks(known, "who these usernames are", now))
        size = channel.capabilities.lookup_batch
        batches = [usernames[start : start + size] for start in range(0, len(usernames), size)]
        round_ = _Round(channel=channel, askers=free, batches=batches, now=now)
        await asyncio.gather(*(round_.ask() for _ in range(min(CALLS_AT_ONCE, len(batches)))))
        async with self._pool.acquire() as connection:
            await costs.count(connection, team_id=team_id, kind=CostKind.PROFILE_READ, units=round_.shown, now=now)
            await round_.hearing.keep(connection, team_id=team_id)
        return Answers(people=round_.people, absent=round_.absent, refusal=round_.refusal)


class _Round:
    """One round of questions: batches waiting to be asked, and accounts that may still ask."""

    def __init__(
        self,
        *,
        channel: Channel,
        askers: Sequence[Asker],
        batches: Sequence[Sequence[str]],
        now: datetime,
    ) -> None:
        self._channel = channel
        self._askers = deque(askers)
        self._batches = deque(batches)
        self._now = now
        self._refusals: list[Refusal] = []
        self._is_over = False
        self.people: list[Person] = []
        self.absent: dict[str, str] = {}
        self.hearing = Hearing(ReadEndpoint.USERNAMES, now=now)
        self.shown: Counter[str] = Counter()

    @property
    def refusal(self) -> Refusal | None:
        """Why batches are left, and when the first account may ask again; None when none is left."""
        if not self._batches or not self._refusals:
            return None
        return min(self._refusals, key=lambda refusal: refusal.retry_at)

    async def ask(self) -> None:
        """Ask batch by batch until all are answered or nobody may ask."""
        while self._batches and self._askers and not self._is_over:
            batch = self._batches.popleft()
            asker = self._askers[0]
            self._askers.rotate(-1)
            try:
                answer = await self._channel.look_up(asker.credentials, usernames=batch)
            except ChannelError as error:
                self._batches.appendleft(batch)
                self._refuse(asker, error)
                continue
            self.hearing.answered(asker.account_id, answer)
            if answer.rest_until is not None and answer.rest_until > self._now:
                self._rest(asker, answer.rest_until)
            met = {person.username.lower() for person in answer.people}
            self.people.extend(answer.people)
            self.shown[asker.account_id] += len(answer.people)
            # Whoever an answer passes over in silence is not asked for again and again.
            self.absent.update({username: "notFound" for username in batch if username not in met})
            self.absent.update({one.identifier.lower(): one.reason for one in answer.absent})

    def _rest(self, asker: Asker, until: datetime) -> None:
        """Let an account rest that has used up what the platform allows it."""
        if asker in self._askers:
            self._askers.remove(asker)
        reason = "The platform takes no more look-ups for now; it is asked again by itself."
        self._refusals.append(Refusal(reason=reason, retry_at=until))

    def _refuse(self, asker: Asker, error: ChannelError) -> None:
        _log.warning("a look-up of usernames was refused: %s", error.kind)
        if error.kind in OF_THE_ACCOUNT:
            if asker in self._askers:
                self._askers.remove(asker)
        else:
            self._is_over = True
        self.hearing.refused(asker.account_id, error)
        retry_at = max(error.retry_at or self._now, self._now + RETRY)
        reason = f"The platform does not tell who the usernames are ({error.kind}); it is asked again by itself."
        self._refusals.append(Refusal(reason=reason, retry_at=retry_at))

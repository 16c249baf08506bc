"""A platform that accepts every message at once, so that what is measured is ours, and a clock that hardly moves."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from overture.channels import port
from overture.core.lookup import Absent, Lookup
from overture.core.outcome import Outcome
from overture.core.words import OutcomeKind

PLATFORM = "noop"


class NoopChannel:
    """Accepts every message at once, each under a number of its own; nobody ever writes back."""

    platform = PLATFORM
    name = "Nowhere"
    username_prefix = ""
    capabilities = port.Capabilities(
        checks_reachability=False,
        lookup_batch=100,
        is_idempotent=False,
        reads_are_complete=True,
        likes=False,
        longest_text=10_000,
        app_daily_sends=None,
        account_daily_ceiling=500,
        history=timedelta(days=30),
    )

    def __init__(self, *, first_id: int = 10**18) -> None:
        """Number messages from `first_id` on."""
        self._first_id = first_id
        self._sent = 0
        self._awaited = 0
        self._reached = asyncio.Event()

    @property
    def sent(self) -> int:
        """How many messages were accepted."""
        return self._sent

    async def until(self, count: int, *, seconds: float) -> bool:
        """Wait at most `seconds` until `count` messages were accepted; tell whether they were."""
        self._awaited = count
        self._reached.clear()
        if self._sent < count:
            try:
                async with asyncio.timeout(seconds):
                    await self._reached.wait()
            except TimeoutError:
                return False
        return True

    async def identify(self, credentials: port.Credentials) -> port.Identity:
        """Everybody is nobody in particular."""
        return port.Identity(platform_id=credentials.token, username="noop", display_name="Noop", avatar_url=None)

    async def look_up(
        self, credentials: port.Credentials, *, platform_ids: Sequence[str] = (), usernames: Sequence[str] = ()
    ) -> Lookup:
        """Nobody is known."""
        del credentials
        absent = tuple(Absent(identifier=name, reason="notFound") for name in (*platform_ids, *usernames))
        return Lookup(people=(), absent=absent)

    async def send(self, credentials: port.Credentials, *, recipient_id: str, text: str, now: datetime) -> Outcome:
        """Accept."""
        del credentials, recipient_id, text, now
        self._sent += 1
        if self._sent == self._awaited:
            self._reached.set()
        return Outcome(kind=OutcomeKind.ACCEPTED, platform_message_id=str(self._first_id + self._sent))

    async def read_inbox(self, credentials: port.Credentials, *, until_id: str | None, own_id: str) -> port.Inbox:
        """Nothing has come in."""
        del credentials, until_id, own_id
        return port.Inbox(messages=(), reached=True)

    async def read_conversation(
        self, credentials: port.Credentials, *, with_id: str, since: datetime, own_id: str
    ) -> port.Inbox:
        """Nothing was said."""
        del credentials, with_id, since, own_id
        return port.Inbox(messages=(), reached=True)

    async def close(self) -> None:
        """Nothing is open."""


class StandingClock:
    """Engine time that moves only when it is told to, but for a microsecond at each look.

    So a send ends later than it began, as it does in real operation, and its pace is moved on.
    """

    def __init__(self, instant: datetime) -> None:
        self._instant = instant

    async def now(self) -> datetime:
        """Return the instant it stands at."""
        self._instant += timedelta(microseconds=1)
        return self._instant

    def move(self, by: timedelta) -> None:
        """Move on."""
        self._instant += by

"""A platform that accepts every message, so that what is measured is ours, and clocks that stand still or hurry."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from overture import clock
from overture.channels import port
from overture.core.lookup import Absent, Lookup, Person
from overture.core.outcome import Outcome
from overture.core.words import Audience, OutcomeKind

PLATFORM = "noop"
_ARRIVES_AFTER = timedelta(seconds=10)
"""More than by how much a reading of a conversation begins before the message it looks for."""


class NoopChannel:
    """Accepts every message, each under a number of its own; nobody ever writes back."""

    platform = PLATFORM
    name = "Nowhere"
    username_prefix = ""
    authority = None
    push = None
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

    def __init__(self, *, first_id: int = 10**18, delay: float = 0.0, shows_lost: bool = False) -> None:
        """Number messages from `first_id` on, and take `delay` seconds for each.

        `shows_lost`: a conversation that is read shows one message, as if the one that was under way had arrived.
        """
        self._first_id = first_id
        self._delay = delay
        self._shows_lost = shows_lost
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
        """Everybody with an id is there and can be written to; nobody has a username."""
        del credentials
        absent = tuple(Absent(identifier=name, reason="notFound") for name in usernames)
        people = tuple(_person(platform_id) for platform_id in platform_ids)
        return Lookup(people=people, absent=absent)

    async def list_audience(
        self, credentials: port.Credentials, *, audience: Audience, of_id: str, page: str | None, most: int
    ) -> port.Listed:
        """Nobody is listed."""
        del credentials, audience, of_id, page, most
        return port.Listed(people=(), next_page=None)

    async def like_latest(self, credentials: port.Credentials, *, of_id: str, own_id: str) -> str:
        """There is nothing to like."""
        del credentials, of_id, own_id
        raise port.ChannelError("gone", "there are no posts")

    async def send(self, credentials: port.Credentials, *, recipient_id: str, text: str, now: datetime) -> Outcome:
        """Accept."""
        del credentials, recipient_id, text, now
        if self._delay:
            await asyncio.sleep(self._delay)
        self._sent += 1
        if self._sent == self._awaited:
            self._reached.set()
        return Outcome(kind=OutcomeKind.ACCEPTED, platform_message_id=str(self._first_id + self._sent))

    async def read_inbox(
        self, credentials: port.Credentials, *, until_id: str | None, own_id: str, page: str | None = None
    ) -> port.Inbox:
        """Nothing has come in."""
        del credentials, until_id, own_id, page
        return port.Inbox(messages=(), reached=True)

    async def read_conversation(
        self, credentials: port.Credentials, *, with_id: str, since: datetime, own_id: str
    ) -> port.Inbox:
        """Nothing was said, or what was under way has arrived."""
        del credentials
        if not self._shows_lost:
            return port.Inbox(messages=(), reached=True)
        self._sent += 1
        arrived = port.InboxMessage(
            platform_id=str(self._first_id + self._sent),
            conversation_id=None,
            sender_id=own_id,
            other_id=with_id,
            is_inbound=False,
            text="Hello",
            sent_at=since + _ARRIVES_AFTER,
        )
        return port.Inbox(messages=(arrived,), reached=True)

    async def close(self) -> None:
        """Nothing is open."""


def _person(platform_id: str) -> Person:
    return Person(
        platform_id=platform_id,
        username=f"person{platform_id}",
        display_name=f"Ada {platform_id} Lovelace",
        bio="Writes about gardens, trains and the weather.",
        location="London",
        website=None,
        avatar_url=None,
        follower_count=100,
        is_protected=False,
        may_receive=True,
        follows_account=False,
        blocks_or_blocked=False,
    )


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


class HurryingClock:
    """Engine time that runs `speed` times as fast as the wall, the same in all processes: accounts are soon due again.

    It stood at `start` when the wall stood at `since`.
    """

    def __init__(self, *, start: datetime, since: datetime, speed: float) -> None:
        self._start = start
        self._since = since
        self._speed = speed

    async def now(self) -> datetime:
        """Return its present instant."""
        return self._start + (clock.wall_now() - self._since) * self._speed

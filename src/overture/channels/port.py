"""What the engine asks of a platform. Every channel implements this protocol."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from overture.core.budget import Published, Window
from overture.core.costs import FREE, PriceList
from overture.core.grants import Grant, Keys
from overture.core.lookup import Lookup, Person
from overture.core.outcome import Outcome
from overture.core.rights import Scope
from overture.core.words import Audience, PushedKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What lets a channel act as one account: where the platform answers, and the token.

    `keys` sign its calls; None: the token opens by itself, as its bearer's. `renew` brings the token that follows one
    the platform refuses, or raises `ChannelError`; None: there is none.
    """

    base_url: str
    token: str = field(repr=False)
    keys: Keys | None = field(default=None, repr=False)
    renew: Callable[[], Awaitable[str]] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """A team's app at a platform; one without a secret is public."""

    base_url: str
    client_id: str
    client_secret: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What a platform can do; the engine asks these flags and never the platform's name.

    `audiences` are the lists of people it shows, `history` is how far back a reading of an inbox shows its messages,
    `windows` is how much of each kind of call it has published to take, `price_list` what it bills.
    """

    checks_reachability: bool
    lookup_batch: int
    is_idempotent: bool
    reads_are_complete: bool
    likes: bool
    longest_text: int
    app_daily_sends: int | None
    account_daily_ceiling: int
    history: timedelta
    audiences: frozenset[Audience] = frozenset()
    windows: tuple[Published, ...] = ()
    price_list: PriceList = FREE


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """The account behind a set of credentials."""

    platform_id: str
    username: str
    display_name: str
    avatar_url: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What a platform calls a person."""

    username: str
    display_name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxMessage:
    """One direct message as the platform records it, sent by the account or received by it.

    `other` is what the platform calls who wrote it, where that is not the account and is told.
    """

    platform_id: str
    conversation_id: str | None
    sender_id: str
    other_id: str
    is_inbound: bool
    text: str
    sent_at: datetime
    other: Names | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbox:
    """Messages newest first; `reached` tells that everything newer than the asked-for message was read.

    `next_page`: where not all was read, from where another reading goes on. `rest_until`: this reading used up what the
    platform allows, and it takes no other one before. `listed`: how many messages the platform showed, known ones too.
    `windows`: what it said of its windows for readings of the kind.
    """

    messages: tuple[InboxMessage, ...]
    reached: bool
    listed: int = 0
    next_page: str | None = None
    rest_until: datetime | None = None
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A page of people a platform lists; `next_page` asks for the one behind it, None where there is none.

    `rest_until`: this call used up what the platform allows the account, and it takes no other one before. `windows`:
    what it said of its windows for calls of the kind.
    """

    people: tuple[Person, ...]
    next_page: str | None
    rest_until: datetime | None = None
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pushed:
    """Something a platform tells by itself of the account `own_id`; told again, it has the same `event_id`."""

    event_id: str
    kind: PushedKind
    own_id: str
    message: InboxMessage | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """Of which accounts a platform tells by itself, by their ids there, and why not, or not of everything."""

    told: frozenset[str]
    problems: Mapping[str, str]


class ChannelError(Exception):
    """A read failed. `kind` is `rateLimited`, `authLost`, `outOfCredit`, `unavailable`, `invalid` or `gone`.

    `gone` tells that what was asked about is not there, or not shown. `reason` is the word of an outcome, where a
    refusal has one; `windows` what the platform said with it of its windows.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        retry_at: datetime | None = None,
        reason: str | None = None,
        windows: tuple[Window, ...] = (),
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.retry_at = retry_at
        self.reason = reason
        self.windows = windows


class Authority(Protocol):
    """How a platform lets people link accounts without handing over a token. Refusals raise `ChannelError`."""

    scopes: Sequence[Scope]

    def authorize_url(self, app: App, *, redirect_uri: str, state: str, verifier: str) -> str:
        """Return the page on which a person lets the app act for an account; `verifier` proves later who asked."""
        ...

    async def exchange(self, app: App, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Turn the code that page gave into a grant."""
        ...

    async def renew(self, app: App, grant: Grant) -> Grant:
        """Trade a grant that can be renewed for the next one; `authLost` where it was taken back."""
        ...

    async def revoke(self, app: App, grant: Grant) -> None:
        """Give a grant back."""
        ...


class Push(Protocol):
    """How a platform tells by itself what happens. `secret` is what it shares with the team's app."""

    def answer(self, secret: str, query: Mapping[str, str]) -> Mapping[str, str] | None:
        """Return the answer by which a hook proves to be the app's; None where nothing was asked."""
        ...

    def is_genuine(self, secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether a post to a hook comes from the platform; `headers` are in small letters."""
        ...

    def read(self, body: bytes, *, now: datetime) -> list[Pushed]:
        """Return what a post, or a line of the stream, tells; what cannot be read of it never raises.

        `now` (engine time) dates what bears no time.
        """
        ...

    def listen(self, app: Credentials) -> AsyncIterator[bytes]:
        """Yield the lines of the app's stream as they come; empty ones tell that it is open. Ends when it ends.

        Raises `ChannelError` where it does not open, or breaks off.
        """
        ...

    async def keep(self, app: Credentials, *, address: str | None, tag: str, own_ids: Sequence[str]) -> Telling:
        """Have the platform tell of these accounts, and of no others, by posts to `address`.

        None = by its stream. `tag` names what is ours there; addresses end in it. Refusals of the app raise
        `ChannelError`.
        """
        ...


class Channel(Protocol):
    """A platform. Sends answer with a value; reads raise `ChannelError` when the platform refuses.

    `name` is what people call it, `username_prefix` what stands before a username there. `authority` is None where
    accounts are linked by tokens alone, `push` where the platform tells nothing by itself.
    """

    platform: str
    name: str
    username_prefix: str
    capabilities: Capabilities

    @property
    def authority(self) -> Authority | None:
        """How accounts are linked without handing over a token."""
        ...

    @property
    def push(self) -> Push | None:
        """How it tells by itself what happens."""
        ...

    async def identify(self, credentials: Credentials) -> Identity:
        """Return whose credentials these are."""
        ...

    async def look_up(
        self, credentials: Credentials, *, platform_ids: Sequence[str] = (), usernames: Sequence[str] = ()
    ) -> Lookup:
        """Look up at most `capabilities.lookup_batch` profiles, by id or by username (one of the two)."""
        ...

    async def list_audience(
        self, credentials: Credentials, *, audience: Audience, of_id: str, page: str | None, most: int
    ) -> Listed:
        """List up to `most` people who follow a profile, whom it follows, or who liked a post.

        `page` is `next_page` of the answer before, None at first.
        """
        ...

    async def like_latest(self, credentials: Credentials, *, of_id: str, own_id: str) -> str:
        """Like somebody's latest post, as the account `own_id`; return the post's id.

        Only where `capabilities.likes`. Refusals raise `ChannelError`, `gone` where there is no post.
        """
        ...

    async def send(self, credentials: Credentials, *, recipient_id: str, text: str, now: datetime) -> Outcome:
        """Send one message. Never raises for an answer of the platform; a lost answer is `unknown`.

        `now` (engine time) turns relative waits of the platform into instants.
        """
        ...

    async def read_inbox(
        self, credentials: Credentials, *, until_id: str | None, own_id: str, page: str | None = None
    ) -> Inbox:
        """Read the account's messages, newest first, down to `until_id` (exclusive), in both directions.

        `page`: where an earlier reading ended that was not through.
        """
        ...

    async def read_conversation(self, credentials: Credentials, *, with_id: str, since: datetime, own_id: str) -> Inbox:
        """Read one conversation down to messages older than `since`."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...

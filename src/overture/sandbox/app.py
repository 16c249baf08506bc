"""The platform as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from overture.sandbox import accounts as sending_accounts
from overture.sandbox import (
    activity,
    answers,
    instants,
    limits,
    refusals,
    routes_audiences,
    routes_messages,
    routes_users,
)
from overture.sandbox.accounts import Account
from overture.sandbox.activity import Activity, Event
from overture.sandbox.admission import Admission
from overture.sandbox.clock import Clock
from overture.sandbox.control import Control
from overture.sandbox.deliveries import Deliveries
from overture.sandbox.faults import Faults
from overture.sandbox.grants import Grants
from overture.sandbox.limits import Endpoint, Meter
from overture.sandbox.messages import Message, Origin
from overture.sandbox.people import Population
from overture.sandbox.platform import Platform, checked
from overture.sandbox.posts import Posts
from overture.sandbox.record import Record
from overture.sandbox.routes_activity import ActivityCalls
from overture.sandbox.routes_grants import Authority
from overture.sandbox.signatures import Signatures


def create_app(
    *,
    people: int = 5_000,
    seed: int = 1,
    record: Path | None = None,
    accounts: Sequence[Account] = sending_accounts.DEFAULT,
    start: datetime | None = None,
    limits: limits.Table | None = limits.PUBLISHED,
    may_like: bool = False,
    webhooks: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """Build a platform that speaks X API v2 and is steered under `/_sandbox`.

    Args:
        people: how many people there are; each is drawn from the seed when first asked for.
        seed: the same seed gives the same people, answers and faults.
        record: the file every accepted message is written to; an existing one is taken up again.
            None keeps nothing.
        accounts: the accounts whose tokens open the API.
        start: where the clock stands at first; None runs on the machine's clock until the first move.
        webhooks: how webhooks are called; None calls them over the network.
        may_like: the app has a plan that lets it like posts; as most it has not.
        limits: the rate limits; None has none, `limits.scaled(10)` has ten times X's.

    The application's state carries `platform` and `closing`, an event that ends the calls a fault holds open.
    Set it before stopping a server that waits for open calls.

    Raises:
        RecordError: the record is not one of this platform.
        ValueError: the accounts' usernames clash, the number of people or the start is out of range.
    """
    kept = Record(record)
    try:
        platform = Platform(
            population=Population(count=people, seed=seed, accounts=accounts),
            accounts=accounts,
            clock=_clock(kept, start),
            record=kept,
            seed=seed,
        )
    except ValueError:
        kept.close()
        raise
    meter = Meter(limits)
    for message in platform.messages:
        if message.origin is Origin.API:
            meter.charge(message.sender, Endpoint.SEND, message.moment)
    faults = Faults(seed)
    posts = Posts(may_like=may_like)
    closing = asyncio.Event()
    grants = Grants(accounts=accounts, seed=seed)
    admission = Admission(
        platform=platform,
        grants=grants,
        signatures=Signatures(accounts=accounts),
        faults=faults,
        meter=meter,
        closing=closing,
    )
    authority = Authority(
        grants=grants, account_of=platform.account_named, usernames=tuple(account.username for account in accounts)
    )
    subscribed = Activity()
    bringing = Deliveries(subscribed=subscribed, faults=faults, tick=platform.now, transport=webhooks)
    calls = ActivityCalls(platform=platform, subscribed=subscribed, bringing=bringing, closing=closing)

    def tell(account: Account, message: Message) -> None:
        if not subscribed.subscriptions:
            return
        number = subscribed.next_id(message.moment)
        members = (platform.by_id(message.sender), platform.by_id(message.recipient))
        payload = activity.message_payload(message, [member for member in members if member is not None])
        bringing.tell(Event(id=number, type="dm.received", user_id=account.id, payload=payload))

    platform.received = tell

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        closing.set()
        bringing.close()
        platform.close()

    app = Starlette(
        routes=[
            *_routes(admission, posts),
            *authority.routes(),
            *calls.routes(),
            *Control(platform=platform, faults=faults, grants=grants, tell=bringing.tell).routes(),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: _refuse_path},
    )
    app.router.redirect_slashes = False
    app.state.platform = platform
    app.state.grants = grants
    app.state.posts = posts
    app.state.closing = closing
    app.state.subscribed = subscribed
    app.state.bringing = bringing
    return app


def _clock(kept: Record, start: datetime | None) -> Clock:
    """Go on where the record ends: a clock that stood still then stands still now."""
    first = None if start is None else checked(instants.milliseconds(start))
    if not kept.earlier:
        return Clock(first)
    last = kept.earlier[-1]
    if first is None:
        return Clock(last.moment if last.is_virtual else None)
    return Clock(max(first, last.moment))


def _routes(admission: Admission, posts: Posts) -> list[Route]:
    conversation = "/2/dm_conversations/with/{participant_id}"
    table = (
        ("POST", f"{conversation}/messages", Endpoint.SEND, routes_messages.send),
        ("GET", "/2/dm_events", Endpoint.EVENTS, routes_messages.events),
        ("GET", "/2/users", Endpoint.USERS_BY_IDS, routes_users.by_ids),
        ("GET", "/2/users/by", Endpoint.USERS_BY_NAMES, routes_users.by_usernames),
        ("GET", "/2/users/me", Endpoint.ME, routes_users.me),
        ("GET", "/2/users/{id}/followers", Endpoint.FOLLOWERS, routes_audiences.followers),
        ("GET", "/2/users/{id}/following", Endpoint.FOLLOWING, routes_audiences.following),
        ("GET", "/2/tweets/{id}/liking_users", Endpoint.LIKING_USERS, routes_audiences.liking_users),
        ("GET", "/2/users/{id}/tweets", Endpoint.POSTS, posts.of_user),
        ("POST", "/2/users/{id}/likes", Endpoint.LIKE, posts.like),
        (
            "GET",
            f"{conversation}/dm_events",
            Endpoint.CONVERSATION_EVENTS,
            routes_messages.conversation_events,
        ),
    )
    return [
        Route(path, admission.endpoint(endpoint, handler), methods=[verb]) for verb, path, endpoint, handler in table
    ]


async def _refuse_path(_: Request, error: Exception) -> Response:
    is_method = isinstance(error, HTTPException) and error.status_code == 405
    return answers.refused(refusals.TABLE["noSuchMethod" if is_method else "noSuchPath"])

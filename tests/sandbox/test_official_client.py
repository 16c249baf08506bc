"""X's own Python client against the platform: what it asks is understood, and what it is answered it can read.

It judges answers by X's document, strictly, and signs by OAuth 1.0a in its own way. It knows no time-outs and blocks,
so it runs in a thread against a real server.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import requests
import uvicorn
import xdk
from starlette.applications import Starlette
from tests.sandbox.calls import ANA, everybody
from xdk import oauth1_auth

from overture.sandbox import signatures
from overture.sandbox.people import Nature
from overture.sandbox.platform import Platform


def by_token(base_url: str) -> xdk.Client:
    return xdk.Client(base_url=base_url, access_token=ANA.token)


def by_keys(base_url: str, secret: str = signatures.CONSUMER_SECRET) -> xdk.Client:
    keys = oauth1_auth.OAuth1(
        api_key=signatures.CONSUMER_KEY,
        api_secret=secret,
        callback="http://127.0.0.1/",
        access_token=ANA.key,
        access_token_secret=ANA.key_secret,
    )
    return xdk.Client(base_url=base_url, auth=keys)


@pytest.fixture
async def address(app: Starlette) -> AsyncIterator[str]:
    """Serve the platform, and return where."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server tells of its start by this flag alone
        await asyncio.sleep(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    app.state.closing.set()
    server.should_exit = True
    await serving


def people_of(platform: Platform, count: int) -> list[str]:
    return [person.id for person in everybody(platform) if person.nature is Nature.OPEN][:count]


@pytest.mark.parametrize("client_of", [by_token, by_keys])
async def test_it_looks_up_sends_and_reads(platform: Platform, address: str, client_of: type) -> None:
    first, second = people_of(platform, 2)

    def talk() -> None:
        client = client_of(address)
        assert client.users.get_me(user_fields=["id", "name"]).data.id == ANA.id
        fields = ["id", "name", "public_metrics", "receives_your_dm", "connection_status"]
        found = client.users.get_by_ids([first, second, "42"], user_fields=fields)
        assert [user.id for user in found.data] == [first, second]
        assert [problem.resource_id for problem in found.errors] == ["42"]
        assert found.data[0].receives_your_dm is True
        named = client.users.get_by_usernames([found.data[0].username])
        assert [user.id for user in named.data] == [first]
        sent = [
            client.direct_messages.create_by_participant_id(recipient, {"text": "Grüße & +1"}).data.dm_event_id
            for recipient in (first, second)
        ]
        page = next(iter(client.direct_messages.get_events(max_results=100, dm_event_fields=["id", "text"])))
        assert {event.id for event in page.data} >= set(sent)
        told = next(iter(client.direct_messages.get_events_by_participant_id(first, dm_event_fields=["id", "text"])))
        assert "Grüße & +1" in [event.text for event in told.data]
        followers = next(iter(client.users.get_followers(ANA.id, max_results=10)))
        assert followers.data

    await asyncio.to_thread(talk)


async def test_it_is_refused_what_it_may_not(address: str) -> None:
    def ask() -> int:
        with pytest.raises(requests.HTTPError) as caught:
            by_keys(address, secret="wrong").users.get_me()
        assert caught.value.response is not None
        return caught.value.response.status_code

    assert await asyncio.to_thread(ask) == 401

"""Accounts linked by keys of OAuth 1.0a: every call is signed, against a sandbox that checks each signature."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest import mock

import httpx
import pytest
import pytest_asyncio

from overture import clock as clocks
from overture.channels.port import ChannelError, Credentials
from overture.channels.x.channel import XChannel
from overture.core.grants import Keys
from overture.core.words import OutcomeKind
from overture.sandbox import accounts, signatures
from overture.sandbox.app import create_app
from overture.sandbox.people import Nature

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ANA = accounts.DEFAULT[0]
KEYS = Keys(
    consumer_key=signatures.CONSUMER_KEY, consumer_secret=signatures.CONSUMER_SECRET, token_secret=ANA.key_secret
)
CREDENTIALS = Credentials(base_url="http://x.sandbox", token=ANA.key, keys=KEYS)
SANDBOX = create_app(people=50, start=NOW)
OPEN = next(
    person.id for person in map(SANDBOX.state.platform.population.person, range(50)) if person.nature is Nature.OPEN
)


@pytest_asyncio.fixture
async def channel() -> AsyncIterator[XChannel]:
    channel = XChannel(transport=httpx.ASGITransport(app=SANDBOX))
    yield channel
    await channel.close()


async def test_every_call_is_signed(channel: XChannel) -> None:
    assert (await channel.identify(CREDENTIALS)).username == "ana"
    found = await channel.look_up(CREDENTIALS, platform_ids=[OPEN, "42"])
    assert [person.platform_id for person in found.people] == [OPEN]
    sent = await channel.send(CREDENTIALS, recipient_id=OPEN, text="Grüße & +1 = 2 %", now=NOW)
    assert sent.kind is OutcomeKind.ACCEPTED, sent
    for inbox in (
        await channel.read_inbox(CREDENTIALS, until_id=None, own_id=ANA.id),
        await channel.read_conversation(CREDENTIALS, with_id=OPEN, since=NOW, own_id=ANA.id),
    ):
        assert [message.text for message in inbox.messages] == ["Grüße & +1 = 2 %"]


@pytest.mark.parametrize(
    ("credentials", "reason"),
    [
        (replace(CREDENTIALS, keys=replace(KEYS, token_secret="wrong")), "keysRefused"),
        (replace(CREDENTIALS, keys=replace(KEYS, consumer_secret="wrong")), "keysRefused"),
        (replace(CREDENTIALS, token="1-unknown"), "tokenExpired"),
        (replace(CREDENTIALS, keys=replace(KEYS, token_secret="é")), "tokenUnreadable"),
        (replace(CREDENTIALS, keys=None), "unauthorized"),
    ],
)
async def test_wrong_keys_ask_for_a_new_link(channel: XChannel, credentials: Credentials, reason: str) -> None:
    outcome = await channel.send(credentials, recipient_id=OPEN, text="Hi", now=NOW)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.AUTH_LOST, reason)
    with pytest.raises(ChannelError) as caught:
        await channel.identify(credentials)
    assert caught.value.kind == "authLost"


async def test_a_wrong_clock_of_the_machine_costs_no_account_its_link(channel: XChannel) -> None:
    early = clocks.wall_now() - timedelta(hours=1)
    with mock.patch.object(clocks, "wall_now", return_value=early):
        outcome = await channel.send(CREDENTIALS, recipient_id=OPEN, text="Hi", now=NOW)
        with pytest.raises(ChannelError) as caught:
            await channel.identify(CREDENTIALS)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "clockWrong")
    assert caught.value.kind == "unavailable"


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(CREDENTIALS)
    assert "secret" not in repr(KEYS).replace("consumer_secret", "").replace("token_secret", "")

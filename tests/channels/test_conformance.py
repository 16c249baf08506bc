"""The conformance suite can tell a broken channel from a sound one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from overture.channels import conformance
from overture.channels.port import (
    Capabilities,
    ChannelError,
    Credentials,
    Identity,
    Inbox,
    Listed,
)
from overture.core.lookup import Lookup
from overture.core.outcome import Outcome
from overture.core.words import OutcomeKind

CREDENTIALS = Credentials(base_url="http://127.0.0.1", token="token")


class Careless:
    """Breaks every promise of the port: raises where a value is due, and is silent where an error is."""

    platform = ""
    name = ""
    username_prefix = ""
    authority = None
    push = None
    capabilities = Capabilities(
        checks_reachability=True,
        lookup_batch=0,
        is_idempotent=False,
        reads_are_complete=False,
        likes=False,
        longest_text=0,
        app_daily_sends=None,
        account_daily_ceiling=0,
        history=timedelta(days=30),
    )

    async def identify(self, _: Credentials) -> Identity:
        return Identity(platform_id="", username="", display_name="", avatar_url=None)

    async def look_up(self, _: Credentials, **__: Any) -> Lookup:
        raise ChannelError("invalid", "no look-up")

    async def list_audience(self, _: Credentials, **__: Any) -> Listed:
        return Listed(people=(), next_page=None)

    async def like_latest(self, _: Credentials, **__: Any) -> str:
        raise ChannelError("gone", "no posts")

    async def send(self, _: Credentials, **__: Any) -> Outcome:
        return Outcome(kind=OutcomeKind.ACCEPTED)

    async def read_inbox(self, _: Credentials, **__: Any) -> Inbox:
        return Inbox(messages=(), reached=True)

    async def read_conversation(self, _: Credentials, **__: Any) -> Inbox:
        return Inbox(messages=(), reached=True)

    async def close(self) -> None:
        return


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
async def test_no_check_passes_a_careless_channel(check: conformance.Check) -> None:
    async def deliver(_: str) -> None:
        return

    careless: Any = Careless()
    bench = conformance.Bench(
        channel=careless,
        credentials=CREDENTIALS,
        lost_credentials=CREDENTIALS,
        own_id="1",
        own_username="ada",
        open_id="2",
        open_username="grace",
        closed_id="3",
        absent_id="4",
        absent_username="nobody",
        malformed=("no name",),
        now=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        deliver=deliver,
        unreachable=(careless, CREDENTIALS),
        unanswering=(careless, CREDENTIALS),
    )

    with pytest.raises((conformance.Violation, ChannelError)):
        await check(bench)

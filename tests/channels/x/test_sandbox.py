"""The channel against the sandbox platform, over real connections: conformance, refusals, faults."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from overture.channels import conformance
from overture.channels.port import ChannelError, Credentials
from overture.channels.x.channel import XChannel
from overture.core.outcome import Outcome
from overture.core.words import BudgetScope, OutcomeKind
from overture.sandbox import refusals
from overture.sandbox.app import create_app

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """A running sandbox: its controls, its first account, and one person of each nature."""

    control: httpx.AsyncClient
    credentials: Credentials
    account: dict[str, Any]
    people: dict[str, dict[str, Any]]

    async def order(self, kind: str, **more: Any) -> None:
        """Put a fault in force."""
        answer = await self.control.post("/_sandbox/faults", json={"kind": kind, **more})
        assert answer.status_code == 201, answer.text

    async def sent_texts(self) -> list[str]:
        """Return what the platform holds, in order."""
        return [message["text"] for message in (await self.control.get("/_sandbox/messages")).json()]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    app = create_app(people=500, start=NOW)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server tells of its start by this flag alone
        await asyncio.sleep(0.005)
    base_url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=base_url) as control:
            account = (await control.get("/_sandbox/accounts")).json()[0]
            people: dict[str, dict[str, Any]] = {}
            for person in (await control.get("/_sandbox/people", params={"limit": 500})).json():
                people.setdefault(person["nature"], person)
            yield Sandbox(
                control=control,
                credentials=Credentials(base_url=base_url, token=account["token"]),
                account=account,
                people=people,
            )
    finally:
        app.state.closing.set()
        server.should_exit = True
        await serving


@pytest.fixture
async def channel() -> AsyncIterator[XChannel]:
    made = XChannel()
    yield made
    await made.close()


async def send(channel: XChannel, sandbox: Sandbox, nature: str = "open", text: str = "Hi") -> Outcome:
    return await channel.send(sandbox.credentials, recipient_id=sandbox.people[nature]["id"], text=text, now=NOW)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
async def test_the_channel_conforms(check: conformance.Check, sandbox: Sandbox, channel: XChannel) -> None:
    async def deliver(text: str) -> None:
        body = {
            "sender": sandbox.people["open"]["id"],
            "recipient": sandbox.account["id"],
            "text": text,
        }
        (await sandbox.control.post("/_sandbox/messages", json=body)).raise_for_status()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
        silent = await asyncio.start_server(hang, "127.0.0.1", 0)
        silence = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        hurried = XChannel(timeout=0.3)
        bench = conformance.Bench(
            channel=channel,
            credentials=sandbox.credentials,
            lost_credentials=Credentials(base_url=sandbox.credentials.base_url, token="revoked"),
            own_id=sandbox.account["id"],
            own_username=sandbox.account["username"],
            open_id=sandbox.people["open"]["id"],
            open_username=sandbox.people["open"]["username"],
            closed_id=sandbox.people["closed"]["id"],
            absent_id="42",
            absent_username="nobody_at_all",
            malformed=("has space", "a,b", "far_too_long_a_name"),
            now=NOW,
            deliver=deliver,
            unreachable=(channel, Credentials(base_url=nowhere, token="token")),
            unanswering=(hurried, Credentials(base_url=silence, token="token")),
        )
        try:
            await check(bench)
        finally:
            silent.close()
            await hurried.close()


MEANINGS = {
    "permission": OutcomeKind.RECIPIENT_REFUSED,
    "notFollowing": OutcomeKind.RECIPIENT_REFUSED,
    "cannotMessage": OutcomeKind.RECIPIENT_REFUSED,
    "blockedByYou": OutcomeKind.RECIPIENT_REFUSED,
    "strangersRefused": OutcomeKind.SENDER_REFUSED,
    "sendFailed": OutcomeKind.SENDER_REFUSED,
    "recipientGone": OutcomeKind.RECIPIENT_REFUSED,
    "notPermitted": OutcomeKind.SENDER_REFUSED,
    "scopesMissing": OutcomeKind.AUTH_LOST,
    "appOnlyToken": OutcomeKind.AUTH_LOST,
    "clientNotEnrolled": OutcomeKind.OUT_OF_CREDIT,
    "accountLocked": OutcomeKind.SENDER_REFUSED,
    "automated": OutcomeKind.SENDER_REFUSED,
    "accountSuspended": OutcomeKind.AUTH_LOST,
    "unauthorized": OutcomeKind.AUTH_LOST,
    "tokenExpired": OutcomeKind.AUTH_LOST,
    "signatureWrong": OutcomeKind.AUTH_LOST,
    "timestampOutOfBounds": OutcomeKind.NOT_SENT,
    "creditsDepleted": OutcomeKind.OUT_OF_CREDIT,
    "paymentRequired": OutcomeKind.OUT_OF_CREDIT,
    "usageCapped": OutcomeKind.OUT_OF_CREDIT,
    "usageCappedForbidden": OutcomeKind.OUT_OF_CREDIT,
    "rateLimited": OutcomeKind.RATE_LIMITED,
    "rateLimitedNumbered": OutcomeKind.RATE_LIMITED,
    "internalError": OutcomeKind.UNKNOWN,
    "overCapacity": OutcomeKind.UNKNOWN,
    "badGateway": OutcomeKind.UNKNOWN,
    "gatewayTimeout": OutcomeKind.UNKNOWN,
    "invalidRequest": OutcomeKind.INVALID,
    "unavailable": OutcomeKind.UNKNOWN,
    "noSuchPath": OutcomeKind.SENDER_REFUSED,
    "noSuchMethod": OutcomeKind.SENDER_REFUSED,
}


async def test_every_refusal_of_the_platform_has_its_meaning(sandbox: Sandbox, channel: XChannel) -> None:
    seen: dict[str, OutcomeKind] = {}
    for name in refusals.TABLE:
        # A new window each time: the refusals themselves count against the limit.
        later = NOW + timedelta(minutes=16 * (len(seen) + 1))
        await sandbox.control.post("/_sandbox/clock", json={"now": later.isoformat()})
        await sandbox.order("refused", refusal=name, next=1)
        seen[name] = (await send(channel, sandbox)).kind

    assert seen == MEANINGS
    assert await sandbox.sent_texts() == []


@pytest.mark.parametrize("nature", ["closed", "follows", "protected", "suspended", "notFound", "blocking"])
async def test_a_person_who_cannot_be_written_to_is_refused_for_their_own_sake(
    nature: str, sandbox: Sandbox, channel: XChannel
) -> None:
    if sandbox.people[nature]["follows"] == sandbox.account["id"]:
        other = (await sandbox.control.get("/_sandbox/accounts")).json()[1]
        credentials = Credentials(base_url=sandbox.credentials.base_url, token=other["token"])
    else:
        credentials = sandbox.credentials

    outcome = await channel.send(credentials, recipient_id=sandbox.people[nature]["id"], text="Hi", now=NOW)

    assert outcome.kind is OutcomeKind.RECIPIENT_REFUSED


async def test_looking_up_tells_the_natures_of_people_apart(sandbox: Sandbox, channel: XChannel) -> None:
    natures = {person["id"]: nature for nature, person in sandbox.people.items()}

    lookup = await channel.look_up(sandbox.credentials, platform_ids=list(natures))

    people = {natures[person.platform_id]: person for person in lookup.people}
    absent = {natures[one.identifier]: one.reason for one in lookup.absent}
    assert absent == {"suspended": "suspended", "notFound": "notFound"}
    assert people["open"].may_receive is True
    assert people["closed"].may_receive is False
    assert people["protected"].is_protected
    follows_ana = sandbox.people["follows"]["follows"] == sandbox.account["id"]
    assert people["follows"].follows_account is follows_ana
    assert people["open"].bio == sandbox.people["open"]["description"]
    assert people["open"].follower_count is not None


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        ("timeoutAfterAccept", True),
        ("serverErrorAfterAccept", True),
        ("resetMidAnswer", True),
        ("serverError", False),
    ],
)
async def test_a_lost_answer_is_unknown_and_the_conversation_tells_what_happened(
    fault: str, kept: bool, sandbox: Sandbox
) -> None:
    channel = XChannel(timeout=0.5)
    await sandbox.order(fault, next=1)

    outcome = await send(channel, sandbox, text="Did it arrive?")
    read = await channel.read_conversation(
        sandbox.credentials,
        with_id=sandbox.people["open"]["id"],
        since=NOW - timedelta(seconds=5),
        own_id=sandbox.account["id"],
    )
    await channel.close()

    assert outcome.kind is OutcomeKind.UNKNOWN
    assert read.reached
    assert [(one.text, one.is_inbound) for one in read.messages] == ([("Did it arrive?", False)] if kept else [])


async def test_a_spent_window_is_told_before_and_with_the_refusal(sandbox: Sandbox, channel: XChannel) -> None:
    outcomes = [await send(channel, sandbox, text=f"Hi {number}") for number in range(16)]

    resets = NOW + timedelta(minutes=15)
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 15 + [OutcomeKind.RATE_LIMITED]
    assert [outcome.retry_at for outcome in outcomes] == [None] * 14 + [resets, resets]
    assert len(await sandbox.sent_texts()) == 15


@pytest.mark.parametrize(
    ("fault", "reason", "holds_app"),
    [("accountDayLimited", "accountDailyLimit", False), ("appDayLimited", "appDailyLimit", True)],
)
async def test_a_day_s_limit_is_told_with_whom_it_holds(
    fault: str, reason: str, holds_app: bool, sandbox: Sandbox, channel: XChannel
) -> None:
    await sandbox.order(fault, next=1)

    outcome = await send(channel, sandbox)

    assert (outcome.kind, outcome.reason, outcome.holds_app) == (OutcomeKind.RATE_LIMITED, reason, holds_app)
    assert outcome.retry_at == NOW + timedelta(hours=24)
    scope = BudgetScope.APP if holds_app else BudgetScope.ACCOUNT
    told = {(window.scope, window.seconds): window.left for window in outcome.windows}
    assert told[scope, 86_400] == 0
    assert told[BudgetScope.ACCOUNT, 900] == 14


async def test_a_limited_read_tells_when_to_come_back(sandbox: Sandbox, channel: XChannel) -> None:
    own_id = sandbox.account["id"]
    for _ in range(15):
        await channel.read_inbox(sandbox.credentials, until_id=None, own_id=own_id)

    with pytest.raises(ChannelError) as raised:
        await channel.read_inbox(sandbox.credentials, until_id=None, own_id=own_id)

    assert raised.value.kind == "rateLimited"
    assert raised.value.retry_at == NOW + timedelta(minutes=15)


async def test_a_long_inbox_is_paged_through_to_the_known_message(sandbox: Sandbox, channel: XChannel) -> None:
    for number in range(230):
        body = {
            "sender": sandbox.people["open"]["id"],
            "recipient": sandbox.account["id"],
            "text": f"message {number}",
        }
        await sandbox.control.post("/_sandbox/messages", json=body)
    own_id = sandbox.account["id"]

    whole = await channel.read_inbox(sandbox.credentials, until_id=None, own_id=own_id)
    part = await channel.read_inbox(sandbox.credentials, until_id=whole.messages[120].platform_id, own_id=own_id)

    assert whole.reached
    assert [one.text for one in whole.messages] == [f"message {number}" for number in range(229, -1, -1)]
    assert part.reached
    assert part.messages == whole.messages[:120]

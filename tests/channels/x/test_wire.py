"""Outcomes over real sockets: what became of a send when the connection, not the platform, says no."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from overture.channels.port import Credentials
from overture.channels.x.channel import XChannel
from overture.core.outcome import Outcome
from overture.core.words import OutcomeKind

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ACCEPTED = b'{"data":{"dm_conversation_id":"5-7","dm_event_id":"99"}}'
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[Credentials]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behaviour(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Credentials(base_url=f"http://127.0.0.1:{port}", token="token")
    finally:
        server.close()


async def send(channel: XChannel, credentials: Credentials) -> Outcome:
    return await channel.send(credentials, recipient_id="7", text="Hi", now=NOW)


async def send_once(credentials: Credentials, *, timeout: float = 10.0) -> Outcome:  # noqa: ASYNC109 - the channel's
    channel = XChannel(timeout=timeout)
    try:
        return await send(channel, credentials)
    finally:
        await channel.close()


async def request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))


def answer(body: bytes, length: int | None = None) -> bytes:
    head = f"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {length or len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def test_a_refused_connection_is_not_sent() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        outcome = await send_once(Credentials(base_url=address, token="token"))

    assert outcome.kind is OutcomeKind.NOT_SENT


async def test_a_platform_that_does_not_answer_in_time_leaves_the_outcome_unknown() -> None:
    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await request(reader)
        await reader.read()

    async with serving(hang) as credentials:
        outcome = await send_once(credentials, timeout=0.4)

    assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, "timeout")


async def test_a_trickling_answer_is_cut_off_by_the_limit_of_the_whole_call() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        for byte in answer(ACCEPTED):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    started = asyncio.get_running_loop().time()
    async with serving(trickle) as credentials:
        outcome = await send_once(credentials, timeout=0.4)

    assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, "timeout")
    assert asyncio.get_running_loop().time() - started < 3


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 201 Cre", answer(ACCEPTED[:20], len(ACCEPTED)), b"nonsense\r\n\r\n"])
async def test_a_connection_lost_before_the_whole_answer_leaves_the_outcome_unknown(sent: bytes) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(sent)
        await writer.drain()

    async with serving(cut) as credentials:
        outcome = await send_once(credentials)

    assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, "connectionLost")


async def test_a_kept_connection_that_the_server_closes_on_the_next_request_is_unknown_and_not_resent() -> None:
    connections = requests = 0

    async def close_on_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections, requests
        connections += 1
        await request(reader)
        requests += 1
        writer.write(answer(ACCEPTED))
        await writer.drain()
        await request(reader)
        requests += 1

    async with serving(close_on_second) as credentials:
        channel = XChannel()
        first = await send(channel, credentials)
        second = await send(channel, credentials)
        await channel.close()

    assert (first.kind, first.platform_message_id) == (OutcomeKind.ACCEPTED, "99")
    assert (second.kind, second.reason) == (OutcomeKind.UNKNOWN, "connectionLost")
    assert (connections, requests) == (1, 2)


async def test_some_hundred_sends_run_at_once() -> None:
    waiting = 0
    everyone = asyncio.Event()

    async def wait_for_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting
        await request(reader)
        waiting += 1
        if waiting == 300:
            everyone.set()
        await everyone.wait()
        writer.write(answer(ACCEPTED))
        await writer.drain()

    async with serving(wait_for_all) as credentials:
        channel = XChannel()
        outcomes = await asyncio.gather(*(send(channel, credentials) for _ in range(300)))
        await channel.close()

    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}


async def test_a_handshake_that_hangs_is_not_sent_because_nothing_was_written() -> None:
    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(say_nothing) as credentials:
        address = credentials.base_url.replace("http:", "https:")
        outcome = await send_once(Credentials(base_url=address, token="token"), timeout=1.0)

    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "unreachable")

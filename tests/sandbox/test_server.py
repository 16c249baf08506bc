"""Faults that only a real connection can show."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from tests.sandbox import calls

from overture.sandbox.talk import Talk


@asynccontextmanager
async def served(app: Starlette, http: str) -> AsyncIterator[calls.Client]:
    """Serve `app` on a free port of the loopback address, and call it as ana."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, http=http, log_level="critical"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - the server offers a flag, not an event
            await asyncio.sleep(0.01)
        headers = {"authorization": f"Bearer {calls.ANA.token}"}
        async with calls.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=5) as client:
            yield client
        app.state.closing.set()
        server.should_exit = True
        await asyncio.wait_for(serving, 10)


@pytest.mark.parametrize("http", ["httptools", "h11"])
async def test_a_time_out_after_acceptance_hides_an_accepted_message(
    make_app: Callable[..., Starlette], http: str
) -> None:
    app = make_app()
    person = calls.talker(app.state.platform, Talk.SILENT)
    async with served(app, http) as client:
        await calls.break_with(client, "timeoutAfterAccept", next=1)
        with pytest.raises(httpx.ReadTimeout):
            await client.post(f"/2/dm_conversations/with/{person.id}/messages", json={"text": "arrived"}, timeout=0.3)
        assert [message["text"] for message in await calls.written(client)] == ["arrived"]
        assert (await calls.send(client, person.id)).status_code == 201


@pytest.mark.parametrize("http", ["httptools", "h11"])
async def test_a_reset_in_the_middle_of_the_answer_hides_an_accepted_message(
    make_app: Callable[..., Starlette], http: str
) -> None:
    app = make_app()
    person = calls.talker(app.state.platform, Talk.SILENT)
    async with served(app, http) as client:
        await calls.break_with(client, "resetMidAnswer", next=1)
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            await calls.send(client, person.id, "arrived")
        assert [message["text"] for message in await calls.written(client)] == ["arrived"]
        assert (await calls.send(client, person.id)).status_code == 201


async def test_closing_ends_the_calls_that_are_never_answered(make_app: Callable[..., Starlette]) -> None:
    app = make_app()
    person = calls.talker(app.state.platform, Talk.SILENT)
    async with served(app, "httptools") as client:
        await calls.break_with(client, "timeoutAfterAccept")
        call = asyncio.create_task(calls.send(client, person.id))
        await asyncio.sleep(0.2)
        assert not call.done()
        app.state.closing.set()
        with pytest.raises(httpx.RemoteProtocolError):
            await asyncio.wait_for(call, 5)

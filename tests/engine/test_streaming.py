"""Where a platform cannot post to this server, one process holds a stream through which it tells what happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from tests.engine import conftest as engine
from tests.engine.conftest import World

from overture import sandbox_server, serving
from overture.actions import accounts, clients
from overture.actions.context import operator
from overture.channels.registry import Registry
from overture.channels.x import client as x_client
from overture.channels.x.channel import XChannel
from overture.core.grants import Grant
from overture.core.words import AnswerWay
from overture.engine import streaming
from overture.engine.listening import Listener, Wish
from overture.engine.streaming import Streams
from overture.store.pool import Pool

STREAM = Wish(way=AnswerWay.STREAM)


class Tuned:
    """A team with ana linked and its app registered, at a platform that is reached over the network."""

    def __init__(self, world: World, base_url: str) -> None:
        self.world = world
        self.base_url = base_url
        self.told = 0

    @property
    def bringing(self) -> Any:
        """What the sandbox brings events by."""
        return self.world.sandbox.state.bringing

    def streams(self) -> Streams:
        """Make what one process holds streams by."""
        context = self.world.context

        def note() -> None:
            self.told += 1

        return Streams(
            pool=context.pool, clock=context.clock, channels=context.channels, sealer=context.sealer, told=note
        )

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[Streams]:
        """Run them."""
        streams = self.streams()
        running = asyncio.create_task(streams.run())
        try:
            yield streams
        finally:
            streams.stop()
            await running

    async def look_after(self) -> None:
        """Do what the engine does when the duty is due."""
        context = self.world.context
        listener = Listener(pool=context.pool, channels=context.channels, sealer=context.sealer, wish=STREAM)
        app_id = await self.world.pool.fetchval("SELECT id FROM platform_app")
        await listener.step(team_id=self.world.actor.team_id, app_id=app_id, now=await self.world.clock.now())

    async def row(self, query: str) -> Any:
        """Ask the database for one value."""
        return await self.world.pool.fetchval(query)


async def _eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def tuned(database: Pool, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tuned]:
    monkeypatch.setattr(streaming, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(streaming, "SHORTEST_WAIT", 0.05)
    sandbox: Starlette = engine.platform_without_limits()
    with serving.listen("127.0.0.1", 0) as listening:
        base_url = serving.url(listening)
        async with engine.opened(database, sandbox) as world, sandbox_server.served(sandbox, listening):
            channels = Registry([XChannel()])
            world.context = replace(world.context, channels=channels)
            world.platform = httpx.AsyncClient(base_url=base_url)
            account, _ = await accounts.link(
                world.context,
                world.actor,
                platform="twitter",
                grant=Grant(access_token="sandbox-ana"),
                base_url=base_url,
            )
            world.account_ids["ana"] = account.id
            await clients.register(
                world.context,
                operator(world.actor.team_id),
                platform="twitter",
                base_url=base_url,
                registration=clients.Registration(client_id="sandbox-client", bearer_token="sandbox-bearer"),
            )
            yield Tuned(world, base_url)
            sandbox.state.bringing.close()
            await world.platform.aclose()
            await channels.close()


async def _say(tuned: Tuned, text: str = "hello") -> None:
    person = (await tuned.world.people("open", "silent"))[0]
    await tuned.world.say(person["id"], "ana", text)


async def _is_open(tuned: Tuned) -> bool:
    return bool(tuned.bringing.open_streams == 1)


async def test_what_the_stream_tells_is_kept_and_the_engine_woken(tuned: Tuned) -> None:
    await tuned.look_after()
    async with tuned.holding():
        await _eventually(lambda: _is_open(tuned))
        before = tuned.told
        await _say(tuned)

        async def is_kept() -> bool:
            return await tuned.row("SELECT content FROM pushed_event") == "hello" and tuned.told > before

        await _eventually(is_kept)
    assert await tuned.row("SELECT holder IS NULL FROM app_push")
    await _eventually(lambda: _is_closed(tuned))


async def _is_closed(tuned: Tuned) -> bool:
    return bool(tuned.bringing.open_streams == 0)


async def test_one_process_alone_holds_it_and_another_takes_over(tuned: Tuned) -> None:
    await tuned.look_after()
    async with tuned.holding() as first:
        await _eventually(lambda: _is_open(tuned))
        async with tuned.holding() as second:
            await asyncio.sleep(0.5)
            assert tuned.bringing.open_streams == 1
            assert await tuned.row("SELECT holder FROM app_push") == first._holder
            first.stop()

            async def is_taken_over() -> bool:
                return await tuned.row("SELECT holder FROM app_push") == second._holder and await _is_open(tuned)

            await _eventually(is_taken_over)


async def test_whoever_lost_the_lease_lets_go(tuned: Tuned) -> None:
    await tuned.look_after()
    async with tuned.holding():
        await _eventually(lambda: _is_open(tuned))
        await tuned.world.pool.execute("UPDATE app_push SET holder = 'another', held_until = 'infinity'")
        await _eventually(lambda: _is_closed(tuned))
        await tuned.world.pool.execute("UPDATE app_push SET held_until = '2020-01-01'")
        await _eventually(lambda: _is_open(tuned))


async def test_each_new_connection_has_the_inboxes_read(tuned: Tuned) -> None:
    await tuned.look_after()
    async with tuned.holding():
        await _eventually(lambda: _is_open(tuned))

        async def is_wanted() -> bool:
            return bool(await tuned.row("SELECT wanted > done FROM duty WHERE kind = 'replies'"))

        await _eventually(is_wanted)
        await tuned.world.pool.execute("UPDATE duty SET done = wanted WHERE kind = 'replies'")
        assert tuned.bringing.cut_streams() == 1
        await _eventually(is_wanted)
        await _eventually(lambda: _is_open(tuned))


async def test_a_stream_that_does_not_open_is_shown_and_taken_up_once_it_does(tuned: Tuned) -> None:
    await tuned.look_after()
    taken = [tuned.bringing.open_stream(), tuned.bringing.open_stream()]
    async with tuned.holding():

        async def has_problem() -> bool:
            return "maximum allowed connection" in (await tuned.row("SELECT problem FROM app_push") or "")

        await _eventually(has_problem)
        await tuned.look_after()
        assert await tuned.row("SELECT way IS NULL AND problem IS NOT NULL FROM account_push")
        for queue in taken:
            tuned.bringing.close_stream(queue)

        async def has_none() -> bool:
            return await tuned.row("SELECT problem IS NULL FROM app_push") is True

        await _eventually(has_none)
        assert await tuned.row("SELECT wanted > done FROM duty WHERE kind = 'listen'")
        await tuned.look_after()
        assert await tuned.row("SELECT way FROM account_push") == "stream"


async def test_a_stream_that_falls_silent_is_opened_anew(tuned: Tuned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x_client, "_SILENCE_SECONDS", 0.3)
    await tuned.look_after()
    async with tuned.holding():
        await _eventually(lambda: _is_open(tuned))
        told = tuned.told

        async def is_anew() -> bool:
            return tuned.told >= told + 2

        await _eventually(is_anew)


async def test_without_a_stream_to_hold_nothing_is_called(tuned: Tuned) -> None:
    async with tuned.holding():
        await asyncio.sleep(0.3)
    assert tuned.bringing.open_streams == 0

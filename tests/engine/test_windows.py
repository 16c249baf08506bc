"""What a platform says of its windows is kept in the database, and overrules our own tables."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from tests.engine.conftest import START, World, message, opened

from overture.channels.x.channel import XChannel
from overture.engine.replies import InboxReader
from overture.sandbox import app as sandbox_app
from overture.sandbox.limits import DAY, QUARTER_HOUR, Endpoint, Scope, Window
from overture.store.pool import Pool

APP_SENDS = 6
STEPS = [message("Hello ")]


@pytest.fixture
def sandbox() -> Starlette:
    """A platform that takes few messages of an app a day, and one reading of an inbox in 15 minutes."""
    limits = {
        Endpoint.SEND: (Window(allowed=APP_SENDS, seconds=DAY, headers="x-app-limit-24hour", scope=Scope.APP),),
        Endpoint.EVENTS: (Window(allowed=1, seconds=QUARTER_HOUR),),
    }
    return sandbox_app.create_app(people=2_000, seed=3, start=START, limits=limits)


@pytest_asyncio.fixture
async def world(database: Pool, sandbox: Starlette) -> AsyncIterator[World]:
    async with opened(database, sandbox) as made:
        yield made


async def test_an_app_that_has_used_up_its_day_rests_as_a_whole_and_goes_on(world: World) -> None:
    await world.link("ana", "ben", "chloe")
    people = (await world.people(nature="open", talk="silent"))[: 2 * APP_SENDS]
    campaign_id = await world.campaign([await world.make_list(people)], steps=STEPS)

    async def is_used_up() -> bool:
        return len(await world.messages()) >= APP_SENDS

    await world.run_until(is_used_up)
    assert await world.status(campaign_id) == "active"
    await world.run_until_completed(campaign_id)

    assert len(await world.messages()) == 2 * APP_SENDS
    # Those that were on their way when the last one was taken are refused once; after that nobody asks.
    refused = await world.pool.fetchval("SELECT count(*) FROM attempt WHERE outcome = 'rateLimited'")
    assert refused <= 2 * 2
    assert await world.pool.fetchval("SELECT rest_until > $1 FROM app_budget", START)
    assert await world.pool.fetchval("SELECT count(*) FROM account_link WHERE status <> 'active'") == 0


async def test_an_inbox_that_may_not_be_read_is_not_asked_for_again_before_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ana,) = await world.link("ana")
    asked = 0
    read = XChannel.read_inbox

    async def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal asked
        asked += 1
        return await read(*arguments, **named)

    monkeypatch.setattr(XChannel, "read_inbox", counted)
    reader = InboxReader(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)

    async def look(minutes: float) -> Any:
        now = START + timedelta(minutes=minutes)
        answer = await world.platform.post("/_sandbox/clock", json={"now": now.isoformat()})
        assert answer.status_code == 200
        return await reader.read(team_id=world.actor.team_id, account_id=ana, now=now)

    await look(0)
    until = (await look(1)).next_due
    assert (asked, until) == (2, START + timedelta(minutes=15))
    for minutes in (2, 3, 14.9):
        assert (await look(minutes)).next_due == until
    assert asked == 2
    assert (await look(15.1)).next_due > until
    assert asked == 3

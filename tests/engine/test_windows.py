"""What a platform says of its windows is kept in the database, and overrules our own tables."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from tests.engine.claiming import claim, ready_world
from tests.engine.conftest import START, World, message, opened

from overture import clock
from overture.channels.port import ChannelError
from overture.channels.x import events, limits
from overture.channels.x.channel import XChannel
from overture.engine import assess, lookups, reconcile, sync
from overture.engine.replies import InboxReader
from overture.sandbox import app as sandbox_app
from overture.sandbox.limits import DAY, QUARTER_HOUR, Endpoint, Scope, Window
from overture.store.pool import Pool

APP_SENDS = 6
READS = (Endpoint.EVENTS, Endpoint.CONVERSATION_EVENTS, Endpoint.USERS_BY_IDS, Endpoint.USERS_BY_NAMES)
STEPS = [message("Hello ")]


@pytest.fixture
def sandbox() -> Starlette:
    """A platform that takes few messages of an app a day, and of an account one reading of each kind in 15 minutes."""
    limits = {
        Endpoint.SEND: (Window(allowed=APP_SENDS, seconds=DAY, headers="x-app-limit-24hour", scope=Scope.APP),),
        **dict.fromkeys(READS, (Window(allowed=1, seconds=QUARTER_HOUR),)),
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


class Calls:
    """Counts the calls of one kind that reach the platform, and how they were answered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.asked: list[str] = []
        self.refused = 0
        original = getattr(XChannel, name)

        async def counted(channel: XChannel, credentials: Any, **named: Any) -> Any:
            self.asked.append(credentials.token)
            try:
                return await original(channel, credentials, **named)
            except ChannelError:
                self.refused += 1
                raise

        monkeypatch.setattr(XChannel, name, counted)


async def at(world: World, minutes: float) -> datetime:
    """Move the platform's clock and return its instant."""
    now = START + timedelta(minutes=minutes)
    answer = await world.platform.post("/_sandbox/clock", json={"now": now.isoformat()})
    assert answer.status_code == 200
    return now


async def test_an_inbox_whose_window_is_used_up_is_not_asked_for_again_before_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ana,) = await world.link("ana")
    calls = Calls(monkeypatch, "read_inbox")
    reader = InboxReader(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)

    async def look(minutes: float) -> Any:
        return await reader.read(team_id=world.actor.team_id, account_id=ana, now=await at(world, minutes))

    await look(0)
    until = (await look(1)).next_due
    assert until == START + timedelta(minutes=15)
    for minutes in (2, 3, 14.9):
        assert (await look(minutes)).next_due == until
    assert len(calls.asked) == 1
    assert (await look(15.1)).next_due > until
    assert (len(calls.asked), calls.refused) == (2, 0)


async def test_a_refused_inbox_is_not_asked_for_again_before_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ana,) = await world.link("ana")
    calls = Calls(monkeypatch, "read_inbox")
    reader = InboxReader(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    await reader.read(team_id=world.actor.team_id, account_id=ana, now=await at(world, 0))
    await world.pool.execute("DELETE FROM endpoint_rest")
    for minutes in (1, 2, 14.9):
        reading = await reader.read(team_id=world.actor.team_id, account_id=ana, now=await at(world, minutes))
        assert reading.next_due == START + timedelta(minutes=15)
    assert (len(calls.asked), calls.refused) == (2, 1)


async def test_an_inbox_too_long_for_one_window_is_read_on_in_the_next_ones_and_no_page_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ana,) = await world.link("ana")
    own_id = await world.pool.fetchval("SELECT platform_id FROM account_link")
    writers = (await world.people(nature="open"))[:25]
    for writer in writers:
        await world.say(writer["id"], own_id, "Hello")
    calls = Calls(monkeypatch, "read_inbox")
    monkeypatch.setattr(limits, "EVENTS_PER_PAGE", 10)
    monkeypatch.setattr(events, "PARAMETERS", {**events.PARAMETERS, "max_results": "10"})
    reader = InboxReader(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)

    async def look(minutes: float) -> datetime | None:
        reading = await reader.read(team_id=world.actor.team_id, account_id=ana, now=await at(world, minutes))
        return reading.next_due

    for part in (1, 2):
        due = START + timedelta(minutes=15 * part)
        assert await look(15 * (part - 1) + 0.1 * part) is not None
        assert await world.pool.fetchval("SELECT count(*) FROM message") == 10 * part
        again = await look(15 * part - 0.2)
        assert again is not None
        assert again >= due - timedelta(minutes=1)
    assert await world.pool.fetchval("SELECT synced_at FROM account_link") is None
    await world.say(writers[0]["id"], own_id, "Once more")
    await look(30.5)
    assert await world.pool.fetchval("SELECT synced_at FROM account_link") is not None
    assert await world.pool.fetchval("SELECT count(*) FROM message") == 25
    assert await world.pool.fetchval("SELECT count(*) FROM inbox_reading") == 0
    await look(45.6)
    assert await world.pool.fetchval("SELECT count(*) FROM message") == 26
    assert (len(calls.asked), calls.refused) == (4, 0)


async def test_look_ups_that_an_account_has_used_up_wait_for_their_window_and_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three look-ups are needed; each account may make one in 15 minutes. None is ever refused."""
    calls = Calls(monkeypatch, "look_up")
    ana, ben = await world.link("ana", "ben")
    people = (await world.people(nature="open"))[:300]
    campaign_id = await world.campaign([await world.make_list(people)], steps=STEPS, enabled=False)
    team = {"team_id": world.actor.team_id, "campaign_id": campaign_id}
    await sync.step(world.pool, **team, now=START)
    assessor = assess.Assessor(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)

    async def assess_until(minutes: float) -> datetime | None:
        now = await at(world, minutes)
        due: datetime | None = now
        while due == now:
            due = await assessor.step(**team, now=now)
        return due

    assert await assess_until(0) == START + timedelta(minutes=15)
    assert sorted(calls.asked) == ["sandbox-ana", "sandbox-ben"]
    assert await assess_until(5) == START + timedelta(minutes=15)
    assert len(calls.asked) == 2
    rests = await world.pool.fetch("SELECT account_id, rest_until FROM endpoint_rest WHERE endpoint = 'profiles'")
    assert {row["account_id"] for row in rests} == {ana, ben}
    await assess_until(15.1)
    assert (len(calls.asked), calls.refused) == (4, 0)
    assert await world.pool.fetchval("SELECT count(*) FROM lead WHERE state = 'assessing'") == 0


async def test_usernames_are_not_asked_about_before_the_window_of_an_account_opens(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.link("ana")
    calls = Calls(monkeypatch, "look_up")
    finder = lookups.Finder(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    names = [person["username"].lower() for person in (await world.people(nature="open"))[:150]]

    async def find(wanted: list[str], minutes: float) -> lookups.Answers:
        now = await at(world, minutes)
        return await finder.find(team_id=world.actor.team_id, platform="twitter", usernames=wanted, now=now)

    first = await find(names, 0)
    assert len(first.people) == 100
    assert first.refusal is not None
    assert first.refusal.retry_at == START + timedelta(minutes=15)
    again = await find(names[100:], 5)
    assert again.refusal is not None
    assert again.refusal.retry_at == START + timedelta(minutes=15)
    assert len(calls.asked) == 1
    last = await find(names[100:], 15.1)
    assert (len(last.people), last.refusal) == (50, None)
    assert calls.refused == 0


async def test_conversations_are_read_when_their_window_allows_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three messages with unknown outcomes, and one reading in 15 minutes: each is looked for, none is refused."""
    await ready_world(world, 6)
    calls = Calls(monkeypatch, "read_conversation")
    account_id = world.account_ids["ana"]
    assert await claim(world) == 3
    await world.pool.execute(
        "UPDATE attempt SET account_id = $1, lease_until = $2", account_id, clock.wall_now() - timedelta(minutes=30)
    )
    reconciler = reconcile.Reconciler(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)

    async def look(minutes: float) -> datetime | None:
        now = await at(world, 200 + minutes)
        done = await reconciler.step(
            team_id=world.actor.team_id, account_id=account_id, now=now, wall_now=clock.wall_now()
        )
        return done.next_due

    until = await look(0)
    assert until is not None
    assert len(calls.asked) == 1
    assert await look(5) == until
    assert len(calls.asked) == 1
    assert await look(15.1) is not None
    assert await look(30.2) is None
    assert (len(calls.asked), calls.refused) == (3, 0)
    assert await world.pool.fetchval("SELECT count(*) FROM lead WHERE state = 'held' AND reason = 'notFound'") == 3

"""A team's app is told of answers by the platform itself: set up, looked after and ended by the engine."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from tests.api import hooking
from tests.api.hooking import Told

from overture.actions import accounts
from overture.channels.port import ChannelError
from overture.channels.x import telling
from overture.core.words import AnswerWay
from overture.engine import replies
from overture.engine.listening import CHECK, MENDED, RETRY, Listener, Wish
from overture.store.pool import Pool

WEBHOOK = Wish(way=AnswerWay.WEBHOOK, public_url=hooking.PUBLIC)


@pytest_asyncio.fixture
async def told(database: Pool) -> AsyncIterator[Told]:
    async with hooking.opened(database) as made:
        yield made


async def _look_after(told: Told, wish: Wish = WEBHOOK) -> datetime | None:
    """Do what the engine does when the duty is due; return when it is due again."""
    context = told.world.context
    listener = Listener(pool=context.pool, channels=context.channels, sealer=context.sealer, wish=wish)
    app_id = await told.world.pool.fetchval("SELECT id FROM platform_app")
    return await listener.step(team_id=told.world.actor.team_id, app_id=app_id, now=await told.world.clock.now())


async def _hearing(told: Told, username: str = "ana") -> dict[str, Any]:
    account = (await told.client.get(f"/account-links/{told.world.account_ids[username]}")).json()
    found: dict[str, Any] = account["hearing"]
    return found


def _subscribed(told: Told) -> set[tuple[str, str]]:
    subscriptions = told.world.sandbox.state.subscribed.subscriptions.values()
    names = {told.platform_id(name): name for name in ("ana", "ben", "chloe")}
    return {(one.event_type, names[one.user_id]) for one in subscriptions}


async def test_every_account_is_subscribed_to_and_shown_so(told: Told) -> None:
    await told.world.link("ben")
    assert (await _hearing(told))["way"] == "poll"
    now = await told.world.clock.now()
    assert await _look_after(told) == now + CHECK
    assert _subscribed(told) >= {("dm.received", "ana"), ("dm.received", "ben")}
    (hook,) = told.world.sandbox.state.subscribed.webhooks.values()
    assert hook.url == hooking.PUBLIC + told.hook
    heard = await _hearing(told)
    assert (heard["way"], heard["receivedAt"], heard["problem"]) == ("webhook", None, None)
    assert heard["since"].startswith("2026-03-02T13:00:00")


async def test_looking_after_it_again_asks_for_nothing_twice(told: Told) -> None:
    await _look_after(told)
    before = dict(told.world.sandbox.state.subscribed.subscriptions)
    since = (await _hearing(told))["since"]
    await told.world.clock.move(await told.world.clock.now() + CHECK)
    await _look_after(told)
    assert told.world.sandbox.state.subscribed.subscriptions == before
    assert (await _hearing(told))["since"] == since


async def test_what_the_platform_has_forgotten_is_asked_for_anew(told: Told) -> None:
    await _look_after(told)
    subscribed = told.world.sandbox.state.subscribed
    subscribed.subscriptions.clear()
    for hook in list(subscribed.webhooks.values()):
        subscribed.mark(hook, is_valid=False)
    await _look_after(told)
    assert ("dm.received", "ana") in _subscribed(told)
    assert [hook.is_valid for hook in subscribed.webhooks.values()] == [True]
    subscribed.webhooks.clear()
    await _look_after(told)
    assert ("dm.received", "ana") in _subscribed(told)


async def test_a_new_address_takes_the_place_of_the_former(told: Told) -> None:
    await _look_after(told)
    await _look_after(told, Wish(way=AnswerWay.WEBHOOK, public_url="https://other.example"))
    (hook,) = told.world.sandbox.state.subscribed.webhooks.values()
    assert hook.url == "https://other.example" + told.hook
    assert ("dm.received", "ana") in _subscribed(told)
    await _look_after(told, Wish())
    assert (await _hearing(told))["way"] == "poll"
    assert told.world.sandbox.state.subscribed.webhooks == {}


async def test_an_account_that_is_disconnected_is_told_of_no_more(told: Told) -> None:
    await told.world.link("ben")
    await _look_after(told)
    await accounts.disconnect(told.world.context, told.world.actor, account_id=told.world.account_ids["ben"])
    wanted = await told.world.pool.fetchval("SELECT wanted > done FROM duty WHERE kind = 'listen'")
    assert wanted
    await _look_after(told)
    assert {name for _, name in _subscribed(told)} == {"ana"}


async def test_an_app_that_is_forgotten_is_told_nothing_more(told: Told) -> None:
    await _look_after(told)
    assert (await told.client.delete("/platforms/twitter/app")).status_code == 204
    assert told.world.sandbox.state.subscribed.webhooks == {}
    assert await _look_after(told) is None
    assert (await _hearing(told))["way"] == "poll"


async def test_what_keeps_it_from_being_told_is_shown(told: Told) -> None:
    wrong = {**hooking.APP, "consumerSecret": "another"}
    await told.client.put("/platforms/twitter/app", json=wrong)
    now = await told.world.clock.now()
    assert await _look_after(told) == now + MENDED
    heard = await _hearing(told)
    assert heard["way"] == "poll" and "CrcValidationFailed" in heard["problem"]
    await told.client.put("/platforms/twitter/app", json={**hooking.APP, "bearerToken": "another"})
    await _look_after(told)
    assert "bearer token" in (await _hearing(told))["problem"]
    await told.client.put("/platforms/twitter/app", json={**hooking.APP, "consumerSecret": None})
    assert await _look_after(told) is None
    assert "consumer secret" in (await _hearing(told))["problem"]
    await told.client.put("/platforms/twitter/app", json=hooking.APP)
    await _look_after(told)
    assert (await _hearing(told))["problem"] is None


async def test_one_account_that_cannot_be_subscribed_to_keeps_no_other(told: Told) -> None:
    await told.world.link("ben")
    await told.world.pool.execute("UPDATE account_link SET platform_id = '77' WHERE username = 'ben'")
    await _look_after(told)
    assert (await _hearing(told))["way"] == "webhook"
    heard = await _hearing(told, "ben")
    assert heard["way"] == "poll" and "not permitted" in heard["problem"]


async def test_a_platform_that_is_away_for_a_while_changes_nothing(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    await _look_after(told)

    async def keep(*_: object, **__: object) -> None:
        raise ChannelError("unavailable", "away")

    monkeypatch.setattr(telling, "keep", keep)
    now = await told.world.clock.now()
    assert await _look_after(told) == now + RETRY
    assert (await _hearing(told))["way"] == "webhook"


async def test_inboxes_are_read_less_often_while_the_platform_tells(told: Told) -> None:
    context, now = told.world.context, await told.world.clock.now()
    reader = replies.InboxReader(pool=context.pool, channels=context.channels, sealer=context.sealer)

    async def next_reading() -> datetime | None:
        account_id = told.world.account_ids["ana"]
        return (await reader.read(team_id=told.world.actor.team_id, account_id=account_id, now=now)).next_due

    assert await next_reading() == replies._aligned(now, replies.QUIET_INTERVAL)
    await _look_after(told)
    assert await next_reading() == replies._aligned(now, replies.TOLD_INTERVAL)
    assert replies.TOLD_INTERVAL > replies.QUIET_INTERVAL > replies.INTERVAL


async def test_when_it_was_told_last_and_how_late_is_shown(told: Told) -> None:
    await _look_after(told)
    person = (await told.world.people("open", "silent"))[0]
    await told.say(person["id"], "ana", "hello")

    async def is_taken() -> bool:
        return await told.waiting() == 0

    await told.world.run_until(is_taken)
    heard = await _hearing(told)
    assert heard["delaySeconds"] == 0
    assert heard["receivedAt"] is not None

"""A message by hand, its process killed anywhere: it leaves once or not at all, and whoever asks again is told."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from tests.crash import processes, sender, stage, sweep
from tests.crash.sender import Errand
from tests.engine.conftest import World, opened

from overture import clock as clocks
from overture import sandbox_server, serving
from overture.actions.sending import Key
from overture.engine import dispatch
from overture.engine.reconcile import CERTAIN_AFTER, Reconciler
from overture.store.pool import Pool

STRIKES = 8
DAY_SECONDS = 86_400


@pytest_asyncio.fixture
async def world(database: Pool) -> AsyncIterator[World]:
    """A team with an account, on a platform that other processes reach."""
    app = stage.platform()
    with serving.listen("127.0.0.1", 0) as port:
        async with sandbox_server.served(app, port), opened(database, app) as made:
            await made.link("ana")
            await database.execute("UPDATE platform_app SET base_url = $1", serving.url(port))
            yield made


async def do(errand: Errand) -> tuple[str | None, dict[str, int]] | None:
    """Run an errand in a process of its own; None if it died."""
    told: tuple[str | None, dict[str, int]] | None = await processes.answer(sender.run, errand)
    return told


async def reconcile(world: World) -> None:
    """Look for what is open, long after."""
    reconciler = Reconciler(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    for after in (timedelta(), CERTAIN_AFTER):
        await reconciler.step(
            team_id=world.actor.team_id,
            account_id=world.account_ids["ana"],
            now=await world.clock.now(),
            wall_now=clocks.wall_now() + dispatch.LEASE + after,
        )


async def verdict(world: World, errand: Errand, person: dict[str, Any]) -> str | None:
    """Strike, look at the conversation, and ask again; say what is wrong."""
    await world.pool.execute("UPDATE account_pace SET hourly_room = 25, daily_room = 200")
    first = await do(errand)
    await reconcile(world)
    again = await do(replace(errand, point=None))
    sent = sum(message["recipient"] == person["id"] for message in await world.messages())
    known = await world.pool.fetchval("SELECT count(*) FROM message WHERE content = $1", errand.text)
    left = await world.pool.fetchval(
        "SELECT count(*) FROM person WHERE by_hand_id IS NOT NULL"
    ) + await world.pool.fetchval("SELECT count(*) FROM attempt WHERE state = 'intent'")
    code = None if again is None else again[0]
    expected = {None: 1, "sendUnconfirmed": 0}.get(code)
    if again is None or (sent, known, left) != (expected, expected, 0):
        return f"{errand.point}: first {first and first[0]}, then {code}, sent {sent}, known {known}, left {left}"
    return None


@pytest.mark.timeout(300)
async def test_a_message_is_sent_once_or_not_at_all_wherever_its_process_dies(world: World, database_url: str) -> None:
    people = await world.people(nature="open", talk="silent")
    errand = Errand(
        dsn=database_url,
        actor=world.actor,
        account_id=world.account_ids["ana"],
        platform_id=people[0]["id"],
        text="Undisturbed",
        key=Key(value="undisturbed", fingerprint=bytes(32)),
        point=None,
    )
    told = await do(errand)
    assert told is not None
    code, counts = told
    assert code is None

    seed = int(time.time()) // DAY_SECONDS
    random = Random(seed)
    every = sweep.points(counts, random)
    # Around the call and the commits always; of the rest a share, which changes from day to day.
    chosen = [point for point in every if point.label.startswith("platform ")]
    assert len(chosen) == 2
    chosen += [
        next(point for point in every if f"{part} commits" in point.label and point.is_after)
        for part in ("_begin_in_time", "settle")
    ]
    chosen += random.sample([point for point in every if point not in chosen], STRIKES - len(chosen))
    wrong = []
    for number, (point, person) in enumerate(zip(chosen, people[1:], strict=False)):
        struck = replace(
            errand,
            platform_id=person["id"],
            text=f"Message {number}",
            key=Key(value=f"message-{number}", fingerprint=bytes([number] * 32)),
            point=point,
        )
        wrong.append(await verdict(world, struck, person))
    assert [one for one in wrong if one is not None] == [], f"seed {seed}"

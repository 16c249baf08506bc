"""A database that is full or away: the worker claims nothing, says so, and goes on by itself."""

import asyncio
from collections import Counter
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs
from tests.engine.conftest import World, delay, message

from overture.engine.standstill import Standstill
from overture.store import duties, ledger, overviews, room
from overture.store.pool import open_pool, program_name

STEPS = [message("Hello "), delay(1), message("Again ")]
FULL = "could not extend file: No space left on device"


async def texts(world: World) -> list[tuple[str, str]]:
    return [(one["recipient"], one["text"]) for one in await world.messages() if one["origin"] == "api"]


async def test_a_full_disk_stops_the_claims_until_there_is_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.link("ana", "ben")
    people = (await world.people(nature="open", talk="silent"))[:6]
    campaign_id = await world.campaign([await world.make_list(people)], steps=STEPS)
    is_full, tried, probed = True, 0, 0
    write, probe = ledger.write_intents, room.probe

    async def write_or_refuse(*arguments: Any, **named: Any) -> int:
        nonlocal tried
        tried += 1
        if is_full:
            raise asyncpg.DiskFullError(FULL)
        return await write(*arguments, **named)

    async def probe_or_refuse(connection: Any) -> None:
        nonlocal probed
        probed += 1
        if is_full:
            raise asyncpg.DiskFullError(FULL)
        await probe(connection)

    monkeypatch.setattr(ledger, "write_intents", write_or_refuse)
    monkeypatch.setattr(room, "probe", probe_or_refuse)

    async def has_probed_twice() -> bool:
        return probed >= 2

    with capture_logs() as logs:
        await world.run_until(has_probed_twice)
        assert tried == 1  # nothing is claimed while it stands still
        assert await texts(world) == []
        is_full = False
        await world.run_until_completed(campaign_id)
    assert [(one["event"], one.get("reason")) for one in logs if one["event"] == "stands_still"] == [
        ("stands_still", FULL)
    ]
    assert len(await texts(world)) == 12
    assert set(Counter(await texts(world)).values()) == {1}


async def test_the_reason_stands_at_the_database_for_all_to_see(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: object) -> None:
        raise asyncpg.DiskFullError(FULL)

    pool = await open_pool(database_url, name=program_name("worker"))
    standstill = Standstill(pool=pool)
    assert await standstill.is_over()
    standstill.begin(asyncpg.DiskFullError(FULL))
    with monkeypatch.context() as patched:
        patched.setattr(room, "probe", refuse)
        assert not await standstill.is_over()
        async with pool.acquire() as connection:
            (process,) = await overviews.processes(connection)
        assert (process.role, process.note) == ("worker", FULL[: len(process.note or "")])
        assert process.note
    assert await standstill.is_over()
    assert not standstill.is_on
    async with pool.acquire() as connection:
        assert [process.note for process in await overviews.processes(connection)] == [None]
    await pool.close()


async def test_trying_out_leaves_nothing_behind(database_url: str) -> None:
    pool = await open_pool(database_url)
    async with pool.acquire() as connection:
        await room.probe(connection)
        await room.probe(connection)
        assert await connection.fetchval("SELECT to_regclass('room_probe')") is None
    await pool.close()


async def test_background_work_that_broke_off_is_taken_up_again_at_once(world: World) -> None:
    now = await world.clock.now()
    async with world.pool.acquire() as connection:
        await duties.want(connection, team_id=world.actor.team_id, kind="sync", key="c" * 24, due_at=now)
        await connection.execute("UPDATE duty SET lease_until = now() + interval '1 hour', starts = 3")
        duty = duties.Duty(team_id=world.actor.team_id, kind="sync", key="c" * 24, wanted=1, starts=3)
        await duties.give_back(connection, duty=duty)
        row = await connection.fetchrow("SELECT starts, lease_until < now() AS is_free FROM duty")
        assert dict(row or {}) == {"starts": 2, "is_free": True}
        # Once somebody else has it, it is theirs.
        await connection.execute("UPDATE duty SET lease_until = now() + interval '1 hour', starts = 4")
        await duties.give_back(connection, duty=duty)
        assert await connection.fetchval("SELECT starts FROM duty") == 4


async def test_a_database_that_is_away_is_waited_for() -> None:
    async def away() -> None:
        raise ConnectionRefusedError("nobody there")

    class Away:
        def acquire(self) -> Any:
            return self

        async def __aenter__(self) -> None:
            await away()

        async def __aexit__(self, *_: object) -> None:
            await asyncio.sleep(0)

    standstill = Standstill(pool=Away())  # type: ignore[arg-type]
    standstill.begin(ConnectionRefusedError("nobody there"))
    assert not await standstill.is_over()
    assert standstill.is_on

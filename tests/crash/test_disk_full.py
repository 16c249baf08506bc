"""A disk that fills up in mid-campaign: nothing is sent meanwhile, and everything goes on once there is room.

The database lies in a small file system of its own, which only root can make.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from tests.engine.conftest import World, delay, message, opened, platform_without_limits

from overture import clock, main
from overture.settings import Settings
from overture.store import migrate
from overture.store.pool import GONE, open_pool

SIZE = "220m"
PEOPLE = 12
STEPS = [message("Hello "), delay(1), message("Again ")]


@pytest.fixture
def disk() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="overture-disk-"))
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=711", "tmpfs", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        directory.rmdir()
        pytest.skip(f"a small disk cannot be made here: {made.stderr.strip()}")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)
    directory.rmdir()


@pytest_asyncio.fixture
async def world(disk: Path) -> AsyncIterator[World]:
    async with main.own_database(Settings(data=disk / "data")) as dsn:
        pool = await open_pool(dsn)
        async with pool.acquire() as connection:
            await migrate.migrate(connection, now=clock.wall_now())
        async with opened(pool, platform_without_limits()) as made:
            yield made
        pool.terminate()


def fill(disk: Path) -> Path:
    """Take all room there is."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        block = b"x" * 65536
        try:
            while True:
                file.write(block)
                file.flush()
        except OSError:
            pass
    assert shutil.disk_usage(disk).free < 65536 * 2
    return filler


async def sent(world: World) -> list[tuple[str, str]]:
    return [(one["recipient"], one["text"]) for one in await world.messages() if one["origin"] == "api"]


@pytest.mark.timeout(240)
async def test_a_campaign_outlasts_a_full_disk(world: World, disk: Path) -> None:
    await world.link("ana", "ben")
    people = (await world.people(nature="open", talk="silent"))[:PEOPLE]
    campaign_id = await world.campaign([await world.make_list(people)], steps=STEPS)
    filler: Path | None = None
    emptied = 0.0

    async def is_completed() -> bool:
        """Fill the disk early on, look whether somebody stands still, make room, and wait for the end."""
        nonlocal filler, emptied
        if filler is None and len(await sent(world)) >= 4:
            filler = await asyncio.to_thread(fill, disk)
            # The database must want room: fill what it has of its own.
            with suppress(*GONE):
                await world.pool.execute(
                    "CREATE TABLE hungry AS SELECT repeat('x', 900) FROM generate_series(1, 99999)"
                )
            emptied = asyncio.get_running_loop().time() + 8
        if filler is not None and emptied and asyncio.get_running_loop().time() > emptied:
            emptied = 0.0
            os.unlink(filler)  # noqa: PTH108 - a test waits for nobody
        try:
            return filler is not None and not emptied and await world.status(campaign_id) == "completed"
        except GONE:
            return False

    with capture_logs() as logs:
        await world.run_until(is_completed, seconds=180)
    told = [one["event"] for one in logs if one["event"] in ("stands_still", "goes_on")]
    assert told[:2] == ["stands_still", "goes_on"]
    assert len(await sent(world)) == 2 * PEOPLE
    assert set(Counter(await sent(world)).values()) == {1}

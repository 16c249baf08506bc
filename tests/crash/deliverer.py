"""A worker that brings events to webhooks, as a process of its own: the real engine, composed as the program does.

What waits to be tried again waits a moment, not hours; a worker that died is missed soon.
"""

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from unittest import mock

from tests.crash.worker import KEYS

from overture import logs, main
from overture.clock import WallClock
from overture.core import webhooks
from overture.engine import chores, supervisor
from overture.engine.posting import Poster

AGAIN = timedelta(milliseconds=300)


def work(dsn: str, log: Path) -> None:
    """Work until killed."""
    with log.open("a") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    with (
        mock.patch.object(webhooks, "RETRIES", (AGAIN,) * len(webhooks.RETRIES)),
        mock.patch.object(supervisor, "WEBHOOKS_FEED_SECONDS", 0.2),
        mock.patch.object(chores, "HEARTBEAT_TIMEOUT", timedelta(seconds=2)),
        mock.patch.object(chores, "POLL", timedelta(seconds=0.5)),
    ):
        asyncio.run(_work(dsn))


async def _work(dsn: str) -> None:
    logs.configure("WARNING")
    poster = Poster(allows_private=True)
    async with (
        main.pool_of(dsn, size=8) as pool,
        main.parts_of(pool, keys=KEYS, engine_clock=WallClock(), poster=poster) as parts,
        main.working(parts.engine()) as task,
    ):
        await task

"""A process that is told of a message by the platform, takes it, and may be killed at a point."""

import asyncio
import os
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

from tests.crash import points
from tests.crash.points import Point, Watch
from tests.crash.worker import KEYS

from overture import logs, main
from overture.channels.port import Pushed
from overture.engine import pushes
from overture.store.virtual import VirtualClock


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What the platform tells one app of one account, and where the process dies, if it does."""

    dsn: str
    team_id: str
    app_id: str
    account_id: str
    pushed: Pushed
    point: Point | None


def run(news: News, pipe: Pipe) -> None:
    """Keep and take it; answer with how often each label was passed."""
    logs.configure("CRITICAL")
    watch = Watch(point=news.point, strike=lambda: os.kill(os.getpid(), signal.SIGKILL))
    with points.watched(watch):
        asyncio.run(_hear(news))
    pipe.send(dict(watch.counts))


async def _hear(news: News) -> None:
    async with (
        main.pool_of(news.dsn) as pool,
        main.parts_of(pool, keys=KEYS, engine_clock=VirtualClock(pool)) as parts,
    ):
        now = await parts.clock.now()
        await pushes.receive(pool, team_id=news.team_id, app_id=news.app_id, pushed=[news.pushed], now=now)
        await pushes.Taker(pool=pool).step(team_id=news.team_id, account_id=news.account_id, now=now)

"""A process that sends one message by hand and may be killed at a point."""

import asyncio
import os
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

from tests.crash import points
from tests.crash.points import Point, Watch
from tests.crash.worker import KEYS

from overture import logs, main
from overture.actions import sending
from overture.actions.context import Actor
from overture.actions.recipients import OnPlatform
from overture.actions.sending import Draft, Key
from overture.errors import ApiError
from overture.store.virtual import VirtualClock


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """One message of `actor` from an account to a person, under a key, and where the process dies, if it does."""

    dsn: str
    actor: Actor
    account_id: str
    platform_id: str
    text: str
    key: Key
    point: Point | None


def run(errand: Errand, pipe: Pipe) -> None:
    """Send; answer with the code of the refusal, None if there is none, and with how often each label was passed."""
    logs.configure("CRITICAL")
    watch = Watch(point=errand.point, strike=lambda: os.kill(os.getpid(), signal.SIGKILL))
    with points.watched(watch):
        code = asyncio.run(_send(errand))
    pipe.send((code, dict(watch.counts)))


async def _send(errand: Errand) -> str | None:
    draft = Draft(
        target=OnPlatform(account_id=errand.account_id, platform="twitter", platform_id=errand.platform_id),
        content=errand.text,
        reply_to=None,
    )
    async with (
        main.pool_of(errand.dsn) as pool,
        main.parts_of(pool, keys=KEYS, engine_clock=VirtualClock(pool)) as parts,
    ):
        try:
            await sending.send(parts.context(), errand.actor, draft=draft, key=errand.key)
        except ApiError as error:
            return error.code
    return None

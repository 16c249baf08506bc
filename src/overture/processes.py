"""How a process runs until it is told to stop, and how its parts end."""

import asyncio
import gc
import signal
from collections.abc import Coroutine, Sequence
from typing import Any

import uvloop

END_SECONDS = 0.5


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command in an event loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def stop_signal() -> asyncio.Event:
    """Return an event that SIGINT or SIGTERM sets."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


async def until(stopping: asyncio.Event, parts: Sequence[asyncio.Task[None]]) -> None:
    """Wait for the order to stop; raise what broke if one of the parts ends before."""
    set_aside_what_stays()
    order = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([order, *parts], return_when=asyncio.FIRST_COMPLETED)
    finally:
        order.cancel()
    for part in parts:
        if part.done():
            part.result()
            raise RuntimeError("a part of this process ended without being told to")


async def end(part: asyncio.Task[None], *, grace_seconds: float) -> None:
    """Wait until a part that was told to stop has done so; after `grace_seconds` it is cut off."""
    await asyncio.wait([part], timeout=grace_seconds)
    part.cancel()
    await asyncio.wait([part], timeout=END_SECONDS)
    if part.done() and not part.cancelled():
        part.exception()  # taken note of: `until` has told it, or the process ends for another cause


def set_aside_what_stays() -> None:
    """Keep the collector of unreachable objects from walking over all the program consists of, again and again.

    Each of its full walks held every answer up by about 0.1 s.
    """
    gc.collect()
    gc.freeze()

"""Processes to be killed, forked from one that has read all modules: to read them anew takes seconds each time."""

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from typing import Any, TypeVar

from tests.crash import deliverer, sender, teller, worker

Task = TypeVar("Task")
FORKED = multiprocessing.get_context("forkserver")
# The first process starts the server, whichever it is of.
FORKED.set_forkserver_preload([each.__name__ for each in (deliverer, sender, teller, worker)])


async def answer(run: Callable[[Task, Pipe], None], task: Task) -> Any:
    """Let a process of its own `run` a task; return what it sends back, None if it died."""
    ours, theirs = FORKED.Pipe()
    process = FORKED.Process(target=run, args=(task, theirs))
    process.start()
    theirs.close()
    try:
        return await asyncio.to_thread(ours.recv)
    except EOFError:
        return None
    finally:
        await asyncio.to_thread(process.join)
        ours.close()

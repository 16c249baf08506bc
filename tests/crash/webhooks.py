"""Deliver events while workers and databases are killed: `python -m tests.crash.webhooks [--events N] [--seed N]`.

Progress now and then, what is wrong, a summary as the last line; exit code 1 if anything is.
"""

import argparse
import asyncio
import logging
import sys
import time
from random import Random

from tests.crash import delivering
from tests.crash.machine import machine

_PROGRESS_SECONDS = 10.0
_EVENTS_FOR_A_DATABASE = 10_000


def main() -> int:
    """Deliver as the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.webhooks", description="Kill who delivers events.")
    parser.add_argument("--events", type=int, default=100_000, help="how many events")
    parser.add_argument("--seed", type=int, default=1, help="draws who is killed when, and what is refused")
    asked = parser.parse_args()
    # The pool that looks on tells at length that the database was killed.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    said = time.monotonic()

    def say(line: str) -> None:
        nonlocal said
        if time.monotonic() - said > _PROGRESS_SECONDS:
            said = time.monotonic()
            _write(line)

    with machine() as started:
        told = asyncio.run(
            delivering.tell(
                started,
                events=asked.events,
                random=Random(asked.seed),
                seconds_between_kills=(5.0, 15.0),
                database_kills=asked.events // _EVENTS_FOR_A_DATABASE,
                say=say,
            )
        )
    for violation in told.violations[:20]:
        _write(violation)
    _write(f"{told}, {len(told.violations)} violations")
    return 1 if told.violations else 0


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

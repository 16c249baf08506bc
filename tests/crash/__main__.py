"""Strike at every point: `python -m tests.crash [--share 0.1] [--seed N]`.

What did not end well, progress now and then, a summary as the last line; exit code 1 if anything did not.
"""

import argparse
import asyncio
import logging
import sys
import time
from random import Random

from tests.crash import stage, sweep
from tests.crash.machine import Machine, machine
from tests.crash.points import Point
from tests.crash.stage import Stage
from tests.crash.sweep import Strike

_PROGRESS_SECONDS = 10.0


def main() -> int:
    """Strike as the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description="Kill processes at all they write.")
    parser.add_argument("--share", type=float, default=1.0, help="of all points, how many to strike at")
    parser.add_argument("--seed", type=int, default=1, help="draws the points")
    asked = parser.parse_args()
    # The pool that looks on tells at length that the database was killed.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    with machine() as first, machine() as second:
        return asyncio.run(_run(first, second, asked.share, Random(asked.seed)))


async def _run(first: Machine, second: Machine, share: float, random: Random) -> int:
    """Strike at processes on one server and, beside it, at the other server itself."""
    lasting, dying = await stage.prepare(first), await stage.prepare(second)
    told = await lasting.tell(None, stage.PROCESS)
    strikes = _strikes(
        lasting, dying, [at for at in sweep.points(told.counts, random) if random.random() < share], random
    )
    began = said = time.monotonic()
    struck = missed = broken = 0
    async for finding in sweep.sweep(told, strikes):
        struck += finding.was_struck
        missed += not finding.was_struck
        if finding.violations:
            broken += 1
            _say(str(finding))
        if time.monotonic() - said > _PROGRESS_SECONDS:
            said = time.monotonic()
            _say(f"{struck + missed} of {len(strikes)} strikes, {broken} did not end well, {said - began:.0f} s")
    took = time.monotonic() - began
    _say(
        f"{len(told.counts)} kinds of writes and calls, {struck} strikes, {missed} points not reached again, "
        f"{broken} did not end well, {took:.0f} s"
    )
    return 1 if broken or not struck or told.violations else 0


def _strikes(lasting: Stage, dying: Stage, points: list[Point], random: Random) -> list[Strike]:
    strikes = []
    for point in points:
        strikes.append(Strike(stage=lasting, manner=stage.PROCESS, point=point))
        manner = random.choice((stage.DATABASE, stage.BOTH))
        strikes.append(Strike(stage=dying, manner=manner, point=point))
    return strikes


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

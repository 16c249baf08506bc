"""Run histories: `python -m tests.simulation [--count N] [--first SEED] [--seconds S]`.

What each broken history broke, progress now and then, a summary as the last line; exit code 1 if any law was broken.
"""

import argparse
import os
import sys
import time

from tests.simulation import faults, processes

_PROGRESS_SECONDS = 10.0
_SHOWN_VIOLATIONS = 8
_SHOWN_CHARACTERS = 400


def main() -> int:
    """Run the histories that the command line asks for."""
    chosen = _arguments()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets must follow from the seed, too.
        command = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | {"PYTHONHASHSEED": "0"})
    began = said = time.monotonic()
    ran = broken = messages = deaths = 0
    with processes.server() as url:
        seeds = range(chosen.first, chosen.first + chosen.count)
        until = time.monotonic() + chosen.seconds
        for verdict in processes.run(url, seeds, jobs=chosen.jobs, until=until, fault=chosen.fault):
            ran += 1
            messages += verdict.messages
            deaths += verdict.deaths
            if chosen.digests:
                _say(f"seed {verdict.seed}: digest {verdict.digest:08x}, {verdict.turns} turns")
            if verdict.violations:
                broken += 1
                _say(f"seed {verdict.seed} broke a law (digest {verdict.digest:08x}, {verdict.turns} turns):")
                for violation in verdict.violations[:_SHOWN_VIOLATIONS]:
                    _say(f"  {violation if chosen.trace else violation[:_SHOWN_CHARACTERS]}")
                _say(f"  again: make simulate N=1 SEED={verdict.seed}")
                if chosen.until_broken:
                    break
            if chosen.trace:
                _say("\n".join(f"    {turn}" for turn in verdict.trace))
            if time.monotonic() - said > _PROGRESS_SECONDS:
                said = time.monotonic()
                _say(f"{ran} of {chosen.count} histories, {broken} broken, {said - began:.0f} s")
    took = time.monotonic() - began
    _say(f"{ran} histories, {messages} messages, {deaths} worker deaths, {broken} broken, {took:.0f} s")
    return 1 if broken or not ran else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--count", type=int, default=100, help="how many histories")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no history after so long")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument("--fault", choices=sorted(faults.FAULTS), help="break the program on purpose")
    parser.add_argument("--until-broken", action="store_true", help="stop at the first broken history")
    parser.add_argument("--digests", action="store_true", help="show the digest of each history")
    parser.add_argument("--trace", action="store_true", help="show the last turns of each history")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

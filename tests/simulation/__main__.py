"""Run histories: `python -m tests.simulation [--count N] [--first SEED] [--seconds S]`.

What each broken history broke, progress now and then, a summary as the last line; exit code 1 if any law was broken.
With `--every-fault` the program is broken in each of the known ways, and the exit code is 1 if one is not seen.
"""

import argparse
import os
import sys
import time

from tests.simulation import faults, plan, processes

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
    if chosen.every_fault:
        return _plant_all(chosen)
    began = said = time.monotonic()
    ran = messages = deaths = restarts = 0
    broken: list[int] = []
    with processes.server() as url:
        seeds = range(chosen.first, chosen.first + chosen.count)
        until = time.monotonic() + chosen.seconds
        for verdict in processes.run(
            url,
            seeds,
            jobs=chosen.jobs,
            until=until,
            fault=chosen.fault,
            focus=chosen.focus,
            watches_locks=chosen.locks,
        ):
            ran += 1
            messages += verdict.messages
            deaths += verdict.deaths
            restarts += verdict.restarts
            if chosen.digests:
                _say(f"seed {verdict.seed}: digest {verdict.digest:08x}, {verdict.turns} turns")
            if verdict.violations:
                broken.append(verdict.seed)
                _say(f"seed {verdict.seed} broke a law (digest {verdict.digest:08x}, {verdict.turns} turns):")
                for violation in verdict.violations[:_SHOWN_VIOLATIONS]:
                    _say(f"  {violation}")
                _say(f"  again: make simulate N=1 SEED={verdict.seed}")
                if chosen.until_broken:
                    break
            if chosen.trace:
                _say("\n".join(f"    {turn}" for turn in verdict.trace))
            if time.monotonic() - said > _PROGRESS_SECONDS:
                said = time.monotonic()
                _say(f"{ran} of {chosen.count} histories, {len(broken)} broken, {said - began:.0f} s")
    took = time.monotonic() - began
    befell = f"{messages} messages, {deaths} worker deaths, {restarts} restarts of the database"
    named = f" (seeds {', '.join(map(str, sorted(broken)))})" if broken else ""
    _say(f"{ran} histories, {befell}, {len(broken)} broken{named}, {took:.0f} s")
    return 1 if broken or not ran else 0


def _plant_all(chosen: argparse.Namespace) -> int:
    """Break the program in each of the known ways, and run histories until one breaks a law because of it."""
    seen = []
    with processes.server() as url:
        for fault, planted in faults.FAULTS.items():
            began = time.monotonic()
            seeds = range(planted.seed, planted.seed + chosen.count)
            verdicts = enumerate(processes.run(url, seeds, jobs=chosen.jobs, fault=fault), 1)
            tries, found = next(((tries, one) for tries, one in verdicts if one.violations), (chosen.count, None))
            verdict = f"missed in {tries} histories"
            if found is not None:
                seen.append(fault)
                verdict = f"seen in seed {found.seed}, history {tries}: {found.violations[0][:_SHOWN_CHARACTERS]}"
            _say(f"{fault}: {verdict} ({time.monotonic() - began:.0f} s)")
    _say(f"{len(seen)} of {len(faults.FAULTS)} faults seen")
    return 0 if len(seen) == len(faults.FAULTS) else 1


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
    parser.add_argument("--focus", nargs="*", type=plan.Edit, default=(), help="only these edits, and many of them")
    parser.add_argument("--locks", action="store_true", help="rows that are locked in two orders break a law, too")
    parser.add_argument("--every-fault", action="store_true", help="break the program in each of the known ways")
    parser.add_argument("--until-broken", action="store_true", help="stop at the first broken history")
    parser.add_argument("--digests", action="store_true", help="show the digest of each history")
    parser.add_argument("--trace", action="store_true", help="show the last turns of each history")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""Whole histories, each drawn from a seed and judged: none breaks a law, and a broken program does."""

import os
import subprocess
import sys

import pytest
from tests.simulation import faults

SECONDS = 60
"""How long histories are begun; `make simulate` runs as many as one likes."""

TRIES = 60
"""Histories in which a fault must be seen; most are in the first few, but any new statement lets others happen."""


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    # The order of sets must follow from the seed, too.
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--jobs", "2", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        check=False,
    )


@pytest.mark.timeout(SECONDS + 400)
def test_no_history_breaks_a_law() -> None:
    done = simulate("--count", "1000", "--seconds", str(SECONDS))
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]


@pytest.fixture(scope="module")
def verdicts() -> dict[str, str]:
    """What came of each way to break the program, on one server."""
    done = simulate("--every-fault", "--count", str(TRIES))
    return dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line) | {"": done.stderr[-2_000:]}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", faults.FAULTS)
def test_a_program_that_is_broken_on_purpose_breaks_a_law(verdicts: dict[str, str], fault: str) -> None:
    assert verdicts.get(fault, verdicts[""]).startswith("seen in seed"), verdicts

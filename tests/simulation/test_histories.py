"""Whole histories, each drawn from a seed and judged: none breaks a law, and a broken program does."""

import os
import subprocess
import sys

import pytest

SECONDS = 60
"""How long histories are begun; `make simulate` runs as many as one likes."""


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    # The order of sets must follow from the seed, too.
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--jobs", "1", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        check=False,
    )


@pytest.mark.timeout(SECONDS + 400)
def test_no_history_breaks_a_law() -> None:
    done = simulate("--count", "1000", "--seconds", str(SECONDS))
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("fault", "seed"),
    [
        ("counterForgotten", 2),
        ("followUpElsewhere", 1),
        ("unknownSentAgain", 2),
        ("catchUpBurst", 1),
        ("clockChangeMissed", 1),
    ],
)
def test_a_program_that_is_broken_on_purpose_breaks_a_law(fault: str, seed: int) -> None:
    done = simulate("--count", "4", "--first", str(seed), "--fault", fault, "--until-broken")
    assert done.returncode == 1, done.stdout[-4_000:] + done.stderr[-2_000:]
    assert "broke a law" in done.stdout

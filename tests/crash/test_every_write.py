"""Processes and databases killed before and after what they write and whom they call: nothing is lost or repeated.

Here a share of all points, which changes from day to day; `make crash` strikes at every one.
"""

import time
from collections.abc import Iterator
from random import Random

import pytest
from tests.crash import stage, sweep
from tests.crash.machine import Machine, machine
from tests.crash.points import Point
from tests.crash.sweep import Strike

STRIKES = 12
PARTS = ("import_run", "chores", "sync", "assess", "plan", "dispatch", "settle", "replies", "complete")
DAY_SECONDS = 86_400

SENT = Point(label="platform POST /2/dm_conversations/with/…/messages", count=3, is_after=True)
"""The platform has the message, and nobody here knows."""


@pytest.fixture(scope="module")
def server() -> Iterator[Machine]:
    with machine() as started:
        yield started


@pytest.mark.timeout(600)
async def test_a_kill_anywhere_loses_nothing_and_repeats_nothing(server: Machine) -> None:
    scene = await stage.prepare(server)
    told = await scene.tell(None, stage.PROCESS)
    assert told.violations == []
    # Found by watching, so that what is written tomorrow is struck at tomorrow; and all of it is seen.
    missing = [part for part in PARTS if not any(label.startswith(f"engine.{part}.") for label in told.counts)]
    assert missing == []

    seed = int(time.time()) // DAY_SECONDS
    random = Random(seed)
    manners = (stage.PROCESS, stage.PROCESS, stage.DATABASE, stage.BOTH)
    strikes = [
        Strike(stage=scene, manner=manners[place % len(manners)], point=point)
        for place, point in enumerate(random.sample(sweep.points(told.counts, random), STRIKES))
    ]
    findings = [finding async for finding in sweep.sweep(told, strikes)]

    assert [str(finding) for finding in findings if finding.violations] == [], f"seed {seed}"
    # Some points lie where only a race leads.
    assert sum(finding.was_struck for finding in findings) > STRIKES / 2


@pytest.mark.timeout(300)
async def test_a_worker_that_does_not_read_the_conversation_is_found_out(server: Machine) -> None:
    scene = await stage.prepare(server)

    told = await scene.tell(SENT, stage.PROCESS, is_blind=True)

    assert told.was_struck
    assert any(violation.startswith("same_steps: ") for violation in told.violations), told.violations

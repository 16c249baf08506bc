"""Webhooks, their workers killed again and again and the receiver failing half of the time: no event is lost."""

from collections.abc import Iterator
from random import Random

import pytest
from tests.crash import delivering
from tests.crash.machine import Machine, machine

EVENTS = 400


@pytest.fixture
def server() -> Iterator[Machine]:
    with machine() as started:
        yield started


async def test_every_event_arrives_and_a_repetition_is_known_by_its_id(server: Machine) -> None:
    told = await delivering.tell(server, events=EVENTS, random=Random(1), seconds_between_kills=(1.0, 3.0))
    assert told.violations == []
    # Something was killed, refused and sent again: else this would prove nothing.
    assert told.kills > 0
    assert told.failures > EVENTS / 2
    assert told.repetitions > 0

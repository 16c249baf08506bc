"""Sequences: the wire form, the structural rules with their paths, and which message is due when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.core import sequence
from overture.core.sequence import (
    DelayStep,
    DelayUnit,
    LikeStep,
    MessageStep,
    Static,
    Step,
    Variable,
    Variation,
)

SINCE = datetime(2025, 6, 9, 9, tzinfo=UTC)
CHEAP = settings(max_examples=60, deadline=None, database=None)


def message(*segments: sequence.Segment) -> MessageStep:
    return MessageStep(id="", rank=0, segments=segments or (Static(text="Hello"),))


def delay(seconds: int = 60) -> DelayStep:
    return DelayStep(id="", rank=0, delay_seconds=seconds, unit=DelayUnit.MINUTES)


def like() -> LikeStep:
    return LikeStep(id="", rank=0)


def ranked(*steps: Step) -> list[Step]:
    return [
        sequence.parse_step({**sequence.as_json(step), "id": f"step{rank}", "rank": rank})
        for rank, step in enumerate(steps)
    ]


def paths(*steps: Step) -> list[tuple[str | int, ...]]:
    return [problem.path for problem in sequence.problems(ranked(*steps))]


WIRE: list[dict[str, Any]] = [
    {
        "id": "a",
        "rank": 0,
        "type": "message",
        "data": {
            "segments": [
                {"type": "static", "text": "Hi "},
                {"type": "variable", "name": "first-name", "fallback": None},
                {"type": "variable", "name": "custom_x", "fallback": ""},
                {"type": "variation", "options": ["one", "two"]},
            ]
        },
    },
    {"id": "b", "rank": 1, "type": "delay", "data": {"delaySeconds": 3600, "unit": "hours"}},
    {"id": "c", "rank": 2, "type": "like", "data": {}},
]


@pytest.mark.parametrize("wire", WIRE, ids=lambda wire: wire["type"])
def test_the_wire_form_is_read_back_unchanged(wire: dict[str, Any]) -> None:
    assert sequence.as_json(sequence.parse_step(wire)) == wire


def test_a_variable_without_the_member_fallback_has_none() -> None:
    data = {"segments": [{"type": "variable", "name": "bio"}]}
    step = sequence.parse_step({"id": "a", "rank": 0, "type": "message", "data": data})
    assert step == MessageStep(id="a", rank=0, segments=(Variable(name="bio", fallback=None),))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "wave"},
        {"type": "delay"},
        {"type": "delay", "data": {"delaySeconds": 60, "unit": "years"}},
        {"data": None},
        {"data": {}},
        {"data": {"segments": [{"type": "picture"}]}},
        {"data": {"segments": [{"type": "static"}]}},
    ],
)
def test_what_is_not_a_step_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"wire form|not a valid|not a type"):
        sequence.parse_step({**WIRE[0], **change})


def test_a_sound_sequence_has_no_problems() -> None:
    assert paths(message(), delay(), like(), message(), like(), delay(), message(), like()) == []
    assert paths() == []


def test_a_sequence_has_at_most_fifty_steps() -> None:
    assert paths(*[message()] * 50) == []
    assert paths(*[message()] * 51) == [("steps",)]


def test_two_delays_in_a_row_are_reported_at_the_second() -> None:
    assert paths(message(), delay(), delay(), message()) == [("steps", 2)]


def test_a_like_between_two_delays_separates_them() -> None:
    assert paths(message(), delay(), like(), delay(), message()) == []


def test_a_delay_at_either_end_is_reported() -> None:
    assert paths(delay(), message()) == [("steps", 0)]
    assert paths(message(), delay()) == [("steps", 1)]


def test_a_like_does_not_keep_a_delay_from_being_at_an_end() -> None:
    assert paths(like(), delay(), message()) == [("steps", 1)]
    assert paths(message(), delay(), like()) == [("steps", 1)]


@pytest.mark.parametrize(("seconds", "sound"), [(59, False), (60, True), (7_776_000, True), (7_776_001, False)])
def test_a_delay_lasts_a_minute_to_ninety_days(seconds: int, sound: bool) -> None:
    expected = [] if sound else [("steps", 1, "data", "delaySeconds")]
    assert paths(message(), delay(seconds), message()) == expected


@pytest.mark.parametrize(
    "segments",
    [
        [],
        [Static(text="")],
        [Static(text=" \n"), Static(text="\u200b\u3164")],
        [Variation(options=("Hi", " "))],
        [Variable(name="bio", fallback="")],
    ],
)
def test_a_message_that_could_be_empty_is_reported(segments: list[sequence.Segment]) -> None:
    step = MessageStep(id="", rank=0, segments=tuple(segments))
    assert paths(message(), step) == [("steps", 1, "data", "segments")]


@pytest.mark.parametrize(
    "segment",
    [
        Static(text="👋"),
        Variation(options=("Hi", "Hello")),
        Variable(name="bio", fallback=None),
        Variable(name="bio", fallback="you"),
    ],
)
def test_one_segment_that_always_says_something_is_enough(segment: sequence.Segment) -> None:
    assert paths(message(Static(text=" "), Variation(options=("", "!")), segment)) == []


def test_a_variation_needs_an_option() -> None:
    found = paths(message(Static(text="Hi"), Variation(options=())))
    assert found == [("steps", 0, "data", "segments", 1, "options")]


def test_an_unknown_variable_is_reported_at_its_name() -> None:
    found = paths(message(Static(text="Hi"), Variable(name="firstname", fallback="you")))
    assert found == [("steps", 0, "data", "segments", 1, "name")]


@pytest.mark.parametrize("name", [*sorted(sequence.BUILT_IN_VARIABLES), "custom_a1"])
def test_built_in_variables_and_custom_columns_are_known(name: str) -> None:
    assert paths(message(Variable(name=name, fallback=None))) == []


def test_all_problems_are_reported_at_once() -> None:
    assert paths(delay(1), message(Static(text="")), delay()) == [
        ("steps", 0, "data", "delaySeconds"),
        ("steps", 0),
        ("steps", 1, "data", "segments"),
        ("steps", 2),
    ]


def test_the_first_message_is_due_when_the_lead_is_ready() -> None:
    steps = ranked(message(), delay(), message())
    assert sequence.message_due(steps, 0, SINCE) == sequence.Due(step=steps[0], at=SINCE, skipped_likes=())  # type: ignore[arg-type]  # ranked keeps the kinds


def test_a_delay_counts_from_the_acceptance_of_the_message_before() -> None:
    due = sequence.message_due(ranked(message(), delay(3600), message()), 1, SINCE)
    assert due is not None
    assert (due.step.rank, due.at) == (2, SINCE + timedelta(hours=1))


def test_delays_around_a_like_add_up_and_the_like_is_named() -> None:
    due = sequence.message_due(ranked(message(), delay(60), like(), delay(600), message()), 1, SINCE)
    assert due is not None
    assert (due.step.rank, due.at) == (4, SINCE + timedelta(minutes=11))
    assert [step.rank for step in due.skipped_likes] == [2]


def test_what_lies_before_the_position_does_not_count() -> None:
    due = sequence.message_due(ranked(message(), like(), delay(600), message()), 3, SINCE)
    assert due is not None
    assert (due.at, due.skipped_likes) == (SINCE, ())


@pytest.mark.parametrize("rank", [1, 2, 99])
def test_a_lead_without_a_further_message_is_finished(rank: int) -> None:
    assert sequence.message_due(ranked(message(), like()), rank, SINCE) is None


@CHEAP
@given(st.lists(st.sampled_from([message(), delay(), like()]), max_size=12))
def test_following_a_sequence_sends_each_message_once_and_waits_each_delay_that_counts(
    steps: list[Step],
) -> None:
    steps = ranked(*steps)
    rank, at, sent = 0, SINCE, []
    while (due := sequence.message_due(steps, rank, at)) is not None:
        sent.append(due.step)
        rank, at = due.step.rank + 1, due.at
    assert sent == [step for step in steps if isinstance(step, MessageStep)]
    last = sent[-1].rank if sent else 0
    waited = sum(step.delay_seconds for step in steps[:last] if isinstance(step, DelayStep))
    assert at == SINCE + timedelta(seconds=waited)


def test_blank_means_that_nothing_can_be_seen() -> None:
    assert sequence.is_blank("")
    assert sequence.is_blank(" \t\u00a0\u200b\u200d\ufeff\u2800\u3164")
    assert not sequence.is_blank("\u200d.")

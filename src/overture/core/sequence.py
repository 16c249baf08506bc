"""Sequences: steps and segments, their structural rules, and which message is due when."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from overture.core.words import StepType

MAX_STEPS = 50
MIN_DELAY_SECONDS = 60
MAX_DELAY_SECONDS = 7_776_000  # 90 days
CUSTOM_PREFIX = "custom_"
"""Variables whose name begins so are custom columns of the campaign."""

BUILT_IN_VARIABLES = frozenset(
    {
        "first-name",
        "last-name",
        "full-name",
        "username",
        "bio",
        "location",
        "website",
        "follower-count",
    }
)

# Letters and symbols by category, yet drawn as nothing: Hangul fillers and the empty braille cell.
_BLANK_GLYPHS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


class DelayUnit(StrEnum):
    """The unit in which a delay is shown; its length is in seconds whatever the unit."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


@dataclass(frozen=True, kw_only=True, slots=True)
class Static:
    """Text that is the same for every lead."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """A value of the lead. `fallback` stands in for an empty value; None means there is none, "" is one."""

    name: str
    fallback: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Variation:
    """Alternative wordings, one of which is picked for each lead."""

    options: tuple[str, ...]


Segment = Static | Variable | Variation


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageStep:
    """Send a message put together from segments."""

    id: str
    rank: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DelayStep:
    """Wait, counted from the acceptance of the message before."""

    id: str
    rank: int
    delay_seconds: int
    unit: DelayUnit


@dataclass(frozen=True, kw_only=True, slots=True)
class LikeStep:
    """Like the lead's most recent post."""

    id: str
    rank: int


Step = MessageStep | DelayStep | LikeStep


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A structural fault of a sequence. `path` leads to it in the request body, steps counted from 0."""

    path: tuple[str | int, ...]
    message: str


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """The next message of a lead, when it is due, and the likes passed on the way there."""

    step: MessageStep
    at: datetime
    skipped_likes: tuple[LikeStep, ...]


def parse_step(wire: Mapping[str, Any]) -> Step:
    """Read a step of the form `{"id", "rank", "type", "data"}`.

    Raises:
        ValueError: a member is missing, or the type of the step or of a segment, or the unit, is not known.
    """
    try:
        identifier, rank, data = wire["id"], wire["rank"], wire["data"]
        match StepType(wire["type"]):
            case StepType.MESSAGE:
                segments = tuple(_parse_segment(segment) for segment in data["segments"])
                return MessageStep(id=identifier, rank=rank, segments=segments)
            case StepType.DELAY:
                unit = DelayUnit(data["unit"])
                return DelayStep(id=identifier, rank=rank, delay_seconds=data["delaySeconds"], unit=unit)
            case StepType.LIKE:
                return LikeStep(id=identifier, rank=rank)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a step of the wire form: {error!r}") from error


def as_json(step: Step) -> dict[str, Any]:
    """The wire form of a step; `parse_step` reads it back unchanged."""
    data: dict[str, Any] = {}
    match step:
        case MessageStep():
            kind = StepType.MESSAGE
            data["segments"] = [_segment_as_json(segment) for segment in step.segments]
        case DelayStep():
            kind = StepType.DELAY
            data["delaySeconds"] = step.delay_seconds
            data["unit"] = step.unit.value
        case LikeStep():
            kind = StepType.LIKE
    return {"id": step.id, "rank": step.rank, "type": kind.value, "data": data}


def problems(steps: Sequence[Step]) -> list[Problem]:
    """All structural faults, in the order of the steps; an empty list means the sequence may be stored.

    A delay needs a message somewhere before and somewhere after it; likes do not count, for a platform may
    skip them. A message is empty if its segments allow a blank text for some lead: so a stored message never
    renders blank.
    """
    found: list[Problem] = []
    if len(steps) > MAX_STEPS:
        found.append(Problem(path=("steps",), message=f"a sequence has at most {MAX_STEPS} steps, not {len(steps)}"))
    for index, step in enumerate(steps):
        match step:
            case MessageStep():
                found.extend(_message_problems(index, step))
            case DelayStep():
                found.extend(_delay_problems(steps, index, step))
            case LikeStep():
                pass
    return found


def message_due(steps: Sequence[Step], rank: int, since: datetime) -> Due | None:
    """The first message at or after a lead's position, and when it is due.

    Args:
        steps: the steps of one version, ascending by rank.
        rank: the lead's position: the rank of its next step. A delay is not done until it has run.
        since: when the position began to count: the message before was accepted, or the lead became ready.

    Returns:
        None if no message is left: the lead is finished.
    """
    at = since
    likes: list[LikeStep] = []
    for step in steps:
        if step.rank < rank:
            continue
        match step:
            case MessageStep():
                return Due(step=step, at=at, skipped_likes=tuple(likes))
            case DelayStep():
                at += timedelta(seconds=step.delay_seconds)
            case LikeStep():
                likes.append(step)
    return None


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: white space, control and format characters, glyphs drawn as nothing."""
    if text.isascii() and text.isprintable():
        return not text or text.isspace()
    return all(
        character.isspace() or character in _BLANK_GLYPHS or unicodedata.category(character) in {"Cc", "Cf"}
        for character in text
    )


def _parse_segment(wire: Mapping[str, Any]) -> Segment:
    match wire["type"]:
        case "static":
            return Static(text=wire["text"])
        case "variable":
            return Variable(name=wire["name"], fallback=wire.get("fallback"))
        case "variation":
            return Variation(options=tuple(wire["options"]))
        case other:
            raise ValueError(f"{other!r} is not a type of segment")


def _segment_as_json(segment: Segment) -> dict[str, Any]:
    match segment:
        case Static():
            return {"type": "static", "text": segment.text}
        case Variable():
            return {"type": "variable", "name": segment.name, "fallback": segment.fallback}
        case Variation():
            return {"type": "variation", "options": list(segment.options)}


def _may_be_blank(segment: Segment) -> bool:
    match segment:
        case Static():
            return is_blank(segment.text)
        case Variable():
            return segment.fallback is not None and is_blank(segment.fallback)
        case Variation():
            return any(is_blank(option) for option in segment.options)


def _message_problems(index: int, step: MessageStep) -> list[Problem]:
    base = ("steps", index, "data", "segments")
    found: list[Problem] = []
    if all(_may_be_blank(segment) for segment in step.segments):
        found.append(Problem(path=base, message="the message is empty, or would be for some leads: add text"))
    for position, segment in enumerate(step.segments):
        match segment:
            case Variation(options=()):
                message = "a variation needs at least one option"
                found.append(Problem(path=(*base, position, "options"), message=message))
            case Variable(name=name) if name not in BUILT_IN_VARIABLES and not name.startswith(CUSTOM_PREFIX):
                message = (
                    f"{name!r} is not a variable: use a custom column's id ({CUSTOM_PREFIX}...; in the call that makes "
                    "the campaign also its exact name) or one of " + ", ".join(sorted(BUILT_IN_VARIABLES))
                )
                found.append(Problem(path=(*base, position, "name"), message=message))
    return found


def _delay_problems(steps: Sequence[Step], index: int, step: DelayStep) -> list[Problem]:
    found: list[Problem] = []
    if not MIN_DELAY_SECONDS <= step.delay_seconds <= MAX_DELAY_SECONDS:
        message = f"a delay lasts {MIN_DELAY_SECONDS} to {MAX_DELAY_SECONDS} seconds, not {step.delay_seconds}"
        found.append(Problem(path=("steps", index, "data", "delaySeconds"), message=message))
    if index and isinstance(steps[index - 1], DelayStep):
        found.append(Problem(path=("steps", index), message="two delays in a row: make them one"))
    if not _has_message(steps[:index]):
        message = "a delay cannot come before the first message: it counts from the message before it"
        found.append(Problem(path=("steps", index), message=message))
    if not _has_message(steps[index + 1 :]):
        message = "a delay cannot come after the last message: there is nothing to wait for"
        found.append(Problem(path=("steps", index), message=message))
    return found


def _has_message(steps: Sequence[Step]) -> bool:
    return any(isinstance(step, MessageStep) for step in steps)

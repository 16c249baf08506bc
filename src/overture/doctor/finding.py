"""What the doctor finds."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What the doctor found in one place. A problem's text ends with what to do."""

    place: str
    text: str
    is_problem: bool = False


def problem(place: str, text: str) -> Finding:
    """Return a finding that is a problem."""
    return Finding(place=place, text=text, is_problem=True)

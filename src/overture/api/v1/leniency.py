"""What v1 forgives: unknown members and parameters are passed over and named, arrays in queries have three forms."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from overture.api import envelope, excess, failures
from overture.errors import InvalidRequest, Path

HEADER = "X-Overture-Ignored"
_INDEXED = re.compile(r"(.+)\[\d*\]", re.DOTALL)
_MOST_PLACES = 10_000
_MOST_UNKNOWN = 50_000
_LONGEST_NAME = 100
_LONGEST_HEADER = 2000
_MOST_PASSES = 8
Pairs = list[tuple[str, str]]


def known_pairs(pairs: Iterable[tuple[str, str]], names: Mapping[str, bool]) -> tuple[Pairs, list[Path]]:
    """Split a query into what an operation takes and the names it does not know.

    Args:
        pairs: the query; arrays as `k=`, `k[]=` or `k[0]=`.
        names: the parameters of the operation; whether each may be repeated.
    """
    known: Pairs = []
    unknown: list[Path] = []
    for name, value in pairs:
        indexed = _INDEXED.fullmatch(name)
        plain = indexed[1] if indexed and names.get(indexed[1]) else name
        if plain in names:
            known.append((plain, value))
        else:
            unknown.append((name,))
    return known, unknown


def without_unknown(kind: Any, body: dict[str, Any], *, never: Sequence[str] = ()) -> tuple[dict[str, Any], list[Path]]:
    """Leave out of a body what its kind does not have; return the rest and the places left out.

    Args:
        kind: the model of the body.
        body: what the client sent.
        never: parts of names that are refused instead of passed over.

    Raises:
        InvalidRequest: an unknown member whose name has one of the parts in `never`; faults beyond number.
    """
    adapter = TypeAdapter(kind)
    left_out: list[Path] = []
    for _ in range(_MOST_PASSES):
        # What one pass leaves out can bring to light what stood below it.
        places = _unknown_places(adapter, body)
        refused = [place for place in places if any(part in str(place[-1]).lower() for part in never)]
        if refused:
            fault = "There is no such field here, and to pass over it could send at wrong hours or to wrong people."
            raise InvalidRequest([(place, f"{fault} Correct its name or leave it out.") for place in refused])
        if not places:
            break
        left_out.extend(places)
        body = _without(body, places)
    return body, left_out


def tell(request: Request, places: Sequence[Path]) -> None:
    """Name on the answer what was passed over; `leads[].x` stands for the `x` of every lead."""
    if not places:
        return
    told: dict[str, None] = getattr(request.state, "passed_over", {})
    for place in places[:_MOST_PLACES]:
        told[_written(place)] = None
    request.state.passed_over = told
    names = ", ".join(told)
    if len(names) > _LONGEST_HEADER:
        # Whole names only: what is told must be found in the call.
        names = ", ".join((*names[:_LONGEST_HEADER].split(", ")[:-1], "..."))
    envelope.say(request, {HEADER: names})


def _unknown_places(adapter: TypeAdapter[Any], body: dict[str, Any]) -> list[Path]:
    try:
        adapter.validate_python(body)
    except ValidationError as error:
        excess.refuse(adapter, body, error, most=_MOST_UNKNOWN)
        found = error.errors(include_url=False, include_context=False, include_input=False)
    else:
        return []
    unknown = (one["loc"] for one in found if one["type"] == "extra_forbidden")
    places = (failures.place(location, body, "extra_forbidden") for location in unknown)
    return list(dict.fromkeys(place for place in places if place))


def _without(body: dict[str, Any], places: Sequence[Path]) -> dict[str, Any]:
    """Copy the body along the places and leave their last members out."""
    copied: dict[Path, Any] = {(): dict(body)}
    for place in places:
        holder = _copied_along(place[:-1], copied)
        if isinstance(holder, dict):
            holder.pop(place[-1], None)
    top: dict[str, Any] = copied[()]
    return top


def _copied_along(place: Path, copied: dict[Path, Any]) -> Any:
    """Return the copy of what stands at a place; None if it was left out already, with what held it."""
    current = copied[()]
    for depth, part in enumerate(place, start=1):
        key = tuple(place[:depth])
        if key not in copied:
            inner = current.get(part) if isinstance(current, dict) else current[part]
            if not isinstance(inner, dict | list):
                return None
            copied[key] = inner.copy()
            current[part] = copied[key]
        current = copied[key]
    return current


def _written(place: Path) -> str:
    text = ""
    for part in place:
        if isinstance(part, int):
            text += "[]"
        else:
            text += ("." if text else "") + quote(part[:_LONGEST_NAME], safe="[]-_$ ")
    return text

"""Bodies with more faults than anybody would read: a few are named and the rest is counted, in little time."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from overture.api import failures
from overture.errors import InvalidRequest, Path

MOST_FAULTS = 10_000
"""So many are told apart one by one; each costs some microseconds of a process that serves others too."""

_MOST_ENTRIES = 20
_DEEPEST = 10
_SURE = frozenset({"extra_forbidden", "string_type", "int_type", "float_type", "bool_type", "list_type", "dict_type"})
"""Faults of what is there; others may come from what an excerpt leaves out."""


def check(kind: Any, body: dict[str, Any]) -> None:
    """Refuse a body that has more than `MOST_FAULTS` faults.

    Raises:
        InvalidRequest: it has.
    """
    adapter = _adapter(kind)
    try:
        adapter.validate_python(body)
    except ValidationError as error:
        refuse(adapter, body, error)


def refuse(adapter: TypeAdapter[Any], body: dict[str, Any], error: ValidationError, *, most: int = MOST_FAULTS) -> None:
    """Refuse a body for more than `most` faults; with fewer, leave it to whoever names them all.

    Raises:
        InvalidRequest: the validation found more.
    """
    count = error.error_count()
    if count <= most:
        return
    everything: tuple[Path, str] = ((), f"{count} places of the body are wrong; read how this call's body looks.")
    raise InvalidRequest(_named(adapter, body) or [everything], count=count)


def _named(adapter: TypeAdapter[Any], body: dict[str, Any]) -> list[tuple[Path, str]]:
    """Name faults near the beginning of the body."""
    try:
        adapter.validate_python(_excerpt(body, _DEEPEST))
    except ValidationError as error:
        if error.error_count() > MOST_FAULTS:
            return []
        found = (one for one in error.errors(include_url=False) if one["type"] in _SURE)
        return failures.places(({**one, "loc": ("body", *one["loc"])} for one in found), body)
    return []


def _excerpt(value: Any, depth: int) -> Any:
    """Copy the first entries of everything, at the places where they stand."""
    if isinstance(value, dict):
        first = zip(value.items(), range(_MOST_ENTRIES if depth else 0), strict=False)
        return {name: _excerpt(one, depth - 1) for (name, one), _ in first}
    if isinstance(value, list):
        return [_excerpt(one, depth - 1) for one in value[: _MOST_ENTRIES if depth else 0]]
    return value


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)

"""Reading the parameters of a call the way X does: whatever it does not know, it refuses."""

import re
from collections.abc import Collection, Mapping, Sequence

from overture.sandbox import refusals
from overture.sandbox.admission import Refused

USER_ID = re.compile(r"[0-9]{1,19}")
USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")
MOST_USERS = 100


def only(query: Mapping[str, str], known: Collection[str]) -> None:
    """Refuse a call that carries a parameter beside the known ones."""
    for name in query:
        if name not in known:
            raise _invalid(name, query[name], f"The query parameter [{name}] is not one of [{','.join(known)}]")


def items(query: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> Sequence[str]:
    """Read the required list `name` of 1 to 100 values of a given form, each value once."""
    if not query.get(name):
        raise _invalid(name, "", f"The `{name}` query parameter can not be empty")
    values = query[name].split(",")
    if len(values) > MOST_USERS:
        message = f"The number of values in the `{name}` list [{len(values)}] is not between 1 and {MOST_USERS}"
        raise _invalid(name, query[name], message)
    for value in values:
        if pattern.fullmatch(value) is None:
            message = f"The `{name}` query parameter value [{value}] does not match ^{pattern.pattern}$"
            raise _invalid(name, value, message)
    return tuple(dict.fromkeys(values))


def choices(query: Mapping[str, str], name: str, known: Collection[str]) -> Sequence[str]:
    """Read the optional list `name` of values out of `known`."""
    if name not in query:
        return ()
    values = query[name].split(",")
    for value in values:
        if value not in known:
            message = f"The `{name}` query parameter value [{value}] is not one of [{','.join(sorted(known))}]"
            raise _invalid(name, value, message)
    return values


def count(query: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    """Read the optional whole number `name` from 1 to `most`."""
    written = query.get(name, str(default))
    if re.fullmatch(r"[0-9]{1,9}", written) is None or not 1 <= int(written) <= most:
        raise _invalid(name, written, f"The `{name}` query parameter value [{written}] is not between 1 and {most}")
    return int(written)


def user_id(path: Mapping[str, str], name: str) -> str:
    """Read a user's id out of the path."""
    written = path[name]
    if USER_ID.fullmatch(written) is None:
        raise _invalid(name, written, f"The `{name}` parameter value [{written}] does not match ^[0-9]{{1,19}}$")
    return written


def _invalid(name: str, value: str, message: str) -> Refused:
    return Refused(refusals.invalid(name, value, message))

"""What statuses and tags share: a name that is theirs alone, a colour, and an order the team has chosen."""

from collections.abc import Sequence

from overture.core import colors, names
from overture.errors import Conflict, InvalidRequest, NotFound


def checked_name(name: str) -> str:
    """Return a name as it is kept.

    Raises:
        InvalidRequest: nothing is left of it without the spaces.
    """
    cleaned = names.clean(name)
    if not cleaned:
        raise InvalidRequest([(("name",), "Must have at least one character that is not a space.")])
    return cleaned


def checked_color(color: str | None) -> str | None:
    """Return a colour as `#rrggbb`; None where none is given.

    Raises:
        InvalidRequest: neither of the palette nor hexadecimal.
    """
    if color is None:
        return None
    parsed = colors.parse(color)
    if parsed is None:
        known = ", ".join(colors.PALETTE)
        raise InvalidRequest([(("color",), f"Must be a hexadecimal colour like #228be6, or one of {known}.")])
    return parsed


def check_order(kind: str, wanted: Sequence[str], present: Sequence[str]) -> None:
    """Refuse an order that does not name each status, or each tag, of the team once.

    Raises:
        InvalidRequest: one is named twice or not at all.
        NotFound: there is none with an id.
    """
    known, named = set(present), set[str]()
    twice = []
    for at, one in enumerate(wanted):
        if one not in known:
            raise NotFound(kind, one)
        if one in named:
            twice.append(at)
        named.add(one)
    if twice:
        raise InvalidRequest([(("ids", at), f"Names a {kind} that is named before; name each once.") for at in twice])
    missing = [one for one in present if one not in named]
    if missing:
        left_out = f"Leaves out {len(missing)} of the team, the first is {missing[0]!r}; name every {kind}."
        raise InvalidRequest([(("ids",), left_out)])


def moved(before: Sequence[str], after: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the part of an order that a change concerns, as it was and as it is."""
    differing = [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    part = slice(differing[0], differing[-1] + 1)
    return before[part], after[part]


def name_taken(kind: str, name: str) -> Conflict:
    """Return the error for a name that another status or tag has."""
    return Conflict(
        f"There is a {kind} named {name!r} already (case and accents do not matter). Choose another name.",
        code="nameTaken",
        details={"name": name},
    )

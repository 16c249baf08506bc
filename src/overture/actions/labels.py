"""What statuses and tags share: a name that is theirs alone, and a colour."""

from overture.core import colors, names
from overture.errors import Conflict, InvalidRequest


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


def name_taken(kind: str, name: str) -> Conflict:
    """Return the error for a name that another status or tag has."""
    return Conflict(
        f"There is a {kind} named {name!r} already (case and accents do not matter). Choose another name.",
        code="nameTaken",
        details={"name": name},
    )

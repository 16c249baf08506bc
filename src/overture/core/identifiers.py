"""How people are named on a platform, and the one form of each name that is kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class IdentifierKind(StrEnum):
    """By what a profile is named: the platform's id, its username, or our profile id."""

    PLATFORM_ID = "platformId"
    USERNAME = "username"
    EXTERNAL_ID = "externalId"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identifier:
    """One name of one profile, as it was given."""

    kind: IdentifierKind
    value: str
    platform: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Forms:
    platform_id: re.Pattern[str]
    username: re.Pattern[str]


_PLACEHOLDER = "username "
_ANY = re.compile(r"\S{1,255}")
_FORMS: Mapping[str, _Forms] = {
    "twitter": _Forms(platform_id=re.compile(r"[1-9][0-9]{0,19}"), username=re.compile(r"[a-z0-9_]{1,15}")),
}
_OTHER = _Forms(platform_id=_ANY, username=_ANY)


def platform_id(platform: str, value: str) -> str | None:
    """Return the platform's id as it is kept, without outer spaces; None when it cannot be one."""
    cleaned = value.strip()
    return cleaned if _forms(platform).platform_id.fullmatch(cleaned) else None


def username(platform: str, value: str) -> str | None:
    """Return a username in lower case without a leading @; None when it cannot be one."""
    cleaned = value.strip().removeprefix("@").lower()
    return cleaned if _forms(platform).username.fullmatch(cleaned) else None


def placeholder(username: str) -> str:
    """Return what stands for the platform's id of a lower-case username until it is known: no id holds a space."""
    return f"{_PLACEHOLDER}{username}"


def is_placeholder(value: str) -> bool:
    """Tell whether a value stands for an id that is not known, or not any more: no id holds a space."""
    return " " in value


def _forms(platform: str) -> _Forms:
    return _FORMS.get(platform, _OTHER)

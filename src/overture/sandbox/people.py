"""The people of the platform, each a pure function of the seed and a number, made only when asked for."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from overture.sandbox import phrases, talk
from overture.sandbox.accounts import FIRST_ID as FIRST_ACCOUNT_ID
from overture.sandbox.accounts import Account
from overture.sandbox.draws import Draws

MOST_PEOPLE = 100_000_000
_FIRST_ID = 10**18
_ID_SPAN = FIRST_ACCOUNT_ID - _FIRST_ID
_HANDLE_LENGTH = 15
# A handle ends in a code whose length tells how far up the list its owner stands: it can be traced back.
_TIERS = ((4, 0), (6, 10_000), (8, 1_010_000))
_HANDLE = re.compile(r"[a-z_]+(\d{4}|\d{6}|\d{8})")
_KEPT_IN_MEMORY = 65_536
_OLDEST_ACCOUNT = 1_230_768_000_000  # 2009-01-01
_JOINING_SPAN = 500_000_000_000  # a little under 16 years, in milliseconds


class Nature(StrEnum):
    """How a person meets a message from a sending account."""

    OPEN = "open"
    CLOSED = "closed"
    FOLLOWS = "follows"
    PROTECTED = "protected"
    SUSPENDED = "suspended"
    NOT_FOUND = "notFound"
    BLOCKING = "blocking"


SHARES = (
    (Nature.OPEN, 0.64),
    (Nature.CLOSED, 0.11),
    (Nature.FOLLOWS, 0.10),
    (Nature.PROTECTED, 0.04),
    (Nature.SUSPENDED, 0.03),
    (Nature.NOT_FOUND, 0.03),
    (Nature.BLOCKING, 0.05),
)
# Which refusal of the table a message meets; X does not say which condition gives which body, so several do.
_REFUSALS: dict[Nature, tuple[str, ...]] = {
    Nature.CLOSED: ("permission", "permission", "notFollowing"),
    Nature.FOLLOWS: ("permission", "notFollowing"),
    Nature.PROTECTED: ("permission",),
    Nature.SUSPENDED: ("permission",),
    Nature.NOT_FOUND: ("recipientGone",),
    Nature.BLOCKING: ("cannotMessage", "permission"),
}
_VERIFIED = (("none", 0.80), ("blue", 0.17), ("business", 0.025), ("government", 0.005))


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One person of the platform.

    `follows` is the id of the one sending account a `follows` person follows; `refusal` names the entry of
    the table of refusals that a message meets when it may not go; `created` is in milliseconds since 1970.
    """

    id: str
    index: int
    username: str
    name: str
    description: str
    location: str | None
    url: str
    verified_type: str
    nature: Nature
    follows: str | None
    refusal: str | None
    habit: talk.Habit
    followers: int
    following: int
    posts: int
    created: int

    @property
    def exists(self) -> bool:
        """Tell whether the platform still shows this person to anybody."""
        return self.nature not in (Nature.SUSPENDED, Nature.NOT_FOUND)


class Population:
    """All people of one platform.

    Args:
        count: how many there are.
        seed: what they are drawn from.
        accounts: the sending accounts; each `follows` person follows one of them.

    Raises:
        ValueError: the count is out of range.
    """

    def __init__(self, *, count: int, seed: int, accounts: Sequence[Account]) -> None:
        if not 0 <= count <= MOST_PEOPLE:
            raise ValueError(f"the number of people must lie between 0 and {MOST_PEOPLE}")
        self.count = count
        self._seed = seed
        self._accounts = tuple(accounts)
        draws = Draws(seed, "population")
        self._id_factor = _factor(draws, _ID_SPAN)
        self._id_shift = draws.below(_ID_SPAN)
        self._id_inverse = pow(self._id_factor, -1, _ID_SPAN)
        self._codes = {digits: (_factor(draws, 10**digits), draws.below(10**digits)) for digits, _ in _TIERS}
        self.person = lru_cache(maxsize=_KEPT_IN_MEMORY)(self._make)

    def by_id(self, user_id: str) -> Person | None:
        """Return the person with this id, whether or not they still exist on the platform."""
        offset = int(user_id) - _FIRST_ID
        if not 0 <= offset < _ID_SPAN:
            return None
        index = (offset - self._id_shift) * self._id_inverse % _ID_SPAN
        return self._when(index, "id", user_id)

    def by_username(self, username: str) -> Person | None:
        """Return the person with this handle; case does not matter, as on X."""
        handle = username.lower()
        match = _HANDLE.fullmatch(handle)
        if match is None:
            return None
        digits = len(match[1])
        factor, shift = self._codes[digits]
        offset = (int(match[1]) - shift) * pow(factor, -1, 10**digits) % 10**digits
        return self._when(dict(_TIERS)[digits] + offset, "username", handle)

    def _when(self, index: int, field: str, wanted: str) -> Person | None:
        if index >= self.count:
            return None
        person: Person = self.person(index)
        return person if getattr(person, field) == wanted else None

    def _make(self, index: int) -> Person:
        draws = Draws(self._seed, "person", index)
        nature = draws.weighted(SHARES)
        habit = talk.habit(draws)
        follows = None
        if nature is Nature.FOLLOWS and self._accounts:
            follows = draws.choice(self._accounts).id
        name, handle = _name(draws)
        return Person(
            id=str(_FIRST_ID + (index * self._id_factor + self._id_shift) % _ID_SPAN),
            index=index,
            username=self._username(index, handle),
            name=name,
            nature=nature,
            follows=follows,
            refusal=draws.choice(_REFUSALS[nature]) if nature in _REFUSALS else None,
            habit=habit,
            description=_description(draws),
            location=draws.choice(phrases.PLACES) if draws.chance(0.7) else None,
            url=f"https://t.co/{draws.number():08x}" if draws.chance(0.3) else "",
            verified_type=draws.weighted(_VERIFIED),
            followers=_audience(draws),
            following=_audience(draws),
            posts=_audience(draws),
            created=_OLDEST_ACCOUNT + draws.below(_JOINING_SPAN),
        )

    def _username(self, index: int, handle: str) -> str:
        digits, first = next(tier for tier in reversed(_TIERS) if index >= tier[1])
        factor, shift = self._codes[digits]
        code = ((index - first) * factor + shift) % 10**digits
        return f"{handle[: _HANDLE_LENGTH - digits]}{code:0{digits}d}"


def _factor(draws: Draws, span: int) -> int:
    """Draw a factor that shuffles 0 to `span` - 1 without two numbers meeting."""
    factor = span // 3 + draws.below(span // 2)
    while math.gcd(factor, span) != 1:
        factor += 1
    return factor


def _name(draws: Draws) -> tuple[str, str]:
    """Draw the name people read and the letters of the handle."""
    style = draws.fraction()
    if style < 0.10:
        shown, first, last = draws.choice(phrases.OTHER_SCRIPTS)
    else:
        shown_first, first = draws.choice(phrases.LATIN_FIRST_NAMES)
        shown_last, last = draws.choice(phrases.LATIN_LAST_NAMES)
        shown = f"{shown_first} {shown_last}"
        if style < 0.14:
            shown = shown_first
        elif style < 0.15:
            shown = f" {shown_first}  {shown_last} "
        elif style < 0.20:
            shown = f"{shown} {draws.choice(phrases.EMOJI)}"
        elif style < 0.21:
            shown = draws.choice(phrases.ODD_NAMES)
    return shown, draws.choice((f"{first}{last}", f"{first}_{last}", f"{last}_{first}", f"{first[0]}{last}"))


def _description(draws: Draws) -> str:
    if draws.chance(0.12):
        return ""
    description = f"{draws.choice(phrases.ROLES)}. Into {draws.choice(phrases.INTERESTS)}"
    if draws.chance(0.5):
        description += f" and {draws.choice(phrases.INTERESTS)}"
    return f"{description}. {draws.choice(phrases.CLOSINGS)}" if draws.chance(0.5) else f"{description}."


def _audience(draws: Draws) -> int:
    """Draw a count with a long tail: mostly some hundreds, now and then a hundred thousand."""
    return int(10 ** (draws.fraction() * 2 + draws.fraction() * 3))

"""What a platform says of profiles it is asked about."""

from dataclasses import dataclass
from datetime import datetime

from overture.core.budget import Window


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A profile as the platform shows it to one account.

    `like_count` is how many posts it has liked, `listed_count` how many lists of the platform it stands on.
    `may_receive` is the platform's word on whether the asking account may write to this profile; None = not said.
    """

    platform_id: str
    username: str
    display_name: str
    bio: str | None
    location: str | None
    website: str | None
    avatar_url: str | None
    follower_count: int | None
    is_protected: bool
    may_receive: bool | None
    follows_account: bool
    blocks_or_blocked: bool
    following_count: int | None = None
    post_count: int | None = None
    like_count: int | None = None
    listed_count: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """An identifier the platform has no reachable profile for: `reason` is `notFound` or `suspended`."""

    identifier: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup:
    """The answer to a look-up: every identifier asked for stands in exactly one of the two.

    `rest_until`: this look-up used up what the platform allows the account, and it takes no other one before.
    `windows`: what it said of its windows for calls of the kind.
    """

    people: tuple[Person, ...]
    absent: tuple[Absent, ...]
    rest_until: datetime | None = None
    windows: tuple[Window, ...] = ()

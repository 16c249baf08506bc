"""X's user objects, and the profiles of this program made from them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from overture.channels.port import ChannelError, Identity
from overture.channels.x import answers
from overture.core.lookup import Absent, Lookup, Person

IDENTITY_FIELDS = "id,name,profile_image_url,username"

PERSON_FIELDS = (
    "connection_status,description,entities,id,location,name,profile_image_url,protected,public_metrics,"
    "receives_your_dm,url,username"
)

_LARGEST = 2**53
"""More than this no count of people or posts is."""

_ID = re.compile(r"[0-9]{1,19}")
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")
_LONGEST_NAME = 200
"""X has names of 50 characters; the database looks names up, and keeps none without end."""


def is_id(value: str) -> bool:
    """Tell whether `value` can be a user id; X refuses a whole request for one that cannot."""
    return _ID.fullmatch(value) is not None


def is_username(value: str) -> bool:
    """Tell whether `value` can be a username; X refuses a whole request for one that cannot."""
    return _USERNAME.fullmatch(value) is not None


def name(value: object) -> str | None:
    """Return what X shows as a user's name, as far as any name is long; None where `value` is none."""
    return answers.legible(value)[:_LONGEST_NAME] or None if isinstance(value, str) else None


def identity(body: Mapping[str, Any]) -> Identity:
    """Read the answer to "who am I".

    Raises:
        ChannelError: `unavailable`, the answer names nobody.
    """
    user = body.get("data")
    if not isinstance(user, Mapping):
        raise ChannelError("unavailable", "the answer names no user")
    platform_id, username = _key(user)
    return Identity(
        platform_id=platform_id,
        username=username,
        display_name=name(user.get("name")) or username,
        avatar_url=_text(user, "profile_image_url"),
    )


def lookup(body: Mapping[str, Any], *, asked: Sequence[str], by_username: bool) -> Lookup:
    """Read the answer to a look-up of `asked`, matching by id or username and never by position.

    Raises:
        ChannelError: `unavailable`, the answer does not tell what became of an identifier.
    """
    users = body.get("data")
    errors = [problem for problem in answers.problems(body) if problem is not body]
    if not isinstance(users, list):
        users = []
        if not errors:
            # Silence about everybody is no statement that nobody exists.
            raise ChannelError("unavailable", "the answer holds neither users nor problems")
    found = {}
    for user in users:
        person = person_of(user)
        found[_folded(person.username if by_username else person.platform_id)] = person
    reasons = _reasons(errors)
    failed_within = any(answers.problem_type(problem) == "internal-error" for problem in errors)
    people: dict[str, Person] = {}
    absent: dict[str, Absent] = {}
    for one in asked:
        key = _folded(one)
        if key in found:
            people[key] = found[key]
        elif key not in reasons and failed_within:
            raise ChannelError("unavailable", "X failed within and left identifiers unanswered")
        else:
            absent[one] = Absent(identifier=one, reason=reasons.get(key, "notFound"))
    return Lookup(people=tuple(people.values()), absent=tuple(absent.values()))


def _reasons(errors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    reasons = {}
    for problem in errors:
        text = f"{problem.get('title')} {problem.get('detail')}".casefold()
        reason = "suspended" if "suspended" in text else "notFound"
        for key in ("value", "resource_id"):
            value = problem.get(key)
            if isinstance(value, str):
                reasons[_folded(value)] = reason
    return reasons


def person_of(user: object) -> Person:
    """Read one user.

    Raises:
        ChannelError: `unavailable`, it is none.
    """
    if not isinstance(user, Mapping):
        raise ChannelError("unavailable", "a user is not an object")
    platform_id, username = _key(user)
    relations = user.get("connection_status")
    relations = relations if isinstance(relations, list) else []
    may_receive = user.get("receives_your_dm")
    return Person(
        platform_id=platform_id,
        username=username,
        display_name=name(user.get("name")) or username,
        bio=_text(user, "description"),
        location=_text(user, "location"),
        website=_website(user),
        avatar_url=_text(user, "profile_image_url"),
        follower_count=_metric(user, "followers_count"),
        following_count=_metric(user, "following_count"),
        post_count=_metric(user, "post_count", "tweet_count"),
        like_count=_metric(user, "like_count"),
        listed_count=_metric(user, "listed_count"),
        is_protected=user.get("protected") is True,
        may_receive=may_receive if isinstance(may_receive, bool) else None,
        follows_account="followed_by" in relations,
        blocks_or_blocked="blocking" in relations,
    )


def _key(user: Mapping[str, Any]) -> tuple[str, str]:
    platform_id = answers.identifier(user.get("id"))
    username = _text(user, "username")
    if platform_id is None or username is None or len(username) > _LONGEST_NAME:
        raise ChannelError("unavailable", "a user has no id or no username")
    return platform_id, username


def _text(user: Mapping[str, Any], key: str) -> str | None:
    value = user.get(key)
    return answers.legible(value) or None if isinstance(value, str) else None


def _website(user: Mapping[str, Any]) -> str | None:
    # `url` is X's shortener; the entities hold the address the person wrote.
    try:
        expanded = user["entities"]["url"]["urls"][0]["expanded_url"]
    except (KeyError, IndexError, TypeError):
        expanded = None
    return answers.legible(expanded) if isinstance(expanded, str) and expanded else _text(user, "url")


def _metric(user: Mapping[str, Any], *names: str) -> int | None:
    """Read a count under the first of its names that is there; X renames fields."""
    metrics = user.get("public_metrics")
    counts = [metrics.get(name) for name in names] if isinstance(metrics, Mapping) else []
    count = next((one for one in counts if one is not None), None)
    if not isinstance(count, int) or isinstance(count, bool):
        return None
    return count if 0 <= count < _LARGEST else None


def _folded(value: str) -> str:
    return value.casefold()

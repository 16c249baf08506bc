"""Lists of users that X gives page by page: followers, followed accounts, and who liked a post."""

from collections.abc import Mapping
from typing import Any

from overture.channels.port import ChannelError, Listed
from overture.channels.x import answers, profiles
from overture.core.words import Audience

_PATHS: Mapping[Audience, tuple[str, int]] = {
    Audience.FOLLOWERS: ("/2/users/{id}/followers", 1000),
    Audience.FOLLOWING: ("/2/users/{id}/following", 1000),
    Audience.LIKES: ("/2/tweets/{id}/liking_users", 100),
}
"""Where each is asked for, and how many users a page holds at most (X's OpenAPI document)."""


def request(audience: Audience, of_id: str, *, page: str | None, most: int) -> tuple[str, dict[str, str]]:
    """Return the path and the parameters that ask for a page.

    Raises:
        ChannelError: `gone`, it cannot be an id of X.
    """
    if not profiles.is_id(of_id):
        raise ChannelError("gone", "not an id of X")
    path, largest = _PATHS[audience]
    parameters = {"max_results": str(max(1, min(most, largest))), "user.fields": profiles.PERSON_FIELDS}
    if page is not None:
        parameters["pagination_token"] = page
    return path.format(id=of_id), parameters


def listed(body: Mapping[str, Any]) -> Listed:
    """Read a page.

    Raises:
        ChannelError: `gone`, what was asked about is not there; `unavailable`, the answer cannot be read.
    """
    users, meta = body.get("data"), body.get("meta")
    if not isinstance(users, list):
        if any(problem is not body for problem in answers.problems(body)):
            raise ChannelError("gone", "X knows nothing of that id, or does not show it")
        users = []
    token = meta.get("next_token") if isinstance(meta, Mapping) else None
    return Listed(
        people=tuple(profiles.person_of(user) for user in users),
        next_page=token if isinstance(token, str) and token else None,
    )

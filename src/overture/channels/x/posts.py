"""X's posts: which one of somebody is the latest."""

from collections.abc import Mapping
from typing import Any

from overture.channels.port import ChannelError
from overture.channels.x import answers

PARAMETERS: Mapping[str, str] = {"max_results": "5", "exclude": "replies,retweets"}
"""The fewest X gives, and only posts of the person's own."""


def latest(body: Mapping[str, Any]) -> str:
    """Return the id of the latest post on a page.

    Raises:
        ChannelError: `gone`, there is none, or none is shown; `unavailable`, the answer cannot be read.
    """
    data, meta = body.get("data"), body.get("meta")
    if data is None:
        if isinstance(meta, Mapping) or any(problem is not body for problem in answers.problems(body)):
            raise ChannelError("gone", "X shows no post of theirs")
        raise ChannelError("unavailable", "the answer holds no list of posts")
    found = (
        [answers.identifier(post.get("id")) for post in data if isinstance(post, Mapping)]
        if isinstance(data, list)
        else []
    )
    ids = [int(one) for one in found if one is not None]
    if not isinstance(data, list) or len(ids) < len(data):
        raise ChannelError("unavailable", "a post has no id")
    if not ids:
        raise ChannelError("gone", "X shows no post of theirs")
    return str(max(ids))

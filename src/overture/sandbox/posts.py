"""People's posts, and the likes accounts give them."""

import json
from typing import Any

from starlette.responses import Response

from overture.sandbox import answers, parameters, refusals
from overture.sandbox.accounts import Account
from overture.sandbox.admission import Call, Refused
from overture.sandbox.people import Nature
from overture.sandbox.platform import Member

_KNOWN = ("max_results", "exclude", "pagination_token", "post.fields", "tweet.fields", "expansions", "user.fields")
_KINDS = frozenset({"replies", "retweets"})
_MOST = 100


class Posts:
    """Shows posts, and takes likes.

    Args:
        may_like: the app has a plan that lets it like; other apps are refused.
    """

    def __init__(self, *, may_like: bool) -> None:
        self._may_like = may_like
        self.liked: list[tuple[str, str]] = []
        """Each like that was given, as account and post, in order."""

    def of_user(self, call: Call) -> Response:
        """`GET /2/users/{id}/tweets`: the latest first."""
        parameters.only(call.query, _KNOWN)
        parameters.choices(call.query, "exclude", _KINDS)
        count = parameters.count(call.query, "max_results", default=10, most=_MOST)
        user_id = parameters.user_id(call.path, "id")
        member = call.platform.by_id(user_id)
        if member is None or not (isinstance(member, Account) or member.exists):
            return answers.shown({"errors": [refusals.missing_user("id", user_id, is_suspended=False)]})
        if not isinstance(member, Account) and member.nature is Nature.PROTECTED:
            return answers.shown({"errors": [refusals.hidden_posts(user_id)]})
        ids = post_ids(member)[:count]
        shown = [{"id": post_id, "text": f"Post {post_id}"} for post_id in ids]
        meta: dict[str, Any] = {"result_count": len(ids)}
        if ids:
            meta |= {"newest_id": ids[0], "oldest_id": ids[-1]}
        return answers.shown(({"data": shown} if shown else {}) | {"meta": meta})

    def like(self, call: Call) -> Response:
        """`POST /2/users/{id}/likes`: liking a post once more changes nothing."""
        if parameters.user_id(call.path, "id") != call.account.id:
            text = "The `id` of the path must be that of the authenticating user"
            raise Refused(refusals.invalid("id", call.path["id"], text))
        post_id = _post_id(call.body)
        if not self._may_like:
            raise Refused(refusals.TABLE["clientNotEnrolled"])
        if (call.account.id, post_id) not in self.liked:
            self.liked.append((call.account.id, post_id))
        return answers.shown({"data": {"liked": True}})


def post_ids(member: Member) -> list[str]:
    """Return the ids of somebody's posts, the latest first; the ids of an account's are its own with a number."""
    count = 3 if isinstance(member, Account) else min(member.posts, _MOST)
    return [str(int(member.id[-12:]) * 1_000 + number) for number in range(count, 0, -1)]


def _post_id(body: bytes) -> str:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        sent = None
    post_id = sent.get("tweet_id") if isinstance(sent, dict) and set(sent) == {"tweet_id"} else None
    if not isinstance(post_id, str) or parameters.USER_ID.fullmatch(post_id) is None:
        raise Refused(refusals.invalid("tweet_id", "", "The body holds no `tweet_id`, or more than that"))
    return post_id

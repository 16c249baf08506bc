"""Looking users up: by id, by handle, and the caller itself."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from overture.sandbox import answers, parameters, profiles, refusals
from overture.sandbox.accounts import Account
from overture.sandbox.admission import Call
from overture.sandbox.people import Nature
from overture.sandbox.platform import Member

_COMMON = ("user.fields", "expansions", "post.fields", "tweet.fields")
_EXPANSIONS = frozenset({"affiliation", "most_recent_post_id", "pinned_post_id", "pinned_tweet_id"})


def by_ids(call: Call) -> Response:
    """`GET /2/users?ids=`."""
    parameters.only(call.query, ("ids", *_COMMON))
    ids = parameters.items(call.query, "ids", parameters.USER_ID)
    return _found(call, "ids", ids, call.platform.by_id)


def by_usernames(call: Call) -> Response:
    """`GET /2/users/by?usernames=`."""
    parameters.only(call.query, ("usernames", *_COMMON))
    usernames = parameters.items(call.query, "usernames", parameters.USERNAME)
    return _found(call, "usernames", usernames, call.platform.by_username)


def me(call: Call) -> Response:
    """`GET /2/users/me`."""
    parameters.only(call.query, _COMMON)
    return answers.shown({"data": profiles.shown(call.platform, call.account, call.account, _fields(call))})


def _found(call: Call, name: str, wanted: Any, find: Callable[[str], Member | None]) -> Response:
    fields = _fields(call)
    data: list[dict[str, Any]] = []
    errors: list[dict[str, str]] = []
    for value in wanted:
        member = find(value)
        if member is None or not (isinstance(member, Account) or member.exists):
            is_suspended = member is not None and _is_suspended(member)
            errors.append(refusals.missing_user(name, value, is_suspended=is_suspended))
        else:
            data.append(profiles.shown(call.platform, call.account, member, fields))
    # X leaves out what would be empty.
    return answers.shown({key: value for key, value in (("data", data), ("errors", errors)) if value})


def _is_suspended(member: Member) -> bool:
    return not isinstance(member, Account) and member.nature is Nature.SUSPENDED


def _fields(call: Call) -> Any:
    parameters.choices(call.query, "expansions", _EXPANSIONS)
    return parameters.choices(call.query, "user.fields", profiles.KNOWN_FIELDS)

"""Who follows a user, whom a user follows, who liked a post: drawn from the seed, the same each time."""

import math
import re

from starlette.responses import Response

from overture.sandbox import answers, parameters, profiles, refusals
from overture.sandbox.accounts import Account
from overture.sandbox.admission import Call, Refused
from overture.sandbox.draws import Draws

_KNOWN = (
    "max_results", "pagination_token", "user.fields", "expansions", "post.fields", "tweet.fields",
)  # fmt: skip
_OF_ACCOUNT = 250
_MOST_LIKES = 100
_TOKEN = re.compile(r"page([0-9]{1,9})")


def followers(call: Call) -> Response:
    """`GET /2/users/{id}/followers`."""
    return _of_user(call, "followers")


def following(call: Call) -> Response:
    """`GET /2/users/{id}/following`."""
    return _of_user(call, "following")


def liking_users(call: Call) -> Response:
    """`GET /2/tweets/{id}/liking_users`: every post there could be has likes."""
    post_id = parameters.user_id(call.path, "id")
    size = 1 + Draws(call.platform.seed, "likes", post_id).below(_MOST_LIKES)
    return _page(call, "likes", post_id, size, most=100)


def _of_user(call: Call, kind: str) -> Response:
    user_id = parameters.user_id(call.path, "id")
    member = call.platform.by_id(user_id)
    if member is None or not (isinstance(member, Account) or member.exists):
        return answers.shown({"errors": [refusals.missing_user("id", user_id, is_suspended=False)]})
    size = _OF_ACCOUNT if isinstance(member, Account) else getattr(member, kind)
    return _page(call, kind, user_id, size, most=1000)


def _page(call: Call, kind: str, of_id: str, size: int, *, most: int) -> Response:
    parameters.only(call.query, _KNOWN)
    count = parameters.count(call.query, "max_results", default=100, most=most)
    fields = parameters.choices(call.query, "user.fields", profiles.KNOWN_FIELDS)
    begin = _begin(call)
    population = call.platform.population
    size = min(size, population.count)
    draws = Draws(call.platform.seed, kind, of_id)
    first, stride = draws.below(max(1, population.count)), 1 + draws.below(max(1, population.count))
    while math.gcd(stride, population.count) != 1:
        stride += 1
    places = range(begin, min(begin + count, size))
    people = (population.person((first + place * stride) % population.count) for place in places)
    data = [profiles.shown(call.platform, call.account, person, fields) for person in people if person.exists]
    meta: dict[str, object] = {"result_count": len(data)}
    if begin + count < size:
        meta["next_token"] = f"page{begin + count}"
    return answers.shown({"meta": meta} | ({"data": data} if data else {}))


def _begin(call: Call) -> int:
    token = call.query.get("pagination_token")
    if token is None:
        return 0
    found = _TOKEN.fullmatch(token)
    if found is None:
        message = f"The `pagination_token` query parameter value [{token}] is not valid"
        raise Refused(refusals.invalid("pagination_token", token, message))
    return int(found[1])

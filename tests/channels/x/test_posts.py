"""The latest post of somebody, and liking it."""

from typing import Any

import httpx
import pytest

from overture.channels.port import ChannelError, Credentials
from overture.channels.x import oauth, posts
from overture.channels.x.channel import XChannel
from overture.channels.x.client import Client

CREDENTIALS = Credentials(base_url="https://api.x.com", token="token")


def test_the_latest_post_is_the_one_with_the_greatest_id() -> None:
    assert posts.latest({"data": [{"id": "99"}, {"id": "100"}, {"id": "7"}]}) == "100"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"meta": {"result_count": 0}}, "gone"),
        ({"data": []}, "gone"),
        ({"errors": [{"title": "Authorization Error", "type": "about:blank"}]}, "gone"),
        ({}, "unavailable"),
        ({"data": {"id": "7"}}, "unavailable"),
        ({"data": [{"text": "no id"}]}, "unavailable"),
        ({"data": ["7"]}, "unavailable"),
        ({"data": [{"id": "seven"}]}, "unavailable"),
    ],
)
def test_without_a_post_there_is_nothing_to_like(body: dict[str, Any], kind: str) -> None:
    with pytest.raises(ChannelError) as refused:
        posts.latest(body)
    assert refused.value.kind == kind


async def test_a_like_is_posted_as_the_account_for_the_latest_post() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        liked = {"data": {"liked": True}}
        return httpx.Response(200, json={"data": [{"id": "9"}]} if request.method == "GET" else liked)

    channel = XChannel(transport=httpx.MockTransport(answer), likes=True)
    assert await channel.like_latest(CREDENTIALS, of_id="77", own_id="5") == "9"
    assert [(request.method, request.url.path) for request in seen] == [
        ("GET", "/2/users/77/tweets"),
        ("POST", "/2/users/5/likes"),
    ]
    assert seen[1].content == b'{"tweet_id":"9"}'


@pytest.mark.parametrize("ids", [{"of_id": "me", "own_id": "5"}, {"of_id": "77", "own_id": "a/b"}])
async def test_what_cannot_be_an_id_is_not_asked_for(ids: dict[str, str]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    channel = XChannel(transport=httpx.MockTransport(fail), likes=True)
    with pytest.raises(ChannelError) as refused:
        await channel.like_latest(CREDENTIALS, **ids)
    assert refused.value.kind == "invalid"


def test_the_right_to_like_is_asked_for_only_where_the_operator_says_so() -> None:
    client = Client(timeout=1, transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    names = {
        is_asked: {scope.name for scope in oauth.Authority(client, asks_to_like=is_asked).scopes}
        for is_asked in (True, False)
    }
    assert names[True] - names[False] == {"like.write"}
    assert XChannel(likes=True).capabilities.likes is True
    assert XChannel().capabilities.likes is False

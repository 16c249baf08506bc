"""Lists of people on X's wire."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from overture.channels.port import ChannelError, Credentials
from overture.channels.x.channel import XChannel
from overture.core.words import Audience

CREDENTIALS = Credentials(base_url="https://api.x.com", token="token")
ADA = {"id": "7", "username": "ada", "name": "Ada", "public_metrics": {"followers_count": 3}}

GONE = {"title": "Not Found Error", "type": "https://api.x.com/2/problems/resource-not-found"}


async def _listed(status: int, body: Any, **asked: Any) -> tuple[Any, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=body)

    channel = XChannel(transport=httpx.MockTransport(answer))
    whole = {"audience": Audience.FOLLOWERS, "of_id": "77", "page": None, "most": 50, **asked}
    return await channel.list_audience(CREDENTIALS, **whole), seen


@pytest.mark.parametrize(
    ("audience", "path", "largest"),
    [
        (Audience.FOLLOWERS, "/2/users/77/followers", "1000"),
        (Audience.FOLLOWING, "/2/users/77/following", "1000"),
        (Audience.LIKES, "/2/tweets/77/liking_users", "100"),
    ],
)
async def test_each_is_asked_for_where_x_has_it_a_page_at_a_time(audience: Audience, path: str, largest: str) -> None:
    body = {"data": [ADA], "meta": {"result_count": 1, "next_token": "abc"}}
    page, (request,) = await _listed(200, body, audience=audience, most=5_000)
    assert (request.url.path, request.url.params["max_results"]) == (path, largest)
    assert "pagination_token" not in request.url.params
    assert [(one.platform_id, one.username, one.follower_count) for one in page.people] == [("7", "ada", 3)]
    assert page.next_page == "abc"
    last, (request,) = await _listed(200, {"data": [], "meta": {"result_count": 0}}, audience=audience, page="abc")
    assert (request.url.params["max_results"], request.url.params["pagination_token"]) == ("50", "abc")
    assert (last.people, last.next_page) == ((), None)


async def test_a_page_tells_when_it_used_up_the_window() -> None:
    spent = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1793613600"}
    answer = httpx.Response(200, json={"meta": {"result_count": 0}}, headers=spent)
    channel = XChannel(transport=httpx.MockTransport(lambda _: answer))
    page = await channel.list_audience(CREDENTIALS, audience=Audience.LIKES, of_id="77", page=None, most=1)
    assert page.rest_until == datetime.fromtimestamp(1793613600, UTC)


async def test_nobody_is_an_empty_page() -> None:
    page, _ = await _listed(200, {"meta": {"result_count": 0}})
    assert (page.people, page.next_page) == ((), None)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"errors": [GONE]}, "gone"),
        (404, {**GONE, "status": 404}, "gone"),
        (401, {"title": "Unauthorized", "status": 401}, "authLost"),
        (503, {"title": "Service Unavailable", "status": 503}, "unavailable"),
        (200, {"data": [{"name": "no id"}]}, "unavailable"),
    ],
)  # fmt: skip
async def test_a_refusal_has_its_kind(status: int, body: Any, kind: str) -> None:
    with pytest.raises(ChannelError) as refused:
        await _listed(status, body)
    assert refused.value.kind == kind


async def test_what_cannot_be_an_id_is_not_asked_for() -> None:
    with pytest.raises(ChannelError) as refused:
        await _listed(500, {}, of_id="ada")
    assert refused.value.kind == "gone"

"""Posts, and likes of apps that may."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from tests.sandbox import calls
from tests.sandbox.calls import Client

from overture.sandbox import posts
from overture.sandbox.people import Nature
from overture.sandbox.platform import Platform
from overture.sandbox.talk import Talk

LIKES = f"/2/users/{calls.ANA.id}/likes"


async def test_posts_come_the_latest_first(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.SILENT)
    answer = await client.get(f"/2/users/{person.id}/tweets", params={"max_results": 5, "exclude": "replies,retweets"})
    ids = [int(post["id"]) for post in answer.json()["data"]]
    assert ids == sorted(ids, reverse=True)
    assert [str(each) for each in ids] == posts.post_ids(person)[:5]


@pytest.mark.parametrize("nature", [Nature.PROTECTED, Nature.SUSPENDED, Nature.NOT_FOUND])
async def test_who_shows_none_has_none(client: Client, platform: Platform, nature: Nature) -> None:
    answer = await client.get(f"/2/users/{calls.one(platform, nature).id}/tweets")
    assert answer.status_code == 200
    assert "data" not in answer.json()
    assert answer.json()["errors"]


async def test_an_app_without_the_plan_may_not_like(client: Client, app: Starlette) -> None:
    refused = await client.post(LIKES, json={"tweet_id": "9"})
    assert refused.status_code == 403
    assert refused.json()["reason"] == "client-not-enrolled"
    assert app.state.posts.liked == []


async def test_an_app_with_the_plan_likes_once(make_app: Callable[..., Starlette]) -> None:
    app = make_app(may_like=True)
    client = calls.client_of(app)
    for _ in range(2):
        liked = await client.post(LIKES, json={"tweet_id": "9"})
        assert (liked.status_code, liked.json()) == (200, {"data": {"liked": True}})
    assert app.state.posts.liked == [(calls.ANA.id, "9")]
    assert liked.headers["x-user-limit-24hour-limit"] == "1000"


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"tweet_id": 9}', '{"tweet_id": "x"}', '{"tweet_id": "9", "more": 1}']
)
async def test_a_like_of_nothing_is_refused(make_app: Callable[..., Starlette], body: str) -> None:
    client = calls.client_of(make_app(may_like=True))
    assert (await client.post(LIKES, content=body)).status_code == 400
    assert (await client.post(f"/2/users/{calls.BEN.id}/likes", json={"tweet_id": "9"})).status_code == 400

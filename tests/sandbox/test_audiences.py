"""Who follows whom, and who liked what: lists of users, page by page."""

from typing import Any

from tests.sandbox import calls
from tests.sandbox.calls import ANA, Client

from overture.sandbox.people import Nature
from overture.sandbox.platform import Platform


async def _all(client: Client, path: str, size: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"max_results": size}
    while True:
        page = (await client.get(path, params=query)).json()
        assert page["meta"]["result_count"] == len(page.get("data", ())) <= size
        found += page.get("data", [])
        if "next_token" not in page["meta"]:
            return found
        query["pagination_token"] = page["meta"]["next_token"]


async def test_followers_are_listed_once_each_and_the_same_whatever_the_pages(
    client: Client, platform: Platform
) -> None:
    whole = await _all(client, f"/2/users/{ANA.id}/followers", 1000)
    assert len({user["id"] for user in whole}) == len(whole) > 100
    assert await _all(client, f"/2/users/{ANA.id}/followers", 7) == whole
    assert await _all(client, f"/2/users/{ANA.id}/following", 1000) != whole
    assert all(platform.population.by_id(user["id"]) for user in whole)


async def test_as_many_follow_a_person_as_their_profile_says_less_those_who_are_gone(
    client: Client, platform: Platform
) -> None:
    few = next(one for one in calls.everybody(platform) if one.exists and 5 < one.followers < 50)
    assert 0 < len(await _all(client, f"/2/users/{few.id}/followers", 100)) <= few.followers


async def test_a_post_was_liked(client: Client) -> None:
    liking = await _all(client, "/2/tweets/1900000000000000042/liking_users", 100)
    assert 0 < len(liking) <= 100
    assert liking != await _all(client, "/2/tweets/1900000000000000043/liking_users", 100)


async def test_of_nobody_nothing_is_listed(client: Client, platform: Platform) -> None:
    for user_id in ("42", calls.one(platform, Nature.SUSPENDED).id):
        answer = (await client.get(f"/2/users/{user_id}/followers")).json()
        assert "data" not in answer and answer["errors"][0]["resource_id"] == user_id


async def test_what_x_does_not_take_is_refused(client: Client) -> None:
    for path, query in (
        (f"/2/users/{ANA.id}/followers", {"max_results": 1001}),
        ("/2/tweets/1/liking_users", {"max_results": 101}),
        (f"/2/users/{ANA.id}/followers", {"pagination_token": "nonsense"}),
        (f"/2/users/{ANA.id}/followers", {"since": "2020"}),
        ("/2/users/ana/followers", {}),
    ):
        assert (await client.get(path, params=query)).status_code == 400, (path, query)

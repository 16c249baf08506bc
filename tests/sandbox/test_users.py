"""Looking users up."""

from starlette.applications import Starlette
from tests.sandbox import calls
from tests.sandbox.calls import Client

from overture.sandbox.people import Nature
from overture.sandbox.platform import Platform

FIELDS = "receives_your_dm,connection_status,protected,public_metrics,verified_type,description,location,url"


async def test_a_look_up_shows_the_default_fields_and_those_asked_for(client: Client, platform: Platform) -> None:
    person = calls.one(platform, Nature.OPEN, location="Lisbon")
    plain = await client.get("/2/users", params={"ids": person.id})
    assert plain.json() == {"data": [{"id": person.id, "name": person.name, "username": person.username}]}
    asked = await client.get("/2/users", params={"ids": person.id, "user.fields": FIELDS})
    (profile,) = asked.json()["data"]
    assert profile["receives_your_dm"] is True
    assert profile["connection_status"] == []
    assert profile["protected"] is False
    assert profile["location"] == "Lisbon"
    assert profile["public_metrics"]["tweet_count"] == profile["public_metrics"]["post_count"] == person.posts


async def test_missing_and_suspended_users_are_problems_beside_those_found(client: Client, platform: Platform) -> None:
    found = calls.one(platform, Nature.OPEN)
    gone = calls.one(platform, Nature.NOT_FOUND)
    suspended = calls.one(platform, Nature.SUSPENDED)
    ids = [gone.id, found.id, "42", suspended.id]
    answer = await client.get("/2/users", params={"ids": ",".join(ids)})
    assert answer.status_code == 200
    assert [user["id"] for user in answer.json()["data"]] == [found.id]
    problems = {problem["value"]: problem for problem in answer.json()["errors"]}
    assert set(problems) == {gone.id, "42", suspended.id}
    assert problems[gone.id]["title"] == problems["42"]["title"] == "Not Found Error"
    assert problems[suspended.id]["detail"] == f"User has been suspended: [{suspended.id}]."
    for problem in problems.values():
        assert problem["type"] == "https://api.x.com/2/problems/resource-not-found"
        assert problem["resource_type"] == "user"
        assert problem["parameter"] == "ids"


async def test_an_answer_without_anybody_has_no_data(client: Client) -> None:
    answer = await client.get("/2/users", params={"ids": "42"})
    assert answer.status_code == 200
    assert set(answer.json()) == {"errors"}


async def test_usernames_are_found_whatever_their_case(client: Client, platform: Platform) -> None:
    person = calls.one(platform, Nature.CLOSED)
    answer = await client.get("/2/users/by", params={"usernames": f"{person.username.upper()},nobody_here,Ben"})
    assert [user["username"] for user in answer.json()["data"]] == [person.username, "ben"]
    (problem,) = answer.json()["errors"]
    assert (problem["parameter"], problem["value"]) == ("usernames", "nobody_here")


async def test_who_may_be_written_to_depends_on_the_account_that_asks(app: Starlette, platform: Platform) -> None:
    follower = calls.one(platform, Nature.FOLLOWS, follows=calls.BEN.id)
    seen = {}
    for account in (calls.ANA, calls.BEN):
        answer = await calls.client_of(app, account).get(
            "/2/users", params={"ids": follower.id, "user.fields": "receives_your_dm,connection_status"}
        )
        (profile,) = answer.json()["data"]
        seen[account.username] = (profile["receives_your_dm"], profile["connection_status"])
    assert seen == {"ana": (False, []), "ben": (True, ["followed_by"])}


async def test_look_ups_tell_open_closed_protected_and_hide_blocks(client: Client, platform: Platform) -> None:
    expected = {
        Nature.OPEN: (True, False),
        Nature.CLOSED: (False, False),
        Nature.PROTECTED: (False, True),
        Nature.BLOCKING: (True, False),
    }
    for nature, verdict in expected.items():
        person = calls.one(platform, nature)
        answer = await client.get("/2/users", params={"ids": person.id, "user.fields": "receives_your_dm,protected"})
        (profile,) = answer.json()["data"]
        assert (profile["receives_your_dm"], profile["protected"]) == verdict, nature


async def test_me_is_the_account_of_the_token(client: Client) -> None:
    answer = await client.get("/2/users/me", params={"user.fields": "public_metrics,verified_type"})
    assert answer.json()["data"]["id"] == calls.ANA.id
    assert answer.json()["data"]["username"] == "ana"
    assert answer.json()["data"]["verified_type"] == "blue"


async def test_more_than_a_hundred_and_malformed_values_are_refused(client: Client) -> None:
    many = ",".join(str(number) for number in range(101))
    refused = {
        "/2/users": [
            {},
            {"ids": ""},
            {"ids": many},
            {"ids": "12,x"},
            {"ids": "1" * 20},
            {"ids": "1", "extra": "1"},
        ],
        "/2/users/by": [{}, {"usernames": "not-a-name"}, {"usernames": "a", "user.fields": "shoe_size"}],
    }
    for path, queries in refused.items():
        for query in queries:
            answer = await client.get(path, params=query)
            assert answer.status_code == 400, (path, query)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "https://api.x.com/2/problems/invalid-request"
            assert answer.json()["errors"]


async def test_calls_without_a_known_token_are_unauthorized(client: Client) -> None:
    for header in (None, "Bearer nobody", "Bearer", "Basic c2FuZGJveC1hbmE6"):
        headers = {} if header is None else {"authorization": header}
        client.headers.pop("authorization", None)
        answer = await client.get("/2/users/me", headers=headers)
        assert answer.status_code == 401
        assert answer.json() == {
            "title": "Unauthorized",
            "type": "about:blank",
            "status": 401,
            "detail": "Unauthorized",
        }


async def test_unknown_paths_and_methods_answer_as_problems(client: Client) -> None:
    assert (await client.get("/2/tweets")).json()["status"] == 404
    assert (await client.delete("/2/users")).json()["status"] == 405

"""The channel on X's wire: the requests it makes, and how it reads the answers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from overture.channels.port import ChannelError, Credentials
from overture.channels.x.channel import XChannel
from overture.channels.x.refusals import Row
from overture.core.lookup import Lookup
from overture.core.words import OutcomeKind

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CREDENTIALS = Credentials(base_url="https://api.x.com/", token="token-of-ada")
Handler = Callable[[httpx.Request], httpx.Response]


def channel(handler: Handler) -> XChannel:
    return XChannel(transport=httpx.MockTransport(handler))


def answering(status: int, body: object, headers: dict[str, str] | None = None) -> XChannel:
    return channel(lambda _: httpx.Response(status, json=body, headers=headers))


def forbidden(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"nothing may be asked, but {request.url} was")


def user(user_id: str, username: str, **more: Any) -> dict[str, Any]:
    return {"id": user_id, "username": username, "name": username.title(), **more}


def absent(lookup: Lookup) -> dict[str, str]:
    return {one.identifier: one.reason for one in lookup.absent}


class TestSend:
    async def test_it_posts_the_text_to_the_person_with_the_accounts_token(self) -> None:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(201, json={"data": {"dm_conversation_id": "1-77", "dm_event_id": "9"}})

        outcome = await channel(answer).send(CREDENTIALS, recipient_id="77", text="Grüße 🙂", now=NOW)

        (request,) = seen
        assert request.method == "POST"
        assert str(request.url) == "https://api.x.com/2/dm_conversations/with/77/messages"
        assert json.loads(request.content) == {"text": "Grüße 🙂"}
        assert request.headers["authorization"] == "Bearer token-of-ada"
        assert request.headers["user-agent"].startswith("overture/")
        assert (outcome.kind, outcome.platform_message_id) == (OutcomeKind.ACCEPTED, "9")

    @pytest.mark.parametrize(
        "error",
        [
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.ProxyError,
            httpx.UnsupportedProtocol,
        ],
    )
    async def test_a_failure_before_the_request_was_written_is_not_sent(
        self, error: type[httpx.TransportError]
    ) -> None:
        def fail(_: httpx.Request) -> httpx.Response:
            raise error("refused")

        outcome = await channel(fail).send(CREDENTIALS, recipient_id="77", text="Hi", now=NOW)

        assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "unreachable")
        assert outcome.is_due_again

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (httpx.ReadTimeout("late"), "timeout"),
            (httpx.WriteTimeout("late"), "timeout"),
            (TimeoutError(), "timeout"),
            (httpx.ReadError("reset"), "connectionLost"),
            (httpx.WriteError("reset"), "connectionLost"),
            (httpx.RemoteProtocolError("closed"), "connectionLost"),
            (OSError("bad record"), "connectionLost"),
            (httpx.DecodingError("no gzip"), "unreadableAnswer"),
        ],
    )
    async def test_a_failure_after_the_request_may_have_been_written_is_unknown_and_tried_once(
        self, error: Exception, reason: str
    ) -> None:
        tries = 0

        def fail(_: httpx.Request) -> httpx.Response:
            nonlocal tries
            tries += 1
            raise error

        outcome = await channel(fail).send(CREDENTIALS, recipient_id="77", text="Hi", now=NOW)

        assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, reason)
        assert tries == 1

    @pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"{", b"[" * 100_000, b"\xff\xfe"])
    async def test_a_success_that_cannot_be_read_is_unknown(self, content: bytes) -> None:
        sender = channel(lambda _: httpx.Response(201, content=content))

        outcome = await sender.send(CREDENTIALS, recipient_id="77", text="Hi", now=NOW)

        assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, "unreadableAnswer")

    async def test_a_redirect_is_not_followed(self) -> None:
        seen = []

        def redirect(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(307, headers={"location": "https://elsewhere.example/"})

        outcome = await channel(redirect).send(CREDENTIALS, recipient_id="77", text="Hi", now=NOW)

        assert outcome.kind is OutcomeKind.UNKNOWN
        assert len(seen) == 1

    @pytest.mark.parametrize("recipient_id", ["", "me", "7/../8", "١٢", "1" * 20, "-7", "7 "])
    async def test_a_recipient_that_is_no_id_never_reaches_the_wire(self, recipient_id: str) -> None:
        outcome = await channel(forbidden).send(CREDENTIALS, recipient_id=recipient_id, text="Hi", now=NOW)

        assert outcome.kind is OutcomeKind.INVALID

    @pytest.mark.parametrize("token", ["", "two words", "new\nline", "schlüssel"])
    async def test_a_token_that_cannot_stand_in_a_header_is_lost_authorisation(self, token: str) -> None:
        credentials = Credentials(base_url="https://api.x.com", token=token)

        outcome = await channel(forbidden).send(credentials, recipient_id="77", text="Hi", now=NOW)

        assert outcome.kind is OutcomeKind.AUTH_LOST

    @pytest.mark.parametrize("base_url", ["", "api.x.com", "ftp://api.x.com", "http://[", "https://"])
    async def test_an_address_that_leads_nowhere_is_not_sent(self, base_url: str) -> None:
        credentials = Credentials(base_url=base_url, token="token")

        outcome = await XChannel().send(credentials, recipient_id="77", text="Hi", now=NOW)

        assert outcome.kind is OutcomeKind.NOT_SENT

    async def test_refusals_that_an_operator_adds_are_read_first(self) -> None:
        row = Row(status=403, phrase="not in this country", kind=OutcomeKind.RECIPIENT_REFUSED, reason="closed")
        body = {"detail": "Not in this country."}
        sender = XChannel(transport=httpx.MockTransport(lambda _: httpx.Response(403, json=body)), refusals=(row,))

        outcome = await sender.send(CREDENTIALS, recipient_id="77", text="Hi", now=NOW)

        assert (outcome.kind, outcome.reason) == (OutcomeKind.RECIPIENT_REFUSED, "closed")

    async def test_cookies_of_one_account_do_not_travel_with_the_next(self) -> None:
        cookies = []

        def answer(request: httpx.Request) -> httpx.Response:
            cookies.append(request.headers.get("cookie"))
            return httpx.Response(
                201, json={"data": {"dm_event_id": "9"}}, headers={"set-cookie": "guest_id=ada; Path=/"}
            )

        sender = channel(answer)
        for _ in range(2):
            await sender.send(CREDENTIALS, recipient_id="77", text="Hi", now=NOW)

        assert cookies == [None, None]


class TestIdentify:
    async def test_it_names_the_account_behind_the_token(self) -> None:
        data = user("5", "ada", profile_image_url="https://pbs.example/ada.png")

        identity = await answering(200, {"data": data}).identify(CREDENTIALS)

        assert (identity.platform_id, identity.username, identity.display_name) == ("5", "ada", "Ada")
        assert identity.avatar_url == "https://pbs.example/ada.png"

    @pytest.mark.parametrize("body", [{}, {"data": []}, {"data": {"id": "5"}}, [], None])
    async def test_an_answer_without_a_user_is_unavailable(self, body: object) -> None:
        with pytest.raises(ChannelError) as raised:
            await answering(200, body).identify(CREDENTIALS)

        assert raised.value.kind == "unavailable"


class TestLookUp:
    async def test_it_reads_what_x_tells_of_a_person(self) -> None:
        seen: list[httpx.Request] = []
        told = user(
            "77",
            "Grace",
            description="Compilers",
            location="Arlington",
            url="https://t.co/x",
            entities={"url": {"urls": [{"expanded_url": "https://grace.example"}]}},
            profile_image_url="https://pbs.example/g.png",
            protected=True,
            public_metrics={"followers_count": 12, "tweet_count": 3},
            receives_your_dm=False,
            connection_status=["followed_by", "blocking"],
        )

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, json={"data": [told]})

        lookup = await channel(answer).look_up(CREDENTIALS, platform_ids=["77"])

        (person,) = lookup.people
        assert (person.platform_id, person.username, person.display_name) == ("77", "Grace", "Grace")
        assert (person.bio, person.location) == ("Compilers", "Arlington")
        assert person.website == "https://grace.example"
        assert person.avatar_url == "https://pbs.example/g.png"
        assert person.follower_count == 12
        assert person.is_protected
        assert person.may_receive is False
        assert person.follows_account
        assert person.blocks_or_blocked
        (request,) = seen
        assert request.url.path == "/2/users"
        assert request.url.params["ids"] == "77"
        fields = set(request.url.params["user.fields"].split(","))
        assert {"receives_your_dm", "connection_status", "protected", "public_metrics"} <= fields

    async def test_a_sparse_person_is_no_error_and_nothing_is_made_up(self) -> None:
        body = {"data": [{"id": "77", "username": "grace", "public_metrics": {"post_count": 1}}]}

        (person,) = (await answering(200, body).look_up(CREDENTIALS, platform_ids=["77"])).people

        assert person.display_name == "grace"
        assert person.may_receive is None
        assert person.follower_count is None
        assert not person.follows_account

    async def test_people_are_matched_by_id_and_never_by_position(self) -> None:
        body = {
            "data": [user("3", "three"), user("1", "one"), user("99", "stranger")],
            "errors": [{"value": "2", "title": "Not Found Error", "type": "https://api.x.com/x/resource-not-found"}],
        }

        lookup = await answering(200, body).look_up(CREDENTIALS, platform_ids=["1", "2", "3", "4"])

        assert [person.username for person in lookup.people] == ["one", "three"]
        assert absent(lookup) == {"2": "notFound", "4": "notFound"}

    async def test_usernames_are_matched_in_any_case_and_asked_for_once(self) -> None:
        asked = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append((request.url.path, request.url.params["usernames"]))
            return httpx.Response(200, json={"data": [user("7", "GraceHopper")]})

        lookup = await channel(answer).look_up(CREDENTIALS, usernames=["gracehopper", "GRACEHOPPER", "gracehopper"])

        assert asked == [("/2/users/by", "GRACEHOPPER")]
        assert [person.platform_id for person in lookup.people] == ["7"]
        assert lookup.absent == ()

    async def test_a_suspended_profile_is_told_from_a_missing_one(self) -> None:
        kind = "https://api.twitter.com/2/problems/resource-not-found"
        body = {
            "errors": [
                {"value": "Gone", "detail": "Could not find user with usernames: [Gone].", "type": kind},
                {"resource_id": "bad", "detail": "User has been suspended: [bad].", "type": kind},
            ]
        }

        lookup = await answering(200, body).look_up(CREDENTIALS, usernames=["gone", "bad"])

        assert absent(lookup) == {"gone": "notFound", "bad": "suspended"}

    async def test_impossible_identifiers_are_absent_without_spoiling_the_batch(self) -> None:
        asked = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(dict(request.url.params))
            return httpx.Response(200, json={"data": [user("7", "grace")]})

        names = ["grace", "has space", "a,b", "sixteen_letters_", "", "@grace", "naïve"]
        by_name = await channel(answer).look_up(CREDENTIALS, usernames=names)
        by_id = await channel(answer).look_up(CREDENTIALS, platform_ids=["7", "x7", "7,8", "1" * 20, "٧"])

        assert [params.get("usernames") or params.get("ids") for params in asked] == ["grace", "7"]
        assert set(absent(by_name)) == set(names[1:])
        assert set(absent(by_id)) == {"x7", "7,8", "1" * 20, "٧"}
        assert len(by_name.people) == len(by_id.people) == 1

    async def test_nothing_possible_asks_nothing(self) -> None:
        asker = channel(forbidden)

        assert await asker.look_up(CREDENTIALS) == Lookup(people=(), absent=())
        assert absent(await asker.look_up(CREDENTIALS, usernames=["not a name"])) == {"not a name": "notFound"}

    async def test_more_than_a_batch_is_refused_before_the_wire(self) -> None:
        with pytest.raises(ValueError, match="100"):
            await channel(forbidden).look_up(CREDENTIALS, platform_ids=[str(n) for n in range(101)])

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"meta": {}},
            {"errors": []},
            {"data": ["grace"]},
            {"data": [{"id": "7"}]},
            {"errors": [{"title": "Internal", "type": "https://api.x.com/2/problems/internal-error"}]},
        ],
    )
    async def test_an_answer_that_leaves_somebody_out_without_a_word_makes_nobody_absent(
        self, body: dict[str, Any]
    ) -> None:
        with pytest.raises(ChannelError) as raised:
            await answering(200, body).look_up(CREDENTIALS, platform_ids=["7"])

        assert raised.value.kind == "unavailable"

    async def test_text_that_a_database_cannot_keep_is_mended(self) -> None:
        body = b'{"data":[{"id":"7","username":"grace","name":"G\\u0000\\ud83d","description":"\\u0000"}]}'
        reader = channel(lambda _: httpx.Response(200, content=body))

        (person,) = (await reader.look_up(CREDENTIALS, platform_ids=["7"])).people

        assert person.display_name == "G?"
        assert person.bio is None


READ_FAILURES = [
    (401, {"title": "Unauthorized"}, "authLost"),
    (402, {"title": "CreditsDepleted"}, "outOfCredit"),
    (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, "rateLimited"),
    (400, {"type": "https://api.x.com/2/problems/invalid-request"}, "invalid"),
    (404, {"type": "https://api.x.com/2/problems/resource-not-found"}, "invalid"),
    (403, {"detail": "something new"}, "unavailable"),
    (503, {}, "unavailable"),
]


@pytest.mark.parametrize(("status", "body", "kind"), READ_FAILURES)
async def test_every_read_fails_with_the_kind_that_the_answer_means(
    status: int, body: dict[str, Any], kind: str
) -> None:
    reset = int((NOW + timedelta(minutes=5)).timestamp())
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
    reader = answering(status, body, headers)
    calls = [
        reader.identify(CREDENTIALS),
        reader.look_up(CREDENTIALS, usernames=["grace"]),
        reader.read_inbox(CREDENTIALS, until_id=None, own_id="5"),
        reader.read_conversation(CREDENTIALS, with_id="7", since=NOW, own_id="5"),
    ]

    for call in calls:
        with pytest.raises(ChannelError) as raised:
            await call
        assert raised.value.kind == kind
        assert raised.value.retry_at == (NOW + timedelta(minutes=5) if kind == "rateLimited" else None)


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ReadTimeout("late"), httpx.ReadError("cut")])
async def test_a_read_that_brings_no_answer_is_unavailable(error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(ChannelError) as raised:
        await channel(fail).identify(CREDENTIALS)

    assert raised.value.kind == "unavailable"

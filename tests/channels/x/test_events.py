"""Reading messages off X's wire: paging, where a read stops, and what cannot pass for a message."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from overture.channels.port import ChannelError, Credentials, Names
from overture.channels.x import limits
from overture.channels.x.channel import XChannel

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CREDENTIALS = Credentials(base_url="https://api.x.com", token="token-of-ada")


def channel(handler: Callable[[httpx.Request], httpx.Response]) -> XChannel:
    return XChannel(transport=httpx.MockTransport(handler))


def answering(status: int, body: object) -> XChannel:
    return channel(lambda _: httpx.Response(status, json=body))


def forbidden(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"nothing may be asked, but {request.url} was")


def event(number: int, sender_id: str, text: str | None = "Hi", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": str(number),
        "event_type": "MessageCreate",
        "sender_id": sender_id,
        "created_at": (NOW + timedelta(seconds=number)).isoformat().replace("+00:00", "Z"),
        "dm_conversation_id": "5-7",
        **more,
    }
    return made if text is None else {**made, "text": text}


class Pages:
    """Answers with one page after the other, and keeps the requests."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self.requests: list[httpx.Request] = []
        self._pages = pages

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        number = int(request.url.params.get("pagination_token", "page000000000000").removeprefix("page"))
        meta: dict[str, Any] = {"result_count": len(self._pages[number])}
        if number + 1 < len(self._pages):
            meta["next_token"] = f"page{number + 1:012}"
        return httpx.Response(200, json={"data": self._pages[number], "meta": meta})


class TestReadInbox:
    async def test_messages_of_both_directions_are_read_newest_first(self) -> None:
        pages = Pages([event(12, "7", "Yes?"), event(11, "5", "Hello")])

        inbox = await channel(pages).read_inbox(CREDENTIALS, until_id=None, own_id="5")

        newer, older = inbox.messages
        assert inbox.reached
        assert (newer.platform_id, newer.is_inbound, newer.sender_id, newer.other_id) == (
            "12",
            True,
            "7",
            "7",
        )
        assert (older.platform_id, older.is_inbound, older.sender_id, older.other_id) == (
            "11",
            False,
            "5",
            "7",
        )
        assert newer.text == "Yes?"
        assert newer.conversation_id == "5-7"
        assert newer.sent_at == NOW + timedelta(seconds=12)
        (request,) = pages.requests
        assert request.url.path == "/2/dm_events"
        assert dict(request.url.params) == {
            "dm_event.fields": "created_at,dm_conversation_id,event_type,id,text",
            "expansions": "sender_id",
            "event_types": "MessageCreate",
            "max_results": "100",
        }

    async def test_it_stops_at_the_known_message_by_number_not_by_letters(self) -> None:
        pages = Pages([event(1000, "7"), event(999, "7"), event(998, "7")], [event(1, "7")])

        inbox = await channel(pages).read_inbox(CREDENTIALS, until_id="999", own_id="5")

        assert [message.platform_id for message in inbox.messages] == ["1000"]
        assert inbox.reached
        assert len(pages.requests) == 1

    async def test_it_pages_on_until_the_known_message_and_takes_each_message_once(self) -> None:
        pages = Pages([event(9, "7"), event(8, "7")], [event(8, "7"), event(6, "7")], [event(5, "7")])

        inbox = await channel(pages).read_inbox(CREDENTIALS, until_id="5", own_id="5")

        assert [message.platform_id for message in inbox.messages] == ["9", "8", "6"]
        assert inbox.reached
        assert len(pages.requests) == 3

    async def test_a_known_message_that_is_gone_is_passed_by(self) -> None:
        pages = Pages([event(9, "7")], [event(4, "7")])

        inbox = await channel(pages).read_inbox(CREDENTIALS, until_id="5", own_id="5")

        assert [message.platform_id for message in inbox.messages] == ["9"]
        assert inbox.reached

    async def test_a_backlog_beyond_the_page_cap_is_said_not_to_be_reached(self) -> None:
        pages = Pages(*([event(number, "7")] for number in range(50, 30, -1)))

        inbox = await channel(pages).read_inbox(CREDENTIALS, until_id="1", own_id="5")

        assert len(inbox.messages) == len(pages.requests) == limits.PAGE_CAP
        assert not inbox.reached
        assert inbox.next_page is not None

    async def test_a_reading_goes_on_where_an_earlier_one_ended(self) -> None:
        pages = Pages([event(10, "7")], [event(9, "7")], [event(8, "7")])

        inbox = await channel(pages).read_inbox(CREDENTIALS, until_id="1", own_id="5", page="page000000000001")

        assert [message.platform_id for message in inbox.messages] == ["9", "8"]
        assert (inbox.reached, inbox.next_page) == (True, None)

    async def test_an_empty_inbox_is_read_to_its_end(self) -> None:
        inbox = await answering(200, {"meta": {"result_count": 0}}).read_inbox(CREDENTIALS, until_id="5", own_id="5")

        assert inbox.messages == ()
        assert inbox.reached

    async def test_groups_and_other_events_are_left_out(self) -> None:
        pages = Pages(
            [
                event(9, "7", dm_conversation_id="1234567"),
                {"id": "8", "event_type": "ParticipantsJoin"},
                event(7, "5", text=None),
            ]
        )

        inbox = await channel(pages).read_inbox(CREDENTIALS, until_id=None, own_id="5")

        (message,) = inbox.messages
        assert (message.platform_id, message.text) == ("7", "")

    @pytest.mark.parametrize("missing", ["id", "sender_id", "created_at"])
    async def test_a_message_that_cannot_be_read_fails_loudly(self, missing: str) -> None:
        broken = event(9, "7")
        del broken[missing]

        with pytest.raises(ChannelError) as raised:
            await channel(Pages([broken])).read_inbox(CREDENTIALS, until_id=None, own_id="5")

        assert raised.value.kind == "unavailable"

    @pytest.mark.parametrize("body", [{}, {"errors": [{"title": "x"}]}, {"data": {}}, []])
    async def test_silence_does_not_pass_for_an_empty_inbox(self, body: object) -> None:
        with pytest.raises(ChannelError) as raised:
            await answering(200, body).read_inbox(CREDENTIALS, until_id=None, own_id="5")

        assert raised.value.kind == "unavailable"


class TestReadConversation:
    async def test_it_reads_down_to_the_instant_and_no_further(self) -> None:
        pages = Pages([event(12, "7"), event(11, "5")], [event(10, "5"), event(9, "7")], [event(8, "7")])

        inbox = await channel(pages).read_conversation(
            CREDENTIALS, with_id="7", since=NOW + timedelta(seconds=10), own_id="5"
        )

        assert [message.platform_id for message in inbox.messages] == ["12", "11", "10"]
        assert inbox.reached
        assert [request.url.path for request in pages.requests] == ["/2/dm_conversations/with/7/dm_events"] * 2

    async def test_a_person_without_an_id_is_refused_before_the_wire(self) -> None:
        with pytest.raises(ChannelError) as raised:
            await channel(forbidden).read_conversation(CREDENTIALS, with_id="7/..", since=NOW, own_id="5")

        assert raised.value.kind == "invalid"


class TestSenders:
    async def test_a_message_names_who_wrote_it_where_that_is_told(self) -> None:
        users = [{"id": "7", "username": "ada", "name": "Ada"}, {"id": "5", "username": "us", "name": "Us"}]
        body = {"data": [event(12, "7"), event(11, "5")], "meta": {"result_count": 2}, "includes": {"users": users}}
        inbox = await answering(200, body).read_inbox(CREDENTIALS, until_id=None, own_id="5")
        assert [message.other for message in inbox.messages] == [Names(username="ada", display_name="Ada"), None]

    @pytest.mark.parametrize(
        "includes",
        [
            None,
            7,
            [],
            {"users": {}},
            {"users": [7, {"id": "7"}, {"id": "7", "username": 7}, {"username": "ada"}]},
            {"users": [{"id": "7", "username": "a" * 5000}]},
        ],
    )
    async def test_names_that_cannot_be_read_are_left_out_and_the_message_is_not(self, includes: object) -> None:
        body = {"data": [event(12, "7")], "meta": {"result_count": 1}, "includes": includes}
        inbox = await answering(200, body).read_inbox(CREDENTIALS, until_id=None, own_id="5")
        assert [message.other for message in inbox.messages] == [None]

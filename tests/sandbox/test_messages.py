"""Sending direct messages and reading them back."""

import re

import pytest
from starlette.applications import Starlette
from tests.sandbox import calls
from tests.sandbox.calls import Client

from overture.sandbox import refusals
from overture.sandbox.people import Nature
from overture.sandbox.platform import Platform
from overture.sandbox.talk import Talk

FIELDS = {"dm_event.fields": "id,event_type,text,created_at,dm_conversation_id", "expansions": "sender_id"}


async def test_an_accepted_message_names_its_conversation_and_its_event(client: Client, platform: Platform) -> None:
    person = calls.one(platform, Nature.OPEN)
    answer = await calls.send(client, person.id, "Hi 👋 & <you>")
    assert answer.status_code == 201
    low, high = sorted((int(calls.ANA.id), int(person.id)))
    data = answer.json()["data"]
    assert data["dm_conversation_id"] == f"{low}-{high}"
    assert await calls.written(client) == [
        {
            "id": data["dm_event_id"],
            "sender": calls.ANA.id,
            "recipient": person.id,
            "text": "Hi 👋 & <you>",
            "time": "2026-03-02T09:00:00.000Z",
            "origin": "api",
        }
    ]


@pytest.mark.parametrize(
    ("nature", "refusal", "status"),
    [
        (Nature.CLOSED, "permission", 403),
        (Nature.CLOSED, "notFollowing", 403),
        (Nature.PROTECTED, "permission", 403),
        (Nature.SUSPENDED, "permission", 403),
        (Nature.NOT_FOUND, "recipientGone", 404),
        (Nature.BLOCKING, "cannotMessage", 403),
        (Nature.BLOCKING, "permission", 403),
    ],
)
async def test_people_who_cannot_be_written_to_are_refused_in_x_s_words(
    client: Client, platform: Platform, nature: Nature, refusal: str, status: int
) -> None:
    person = calls.one(platform, nature, refusal=refusal)
    answer = await calls.send(client, person.id)
    assert answer.status_code == status
    assert answer.json() == refusals.TABLE[refusal].body
    assert await calls.written(client) == []


async def test_a_follower_is_reached_by_the_account_they_follow_alone(app: Starlette, platform: Platform) -> None:
    person = calls.one(platform, Nature.FOLLOWS, follows=calls.CHLOE.id)
    assert (await calls.send(calls.client_of(app, calls.CHLOE), person.id)).status_code == 201
    assert (await calls.send(calls.client_of(app, calls.ANA), person.id)).status_code == 403


async def test_a_closed_person_who_wrote_first_can_be_answered(client: Client, platform: Platform) -> None:
    person = calls.one(platform, Nature.CLOSED)
    assert (await calls.send(client, person.id)).status_code == 403
    wrote = {"sender": person.username, "recipient": "ana", "text": "Hello?"}
    assert (await client.post("/_sandbox/messages", json=wrote)).status_code == 201
    assert (await calls.send(client, person.id)).status_code == 201
    seen = await client.get("/2/users", params={"ids": person.id, "user.fields": "receives_your_dm"})
    assert seen.json()["data"][0]["receives_your_dm"] is True


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"text": ""}', b'{"text": "  "}', b'{"text": 5}',
        b'{"txt": "a"}', b'{"text": "a", "more": 1}', b'{"text": "a", "attachments": [{"media_id": "1"}]}',
        b'{"text": "\\ud800"}', b"\xff\xfe", b"[" * 100_000, b'{"\\udfff": 1}',
    ],
)  # fmt: skip
async def test_bodies_that_cannot_be_sent_are_invalid_requests(client: Client, platform: Platform, body: bytes) -> None:
    person = calls.one(platform, Nature.OPEN)
    answer = await client.post(f"/2/dm_conversations/with/{person.id}/messages", content=body)
    assert answer.status_code == 400
    assert answer.json()["type"] == "https://api.x.com/2/problems/invalid-request"
    assert await calls.written(client) == []


async def test_ten_thousand_characters_pass_and_one_more_does_not(client: Client, platform: Platform) -> None:
    person = calls.one(platform, Nature.OPEN)
    assert (await calls.send(client, person.id, "é" * 10_000)).status_code == 201
    assert (await calls.send(client, person.id, "é" * 10_001)).status_code == 400


async def test_oneself_strangers_to_the_platform_and_malformed_ids_are_invalid(client: Client) -> None:
    for recipient in (calls.ANA.id, "42", "abc", "1" * 20):
        assert (await calls.send(client, recipient)).status_code == 400, recipient


async def test_events_come_newest_first_with_own_messages_among_them(client: Client, platform: Platform) -> None:
    person = calls.one(platform, Nature.OPEN)
    await calls.send(client, person.id, "first")
    await calls.move_clock(client, "2026-03-02T09:00:01.234Z")
    await client.post("/_sandbox/messages", json={"sender": person.id, "recipient": "ana", "text": "second"})
    read = (await client.get("/2/dm_events", params=FIELDS)).json()
    assert [(event["text"], event["sender_id"]) for event in read["data"]] == [
        ("second", person.id),
        ("first", calls.ANA.id),
    ]
    assert read["data"][0]["created_at"] == "2026-03-02T09:00:01.234Z"
    assert read["data"][0]["event_type"] == "MessageCreate"
    assert int(read["data"][0]["id"]) > int(read["data"][1]["id"])
    assert {user["id"] for user in read["includes"]["users"]} == {person.id, calls.ANA.id}
    assert read["meta"] == {"result_count": 2}


async def test_events_carry_only_the_default_fields_unless_asked(client: Client, platform: Platform) -> None:
    await calls.send(client, calls.one(platform, Nature.OPEN).id)
    read = (await client.get("/2/dm_events")).json()
    assert set(read["data"][0]) == {"id", "event_type", "text"}
    assert "includes" not in read


async def test_nothing_to_read_has_no_data(client: Client) -> None:
    assert (await client.get("/2/dm_events")).json() == {"meta": {"result_count": 0}}


async def test_pages_follow_each_other_while_new_messages_arrive(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.SILENT)
    for number in range(7):
        await calls.send(client, person.id, str(number))
    seen: list[str] = []
    query = {"max_results": "3"}
    while True:
        page = (await client.get("/2/dm_events", params=query)).json()
        seen += [event["text"] for event in page["data"]]
        if "next_token" not in page["meta"]:
            break
        assert re.fullmatch(r"[0-9a-v]{16,}", page["meta"]["next_token"])
        query["pagination_token"] = page["meta"]["next_token"]
        await calls.send(client, person.id, "new")
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


async def test_a_conversation_shows_the_messages_of_its_two_people_alone(
    app: Starlette, client: Client, platform: Platform
) -> None:
    people = [person for person in calls.everybody(platform) if person.nature is Nature.OPEN][:2]
    for person in people:
        await calls.send(client, person.id, f"for {person.id}")
    await calls.send(calls.client_of(app, calls.BEN), people[0].id, "from ben")
    read = await client.get(f"/2/dm_conversations/with/{people[0].id}/dm_events", params=FIELDS)
    assert [event["text"] for event in read.json()["data"]] == [f"for {people[0].id}"]
    unknown = await client.get("/2/dm_conversations/with/42/dm_events")
    assert unknown.json() == {"meta": {"result_count": 0}}


async def test_an_account_reads_nothing_of_another(app: Starlette, client: Client, platform: Platform) -> None:
    await calls.send(client, calls.one(platform, Nature.OPEN).id)
    read = await calls.client_of(app, calls.BEN).get("/2/dm_events")
    assert read.json()["meta"]["result_count"] == 0


async def test_events_older_than_thirty_days_are_gone(client: Client, platform: Platform) -> None:
    silent = calls.talker(platform, Talk.SILENT)
    await calls.send(client, silent.id)
    await calls.move_clock(client, "2026-04-01T09:00:00Z")
    assert (await client.get("/2/dm_events")).json()["meta"]["result_count"] == 1
    await calls.move_clock(client, "2026-04-01T09:00:00.001Z")
    assert (await client.get("/2/dm_events")).json()["meta"]["result_count"] == 0
    assert len(await calls.written(client)) == 1


async def test_parameters_of_a_reading_that_x_does_not_know_are_refused(client: Client) -> None:
    for query in (
        {"max_results": "0"},
        {"max_results": "101"},
        {"max_results": "ten"},
        {"max_results": "9" * 5_000},
        {"pagination_token": "nonsense-token-1"},
        {"pagination_token": "0" * 16},
        {"dm_event.fields": "colour"},
        {"expansions": "recipient_id"},
        {"event_types": "Birthday"},
        {"since_id": "1"},
    ):
        answer = await client.get("/2/dm_events", params=query)
        assert answer.status_code == 400, query
        assert answer.json()["title"] == "Invalid Request"


async def test_only_message_events_exist(client: Client, platform: Platform) -> None:
    await calls.send(client, calls.one(platform, Nature.OPEN).id)
    read = await client.get("/2/dm_events", params={"event_types": "ParticipantsJoin,ParticipantsLeave"})
    assert read.json() == {"meta": {"result_count": 0}}

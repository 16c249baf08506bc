"""The controls under `/_sandbox`."""

from tests.sandbox import calls
from tests.sandbox.calls import Client

from overture.sandbox.people import Nature
from overture.sandbox.platform import Platform
from overture.sandbox.talk import Talk


async def test_the_platform_says_it_is_well(client: Client) -> None:
    assert (await client.get("/_sandbox/health")).json() == {"ok": True}


async def test_the_accounts_show_their_fixed_tokens(client: Client) -> None:
    accounts = (await client.get("/_sandbox/accounts")).json()
    assert (accounts[0]["key"], accounts[0]["keySecret"]) == (f"{accounts[0]['id']}-sandbox-ana", "sandbox-secret-ana")
    assert [(account["username"], account["token"]) for account in accounts] == [
        ("ana", "sandbox-ana"),
        ("ben", "sandbox-ben"),
        ("chloe", "sandbox-chloe"),
    ]


async def test_people_are_listed_in_pages_with_their_nature_and_talk(client: Client, platform: Platform) -> None:
    answer = await client.get("/_sandbox/people", params={"limit": 3, "offset": 1_998})
    assert answer.headers["x-total-count"] == "2000"
    assert [person["id"] for person in answer.json()] == [
        platform.population.person(index).id for index in (1_998, 1_999)
    ]
    assert {person["nature"] for person in (await client.get("/_sandbox/people")).json()} == set(Nature)
    assert (await client.get("/_sandbox/people", params={"offset": 5_000})).json() == []


async def test_messages_are_listed_in_pages_in_order_of_acceptance(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.SILENT)
    for number in range(4):
        await calls.send(client, person.id, str(number))
    answer = await client.get("/_sandbox/messages", params={"limit": 2, "offset": 1})
    assert [message["text"] for message in answer.json()] == ["1", "2"]
    assert answer.headers["x-total-count"] == "4"


async def test_pages_that_make_no_sense_are_refused(client: Client) -> None:
    for query in (
        {"limit": "-1"},
        {"limit": "10001"},
        {"offset": "x"},
        {"limit": "1" * 5_000},
        {"limit": ""},
    ):
        for path in ("/_sandbox/people", "/_sandbox/messages"):
            assert (await client.get(path, params=query)).status_code == 400, query


async def test_an_account_can_write_outside_the_api_and_is_not_metered(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.ANSWERS)
    order = {"sender": calls.ANA.id, "recipient": person.username, "text": "by hand"}
    answer = await client.post("/_sandbox/messages", json=order)
    assert answer.status_code == 201
    assert answer.json()["sender"] == calls.ANA.id
    assert answer.json()["recipient"] == person.id
    assert (await calls.send(client, "42")).headers["x-rate-limit-remaining"] == "14"
    await calls.move_clock(client, "2026-03-20T09:00:00Z")
    assert len(await calls.written(client)) == 2


async def test_messages_that_cannot_be_are_refused_in_words(client: Client, platform: Platform) -> None:
    opened = calls.one(platform, Nature.OPEN).id
    closed = calls.one(platform, Nature.CLOSED).id
    gone = calls.one(platform, Nature.NOT_FOUND).id
    for order, status in (
        ({}, 400),
        ([], 400),
        ({"sender": "ana", "recipient": "ben"}, 400),
        ({"sender": "ana", "recipient": "ana", "text": "x"}, 400),
        ({"sender": "nobody", "recipient": "ana", "text": "x"}, 400),
        ({"sender": "ä", "recipient": "ana", "text": "x"}, 400),
        ({"sender": opened, "recipient": closed, "text": "x"}, 400),
        ({"sender": opened, "recipient": "ana", "text": ""}, 400),
        ({"sender": opened, "recipient": "ana", "text": "x" * 10_001}, 400),
        ({"sender": opened, "recipient": "ana", "text": "x", "time": "now"}, 400),
        ({"sender": "ana", "recipient": closed, "text": "x"}, 409),
        ({"sender": gone, "recipient": "ana", "text": "x"}, 409),
    ):
        answer = await client.post("/_sandbox/messages", json=order)
        assert answer.status_code == status, order
        assert answer.json()["error"]
    for body in (b"", b"{", b"\xff", b'{"sender": "\\ud800"}', b"[" * 100_000):
        assert (await client.post("/_sandbox/messages", content=body)).status_code == 400
    assert await calls.written(client) == []

"""What a platform tells by itself is kept at once, acted on as if an inbox had been read, and believed only signed."""

import gzip
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.api import hooking
from tests.api.hooking import Told
from tests.engine import conftest as engine

from overture.sandbox.grants import Asked
from overture.store.pool import Pool


@pytest_asyncio.fixture
async def told(database: Pool) -> AsyncIterator[Told]:
    async with hooking.opened(database) as made:
        yield made


async def _contacted(told: Told) -> tuple[str, str]:
    """Write to one person who stays silent, and read no inbox from then on; return the campaign and the person's id."""
    person = (await told.world.people("open", "silent"))[0]
    campaign_id = await told.world.campaign([await told.world.make_list([person])])

    async def was_contacted() -> bool:
        at = await told.world.pool.fetchval("SELECT contacted_at FROM lead")
        return at is not None and await told.world.clock.now() > at

    await told.world.run_until(was_contacted)
    await told.world.pool.execute("UPDATE duty SET due_at = 'infinity' WHERE kind = 'replies'")
    return campaign_id, person["id"]


async def _run_until_replied(told: Told, campaign_id: str) -> None:
    async def has_replied() -> bool:
        return await told.world.lead_states(campaign_id) == {"replied": 1} and await told.waiting() == 0

    await told.world.run_until(has_replied)


async def test_an_answer_that_is_pushed_ends_the_sequence_without_a_reading(told: Told) -> None:
    campaign_id, person_id = await _contacted(told)
    await told.subscribe("ana")
    before = await told.world.pool.fetchrow("SELECT read_at, read_until_id FROM account_pace")
    await told.say(person_id, "ana", "Tell me more")
    await _run_until_replied(told, campaign_id)
    assert await told.world.pool.fetchrow("SELECT read_at, read_until_id FROM account_pace") == before
    threads = (await told.client.get("/threads")).json()["data"]
    messages = (await told.client.get(f"/threads/{threads[0]['id']}/messages")).json()["data"]
    assert "Tell me more" in [message["content"] for message in messages]


async def test_what_a_reading_brings_once_more_changes_nothing(told: Told) -> None:
    campaign_id, person_id = await _contacted(told)
    await told.subscribe("ana")
    await told.say(person_id, "ana", "Tell me more")
    await _run_until_replied(told, campaign_id)
    await told.world.pool.execute("UPDATE duty SET due_at = $1 WHERE kind = 'replies'", await told.world.clock.now())
    until_id = await told.world.pool.fetchval("SELECT read_until_id FROM account_pace")

    async def is_read() -> bool:
        return bool(await told.world.pool.fetchval("SELECT read_until_id <> $1 FROM account_pace", until_id))

    await told.world.run_until(is_read)
    assert await told.world.pool.fetchval("SELECT count(*) FROM message WHERE direction = 'inbound'") == 1
    assert await told.world.pool.fetchval("SELECT count(*) FROM event WHERE type = 'message.received'") == 1
    # The platform bills the answer once; what was sent is known, and not counted when it is listed.
    assert await told.world.pool.fetchval("SELECT units FROM app_cost WHERE kind = 'messageRead'") == 1


async def test_answers_twice_and_out_of_order_count_once_and_at_their_time(told: Told) -> None:
    campaign_id, person_id = await _contacted(told)
    now = await told.world.clock.now()
    own_id = told.platform_id("ana")
    later = hooking.message(own_id, person_id, 9_000_002, now, "second")
    earlier = hooking.message(own_id, person_id, 9_000_001, now, "first")
    for body in (later, earlier, later, earlier, later):
        answer = await told.post(body)
        assert (answer.status_code, answer.json()) == (200, {})
    assert await told.waiting() == 2
    await _run_until_replied(told, campaign_id)
    assert (await told.post(later)).status_code == 200
    assert await told.waiting() == 0
    campaign = (await told.client.get(f"/campaigns/{campaign_id}")).json()
    assert campaign["repliesCount"] == 1
    said = await told.world.pool.fetch("SELECT content FROM message WHERE direction = 'inbound' ORDER BY platform_id")
    assert [row["content"] for row in said] == ["first", "second"]


async def test_a_pushed_stop_is_heeded(told: Told) -> None:
    campaign_id, person_id = await _contacted(told)
    await told.post(hooking.message(told.platform_id("ana"), person_id, 1, await told.world.clock.now(), "STOP"))
    await _run_until_replied(told, campaign_id)
    assert len((await told.client.get("/suppressions")).json()["data"]) == 1


async def test_an_answer_in_an_encrypted_chat_ends_the_sequence_and_says_where_it_stands(told: Told) -> None:
    campaign_id, person_id = await _contacted(told)
    await told.subscribe("ana", "chat.received")
    written = {"sender": person_id, "recipient": "ana", "text": "secret", "encrypted": True}
    assert (await told.world.platform.post("/_sandbox/messages", json=written)).status_code == 201
    await told.arrival(of=1)
    await _run_until_replied(told, campaign_id)
    assert (await told.client.get(f"/campaigns/{campaign_id}")).json()["repliesCount"] == 1
    thread = (await told.client.get("/threads", params={"folder": "all"})).json()["data"][0]
    last = (await told.client.get(f"/threads/{thread['id']}/messages")).json()["data"]
    (answer,) = [message for message in last if message["direction"] == "inbound"]
    assert answer["content"].startswith("Answered in X Chat") and "secret" not in str(last)
    assert answer["platformData"]["encrypted"] is True
    assert [one["platformData"]["encrypted"] for one in last if one["direction"] == "outbound"] == [False]


@pytest.mark.parametrize(
    ("payload", "is_told"),
    [
        ({"sender_id": "42", "id": "9"}, True),
        ({"conversation_id": "OWN-42", "id": "9", "created_at": "yesterday"}, True),
        ({"conversation_id": "42:OWN"}, True),
        ({"sender_id": "42", "id": "9", "created_at": "9999-12-31T23:59:59-23:59"}, True),
        ({"sender_id": "OWN", "id": "9"}, False),
        ({"sender_id": "42", "conversation_id": "g77", "id": "9"}, False),
    ],
)
async def test_encrypted_messages_are_known_by_whatever_names_who_wrote(
    told: Told, payload: dict[str, str], is_told: bool
) -> None:
    own_id = told.platform_id("ana")
    given = {name: value.replace("OWN", own_id) for name, value in payload.items()}
    data = {"event_uuid": "7", "event_type": "chat.received", "filter": {"user_id": own_id}, "payload": given}
    assert (await told.post(json.dumps({"data": data}).encode())).status_code == 200
    assert (await told.post(json.dumps({"data": data}).encode())).status_code == 200
    senders = await told.world.pool.fetch("SELECT sender_id FROM pushed_event WHERE kind = 'message'")
    assert [row["sender_id"] for row in senders] == (["42"] if is_told else [])


async def test_an_account_whose_access_was_taken_back_is_offline_at_once(told: Told) -> None:
    grants, account = told.world.sandbox.state.grants, told.world.sandbox.state.platform.account_named("ana")
    asked = Asked(
        client_id="sandbox-client",
        redirect_uri="https://x",
        scopes=("dm.read", "dm.write", "tweet.read", "users.read"),
        challenge="verifier",
        is_hashed=False,
    )
    app = grants.authenticate("sandbox-client", "sandbox-secret")
    tokens = grants.exchange(app, code=grants.grant(asked, account), redirect_uri="https://x", verifier="verifier")
    linked = await told.client.post(
        "/account-links", json={"platform": "twitter", "tokens": {"accessToken": tokens["access_token"]}}
    )
    assert linked.json()["status"] == "active"
    await told.subscribe("ana", "oauth.revoke")

    async def is_read() -> bool:
        return bool(await told.world.pool.fetchval("SELECT synced_at FROM account_link"))

    await told.world.run_until(is_read)
    await told.world.pool.execute("UPDATE duty SET due_at = 'infinity' WHERE kind = 'replies'")
    assert (await told.world.platform.post("/_sandbox/revocations", json={"account": "ana"})).status_code == 201
    await told.arrival(of=1)

    async def is_offline() -> bool:
        return bool(await told.world.pool.fetchval("SELECT status = 'offline' FROM account_link"))

    await told.world.run_until(is_offline)


async def test_a_revocation_told_of_an_account_that_still_lets_us_in_changes_nothing(told: Told) -> None:
    data = {"event_uuid": "7", "event_type": "oauth.revoke", "filter": {"user_id": told.platform_id("ana")}}
    assert (await told.post(json.dumps({"data": data}).encode())).status_code == 200

    async def is_taken() -> bool:
        return await told.waiting() == 0

    await told.world.run_until(is_taken)
    assert await told.world.pool.fetchval("SELECT status FROM account_link") == "active"


async def test_the_platforms_challenge_is_answered(told: Told) -> None:
    answer = await told.outside.get(told.hook, params={"crc_token": "abc-123"})
    assert answer.status_code == 200
    assert answer.json() == {"response_token": hooking.signature(b"abc-123")}


@pytest.mark.parametrize("token", ["", '{"data":{"event_type":"dm.received"}}', "a b", "é", "x" * 257, "a\x00"])
async def test_a_challenge_gets_nobody_a_signature_over_a_text_of_theirs(told: Told, token: str) -> None:
    answer = await told.outside.get(told.hook, params={"crc_token": token})
    assert answer.status_code == 400
    assert "response_token" not in answer.text


async def test_what_is_not_signed_by_the_platform_is_not_believed(told: Told) -> None:
    body = hooking.message(told.platform_id("ana"), "42", 1, engine.START)
    for wrong in ("", "sha256=", hooking.signature(body, "other"), hooking.signature(body + b" "), "é" * 9):
        answer = await told.outside.post(
            told.hook, content=body, headers=[(b"x-twitter-webhooks-signature", wrong.encode())]
        )
        assert answer.status_code == 401, wrong
    assert (await told.outside.post(told.hook, content=body)).status_code == 401
    assert await told.waiting() == 0


async def test_hooks_of_nobody_are_not_there(told: Told) -> None:
    team, app = told.hook.split("/")[3:]
    other = app[:-1] + ("y" if app.endswith("z") else "z")
    for path in (
        f"/hooks/twitter/{team}/{other}",
        f"/hooks/other/{team}/{app}",
        f"/hooks/twitter/{app}/{team}",
        "/hooks/twitter/x/y",
        "/hooks/twitter/%00/%00",
    ):
        assert (await told.outside.get(path, params={"crc_token": "abc"})).status_code == 404
        assert (await told.outside.post(path, content=b"{}")).status_code == 404
    await told.client.put("/platforms/twitter/app", json={"clientId": "sandbox-client"})
    assert (await told.outside.get(told.hook, params={"crc_token": "abc"})).status_code == 404


async def test_a_post_too_large_or_compressed_is_refused(told: Told) -> None:
    assert (await told.post(b" " * (1024 * 1024 + 1))).status_code == 413
    body = hooking.message(told.platform_id("ana"), "42", 1, engine.START)
    assert (await told.post(gzip.compress(body), content_encoding="gzip")).status_code == 415
    assert await told.waiting() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"data": []}',
        b'{"data": {"event_type": "dm.received"}}',
        b'{"data": {"event_type": "dm.received", "filter": {"user_id": "42"}, "payload": 7}}',
        b'{"data": {"event_type": "post.create", "payload": {"id": "1"}}}',
        b"[" * 100_000,
        b'{"data": ' + b"9" * 10_000 + b"}",
    ],
)
async def test_signed_nonsense_is_taken_and_changes_nothing(told: Told, body: bytes) -> None:
    assert (await told.post(body)).status_code == 200
    assert await told.waiting() == 0


async def test_people_writing_to_accounts_that_are_not_linked_are_left_out(told: Told) -> None:
    for own_id in (told.platform_id("ben"), "12345"):
        assert (await told.post(hooking.message(own_id, "42", 1, engine.START))).status_code == 200
    await told.world.pool.execute("UPDATE account_link SET deleted_at = created_at")
    assert (await told.post(hooking.message(told.platform_id("ana"), "42", 1, engine.START))).status_code == 200
    assert await told.world.pool.fetchval("SELECT count(*) FROM pushed_event") == 0


async def test_what_waits_for_an_account_that_is_disconnected_is_forgotten(told: Told) -> None:
    await told.post(hooking.message(told.platform_id("ana"), "42", 1, engine.START))
    account_id = told.world.account_ids["ana"]
    assert (await told.client.delete(f"/account-links/{account_id}")).status_code == 204

    async def is_forgotten() -> bool:
        return not await told.world.pool.fetchval("SELECT count(*) FROM pushed_event")

    await told.world.run_until(is_forgotten)
    assert await told.world.pool.fetchval("SELECT count(*) FROM message") == 0


async def test_a_message_that_cannot_be_read_has_the_inbox_read(told: Told) -> None:
    own_id = told.platform_id("ana")
    broken = json.loads(hooking.message(own_id, "42", 1, engine.START))
    broken["data"]["payload"]["direct_message_events"][0]["id"] = "x" * 100_000
    await told.world.pool.execute("UPDATE duty SET due_at = 'infinity' WHERE kind = 'replies'")
    assert (await told.post(json.dumps(broken).encode())).status_code == 200

    async def is_read() -> bool:
        return bool(await told.world.pool.fetchval("SELECT synced_at FROM account_link"))

    await told.world.run_until(is_read)
    assert await told.waiting() == 0


async def test_text_no_database_can_hold_is_kept_as_far_as_it_can(told: Told) -> None:
    body = hooking.message(told.platform_id("ana"), "42", 1, engine.START, "a\x00b\ud83dc")
    assert (await told.post(body)).status_code == 200

    async def is_taken() -> bool:
        return await told.waiting() == 0

    await told.world.run_until(is_taken)
    assert await told.world.pool.fetchval("SELECT content FROM message") == "ab?c"


async def test_an_event_that_was_kept_is_taken_after_a_worker_died_with_it(told: Told) -> None:
    campaign_id, person_id = await _contacted(told)
    await told.post(hooking.message(told.platform_id("ana"), person_id, 1, await told.world.clock.now()))
    # A worker had taken up the duty when it was killed; its lease has run out.
    await told.world.pool.execute("UPDATE duty SET lease_until = '2020-01-01', starts = 1 WHERE kind = 'push'")
    assert await told.world.lead_states(campaign_id) == {"inSequence": 1}
    await _run_until_replied(told, campaign_id)


async def test_what_was_taken_is_forgotten_after_two_days(told: Told) -> None:
    await told.post(hooking.message(told.platform_id("ana"), "42", 1, engine.START))

    async def is_taken() -> bool:
        return await told.waiting() == 0

    await told.world.run_until(is_taken)
    await told.world.pool.execute("UPDATE pushed_event SET taken_at = taken_at - interval '49 hours'")

    async def is_forgotten() -> bool:
        return not await told.world.pool.fetchval("SELECT count(*) FROM pushed_event")

    await told.world.run_until(is_forgotten)


@pytest.mark.parametrize("way", ["push", "reading"])
async def test_whoever_writes_first_is_known_by_name(told: Told, way: str) -> None:
    person = (await told.world.people("open", "silent"))[0]
    if way == "push":
        await told.subscribe("ana")
        await told.world.pool.execute("UPDATE duty SET due_at = 'infinity' WHERE kind = 'replies'")
        await told.say(person["id"], "ana", "Do you ship to Norway?")
    else:
        await told.world.say(person["id"], "ana", "Do you ship to Norway?")

    async def is_there() -> bool:
        return bool(await told.world.pool.fetchval("SELECT count(*) FROM message WHERE direction = 'inbound'"))

    await told.world.run_until(is_there)
    (thread,) = (await told.client.get("/threads", params={"folder": "all", "expand": "profile"})).json()["data"]
    assert (thread["profile"]["username"], thread["profile"]["displayName"]) == (person["username"], person["name"])

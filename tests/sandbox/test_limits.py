"""Rate limits in the platform's own time."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.sandbox import calls
from tests.sandbox.calls import Client

from overture.sandbox import limits
from overture.sandbox.limits import Endpoint, Meter, Window
from overture.sandbox.platform import Platform
from overture.sandbox.talk import Talk

NINE = int(calls.START.timestamp())


async def test_every_answer_tells_what_is_left(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.SILENT)
    first = await calls.send(client, person.id)
    refused = await calls.send(client, "42")
    for answer, left in ((first, 1), (refused, 2)):
        assert answer.headers["x-rate-limit-limit"] == "15"
        assert answer.headers["x-rate-limit-remaining"] == str(15 - left)
        assert answer.headers["x-rate-limit-reset"] == str(NINE + 900)
        assert answer.headers["x-user-limit-24hour-limit"] == "1440"
        assert answer.headers["x-user-limit-24hour-remaining"] == str(1440 - left)
        assert answer.headers["x-user-limit-24hour-reset"] == str(NINE + 86_400)
        assert answer.headers["x-app-limit-24hour-remaining"] == str(1440 - left)
    looked_up = await client.get("/2/users", params={"ids": person.id})
    assert looked_up.headers["x-rate-limit-remaining"] == "899"
    assert "x-user-limit-24hour-limit" not in looked_up.headers


async def test_the_sixteenth_message_waits_for_the_next_quarter_of_an_hour(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.SILENT)
    for _ in range(15):
        assert (await calls.send(client, person.id)).status_code == 201
    refused = await calls.send(client, person.id)
    assert refused.status_code == 429
    assert refused.json()["type"] == "https://api.x.com/2/problems/rate-limit-exceeded"
    assert refused.headers["x-rate-limit-remaining"] == "0"
    await calls.move_clock(client, "2026-03-02T09:14:59.999Z")
    assert (await calls.send(client, person.id)).status_code == 429
    await calls.move_clock(client, "2026-03-02T09:15:00Z")
    assert (await calls.send(client, person.id)).status_code == 201
    assert len(await calls.written(client)) == 16


async def test_accounts_and_endpoints_are_counted_apart(app: Starlette, client: Client) -> None:
    for _ in range(15):
        assert (await client.get("/2/dm_events")).status_code == 200
    assert (await client.get("/2/dm_events")).status_code == 429
    assert (await client.get("/2/dm_conversations/with/42/dm_events")).status_code == 200
    assert (await client.get("/2/users/me")).status_code == 200
    assert (await calls.client_of(app, calls.BEN).get("/2/dm_events")).status_code == 200


async def test_limits_can_be_raised_or_lifted(make_app: Callable[..., Starlette]) -> None:
    raised = calls.client_of(make_app(limits=limits.scaled(2)))
    for _ in range(30):
        assert (await raised.get("/2/dm_events")).status_code == 200
    assert (await raised.get("/2/dm_events")).status_code == 429
    lifted = calls.client_of(make_app(limits=None))
    for _ in range(40):
        answer = await lifted.get("/2/dm_events")
        assert answer.status_code == 200
        assert "x-rate-limit-limit" not in answer.headers


@pytest.mark.parametrize("path", ["/2/dm_events", "/2/users/me"])
async def test_the_limits_are_a_table_that_can_be_replaced(make_app: Callable[..., Starlette], path: str) -> None:
    table: limits.Table = {Endpoint.EVENTS: (Window(allowed=1, seconds=60),)}
    client = calls.client_of(make_app(limits=table))
    statuses = [(await client.get(path)).status_code for _ in range(2)]
    assert statuses == ([200, 429] if path == "/2/dm_events" else [200, 200])


def test_a_day_s_limit_of_the_app_is_shared_by_its_accounts() -> None:
    meter = Meter({Endpoint.SEND: (Window(allowed=3, seconds=limits.DAY, scope=limits.Scope.APP),)})
    moment = NINE * 1000
    assert [meter.charge(name, Endpoint.SEND, moment).is_within for name in ("a", "b", "a", "b")] == [
        True,
        True,
        True,
        False,
    ]


async def test_messages_sent_before_a_restart_still_count(
    make_app: Callable[..., Starlette], record_path: Path
) -> None:
    before = make_app(record=record_path)
    person = calls.talker(before.state.platform, Talk.SILENT)
    for _ in range(15):
        await calls.send(calls.client_of(before), person.id)
    after = calls.client_of(make_app(record=record_path))
    assert (await calls.send(after, person.id)).status_code == 429

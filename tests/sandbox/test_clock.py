"""The platform's clock, and the answers that become due as it moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from tests.sandbox import calls
from tests.sandbox.calls import Client

from overture.sandbox.platform import Platform
from overture.sandbox.talk import Talk

MUCH_LATER = "2026-03-20T09:00:00Z"


async def test_the_clock_moves_forward_only(client: Client) -> None:
    assert (await client.get("/_sandbox/clock")).json() == {"now": "2026-03-02T09:00:00.000Z"}
    assert await calls.move_clock(client, "2026-03-02T10:30:00+01:00") == "2026-03-02T09:30:00.000Z"
    assert await calls.move_clock(client, "2026-03-02T09:00:00Z") == "2026-03-02T09:30:00.000Z"


async def test_until_it_is_moved_the_clock_is_the_machine_s(make_app: Callable[..., Starlette]) -> None:
    client = calls.client_of(make_app(start=None))
    now = datetime.fromisoformat((await client.get("/_sandbox/clock")).json()["now"])
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=10)


async def test_the_first_move_may_choose_any_instant_while_nothing_was_written(
    make_app: Callable[..., Starlette],
) -> None:
    untouched = calls.client_of(make_app(start=None))
    assert await calls.move_clock(untouched, "2020-01-01T00:00:00Z") == "2020-01-01T00:00:00.000Z"
    app = make_app(start=None)
    used = calls.client_of(app)
    await calls.send(used, calls.talker(app.state.platform, Talk.SILENT).id)
    assert not (await calls.move_clock(used, "2020-01-01T00:00:00Z")).startswith("2020")


@pytest.mark.parametrize(
    "body",
    [{}, {"now": 5}, {"now": "soon"}, {"now": "2026-03-02T09:00:00"}, {"now": "2999-01-01T00:00:00Z"}, []],
)
async def test_an_instant_that_cannot_be_told_is_refused(client: Client, body: object) -> None:
    answer = await client.post("/_sandbox/clock", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("kind", [Talk.ANSWERS, Talk.STOPS, Talk.SEVERAL])
async def test_an_answer_carries_its_own_instant_not_that_of_the_move(
    client: Client, platform: Platform, kind: Talk
) -> None:
    await calls.send(client, calls.talker(platform, kind).id)
    assert len(await calls.written(client)) == 1
    await calls.move_clock(client, MUCH_LATER)
    first, *answers = await calls.written(client)
    assert (len(answers) > 1) is (kind is Talk.SEVERAL)
    times = [datetime.fromisoformat(message["time"]) for message in (first, *answers)]
    assert times == sorted(times)
    assert calls.START + timedelta(minutes=2) <= times[1] <= times[-1] <= calls.START + timedelta(days=7)
    ids = [int(message["id"]) for message in (first, *answers)]
    assert ids == sorted(set(ids))


async def test_an_answer_is_seen_from_its_instant_on_and_not_before(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.ANSWERS)
    await calls.send(client, person.id)
    due = platform._due[0].moment
    instant = datetime.fromtimestamp(due / 1000, UTC)
    await calls.move_clock(client, (instant - timedelta(milliseconds=1)).isoformat())
    assert (await client.get("/2/dm_events")).json()["meta"]["result_count"] == 1
    await calls.move_clock(client, instant.isoformat())
    assert (await client.get("/2/dm_events")).json()["meta"]["result_count"] == 2


async def test_people_answer_after_the_message_that_is_theirs(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.ANSWERS, after=2)
    await calls.send(client, person.id)
    await calls.move_clock(client, "2026-03-12T09:00:00Z")
    assert len(await calls.written(client)) == 1
    await calls.send(client, person.id)
    await calls.move_clock(client, "2026-03-22T09:00:00Z")
    assert [message["origin"] for message in await calls.written(client)] == ["api", "api", "answer"]


async def test_the_silent_stay_silent(client: Client, platform: Platform) -> None:
    for _ in range(4):
        await calls.send(client, calls.talker(platform, Talk.SILENT).id)
    await calls.move_clock(client, MUCH_LATER)
    assert len(await calls.written(client)) == 4


async def test_the_same_seed_gives_the_same_record_of_answers(make_app: Callable[..., Starlette]) -> None:
    runs = []
    for _ in range(2):
        app = make_app()
        client = calls.client_of(app)
        for kind in Talk:
            await calls.send(client, calls.talker(app.state.platform, kind).id)
        await calls.move_clock(client, MUCH_LATER)
        runs.append(await calls.written(client))
    assert runs[0] == runs[1]

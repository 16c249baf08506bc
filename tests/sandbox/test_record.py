"""The record: what was accepted survives a kill, and a restart goes on where it ended."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.sandbox import calls

from overture.sandbox.record import RecordError
from overture.sandbox.talk import Talk

MakeApp = Callable[..., Starlette]


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def leave(path: Path, content: bytes) -> None:
    """Leave of the record what a kill might have left."""
    path.write_bytes(content)


async def test_a_message_is_in_the_file_when_it_is_answered(make_app: MakeApp, record_path: Path) -> None:
    app = make_app(record=record_path)
    answer = await calls.send(calls.client_of(app), calls.talker(app.state.platform, Talk.SILENT).id, "née\n👋")
    (line,) = lines_of(record_path)
    assert json.loads(line)["id"] == answer.json()["data"]["dm_event_id"]
    assert json.loads(line)["text"] == "née\n👋"


async def test_a_restart_knows_the_messages_and_goes_on_with_larger_ids(make_app: MakeApp, record_path: Path) -> None:
    before = make_app(record=record_path)
    person = calls.talker(before.state.platform, Talk.SILENT)
    await calls.send(calls.client_of(before), person.id, "before")
    after = calls.client_of(make_app(record=record_path))
    await calls.send(after, person.id, "after")
    messages = await calls.written(after)
    assert [message["text"] for message in messages] == ["before", "after"]
    assert int(messages[0]["id"]) < int(messages[1]["id"])
    read = await after.get("/2/dm_events")
    assert [event["text"] for event in read.json()["data"]] == ["after", "before"]


async def test_a_torn_last_line_is_cut_off(make_app: MakeApp, record_path: Path) -> None:
    before = make_app(record=record_path)
    person = calls.talker(before.state.platform, Talk.SILENT)
    for text in ("one", "two"):
        await calls.send(calls.client_of(before), person.id, text)
    leave(record_path, b"".join(lines_of(record_path))[:-1])
    after = calls.client_of(make_app(record=record_path))
    assert [message["text"] for message in await calls.written(after)] == ["one"]
    await calls.send(after, person.id, "three")
    again = calls.client_of(make_app(record=record_path))
    assert [message["text"] for message in await calls.written(again)] == ["one", "three"]


@pytest.mark.parametrize("kept", range(6))
async def test_pending_answers_survive_and_none_is_written_twice(
    make_app: MakeApp, record_path: Path, kept: int
) -> None:
    """Whatever number of lines a kill leaves, the rest comes back the same."""
    before = make_app(record=record_path)
    for kind in (Talk.ANSWERS, Talk.SEVERAL, Talk.SILENT):
        await calls.send(calls.client_of(before), calls.talker(before.state.platform, kind).id)
    await calls.move_clock(calls.client_of(before), "2026-03-20T09:00:00Z")
    lines = lines_of(record_path)
    assert len(lines) >= 6
    leave(record_path, b"".join(lines[: 3 + kept]))
    after = calls.client_of(make_app(record=record_path))
    await calls.move_clock(after, "2026-03-20T09:00:00Z")
    assert lines_of(record_path) == lines


async def test_a_clock_that_stood_still_stands_still_after_a_restart(make_app: MakeApp, record_path: Path) -> None:
    app = make_app(record=record_path, start=None)
    client = calls.client_of(app)
    await calls.move_clock(client, "2026-01-05T09:00:00Z")
    await calls.send(client, calls.talker(app.state.platform, Talk.SILENT).id)
    restarted = calls.client_of(make_app(record=record_path, start=None))
    assert (await restarted.get("/_sandbox/clock")).json() == {"now": "2026-01-05T09:00:00.000Z"}


def test_a_file_that_is_no_record_is_refused(make_app: MakeApp, record_path: Path) -> None:
    for content in ("nonsense\n", "{}\n", "[]\n", '{"id": "1", "sender": 5}\n'):
        record_path.write_text(content)
        with pytest.raises(RecordError, match=r"sandbox\.jsonl:1 is not a message"):
            make_app(record=record_path)


async def test_a_record_of_other_people_is_refused(make_app: MakeApp, record_path: Path) -> None:
    app = make_app(record=record_path)
    await calls.send(calls.client_of(app), calls.talker(app.state.platform, Talk.SILENT).id)
    with pytest.raises(RecordError, match="another platform"):
        make_app(record=record_path, seed=8)

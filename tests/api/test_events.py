"""Events: numbered without gaps, to be read again in order, and brought as they happen."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.api.conftest import Tenant

from overture import serving
from overture.actions.context import Context
from overture.api import events as api_events
from overture.core import whole_events
from overture.core.words import EventType
from overture.store import outbox

Told = dict[str, Any]


async def make_tags(client: httpx.AsyncClient, *names: str) -> list[str]:
    """Make something happen: a tag each."""
    return [(await client.post("/tags", json={"name": name})).json()["id"] for name in names]


async def read(client: httpx.AsyncClient, query: str = "") -> Told:
    response = await client.get(f"/events{query}")
    assert response.status_code == 200, response.text
    told: Told = response.json()
    return told


async def test_events_are_read_in_order_and_numbered_without_gaps(client: httpx.AsyncClient) -> None:
    tag_ids = await make_tags(client, "a", "b", "c")
    told = await read(client)
    assert [event["seq"] for event in told["data"]] == list(range(1, told["lastSeq"] + 1))
    assert (told["hasMore"], told["firstSeq"]) == (False, 1)
    made = [event for event in told["data"] if event["type"] == "tag.created"]
    assert [event["object"]["id"] for event in made] == tag_ids
    assert made[0]["object"] == {"type": "tag", "id": tag_ids[0], "url": f"/api/v2/tags/{tag_ids[0]}"}
    assert made[0]["apiVersion"] == "2"
    assert (await client.get(made[0]["object"]["url"].removeprefix("/api/v2"))).json()["name"] == "a"


async def test_a_reader_goes_on_from_the_last_number_until_there_are_no_more(client: httpx.AsyncClient) -> None:
    await make_tags(client, *"abcde")
    whole = (await read(client))["data"]
    after, found, has_more = 0, [], True
    while has_more:
        part = await read(client, f"?afterSeq={after}&limit=2")
        assert len(part["data"]) <= 2
        found += part["data"]
        after, has_more = part["lastSeq"], part["hasMore"]
    assert found == whole
    assert await read(client, f"?afterSeq={after}") == {"data": [], "lastSeq": after, "hasMore": False, "firstSeq": 1}
    assert (await read(client, "?afterSeq=900"))["lastSeq"] == 900


async def test_a_reader_of_rare_types_is_told_how_far_was_looked(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOST_LOOKED_AT", 4)
    await make_tags(client, *"abcdefghij")
    (rare,) = await make_tags(client, "rare")
    await client.delete(f"/tags/{rare}")
    after, found, calls, has_more = 0, [], 0, True
    while has_more:
        part = await read(client, f"?afterSeq={after}&type=tag.deleted&type=campaign.started")
        calls += 1
        found += part["data"]
        after, has_more = part["lastSeq"], part["hasMore"]
    assert [(event["type"], event["object"]["id"]) for event in found] == [("tag.deleted", rare)]
    assert calls == 3


async def test_events_that_are_kept_no_longer_are_told_by_the_first_number(
    client: httpx.AsyncClient, context: Context
) -> None:
    assert (await read(client))["firstSeq"] in (None, 1)
    await make_tags(client, "a", "b", "c")
    newest = (await read(client))["lastSeq"]
    await context.pool.execute("DELETE FROM event WHERE seq < $1", newest)
    told = await read(client)
    assert (told["firstSeq"], [event["seq"] for event in told["data"]]) == (newest, [newest])


async def test_teams_see_their_own_events_alone(client: httpx.AsyncClient, other_client: httpx.AsyncClient) -> None:
    await make_tags(client, "ours")
    assert all(event["type"] != "tag.created" for event in (await read(other_client))["data"])


@pytest.mark.parametrize(
    "query", ["?afterSeq=-1", "?afterSeq=x", "?limit=0", "?limit=1001", "?type=nothing", "?cursor=a"]
)
async def test_a_wrong_question_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/events{query}")).status_code == 400


async def test_a_type_that_is_none_is_never_written(context: Context, team: Tenant) -> None:
    event = outbox.NewEvent(type="tag.renamed", object_type="tag", object_id="g" + "0" * 23, data={})
    async with context.pool.acquire() as connection:
        with pytest.raises(ValueError, match=r"tag\.renamed"):
            await outbox.append(connection, team_id=team.id, now=await context.clock.now(), events=[event])


@asynccontextmanager
async def served(application: FastAPI) -> AsyncIterator[str]:
    """Serve over a socket: a stream that does not end comes through no other way."""
    with serving.listen("127.0.0.1", 0) as listening:
        async with serving.served(application, listening):
            yield f"{serving.url(listening)}/api/v2"


async def heard(response: httpx.Response) -> AsyncGenerator[tuple[str, str, Told], None]:
    """Read a stream: number, type and event of each."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}


async def test_a_stream_brings_what_happens_and_goes_on_where_it_broke_off(
    application: FastAPI, client: httpx.AsyncClient, team: Tenant
) -> None:
    headers = {**team.headers, "Accept": "text/event-stream"}
    async with served(application) as base, httpx.AsyncClient(base_url=base, headers=headers) as listener:
        await make_tags(client, "before")
        async with listener.stream("GET", "/events?type=tag.created") as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            async with aclosing(heard(response)) as stream, asyncio.timeout(5):
                await make_tags(client, "a", "b")
                first = await anext(stream)
                second = await anext(stream)
        assert [first[1], second[1]] == ["tag.created", "tag.created"]
        assert first[2] == (await read(client, f"?afterSeq={int(first[0]) - 1}&limit=1"))["data"][0]
        await make_tags(client, "c")
        behind = {"Last-Event-ID": first[0]}
        async with listener.stream("GET", "/events", headers=behind) as response, asyncio.timeout(5):
            again = await anext(heard(response))
        assert again == second
        refused = await listener.get("/events", headers={"Last-Event-ID": "x"})
        assert (refused.status_code, refused.json()["details"]["issues"][0]["path"]) == (400, ["Last-Event-ID"])


async def test_a_stream_ends_once_its_token_opens_nothing(
    application: FastAPI, context: Context, team: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_events, "HEARTBEAT_SECONDS", 1)
    headers = {**team.headers, "Accept": "text/event-stream"}
    async with (
        served(application) as base,
        httpx.AsyncClient(base_url=base, headers=headers) as listener,
        listener.stream("GET", "/events") as response,
        asyncio.timeout(8),
    ):
        await context.pool.execute("UPDATE api_token SET revoked_at = created_at")
        assert [event async for event in heard(response)] == []


async def test_a_server_that_stops_ends_its_streams(application: FastAPI, team: Tenant) -> None:
    headers = {**team.headers, "Accept": "text/event-stream"}
    async with httpx.AsyncClient(headers=headers) as listener:
        async with asyncio.timeout(8):
            async with served(application) as base:
                response = await listener.send(listener.build_request("GET", f"{base}/events"), stream=True)
                assert response.status_code == 200
        await response.aclose()


def test_the_reference_names_every_type_and_no_other() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "events.md").read_text()
    ours, _, first_version = text.partition("## The first version")
    assert _named(ours) == sorted(EventType)
    assert _named(first_version) == sorted(set(whole_events.NAMES.values()))


def _named(text: str) -> list[str]:
    """The types in the first column of a table."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return sorted(re.findall(r"`([a-zA-Z]+\.[a-zA-Z]+)`", " ".join(rows)))

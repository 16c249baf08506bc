"""The sequence of a campaign: put together, replaced, and what becomes of leads under way."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import LIKE, START, delay, issue_paths, message, variable
from tests.api.conftest import Link, SteeredClock

from overture.actions.context import Context

DAY = timedelta(days=1)
ENDED = ("finished", "replied", "failed")


async def replace(client: httpx.AsyncClient, campaign: dict[str, Any], *steps: Any, **more: Any) -> httpx.Response:
    return await client.put(f"/campaigns/{campaign['id']}/sequence", json={"steps": list(steps), **more})


async def replaced(client: httpx.AsyncClient, campaign: dict[str, Any], *steps: Any, **more: Any) -> dict[str, Any]:
    response = await replace(client, campaign, *steps, **more)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def places(context: Context) -> dict[str, tuple[int, int | None]]:
    """Each lead's rank and version of its own, by platform id."""
    rows = await context.pool.fetch(
        "SELECT p.platform_id, l.rank, l.sequence_version FROM lead l JOIN profile p ON p.id = l.profile_id"
    )
    return {row["platform_id"]: (row["rank"], row["sequence_version"]) for row in rows}


async def dues(context: Context) -> dict[str, datetime]:
    rows = await context.pool.fetch(
        """
        SELECT p.platform_id, d.due_at FROM lead_due d JOIN lead l ON l.id = d.lead_id
          JOIN profile p ON p.id = l.profile_id
        """
    )
    return {row["platform_id"]: row["due_at"] for row in rows}


async def test_every_replacement_is_a_new_version_and_old_ones_stay_readable(
    client: httpx.AsyncClient, link: Link, clock: SteeredClock
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    first = await replaced(client, campaign, message("Hi"))
    clock.at += timedelta(minutes=1)
    second = await replaced(client, campaign, message("Hello"), delay(), LIKE, message("Still there?"))
    assert (first["version"], second["version"]) == (1, 2)
    assert [(step["rank"], step["type"]) for step in second["steps"]] == [
        (0, "message"),
        (1, "delay"),
        (2, "like"),
        (3, "message"),
    ]
    shown = await campaigning.read(client, campaign)
    assert shown["sequence"] == {"version": 2, "steps": second["steps"]}
    assert shown["updatedAt"] == "2026-11-23T09:01:00.000Z"
    page = (await client.get(f"/campaigns/{campaign['id']}/sequence/versions", params={"limit": 1})).json()
    assert page["data"] == [{"version": 2, "steps": second["steps"], "createdAt": "2026-11-23T09:01:00.000Z"}]
    rest = await client.get(
        f"/campaigns/{campaign['id']}/sequence/versions", params={"limit": 1, "cursor": page["nextCursor"]}
    )
    assert [entry["version"] for entry in rest.json()["data"]] == [1]
    assert rest.json()["data"][0]["steps"] == first["steps"]
    assert rest.json()["nextCursor"] is None


async def test_what_is_read_can_be_sent_back(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(
        client,
        await link("ana"),
        sequence={"steps": [message("Hi ", variable("first-name")), delay(3), LIKE, message("?")]},
    )
    again = await replaced(client, campaign, *campaign["sequence"]["steps"])
    assert again["version"] == 2
    assert again["steps"] == campaign["sequence"]["steps"]


SEGMENT = ["steps", 0, "data", "segments", 0]


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([message("a"), delay(), delay(), message("b")], ["steps", 2]),
        ([delay(), message("a")], ["steps", 0]),
        ([message("a"), delay()], ["steps", 1]),
        ([message("")], ["steps", 0, "data", "segments"]),
        ([message("  \u200b ")], ["steps", 0, "data", "segments"]),
        ([message(variable("first-name", ""))], ["steps", 0, "data", "segments"]),
        ([message()], ["steps", 0, "data", "segments"]),
        ([message({"type": "variation", "options": []})], [*SEGMENT, "options"]),
        ([message({"type": "variation", "options": ["a", 1]})], [*SEGMENT, "options", 1]),
        ([message(variable("first_name"))], [*SEGMENT, "name"]),
        ([message(variable("custom_f00000000000000000000000"))], [*SEGMENT, "name"]),
        ([message({"type": "emoji", "text": "x"})], [*SEGMENT, "type"]),
        ([message({"type": "static", "text": "x", "bold": True})], [*SEGMENT, "bold"]),
        ([message({"type": "static"})], [*SEGMENT, "text"]),
        ([message("a"), {"type": "delay", "data": {"delaySeconds": 59, "unit": "minutes"}}, message("b")],
         ["steps", 1, "data", "delaySeconds"]),
        ([message("a"), {"type": "delay", "data": {"delaySeconds": 7776001, "unit": "days"}}, message("b")],
         ["steps", 1, "data", "delaySeconds"]),
        ([message("a"), {"type": "delay", "data": {"delaySeconds": 60, "unit": "months"}}, message("b")],
         ["steps", 1, "data", "unit"]),
        ([{"type": "call", "data": {}}], ["steps", 0, "type"]),
        ([{"type": "like"}], ["steps", 0, "data"]),
        ([{"type": "like", "data": {"post": 1}}], ["steps", 0, "data", "post"]),
        ([message("a", id="s00000000000000000000000")], ["steps", 0, "id"]),
        ([message("a", id=5)], ["steps", 0, "id"]),
        ([message("a")] * 51, ["steps"]),
    ],
)  # fmt: skip
async def test_a_sequence_that_cannot_be_is_refused_with_its_place_and_changes_nothing(
    client: httpx.AsyncClient, link: Link, steps: list[Any], path: list[str | int]
) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence={"steps": [message("Hi")]})
    assert issue_paths(await replace(client, campaign, *steps)) == [path]
    assert await campaigning.read(client, campaign) == campaign


@pytest.mark.parametrize("seconds", [60, 7_776_000])
@pytest.mark.parametrize("unit", ["minutes", "hours", "days", "weeks"])
async def test_a_delay_lasts_a_minute_to_ninety_days_whatever_its_unit(
    client: httpx.AsyncClient, link: Link, seconds: int, unit: str
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    data = {"delaySeconds": seconds, "unit": unit}
    answer = await replaced(client, campaign, message("a"), {"type": "delay", "data": data}, message("b"))
    assert answer["steps"][1]["data"] == data


async def test_segments_are_read_back_as_they_were_sent(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"), columns=[{"name": "City"}])
    (column,) = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    names = (
        "first-name", "last-name", "full-name", "username", "bio", "location", "website", "follower-count", column["id"]
    )  # fmt: skip
    segments = [
        {"type": "variation", "options": ["Hey"]},
        {"type": "static", "text": " \n"},
        *({"type": "variable", "name": name, "fallback": None} for name in names),
        {"type": "variable", "name": "bio", "fallback": "you"},
    ]
    step = {"type": "message", "data": {"segments": segments}}
    assert (await replaced(client, campaign, step))["steps"][0]["data"]["segments"] == segments
    left_out = {"type": "message", "data": {"segments": [{"type": "variable", "name": "bio"}]}}
    assert (await replaced(client, campaign, left_out))["steps"][0]["data"]["segments"][0]["fallback"] is None


async def test_a_step_cannot_be_there_twice(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence={"steps": [message("Hi")]})
    step_id = campaign["sequence"]["steps"][0]["id"]
    refused = await replace(client, campaign, message("a", id=step_id), message("b", id=step_id))
    assert issue_paths(refused) == [["steps", 1, "id"]]


async def test_fifty_steps_are_taken(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    assert len((await replaced(client, campaign, *[message("a")] * 50))["steps"]) == 50


async def test_an_enabled_campaign_keeps_a_message_to_send(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence={"steps": [message("Hi")]})
    assert (await client.post(f"/campaigns/{campaign['id']}/enable")).status_code == 200
    refused = await replace(client, campaign, LIKE)
    assert (refused.status_code, refused.json()["code"]) == (422, "preflightFailed")
    assert refused.json()["details"]["issues"][0]["code"] == "noMessage"
    await client.post(f"/campaigns/{campaign['id']}/disable")
    assert (await replaced(client, campaign))["steps"] == []


async def test_leads_under_way_keep_their_place_by_step_and_others_follow_rank(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(
        client, ana, sequence={"steps": [message("1"), delay(1), message("2"), delay(2), message("3")]}
    )
    ids = [step["id"] for step in campaign["sequence"]["steps"]]
    await campaigning.put(context, campaign, "before2", state="inSequence", account=ana, contacted=DAY, rank=1)
    await campaigning.put(context, campaign, "before3", state="inSequence", account=ana, contacted=DAY, rank=3)
    await campaigning.put(context, campaign, "held", state="held", account=ana, contacted=DAY, rank=3, reason="x")
    await campaigning.put(context, campaign, "new", state="ready")
    for state in ENDED:
        more = {"reason": "x"} if state == "failed" else {"replied": state == "replied"}
        await campaigning.put(context, campaign, state, state=state, account=ana, contacted=DAY, rank=3, **more)
    answer = await replaced(
        client,
        campaign,
        message("0"),
        message("1", id=ids[0]),
        delay(5),
        message("2", id=ids[2]),
        delay(9, id=ids[3]),
        message("3", id=ids[4]),
    )
    assert answer["affected"] == {"ready": 1, "inSequence": 2, "ended": 3}
    assert await places(context) == {
        # Its own step is gone, so it stays on its rank; the other two wait where they waited.
        "before2": (1, None),
        "before3": (4, None),
        "held": (4, None),
        "new": (0, None),
        **dict.fromkeys(ENDED, (3, None)),
    }


async def test_what_is_due_follows_the_new_delays(client: httpx.AsyncClient, link: Link, context: Context) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(
        client, ana, sequence={"steps": [message("1"), delay(10), message("2"), delay(10), message("3")]}
    )
    ids = [step["id"] for step in campaign["sequence"]["steps"]]
    put = {"state": "inSequence", "account": ana, "contacted": DAY, "due": 9 * DAY}
    await campaigning.put(context, campaign, "second", rank=1, **put)  # type: ignore[arg-type]
    await campaigning.put(context, campaign, "third", rank=3, **put)  # type: ignore[arg-type]
    await campaigning.put(context, campaign, "first", state="ready", account=ana, due=timedelta())
    before = await dues(context)
    await replaced(client, campaign, message("1", id=ids[0]), delay(3, id=ids[1]), message("2", id=ids[2]))
    after = await dues(context)
    assert after["second"] == START + 2 * DAY
    assert after["third"] == START  # nothing is left to send: it finishes as soon as somebody looks
    assert after["first"] == before["first"]


async def test_a_version_for_new_leads_only_leaves_those_under_way_on_theirs(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana, sequence={"steps": [message("1"), delay(), message("2")]})
    old = [step["id"] for step in campaign["sequence"]["steps"]]
    await campaigning.put(
        context, campaign, "11", state="inSequence", account=ana, contacted=DAY, rank=1, due=timedelta()
    )
    await campaigning.put(context, campaign, "12", state="ready", account=ana, due=timedelta())
    await campaigning.put(context, campaign, "13", state="finished", account=ana, contacted=DAY, rank=3)
    before = await dues(context)
    first = await replaced(client, campaign, message("other"), appliesTo="new")
    assert first["affected"] == {"ready": 1, "inSequence": 0, "ended": 1}
    await replaced(client, campaign, message("another"), appliesTo="new")
    assert await places(context) == {"11": (1, 1), "12": (0, None), "13": (3, None)}
    assert await dues(context) == before
    assert (await campaigning.lead(client, campaign, "11"))["step"]["id"] == old[1]
    assert (await campaigning.lead(client, campaign, "13"))["step"] is None
    # Whoever was left behind comes along when a later version is for all.
    taken = await replaced(client, campaign, message("a"), delay(4), message("b"))
    assert taken["affected"]["inSequence"] == 1
    assert await places(context) == {"11": (1, None), "12": (0, None), "13": (3, None)}
    assert (await dues(context))["11"] == START + 3 * DAY


async def test_leads_held_for_a_value_or_a_length_try_again_with_the_new_text(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana, sequence={"steps": [message(variable("bio"))]})
    await campaigning.put(
        context, campaign, "1", state="held", reason="variableMissing:bio", account=ana, contacted=DAY, rank=0
    )
    await campaigning.put(context, campaign, "2", state="held", reason="textTooLong")
    await campaigning.put(context, campaign, "3", state="held", reason="wroteFirst")
    await replaced(client, campaign, message(variable("bio", "you")))
    page = (await client.get(f"/campaigns/{campaign['id']}/leads")).json()["data"]
    assert [entry["state"] for entry in page] == ["inSequence", "assessing", "held"]
    assert await dues(context) == {"1": START}
    assert await context.pool.fetchval("SELECT count(*) FROM assess_queue") == 1


async def test_steps_of_a_version_leads_still_follow_keep_their_columns(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(
        client, ana, columns=[{"name": "City"}], sequence={"steps": [message("1"), message(variable("City"))]}
    )
    (column,) = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    await campaigning.put(context, campaign, "1", state="inSequence", account=ana, contacted=DAY, rank=1)
    await replaced(client, campaign, message("1"), appliesTo="new")
    refused = await client.delete(f"/campaigns/{campaign['id']}/columns/{column['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "columnInUse")
    assert [use["version"] for use in refused.json()["details"]["steps"]] == [1]


async def test_a_version_that_is_only_checked_counts_whom_it_concerns_and_changes_nothing(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana, sequence={"steps": [message("1"), message("2")]})
    await campaigning.put(context, campaign, "1", state="inSequence", account=ana, contacted=DAY, rank=1)
    await campaigning.put(context, campaign, "2", state="ready")
    told = await replaced(client, campaign, message("3"), checkOnly=True)
    assert told["affected"] == {"ready": 1, "inSequence": 1, "ended": 0}
    kept = await replaced(client, campaign, message("3"), checkOnly=True, appliesTo="new")
    assert kept["affected"]["inSequence"] == 0
    assert (await client.get(f"/campaigns/{campaign['id']}")).json()["sequence"] == campaign["sequence"]
    assert told["version"] == campaign["sequence"]["version"] + 1
    refused = await client.put(
        f"/campaigns/{campaign['id']}/sequence", json={"steps": [message(variable("cf_no"))], "checkOnly": True}
    )
    assert refused.status_code == 400


async def test_a_check_waits_for_no_account_that_is_sending(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence={"steps": [message("1")]})
    async with context.pool.acquire() as sending, sending.transaction():
        assert await sending.fetch("SELECT FROM account_pace FOR NO KEY UPDATE")
        async with asyncio.timeout(5):
            await replaced(client, campaign, message("2"), checkOnly=True)

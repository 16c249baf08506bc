"""A campaign is rehearsed over HTTP: day by day, with its settings or with others, and nothing comes of it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import delay, message
from tests.api.conftest import Link

from overture.actions.context import Context

NO_ACCOUNT = "a" + "0" * 23


@pytest.fixture
async def account(link: Link, context: Context) -> dict[str, Any]:
    made = await link("ana")
    await campaigning.write_to_anyone(context)
    return made


@pytest.fixture
async def campaign(client: httpx.AsyncClient, account: dict[str, Any], context: Context) -> dict[str, Any]:
    """A campaign that has just been enabled, on Monday at nine, with 72 leads and two messages for each."""
    steps = [message("Hello"), delay(2), message("Again")]
    made = await campaigning.create(client, account, sequence={"steps": steps})
    await campaigning.enable(client, made)
    for person in range(72):
        await campaigning.put(context, made, str(person), state="ready", account=account, due=timedelta())
    await campaigning.put(context, made, "out", state="excluded", reason="consentMissing")
    return made


async def rehearse(client: httpx.AsyncClient, campaign: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/campaigns/{campaign['id']}/rehearsal", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_rehearsal_tells_day_by_day_what_each_account_sends(
    client: httpx.AsyncClient, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    before = await campaigning.read(client, campaign)
    found = await rehearse(client, campaign)
    assert (found["messages"], found["contacted"], found["replies"], found["stalled"]) == (144, 72, 0, 0)
    assert found["isWhole"] is True
    # Eight an hour through eight hours, a gap more or less.
    first, second, third, fourth, *later = found["days"]
    assert [day["day"] for day in (first, second, third)] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    assert all(abs(day["messages"] - 64) <= 4 for day in (first, third))
    assert first["contacted"] == first["messages"]
    assert first["contacted"] + second["contacted"] == 72
    assert third["contacted"] == fourth["contacted"] == 0
    assert later == []
    assert found["finishesAt"][:10] == fourth["day"] == "2026-11-26"
    for day in found["days"]:
        assert day["accounts"] == [{"accountLinkId": account["id"], "messages": day["messages"]}]
    assert found["unreached"] == [{"state": "excluded", "reason": "consentMissing", "count": 1}]
    assert await campaigning.read(client, campaign) == before
    assert await rehearse(client, campaign) == found, "the same is told to whoever asks again"


async def test_other_settings_are_rehearsed_without_being_saved(
    client: httpx.AsyncClient, campaign: dict[str, Any], account: dict[str, Any], link: Link, context: Context
) -> None:
    ben = await link("ben")
    await campaigning.write_to_anyone(context)
    as_it_is = await rehearse(client, campaign)
    faster = await rehearse(client, campaign, hourlyMessageRate=20)
    assert faster["finishesAt"] < as_it_is["finishesAt"]
    assert faster["days"][0]["contacted"] == 72
    both = await rehearse(client, campaign, accountLinkIds=[account["id"], ben["id"]])
    assert {one["accountLinkId"]: one["messages"] for one in both["days"][0]["accounts"]} == {
        account["id"]: 36,
        ben["id"]: 36,
    }
    sundays = await rehearse(client, campaign, scheduleHours={"0": {"start": 600, "end": 1200}})
    assert [day["day"] for day in sundays["days"]] == ["2026-11-29", "2026-12-06"]
    elsewhere = await rehearse(client, campaign, scheduleTimezone="Asia/Tokyo")
    assert elsewhere["days"][0]["day"] == "2026-11-24", "in Tokyo the hours are over"
    answered = await rehearse(client, campaign, replyRate=1)
    assert answered["replies"] == answered["contacted"] == 72
    assert 72 < answered["messages"] < 144
    assert await rehearse(client, campaign) == as_it_is


async def test_what_cannot_be_rehearsed_is_refused_with_its_place(
    client: httpx.AsyncClient, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    address = f"/campaigns/{campaign['id']}/rehearsal"
    for body, path in (
        ({"replyRate": 1.5}, ["replyRate"]),
        ({"replyRate": "half"}, ["replyRate"]),
        ({"hourlyMessageRate": 26}, ["hourlyMessageRate"]),
        ({"scheduleTimezone": "Mars/Olympus"}, ["scheduleTimezone"]),
        ({"scheduleHours": {"1": {"start": 600, "end": 600}}}, ["scheduleHours", "1"]),
        ({"accountLinkIds": []}, ["accountLinkIds"]),
        ({"accountLinkIds": [account["id"], account["id"]]}, ["accountLinkIds", 1]),
    ):
        assert campaigning.issue_paths(await client.post(address, json=body)) == [path], body
    unknown = await client.post(address, json={"accountLinkIds": [NO_ACCOUNT]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "accountLinkNotFound")
    gone = await client.post("/campaigns/c/rehearsal", json={})
    assert (gone.status_code, gone.json()["code"]) == (404, "campaignNotFound")


async def test_a_campaign_without_a_sequence_sends_nothing(
    client: httpx.AsyncClient, account: dict[str, Any], context: Context
) -> None:
    made = await campaigning.create(client, account)
    await campaigning.put(context, made, "1", state="assessing")
    found = await rehearse(client, made)
    assert (found["messages"], found["finishesAt"], found["isWhole"], found["days"]) == (0, None, True, [])

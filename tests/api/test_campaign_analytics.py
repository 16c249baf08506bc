"""Analytics: what came of a campaign, over time, by step, option and account, equal to what the platform recorded."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from tests import recounts
from tests.api import campaigning
from tests.api.conftest import Link
from tests.engine.conftest import World, delay

from overture.actions import sequences
from overture.core.words import StepType

NEW_YORK = ZoneInfo("America/New_York")


def varied(*options: str) -> sequences.NewStep:
    segments = [
        {"type": "variation", "options": list(options)},
        {"type": "static", "text": " "},
        {"type": "variable", "name": "username", "fallback": "you"},
    ]
    return sequences.NewStep(type=StepType.MESSAGE, data={"segments": segments})


async def _run(world: World) -> str:
    await world.link("ana", "ben")
    people = (await world.people(nature="open"))[:40]
    steps = [varied("Hi", "Hello", "Hey"), delay(2), varied("Again"), delay(2), varied("Last", "Bye")]
    campaign_id = await world.campaign([await world.make_list(people)], steps=steps)
    await world.run_until_completed(campaign_id)
    return campaign_id


async def _analytics(client: httpx.AsyncClient, campaign_id: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/campaigns/{campaign_id}/analytics", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_it_tells_what_the_platform_has_recorded(world: World, world_client: httpx.AsyncClient) -> None:
    campaign_id = await _run(world)
    sent = [message for message in await world.messages() if message["origin"] == "api"]
    by_person = Counter(message["recipient"] for message in sent)
    told = await _analytics(world_client, campaign_id)
    campaign = (await world_client.get(f"/campaigns/{campaign_id}")).json()

    funnel = told["funnel"]
    assert (funnel["leads"], funnel["reachable"]) == (40, campaign["scopeAssessedCount"])
    assert funnel["contacted"] == campaign["contactedCount"] == len(by_person)
    assert funnel["followedUp"] == sum(count > 1 for count in by_person.values())
    assert funnel["replied"] == campaign["repliesCount"] > 3
    assert sum(one["count"] for one in funnel["statuses"]) == funnel["replied"]
    assert funnel["statuses"][0]["statusId"] is not None, "the automation of this campaign sets one"

    by_day = Counter(_day(message["time"]) for message in sent)
    assert {part["at"]: part["sent"] for part in told["series"] if part["sent"]} == by_day
    for name in ("contacted", "followedUp", "replied"):
        assert sum(part[name] for part in told["series"]) == funnel[name]
        assert sum(account[name] for account in told["accounts"]) == funnel[name]
    assert {account["username"] for account in told["accounts"]} == {"ana", "ben"}

    words = Counter(message["text"].split()[0] for message in sent)
    assert [step["rank"] for step in told["steps"]] == [0, 2, 4]
    assert sum(step["sent"] for step in told["steps"]) == len(sent)
    assert sum(step["replied"] for step in told["steps"]) == funnel["replied"]
    for step in told["steps"]:
        assert {option["text"]: option["sent"] for option in step["options"]}.items() <= words.items()
        assert sum(option["replied"] for option in step["options"]) == step["replied"]
    assert sum(len(step["options"]) for step in told["steps"]) == len(words) > 4
    assert await recounts.miscounted(world.pool) == []


async def test_each_number_opens_as_many_leads(world: World, world_client: httpx.AsyncClient) -> None:
    campaign_id = await _run(world)
    told = await _analytics(world_client, campaign_id)

    async def leads(**query: Any) -> int:
        answer = await world_client.get(f"/campaigns/{campaign_id}/leads", params={"limit": 100, **query})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["data"])

    stages = ("reachable", "contacted", "followedUp", "replied")
    assert {stage: await leads(stage=stage) for stage in stages} == {stage: told["funnel"][stage] for stage in stages}
    for account in told["accounts"]:
        for stage in stages[1:]:
            assert await leads(stage=stage, accountLinkId=account["accountLinkId"]) == account[stage]
    for step in told["steps"]:
        assert await leads(sentStepId=step["id"]) == step["sent"]
        assert await leads(answeredStepId=step["id"]) == step["replied"]
        for option in step["options"]:
            picked = f"{option['segment']}-{option['option']}"
            assert await leads(sentStepId=step["id"], option=picked) == option["sent"] > 0
            assert await leads(answeredStepId=step["id"], option=picked) == option["replied"]


async def test_each_of_its_tables_is_downloaded(world: World, world_client: httpx.AsyncClient) -> None:
    campaign_id = await _run(world)
    told = await _analytics(world_client, campaign_id)

    async def table(by: str) -> list[dict[str, str]]:
        answer = await world_client.get(f"/campaigns/{campaign_id}/analytics.csv", params={"by": by})
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def written(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
        return [{name: str(value).removesuffix(".0") for name, value in row.items()} for row in rows]

    assert await table("series") == written(told["series"])
    assert await table("accounts") == written(told["accounts"])
    steps = [(row["stepId"], row["sent"]) for row in await table("steps") if row["option"] == ""]
    assert steps == [(step["id"], str(step["sent"])) for step in told["steps"]]
    options = [row for row in await table("steps") if row["option"] != ""]
    assert written([option for step in told["steps"] for option in step["options"]]) == [
        {name: row[name] for name in ("segment", "option", "text", "sent", "replied", "replyRate")} for row in options
    ]
    address = "/campaigns/c/analytics.csv"
    assert (await world_client.get(address, params={"by": "series"})).json()["code"] == "campaignNotFound"
    assert (await world_client.get(address, params={"by": "people"})).status_code == 400


async def test_it_can_be_asked_for_a_period(world: World, world_client: httpx.AsyncClient) -> None:
    campaign_id = await _run(world)
    whole = await _analytics(world_client, campaign_id)
    first = whole["series"][0]
    begin = datetime.fromisoformat(first["at"])
    day = {"from": first["at"], "to": (begin + timedelta(days=1)).isoformat()}
    told = await _analytics(world_client, campaign_id, **day)
    assert told["series"] == [first] and told["funnel"] == whole["funnel"]
    assert sum(step["sent"] for step in told["steps"]) == first["sent"]
    assert sum(account["contacted"] for account in told["accounts"]) == first["contacted"]
    hourly = await _analytics(world_client, campaign_id, **day, interval="hour")
    assert sum(part["sent"] for part in hourly["series"]) == first["sent"]
    assert all(begin <= datetime.fromisoformat(part["at"]) for part in hourly["series"])
    assert len(hourly["series"]) > 1
    nothing = await _analytics(world_client, campaign_id, to=first["at"])
    assert (nothing["series"], nothing["steps"], nothing["accounts"]) == ([], [], [])


async def test_of_a_campaign_that_has_sent_nothing_there_is_nothing(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    told = await _analytics(client, campaign["id"])
    assert (told["series"], told["steps"], told["accounts"], told["funnel"]["statuses"]) == ([], [], [], [])
    assert (told["from"], told["to"], told["interval"], told["timezone"]) == (None, None, "day", "UTC")


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-02T00:00:00Z"}, ["to"]),
        ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"}, ["to"]),
        ({"interval": "hour"}, ["interval"]),
        ({"interval": "hour", "from": "2026-03-02T00:00:00Z", "to": "2026-04-03T00:00:00Z"}, ["interval"]),
        ({"interval": "week"}, ["interval"]),
        ({"from": "yesterday"}, ["from"]),
    ],
)
async def test_a_period_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, link: Link, query: dict[str, str], path: list[str]
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    refused = await client.get(f"/campaigns/{campaign['id']}/analytics", params=query)
    assert (refused.status_code, refused.json()["details"]["issues"][0]["path"]) == (400, path)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"])
async def test_a_period_of_any_time_can_be_asked_for(client: httpx.AsyncClient, link: Link, at: str) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    for name in ("from", "to"):
        assert (await client.get(f"/campaigns/{campaign['id']}/analytics", params={name: at})).status_code == 200


def _day(time: str) -> str:
    local = datetime.fromisoformat(time).astimezone(NEW_YORK)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

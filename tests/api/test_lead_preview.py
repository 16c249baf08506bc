"""What a lead will read: every message of its sequence, before it is sent."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import delay, message, variable
from tests.api.conftest import Link, SteeredClock

from overture.actions.context import Context

DAY = timedelta(days=1)
VARIATION: dict[str, Any] = {"type": "variation", "options": ["Hello", "Hi"]}


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


@pytest.fixture
async def campaign(client: httpx.AsyncClient, context: Context, account: dict[str, Any]) -> dict[str, Any]:
    steps = [
        message(VARIATION, " ", variable("first-name")),
        delay(2),
        message("How is ", variable("location")),
        delay(1),
        message("Bye ", variable("bio", "friend")),
    ]
    made = await campaigning.create(client, account, sequence={"steps": steps})
    await campaigning.write_to_anyone(context)
    return made


async def preview(client: httpx.AsyncClient, campaign: dict[str, Any], person: str) -> dict[str, Any]:
    response = await client.get(f"/campaigns/{campaign['id']}/leads/{person}/preview")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_every_message_with_its_text_options_values_and_what_would_hold_it(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="ready")
    found = await preview(client, campaign, "1")
    first, second, third = found["messages"]
    (option,) = first["options"]
    assert option["text"] == VARIATION["options"][option["option"]]
    assert first["text"] == f"{option['text']} User"
    assert (first["rank"], first["state"], first["length"]) == (0, "next", len(first["text"]))
    assert first["values"] == {"first-name": "User"}
    assert (second["state"], second["text"], second["length"]) == ("later", None, None)
    assert (second["reason"], second["values"]) == ("variableMissing:location", {"location": None})
    assert (third["text"], third["reason"], third["values"]) == ("Bye friend", None, {"bio": None})
    assert (found["version"], found["limit"]) == (1, 10_000)


async def test_when_each_could_go_counts_delays_and_sending_hours(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], clock: SteeredClock
) -> None:
    hours = {"1": {"start": 600, "end": 660}, "4": {"start": 600, "end": 660}}
    await client.patch(f"/campaigns/{campaign['id']}", json={"scheduleHours": hours})
    await campaigning.put(context, campaign, "1", state="ready")
    assert clock.at.weekday() == 0, "Monday at nine"
    times = [message["couldGoAt"] for message in (await preview(client, campaign, "1"))["messages"]]
    assert times == ["2026-11-23T10:00:00.000Z", "2026-11-26T10:00:00.000Z", "2026-11-30T10:00:00.000Z"]


async def test_what_was_sent_reads_as_it_was_sent(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    lead_id = await campaigning.put(context, campaign, "1", state="inSequence", account=account, contacted=DAY, rank=1)
    await context.pool.execute(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank,
                             step_id, is_first, text, choices, state, campaign_revision, intent_at, ended_at,
                             accepted_at, lease_until, fence)
        SELECT l.team_id, 'i' || repeat('0', 23), a.app_id, a.id, l.campaign_id, l.id, l.profile_id, 1, 0,
               s.id, true, 'Hi Anna', '[[0, 1]]', 'accepted', 1, l.contacted_at, l.contacted_at, l.contacted_at,
               l.contacted_at, 1
          FROM lead l JOIN account_link a ON a.team_id = l.team_id
          JOIN sequence_step s ON s.team_id = l.team_id AND s.campaign_id = l.campaign_id AND s.rank = 0
         WHERE l.id = $1
        """,
        lead_id,
    )
    first, second, _ = (await preview(client, campaign, "1"))["messages"]
    assert (first["state"], first["text"], first["sentAt"]) == ("sent", "Hi Anna", "2026-11-22T09:00:00.000Z")
    assert first["options"] == [{"segment": 0, "option": 1, "text": "Hi"}]
    assert first["couldGoAt"] is None
    assert (second["state"], second["couldGoAt"]) == ("next", "2026-11-24T09:00:00.000Z")


async def test_nothing_more_goes_to_a_lead_that_has_ended(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await campaigning.put(
        context, campaign, "1", state="canceled", reason="stopped", account=account, contacted=DAY, rank=1
    )
    states = [(one["state"], one["couldGoAt"]) for one in (await preview(client, campaign, "1"))["messages"]]
    assert states == [("passed", None), ("never", None), ("never", None)]


async def test_a_text_that_is_too_long_is_told(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="ready")
    await context.pool.execute("UPDATE profile SET bio = repeat('x', 10000)")
    third = (await preview(client, campaign, "1"))["messages"][2]
    assert (third["reason"], third["length"]) == ("textTooLong", 10_004)


async def test_a_lead_is_named_in_three_ways(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="ready")
    path = f"/campaigns/{campaign['id']}/leads"
    assert (await client.get(f"{path}/user1/preview", params={"by": "username"})).status_code == 200
    response = await client.get(f"{path}/2/preview")
    assert (response.status_code, response.json()["code"]) == (404, "leadNotFound")


async def preview_draft(
    client: httpx.AsyncClient, campaign: dict[str, Any], person: str, *steps: dict[str, Any]
) -> httpx.Response:
    return await client.post(f"/campaigns/{campaign['id']}/leads/{person}/preview", json={"steps": list(steps)})


async def test_what_is_not_saved_is_read_as_it_would_be_sent_and_changes_nothing(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="ready")
    saved = (await preview(client, campaign, "1"))["messages"][0]
    first = {"id": saved["stepId"], **message(VARIATION, " there, ", variable("first-name"))}
    response = await preview_draft(client, campaign, "1", first, delay(1), message("And ", variable("bio")))
    assert response.status_code == 200, response.text
    told = response.json()
    kept, new = told["messages"]
    assert (kept["stepId"], kept["options"]) == (saved["stepId"], saved["options"])
    assert kept["text"] == f"{saved['options'][0]['text']} there, User"
    assert (new["stepId"], new["rank"], new["text"], new["reason"]) == (None, 2, None, "variableMissing:bio")
    assert told["limit"] == 10_000
    assert (await preview(client, campaign, "1"))["messages"][0] == saved


async def test_the_options_of_a_new_step_stay_the_same_while_it_is_looked_at(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="ready")
    many = message({"type": "variation", "options": [str(option) for option in range(30)]})
    texts = {(await preview_draft(client, campaign, "1", many)).json()["messages"][0]["text"] for _ in range(4)}
    assert len(texts) == 1


async def test_a_draft_that_is_no_sequence_is_refused_with_the_place(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="ready")
    response = await preview_draft(client, campaign, "1", message(variable("cf_unknown")))
    assert response.status_code == 400
    assert response.json()["details"]["issues"][0]["path"] == ["steps", 0, "data", "segments", 0, "name"]
    assert (await preview_draft(client, campaign, "2", message("Hi"))).json()["code"] == "leadNotFound"

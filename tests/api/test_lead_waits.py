"""What a lead waits for: each cause by its code, and until when."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import START, message
from tests.api.conftest import Link, SteeredClock

from overture.actions.context import Context

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


@pytest.fixture
async def campaign(client: httpx.AsyncClient, context: Context, account: dict[str, Any]) -> dict[str, Any]:
    """An active campaign with two leads due: "1" is the account's next, "2" comes after."""
    made = await campaigning.create(client, account, sequence={"steps": [message("1"), message("2")]})
    await campaigning.write_to_anyone(context)
    await campaigning.enable(client, made)
    for person in ("1", "2"):
        await campaigning.put(context, made, person, state="ready", account=account, due=timedelta())
    await context.pool.execute("UPDATE account_pace SET wake_at = $1", START)
    await context.pool.execute("UPDATE campaign_account SET next_at = $1, room = 5", START)
    await context.pool.execute("UPDATE account_pace SET hourly_room = 5, daily_room = 5")
    return made


async def waits(client: httpx.AsyncClient, campaign: dict[str, Any], person: str = "1") -> tuple[str, str | None]:
    found = (await campaigning.lead(client, campaign, person))["waitsFor"]
    return (found["code"], found["until"]) if found else ("", None)


async def sent(context: Context, lead_id: str, account: dict[str, Any], at: datetime) -> None:
    """Note a message that an account sent to a lead."""
    await context.pool.execute(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank,
                             step_id, is_first, text, state, campaign_revision, intent_at, ended_at, accepted_at,
                             lease_until, fence)
        SELECT l.team_id, 'i' || repeat('0', 23), a.app_id, a.id, l.campaign_id, l.id, l.profile_id, 1, 0,
               s.id, true, '1', 'accepted', 1, $2, $2, $2, $2, 1
          FROM lead l JOIN account_link a ON a.team_id = l.team_id AND a.id = $3
          JOIN sequence_step s ON s.team_id = l.team_id AND s.campaign_id = l.campaign_id AND s.rank = 0
         WHERE l.id = $1
        """,
        lead_id,
        at,
        account["id"],
    )


async def test_nothing_keeps_the_next_lead_and_the_others_wait_for_it(
    client: httpx.AsyncClient, campaign: dict[str, Any]
) -> None:
    assert await waits(client, campaign) == ("", None)
    assert await waits(client, campaign, "2") == ("queue", None)


@pytest.mark.parametrize(
    ("statement", "code", "until"),
    [
        ("UPDATE campaign_account SET next_at = $1", "pace", 7),
        ("UPDATE account_pace SET rest_until = $1", "accountResting", 7),
        ("UPDATE app_budget SET rest_until = $1", "appLimit", 7),
        ("UPDATE app_budget SET paused_until = $1, pause_code = 'outOfCredit'", "outOfCredit", 7),
        ("UPDATE account_pace SET waits_for_inbox = true, wake_at = $1", "inbox", None),
        ("UPDATE account_link SET status = 'offline' WHERE $1::timestamptz IS NOT NULL", "accountOffline", None),
        (
            "UPDATE account_link SET status = 'paused', pause_reasons = '{byHand}' WHERE $1::timestamptz IS NOT NULL",
            "accountPaused",
            None,
        ),
    ],
)
async def test_what_keeps_the_account(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], statement: str, code: str, until: int | None
) -> None:
    await context.pool.execute("DELETE FROM wake_up")
    await context.pool.execute(statement, START + 7 * MINUTE)
    expected = None if until is None else f"2026-11-23T09:{until:02}:00.000Z"
    assert await waits(client, campaign) == (code, expected)
    assert (await campaigning.lead(client, campaign, "1"))["nextSendAt"] == expected


async def test_what_lasts_longest_is_told(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await context.pool.execute("UPDATE campaign_account SET next_at = $1", START + 2 * MINUTE)
    await context.pool.execute("UPDATE account_pace SET rest_until = $1", START + 30 * MINUTE)
    assert await waits(client, campaign) == ("accountResting", "2026-11-23T09:30:00.000Z")


async def test_an_account_that_nothing_leaves_keeps_all_its_leads(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await context.pool.execute("UPDATE account_link SET status = 'offline'")
    assert await waits(client, campaign, "2") == ("accountOffline", None)


async def test_the_limit_of_an_account_is_counted_from_its_attempts(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    other = await campaigning.create(client, account, sequence={"steps": [message("1")]})
    lead_id = await campaigning.put(context, other, "9", state="finished", account=account, contacted=DAY, rank=1)
    await client.patch(f"/account-links/{account['id']}", json={"hourlyLimit": 1})
    await sent(context, lead_id, account, START - 10 * MINUTE)
    await context.pool.execute("UPDATE account_pace SET hourly_room = 0, wake_at = $1", START)
    assert await waits(client, campaign) == ("accountLimit", "2026-11-23T09:50:00.000Z")


async def test_the_hours_come_before_the_pace(
    client: httpx.AsyncClient, campaign: dict[str, Any], clock: SteeredClock
) -> None:
    clock.at += timedelta(hours=9)
    assert await waits(client, campaign) == ("sendingHours", "2026-11-24T09:00:00.000Z")


async def test_a_person_another_campaign_wrote_to_is_left_alone(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await context.pool.execute("UPDATE lead_due SET due_at = $1", START + 20 * DAY)
    await context.pool.execute(
        "INSERT INTO person (team_id, profile_id, unanswered_end_at) SELECT team_id, profile_id, $1 FROM lead",
        START - 10 * DAY,
    )
    assert await waits(client, campaign) == ("recontact", "2026-12-13T09:00:00.000Z")


async def test_the_switch_of_the_team_comes_before_everything(
    client: httpx.AsyncClient, campaign: dict[str, Any]
) -> None:
    await client.post("/team/stop")
    for person in ("1", "2"):
        assert await waits(client, campaign, person) == ("teamStopped", None)


async def test_a_person_is_left_alone_before_the_engine_has_looked_at_the_lead(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await context.pool.execute(
        "INSERT INTO person (team_id, profile_id, unanswered_end_at) SELECT team_id, profile_id, $1 FROM lead",
        START - 10 * DAY,
    )
    assert await waits(client, campaign) == ("recontact", "2026-12-13T09:00:00.000Z")
    assert (await campaigning.lead(client, campaign, "1"))["nextSendAt"] is None
    await client.patch("/team", json={"recontactAfterDays": 5})
    assert await waits(client, campaign) == ("", None)


async def test_a_sequence_that_begins_with_a_delay_leaves_nobody_alone(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await context.pool.execute("UPDATE lead_due SET due_at = $1", START + 20 * DAY)
    assert await waits(client, campaign) == ("delay", "2026-12-13T09:00:00.000Z")


async def test_a_person_another_campaign_is_writing_to_is_waited_for(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await context.pool.execute(
        "INSERT INTO person (team_id, profile_id, engaged_lead_id) SELECT team_id, profile_id, $1 FROM lead", "z" * 24
    )
    assert await waits(client, campaign) == ("otherCampaign", None)
    assert (await campaigning.lead(client, campaign, "1"))["nextSendAt"] is None


@pytest.mark.parametrize(("state", "words"), [("intent", "on its way"), ("unknown", "was lost")])
async def test_a_message_nobody_knows_the_outcome_of_is_waited_for(
    client: httpx.AsyncClient,
    context: Context,
    account: dict[str, Any],
    campaign: dict[str, Any],
    state: str,
    words: str,
) -> None:
    first = await context.pool.fetchrow("DELETE FROM lead_due RETURNING lead_id")
    assert first is not None
    await sent(context, first["lead_id"], account, START)
    await context.pool.execute(
        """
        UPDATE attempt
           SET state = $1, accepted_at = NULL, ended_at = CASE WHEN $1 = 'intent' THEN 'infinity' ELSE ended_at END
        """,
        state,
    )
    found = await campaigning.read(client, campaign)
    assert found["waitsFor"]["code"] == "outcome"
    assert found["waitsFor"]["message"].startswith("1 message is on the way")
    person = await context.pool.fetchval(
        "SELECT p.platform_id FROM lead l JOIN profile p ON p.id = l.profile_id WHERE l.id = $1", first["lead_id"]
    )
    lead = await campaigning.lead(client, campaign, person)
    assert lead["waitsFor"]["code"] == "outcome"
    assert words in lead["waitsFor"]["message"]
    assert lead["accountLinkId"] == account["id"]


async def whole(client: httpx.AsyncClient, campaign: dict[str, Any]) -> tuple[str, str | None]:
    found = (await campaigning.read(client, campaign))["waitsFor"]
    return (found["code"], found["until"]) if found else ("", None)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE campaign_account SET next_at = $1", "pace"),
        ("UPDATE account_pace SET rest_until = $1", "accountResting"),
        ("UPDATE app_budget SET rest_until = $1", "appLimit"),
        ("UPDATE app_budget SET paused_until = $1, pause_code = 'outOfCredit'", "outOfCredit"),
        ("UPDATE lead_due SET due_at = $1", "delay"),
    ],
)
async def test_a_campaign_waits_for_what_its_next_account_waits_for(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], statement: str, code: str
) -> None:
    assert await whole(client, campaign) == ("", None)
    await context.pool.execute(statement, START + 7 * MINUTE)
    assert await whole(client, campaign) == (code, "2026-11-23T09:07:00.000Z")


async def test_the_budget_of_the_app_is_counted_over_all_its_accounts(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], link: Link
) -> None:
    ben = await link("ben")
    other = await campaigning.create(client, ben, sequence={"steps": [message("1")]})
    lead_id = await campaigning.put(context, other, "9", state="finished", account=ben, contacted=DAY, rank=1)
    await sent(context, lead_id, ben, START - 10 * MINUTE)
    await context.pool.execute("UPDATE app_budget SET daily_cap = 1, room = 0")
    # The ceiling frees at 08:50, before the hours open.
    assert await waits(client, campaign) == ("sendingHours", "2026-11-24T09:00:00.000Z")
    await context.pool.execute("UPDATE attempt SET ended_at = $1", START - 10 * MINUTE - 22 * HOUR)
    assert await waits(client, campaign) == ("appBudget", "2026-11-23T10:50:00.000Z")
    assert await whole(client, campaign) == ("appBudget", "2026-11-23T10:50:00.000Z")
    assert (await campaigning.lead(client, campaign, "1"))["nextSendAt"] == "2026-11-23T10:50:00.000Z"


async def test_a_follow_up_that_is_not_due_yet_tells_that_the_inbox_is_read_before_it(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await context.pool.execute("UPDATE lead_due SET due_at = $1", START + 7 * MINUTE)
    first = (await campaigning.lead(client, campaign, "1"))["waitsFor"]
    assert (first["code"], "inbox" in first["message"]) == ("delay", False)
    await context.pool.execute(
        "UPDATE lead SET state = 'inSequence', contacted_at = $1, sequence_version = 1, rank = 1, account_id = $2,"
        " since = $1, first_intent_at = $1",
        START,
        account["id"],
    )
    later = (await campaigning.lead(client, campaign, "1"))["waitsFor"]
    assert (later["code"], later["until"]) == ("delay", first["until"])
    assert later["message"].endswith("The inbox is read right before it, which may take a moment.")

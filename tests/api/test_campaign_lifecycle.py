"""Start, pause, delete, and what an active campaign waits for."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import message
from tests.api.conftest import Link, SteeredClock, Wakes

from overture.actions.context import Context

DAY = timedelta(days=1)
HI = {"steps": [message("Hi")]}


async def switch(client: httpx.AsyncClient, campaign: dict[str, Any], verb: str) -> dict[str, Any]:
    response = await client.post(f"/campaigns/{campaign['id']}/{verb}")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def kinds(context: Context) -> list[str]:
    rows = await context.pool.fetch("SELECT type FROM event ORDER BY seq")
    return [row["type"] for row in rows if row["type"].startswith("campaign.")]


async def gate(context: Context) -> tuple[bool, int]:
    row = await context.pool.fetchrow("SELECT open, revision FROM campaign_gate")
    assert row is not None
    return row["open"], row["revision"]


async def test_a_draft_starts_pauses_and_resumes(
    client: httpx.AsyncClient, link: Link, context: Context, clock: SteeredClock, wakes: Wakes
) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence=HI)
    clock.at += timedelta(minutes=1)
    before = wakes.count
    started = await switch(client, campaign, "enable")
    assert (started["status"], started["enabled"]) == ("active", True)
    assert started["lastStartedAt"] == started["updatedAt"] == "2026-11-23T09:01:00.000Z"
    assert wakes.count > before
    assert await gate(context) == (True, 2)
    clock.at += timedelta(minutes=1)
    paused = await switch(client, campaign, "disable")
    assert (paused["status"], paused["enabled"]) == ("paused", False)
    assert paused["pausedAt"] == "2026-11-23T09:02:00.000Z"
    assert paused["waitsFor"]["code"] == "disabled"
    assert await gate(context) == (False, 3)
    clock.at += timedelta(minutes=1)
    resumed = await switch(client, campaign, "enable")
    assert (resumed["status"], resumed["pausedAt"]) == ("active", "2026-11-23T09:02:00.000Z")
    assert resumed["lastStartedAt"] == "2026-11-23T09:03:00.000Z"
    assert await kinds(context) == [
        "campaign.created",
        "campaign.started",
        "campaign.paused",
        "campaign.started",
        "campaign.resumed",
    ]


async def test_repeating_a_switch_changes_nothing(
    client: httpx.AsyncClient, link: Link, context: Context, clock: SteeredClock
) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence=HI)
    for verb in ("enable", "disable"):
        once = await switch(client, campaign, verb)
        state, told = await gate(context), await kinds(context)
        clock.at += timedelta(minutes=1)
        assert await switch(client, campaign, verb) == once
        assert (await gate(context), await kinds(context)) == (state, told)


async def test_two_starts_at_once_are_one_start(client: httpx.AsyncClient, link: Link, context: Context) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence=HI)
    answers = await asyncio.gather(*(switch(client, campaign, "enable") for _ in range(4)))
    assert {answer["status"] for answer in answers} == {"active"}
    assert await gate(context) == (True, 2)
    assert (await kinds(context)).count("campaign.started") == 1


async def test_switches_and_edits_at_once_end_in_a_state_that_agrees_with_the_gate(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana, sequence=HI)
    at = f"/campaigns/{campaign['id']}"
    for number in range(3):
        answers = await asyncio.gather(
            client.post(f"{at}/enable"),
            client.patch(at, json={"hourlyMessageRate": number + 1}),
            client.post(f"{at}/disable"),
            client.patch(f"{at}/rules", json={"excludeContacted": number % 2 == 0}),
            client.put(f"{at}/sequence", json=HI),
        )
        assert [answer.status_code for answer in answers] == [200] * 5
        shown = await campaigning.read(client, campaign)
        assert (await gate(context))[0] == (shown["status"] == "active")


async def test_a_draft_that_is_disabled_is_paused_and_was_never_started(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence=HI)
    paused = await switch(client, campaign, "disable")
    assert (paused["status"], paused["enabled"], paused["lastStartedAt"]) == ("paused", False, None)
    await switch(client, campaign, "enable")
    assert await kinds(context) == ["campaign.created", "campaign.paused", "campaign.started", "campaign.resumed"]


async def test_a_completed_campaign_stays_enabled_and_disabling_makes_it_paused(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence=HI)
    await switch(client, campaign, "enable")
    await context.pool.execute("UPDATE campaign SET status = 'completed', completed_at = $1", campaigning.START)
    completed = await switch(client, campaign, "enable")
    assert (completed["status"], completed["enabled"], completed["waitsFor"]) == ("completed", True, None)
    paused = await switch(client, campaign, "disable")
    assert (paused["status"], paused["enabled"], paused["completedAt"]) == ("paused", False, None)


async def test_a_campaign_overture_paused_is_retried_by_enable_and_kept_paused_by_disable(
    client: httpx.AsyncClient, link: Link, context: Context, clock: SteeredClock
) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence=HI)
    await switch(client, campaign, "enable")

    async def pause_by_itself() -> None:
        await context.pool.execute(
            """
            UPDATE campaign SET status = 'paused', paused_at = $1, pause_code = 'outOfCredit',
                   pause_message = 'No credit.', pause_since = $1
            """,
            campaigning.START,
        )

    await pause_by_itself()
    shown = await campaigning.read(client, campaign)
    assert shown["enabled"] is True
    assert shown["pauseReason"] == {
        "code": "outOfCredit",
        "message": "No credit.",
        "since": "2026-11-23T09:00:00.000Z",
    }
    assert shown["waitsFor"] == {"code": "outOfCredit", "message": "No credit.", "until": None}
    retried = await switch(client, campaign, "enable")
    assert (retried["status"], retried["pauseReason"]) == ("active", None)
    await pause_by_itself()
    clock.at += timedelta(hours=1)
    told = await kinds(context)
    stays = await switch(client, campaign, "disable")
    assert (stays["status"], stays["enabled"], stays["pauseReason"]) == ("paused", False, None)
    assert stays["pausedAt"] == "2026-11-23T09:00:00.000Z"
    assert await kinds(context) == told


async def test_only_a_campaign_that_is_not_active_is_deleted_and_it_is_gone_then(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    founders = await campaigning.make_list(client, "Founders")
    campaign = await campaigning.create(client, ana, sequence=HI, rules={"syncedListIds": [founders["id"]]})
    other = await campaigning.create(client, ana)
    await switch(client, campaign, "enable")
    refused = await client.delete(f"/campaigns/{campaign['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "campaignActive")
    await switch(client, campaign, "disable")
    assert (await client.delete(f"/campaigns/{campaign['id']}")).status_code == 204
    gone = await client.get(f"/campaigns/{campaign['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "campaignNotFound")
    assert (await client.delete(f"/campaigns/{campaign['id']}")).status_code == 404
    assert [entry["id"] for entry in (await client.get("/campaigns")).json()["data"]] == [other["id"]]
    assert (await client.delete(f"/lists/{founders['id']}")).status_code == 204
    assert await context.pool.fetchval("SELECT count(*) FROM campaign WHERE id = $1", campaign["id"]) == 1


async def test_whom_a_deleted_campaign_was_writing_to_is_free_for_others(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana, sequence=HI)
    other = await campaigning.create(client, ana, sequence=HI)
    lead_id = await campaigning.put(context, campaign, "1", state="inSequence", account=ana, contacted=DAY, rank=1)
    waiting_id = await campaigning.put(context, other, "1", state="ready", account=ana)
    await context.pool.execute(
        """
        INSERT INTO person (team_id, profile_id, engaged_lead_id)
        SELECT team_id, profile_id, id FROM lead WHERE id = $1
        """,
        lead_id,
    )
    await context.pool.execute(
        """
        INSERT INTO lead_parked (team_id, profile_id, lead_id, account_id, campaign_id)
        SELECT team_id, profile_id, id, $2, campaign_id FROM lead WHERE id = $1
        """,
        waiting_id,
        ana["id"],
    )
    assert (await client.delete(f"/campaigns/{campaign['id']}")).status_code == 204
    person = await context.pool.fetchrow("SELECT engaged_lead_id, unanswered_end_at FROM person")
    assert person is not None
    assert (person["engaged_lead_id"], person["unanswered_end_at"]) == (None, campaigning.START)
    assert await context.pool.fetchval("SELECT lead_id FROM lead_due") == waiting_id


@pytest.mark.parametrize(
    ("at", "due", "code", "until"),
    [
        ("2026-11-23T09:00:00+00:00", 0, None, None),
        ("2026-11-23T09:00:00+00:00", 2, "delay", "2026-11-23T11:00:00.000Z"),
        ("2026-11-23T07:00:00+00:00", -2, "sendingHours", "2026-11-23T09:00:00.000Z"),
    ],
)
async def test_an_active_campaign_says_what_it_waits_for(
    client: httpx.AsyncClient,
    link: Link,
    context: Context,
    clock: SteeredClock,
    at: str,
    due: int,
    code: str | None,
    until: str | None,
) -> None:
    ana = await link("ana")
    clock.at = clock.at.fromisoformat(at)
    campaign = await campaigning.create(client, ana, sequence=HI)
    started = await switch(client, campaign, "enable")
    assert started["waitsFor"]["code"] == "noLeads"
    await campaigning.put(context, campaign, "1", state="ready", account=ana, due=timedelta(hours=due))
    waits = (await campaigning.read(client, campaign))["waitsFor"]
    assert (None if waits is None else (waits["code"], waits["until"])) == (None if code is None else (code, until))


async def test_an_active_campaign_waits_for_accounts_people_and_decisions(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana, sequence=HI)
    await switch(client, campaign, "enable")

    async def code() -> str:
        waits: dict[str, str] = (await campaigning.read(client, campaign))["waitsFor"]
        return waits["code"]

    await campaigning.put(context, campaign, "1", state="held", reason="wroteFirst")
    assert await code() == "held"
    await campaigning.put(context, campaign, "2", state="ready")
    assert await code() == "notFree"
    await campaigning.put(context, campaign, "3", state="assessing")
    assert await code() == "assessing"
    await context.pool.execute("UPDATE account_link SET status = 'paused', pause_reasons = '{manual}'")
    assert await code() == "accountPaused"
    await context.pool.execute("UPDATE account_link SET status = 'offline', pause_reasons = '{}'")
    assert await code() == "accountOffline"
    await context.pool.execute("UPDATE team SET stopped_at = now()")
    assert await code() == "teamStopped"


async def test_the_pace_of_an_account_is_what_a_campaign_waits_for_after_a_message(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana, sequence=HI)
    await switch(client, campaign, "enable")
    await campaigning.put(context, campaign, "1", state="ready", account=ana, due=timedelta())
    await context.pool.execute("UPDATE campaign_account SET next_at = $1", campaigning.START + timedelta(minutes=7))
    shown = await campaigning.read(client, campaign)
    assert (shown["waitsFor"]["code"], shown["waitsFor"]["until"]) == ("pace", "2026-11-23T09:07:00.000Z")

"""Leads that had been taken out or stopped, and go on where they stood."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests import databases
from tests.api import campaigning
from tests.api.campaigning import START, message
from tests.api.conftest import Link

from overture.actions.context import Context

DAY = timedelta(days=1)
TWO = {"steps": [message("1"), message("2")]}


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


@pytest.fixture
async def campaign(client: httpx.AsyncClient, context: Context, account: dict[str, Any]) -> dict[str, Any]:
    made = await campaigning.create(client, account, sequence=TWO)
    await campaigning.write_to_anyone(context)
    return made


async def restore(client: httpx.AsyncClient, campaign: dict[str, Any], person: str, **body: Any) -> httpx.Response:
    return await client.post(f"/campaigns/{campaign['id']}/leads/{person}/restore", json=body)


async def standing(client: httpx.AsyncClient, campaign: dict[str, Any], person: str) -> tuple[str, str | None]:
    lead = await campaigning.lead(client, campaign, person)
    return lead["state"], lead["reason"]


async def know_person(context: Context, lead_id: str, **facts: Any) -> None:
    names = ", ".join(facts)
    values = ", ".join(f"${number}" for number in range(2, len(facts) + 2))
    await context.pool.execute(
        f"""
        INSERT INTO person (team_id, profile_id, {names}) SELECT team_id, profile_id, {values} FROM lead WHERE id = $1
        """,
        lead_id,
        *facts.values(),
    )


async def test_a_stopped_lead_goes_on_with_the_step_it_was_at(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    lead_id = await campaigning.put(
        context, campaign, "1", state="inSequence", account=account, contacted=DAY, rank=1, due=timedelta()
    )
    await know_person(context, lead_id, engaged_lead_id=lead_id, first_contacted_at=START - DAY)
    await client.post(f"/campaigns/{campaign['id']}/leads/1/cancel")
    assert (await restore(client, campaign, "1")).json() == {"success": True}
    lead = await campaigning.lead(client, campaign, "1")
    assert (lead["state"], lead["reason"], lead["step"]["rank"]) == ("inSequence", None, 1)
    due = await context.pool.fetchrow("SELECT is_first, due_at FROM lead_due WHERE lead_id = $1", lead_id)
    assert due is not None
    assert (due["is_first"], due["due_at"]) == (False, START - DAY)
    assert await context.pool.fetchval("SELECT engaged_lead_id FROM person") == lead_id


async def test_one_that_has_had_every_step_is_finished(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await campaigning.put(
        context, campaign, "1", state="canceled", reason="stopped", account=account, contacted=DAY, rank=2
    )
    assert (await restore(client, campaign, "1")).status_code == 200
    assert await standing(client, campaign, "1") == ("finished", None)


async def test_one_that_was_never_written_to_is_assessed(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="canceled", reason="stopped")
    await campaigning.put(context, campaign, "2", state="ready")
    await client.request("DELETE", f"/campaigns/{campaign['id']}/leads", json={"platformIds": ["2"]})
    for person in ("1", "2"):
        assert (await restore(client, campaign, person)).status_code == 200
        assert await standing(client, campaign, person) == ("assessing", None)
    assert await context.pool.fetchval("SELECT count(*) FROM assess_queue") == 2
    assert await context.pool.fetchval("SELECT bool_and(is_direct AND NOT is_deleted_by_hand) FROM lead")


async def test_one_that_goes_on_already_stays_as_it_is(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="ready", account=account, due=timedelta())
    assert (await restore(client, campaign, "1")).status_code == 200
    assert await standing(client, campaign, "1") == ("ready", None)


@pytest.mark.parametrize(
    ("state", "reason", "is_contacted"),
    [
        ("held", "textTooLong", False),
        ("finished", None, True),
        ("failed", "closed", True),
        ("unreachable", "closed", False),
        ("excluded", "contacted", False),
        ("removed", "leftLists", False),
    ],
)
async def test_one_that_nobody_stopped_cannot_be_restored(
    client: httpx.AsyncClient,
    context: Context,
    campaign: dict[str, Any],
    account: dict[str, Any],
    state: str,
    reason: str | None,
    is_contacted: bool,
) -> None:
    await campaigning.put(
        context,
        campaign,
        "1",
        state=state,
        reason=reason,
        account=account if is_contacted else None,
        contacted=DAY if is_contacted else None,
    )
    response = await restore(client, campaign, "1")
    assert (response.status_code, response.json()["code"]) == (409, "leadNotRestorable")
    assert response.json()["details"] == {"state": state, "reason": reason}
    assert await standing(client, campaign, "1") == (state, reason)


async def test_a_person_who_opted_out_or_wrote_since_is_left_alone(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    first = await campaigning.put(context, campaign, "1", state="canceled", reason="suppressed")
    await know_person(context, first, suppressed_at=START)
    second = await campaigning.put(
        context, campaign, "2", state="canceled", reason="answeredElsewhere", account=account, contacted=DAY
    )
    await know_person(context, second, last_inbound_at=START)
    for person, reason in (("1", "suppressed"), ("2", "answeredElsewhere")):
        response = await restore(client, campaign, person)
        assert (response.status_code, response.json()["code"]) == (409, "leadKeptOut")
        assert response.json()["details"] == {"reason": reason}
        assert await standing(client, campaign, person) == ("canceled", reason)


async def test_a_person_who_answers_another_account_at_that_moment_is_left_alone(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    pool = context.pool
    lead_id = await campaigning.put(
        context, campaign, "1", state="canceled", reason="stopped", account=account, contacted=DAY
    )
    await know_person(context, lead_id, first_contacted_at=START - DAY)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM lead WHERE id = $1 FOR NO KEY UPDATE", lead_id)
        restoring = asyncio.create_task(restore(client, campaign, "1"))
        await databases.until_one_waits(pool)
        await connection.execute("UPDATE person SET last_inbound_at = $1", START)
    response = await restoring
    assert (response.status_code, response.json()["code"]) == (409, "leadKeptOut")
    assert response.json()["details"] == {"reason": "answeredElsewhere"}
    assert await standing(client, campaign, "1") == ("canceled", "stopped")


async def test_the_rules_of_the_campaign_come_before_a_restore(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    barred = await campaigning.make_list(client, "Barred")
    await campaigning.fill(client, barred, "1")
    await client.patch(f"/campaigns/{campaign['id']}/rules", json={"excludedListIds": [barred["id"]]})
    await campaigning.put(context, campaign, "1", state="canceled", reason="stopped")
    response = await restore(client, campaign, "1")
    assert (response.status_code, response.json()["details"]) == (409, {"reason": "excludedList"})
    await context.pool.execute("UPDATE platform_app SET contact_policy = 'inboundOrConsent'")
    await client.request("DELETE", f"/lists/{barred['id']}/leads", json={"platformIds": ["1"]})
    response = await restore(client, campaign, "1")
    assert (response.status_code, response.json()["details"]) == (409, {"reason": "consentMissing"})


async def test_whoever_wrote_before_our_first_message_waits_for_a_decision(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    lead_id = await campaigning.put(context, campaign, "1", state="canceled", reason="stopped")
    await know_person(context, lead_id, last_inbound_at=START + timedelta(minutes=1))
    assert (await restore(client, campaign, "1")).status_code == 200
    assert await standing(client, campaign, "1") == ("held", "wroteFirst")
    assert await context.pool.fetchval("SELECT count(*) FROM assess_queue") == 0


@pytest.mark.parametrize(("state", "reason", "expected"), [("intent", None, 409), ("unknown", "notFound", 200)])
async def test_a_message_on_its_way_or_of_unknown_fate_is_never_sent_again(
    client: httpx.AsyncClient,
    context: Context,
    campaign: dict[str, Any],
    state: str,
    reason: str | None,
    expected: int,
) -> None:
    lead_id = await campaigning.put(context, campaign, "1", state="canceled", reason="stopped")
    await context.pool.execute(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank,
                             step_id, is_first, text, state, reason, campaign_revision, intent_at, ended_at,
                             lease_until, fence)
        SELECT l.team_id, 'i' || repeat('0', 23), a.app_id, a.id, l.campaign_id, l.id, l.profile_id, 1, 0,
               s.id, true, '1', $3, $4, 1, $2, CASE WHEN $3 = 'intent' THEN 'infinity' ELSE $2::timestamptz END, $2, 1
          FROM lead l JOIN account_link a ON a.team_id = l.team_id
          JOIN sequence_step s ON s.team_id = l.team_id AND s.campaign_id = l.campaign_id AND s.rank = 0
         WHERE l.id = $1
        """,
        lead_id,
        START,
        state,
        reason,
    )
    response = await restore(client, campaign, "1")
    assert response.status_code == expected
    if expected == 409:
        assert response.json()["code"] == "sendInProgress"
        assert await standing(client, campaign, "1") == ("canceled", "stopped")
    else:
        assert await standing(client, campaign, "1") == ("held", "notFound")


async def test_a_restored_lead_takes_a_completed_campaign_up_again(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await campaigning.enable(client, campaign)
    await campaigning.put(context, campaign, "1", state="finished", account=account, contacted=DAY, rank=2)
    await campaigning.put(context, campaign, "2", state="ready", account=account, due=timedelta())
    await context.pool.execute("UPDATE duty SET due_at = 'infinity', done = wanted")
    await client.post(f"/campaigns/{campaign['id']}/leads/2/cancel")
    assert (await campaigning.read(client, campaign))["status"] == "completed"
    await restore(client, campaign, "2")
    assert (await campaigning.read(client, campaign))["status"] == "active"

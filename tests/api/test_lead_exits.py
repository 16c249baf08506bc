"""Leads taken out of a campaign by hand: removed for good, or stopped where they stand."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import START, message
from tests.api.conftest import Link

from overture.actions.context import Context
from overture.core.words import LeadState
from overture.engine import sync

DAY = timedelta(days=1)
TWO = {"steps": [message("1"), message("2")]}
OPEN = ("assessing", "ready", "inSequence", "held", "unreachable", "excluded")
ENDED = ("finished", "replied", "failed", "canceled", "removed")


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


@pytest.fixture
async def campaign(client: httpx.AsyncClient, account: dict[str, Any]) -> dict[str, Any]:
    return await campaigning.create(client, account, sequence=TWO)


async def put_every_state(context: Context, campaign: dict[str, Any], account: dict[str, Any]) -> dict[str, LeadState]:
    """Put one lead into every state; return the states by platform id."""
    found = {}
    for number, state in enumerate(LeadState, start=1):
        is_contacted = state in ("inSequence", "finished", "replied", "failed")
        await campaigning.put(
            context,
            campaign,
            str(number),
            state=state,
            reason=None if state in ("assessing", "ready", "inSequence", "finished", "replied") else "closed",
            account=account if is_contacted or state == "ready" else None,
            contacted=DAY if is_contacted else None,
            replied=state == "replied",
            due=timedelta() if state in ("ready", "inSequence") else None,
        )
        found[str(number)] = state
    return found


async def remove(client: httpx.AsyncClient, campaign: dict[str, Any], **body: Any) -> int:
    response = await client.request("DELETE", f"/campaigns/{campaign['id']}/leads", json=body)
    assert response.status_code == 200, response.text
    removed: int = response.json()["removed"]
    return removed


async def cancel(client: httpx.AsyncClient, campaign: dict[str, Any], identifier: str, **body: Any) -> httpx.Response:
    return await client.post(f"/campaigns/{campaign['id']}/leads/{identifier}/cancel", json=body)


async def states(client: httpx.AsyncClient, campaign: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    page = (await client.get(f"/campaigns/{campaign['id']}/leads", params={"limit": 100})).json()["data"]
    return {lead["profile"]["platformId"]: (lead["state"], lead["reason"]) for lead in page}


async def test_leads_that_have_not_ended_are_removed_and_counted(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    before = await put_every_state(context, campaign, account)
    assert await remove(client, campaign, platformIds=list(before)) == len(OPEN)
    after = await states(client, campaign)
    for person, state in before.items():
        if state in OPEN:
            assert after[person] == ("removed", "deletedByHand")
        else:
            assert after[person][0] == state
    assert await context.pool.fetchval("SELECT count(*) FROM lead_due") == 0
    assert await remove(client, campaign, platformIds=list(before)) == 0


async def test_leads_are_removed_by_every_way_to_name_them(client: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    await campaigning.add(client, campaign, "1", "2", "3", "4")
    profile = (await campaigning.lead(client, campaign, "2"))["profile"]["id"]
    named = {
        "platformIds": ["1", "77", "1"],
        "externalIds": [profile],
        "usernames": ["nobody_of_this_name"],
        "leads": [{"platformId": "3"}],
    }
    assert await remove(client, campaign, **named) == 3
    assert (await campaigning.read(client, campaign))["targetsCount"] == 1


async def test_no_list_brings_a_removed_lead_back_and_a_hand_does(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    listed = await campaigning.make_list(client, "A")
    await campaigning.fill(client, listed, "1")
    await client.patch(f"/campaigns/{campaign['id']}/rules", json={"syncedListIds": [listed["id"]]})
    await campaigning.write_to_anyone(context)
    team_id = await context.pool.fetchval("SELECT team_id FROM campaign")

    async def bring_in_line() -> dict[str, tuple[str, str | None]]:
        await sync.step(context.pool, team_id=team_id, campaign_id=campaign["id"], now=START)
        return await states(client, campaign)

    assert await bring_in_line() == {"1": ("assessing", None)}
    assert await remove(client, campaign, platformIds=["1"]) == 1
    await client.request("DELETE", f"/lists/{listed['id']}/leads", json={"platformIds": ["1"]})
    assert await bring_in_line() == {"1": ("removed", "deletedByHand")}
    await campaigning.fill(client, listed, "1")
    assert await bring_in_line() == {"1": ("removed", "deletedByHand")}
    assert (await campaigning.add(client, campaign, "1"))["added"] == 1
    assert await states(client, campaign) == {"1": ("assessing", None)}


async def test_one_that_the_lists_had_let_go_is_not_brought_back_either(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="removed", reason="leftLists")
    await context.pool.execute("UPDATE lead SET is_direct = false")
    assert await remove(client, campaign, platformIds=["1"]) == 0
    assert await states(client, campaign) == {"1": ("removed", "deletedByHand")}
    assert await context.pool.fetchval("SELECT is_deleted_by_hand FROM lead")


async def test_a_removed_lead_frees_its_person_and_takes_them_again_when_it_goes_on(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    lead_id = await campaigning.put(
        context, campaign, "1", state="inSequence", account=account, contacted=DAY, rank=1, due=timedelta()
    )
    await context.pool.execute(
        "INSERT INTO person (team_id, profile_id, engaged_lead_id, first_contacted_at)"
        " SELECT team_id, profile_id, id, contacted_at FROM lead"
    )
    await remove(client, campaign, platformIds=["1"])
    assert await context.pool.fetchval("SELECT engaged_lead_id FROM person") is None
    assert await context.pool.fetchval("SELECT unanswered_end_at FROM person") == START
    await campaigning.add(client, campaign, "1")
    assert await states(client, campaign) == {"1": ("inSequence", None)}
    assert (await campaigning.lead(client, campaign, "1"))["step"]["rank"] == 1
    assert await context.pool.fetchval("SELECT engaged_lead_id FROM person") == lead_id


@pytest.mark.parametrize("how", ["cancel", "release", "releaseMany"])
async def test_others_that_waited_for_the_person_are_due_again_and_their_accounts_wake(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any], link: Link, how: str
) -> None:
    ben = await link("ben")
    other = await campaigning.create(client, ben, sequence=TWO)
    if how == "cancel":
        await campaigning.put(context, campaign, "1", state="ready", account=account, due=timedelta())
    else:
        await campaigning.put(context, campaign, "1", state="held", reason="wroteFirst")
    waiting = await campaigning.put(context, other, "1", state="ready")
    await context.pool.execute(
        "INSERT INTO person (team_id, profile_id, engaged_lead_id)"
        " SELECT team_id, profile_id, id FROM lead WHERE campaign_id = $1",
        campaign["id"],
    )
    await context.pool.execute(
        "INSERT INTO lead_parked (team_id, profile_id, lead_id, account_id, campaign_id)"
        " SELECT team_id, profile_id, id, $1, campaign_id FROM lead WHERE id = $2",
        ben["id"],
        waiting,
    )
    await context.pool.execute("DELETE FROM wake_up")
    path = f"/campaigns/{campaign['id']}/leads"
    if how == "cancel":
        response = await cancel(client, campaign, "1")
    elif how == "release":
        response = await client.post(f"{path}/1/release", json={"action": "stop"})
    else:
        response = await client.post(f"{path}/release", json={"platformIds": ["1"], "action": "stop"})
    assert response.status_code == 200, response.text
    assert await context.pool.fetchval("SELECT lead_id FROM lead_due") == waiting
    assert await context.pool.fetchval("SELECT min(at) FROM wake_up WHERE account_id = $1", ben["id"]) == START
    assert await context.pool.fetchval("SELECT unanswered_end_at FROM person") is None


async def test_a_lead_is_stopped_unless_it_has_ended(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    for person, state in (await put_every_state(context, campaign, account)).items():
        response = await cancel(client, campaign, person)
        if state in (*OPEN, "canceled"):
            assert (response.status_code, response.json()) == (200, {"success": True}), state
            assert (await campaigning.lead(client, campaign, person))["state"] == "canceled"
        else:
            assert (response.status_code, response.json()["code"]) == (409, "leadEnded"), state
            assert response.json()["details"] == {"state": state}
            assert (await campaigning.lead(client, campaign, person))["state"] == state
    assert await context.pool.fetchval("SELECT count(*) FROM lead_due") == 0


async def test_a_lead_to_stop_is_named_in_three_ways(client: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    await campaigning.add(client, campaign, "1", "2")
    profile = (await campaigning.lead(client, campaign, "1"))["profile"]["id"]
    assert (await cancel(client, campaign, profile, by="externalId")).status_code == 200
    assert (await cancel(client, campaign, "2", by="platformId", platform="twitter")).status_code == 200
    for identifier, body in (("77", {}), ("x y", {}), ("1", {"by": "externalId"}), ("ana", {"by": "username"})):
        response = await cancel(client, campaign, identifier, **body)
        assert (response.status_code, response.json()["code"]) == (404, "leadNotFound")


async def test_the_last_to_leave_completes_the_campaign(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await campaigning.enable(client, campaign)
    await campaigning.put(context, campaign, "1", state="finished", account=account, contacted=DAY)
    await campaigning.put(context, campaign, "2", state="ready", account=account, due=timedelta())
    await campaigning.put(context, campaign, "3", state="ready", account=account, due=timedelta())
    await context.pool.execute("UPDATE duty SET due_at = 'infinity', done = wanted")
    await cancel(client, campaign, "2")
    assert (await campaigning.read(client, campaign))["status"] == "active"
    await remove(client, campaign, platformIds=["3"])
    ended = await campaigning.read(client, campaign)
    assert (ended["status"], ended["targetsCount"], ended["completionRate"]) == ("completed", 1, 1)


async def test_who_took_leads_out_is_written_down(client: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    await campaigning.add(client, campaign, "1", "2", "3")
    await remove(client, campaign, platformIds=["1", "2"])
    await remove(client, campaign, platformIds=["1"])
    await cancel(client, campaign, "3")
    await cancel(client, campaign, "3")
    acts = (await client.get("/audit", params={"objectId": campaign["id"]})).json()["data"]
    assert [(act["action"], act["after"]["count"]) for act in acts if act["action"].startswith("leads.")] == [
        ("leads.canceled", 1),
        ("leads.removed", 2),
        ("leads.added", 3),
    ]


async def test_a_lead_whose_message_may_have_arrived_is_held_again_when_it_comes_back(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any]
) -> None:
    lead_id = await campaigning.put(context, campaign, "1", state="held", reason="notFound")
    await context.pool.execute(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank,
                             step_id, is_first, text, state, reason, campaign_revision, intent_at, ended_at,
                             lease_until, fence)
        SELECT l.team_id, 'i' || repeat('0', 23), a.app_id, a.id, l.campaign_id, l.id, l.profile_id, 1, 0,
               s.id, true, '1', 'unknown', 'notFound', 1, $2, $2, $2, 1
          FROM lead l JOIN account_link a ON a.team_id = l.team_id
          JOIN sequence_step s ON s.team_id = l.team_id AND s.campaign_id = l.campaign_id AND s.rank = 0
         WHERE l.id = $1
        """,
        lead_id,
        START,
    )
    await remove(client, campaign, platformIds=["1"])
    assert (await campaigning.add(client, campaign, "1"))["added"] == 1
    assert await states(client, campaign) == {"1": ("held", "notFound")}
    for table in ("assess_queue", "plan_queue", "lead_due"):
        assert await context.pool.fetchval(f"SELECT count(*) FROM {table}") == 0

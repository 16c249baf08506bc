"""What happened to a lead, oldest first."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import LIKE, START, message
from tests.api.conftest import Link, SteeredClock

from overture.actions.context import Context

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


@pytest.fixture
async def campaign(client: httpx.AsyncClient, context: Context, account: dict[str, Any]) -> dict[str, Any]:
    made = await campaigning.create(client, account, sequence={"steps": [message("1"), LIKE, message("2")]})
    await campaigning.write_to_anyone(context)
    return made


async def timeline(client: httpx.AsyncClient, campaign: dict[str, Any], person: str, **query: Any) -> dict[str, Any]:
    response = await client.get(f"/campaigns/{campaign['id']}/leads/{person}/timeline", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def attempt(context: Context, lead_id: str, rank: int, state: str, after: timedelta, **more: str) -> None:
    at = START + after
    await context.pool.execute(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank,
                             step_id, is_first, text, choices, state, reason, detail, campaign_revision, intent_at,
                             ended_at, accepted_at, lease_until, fence)
        SELECT l.team_id, 'i' || lpad($3::int::text || $4::text, 23, '0'), a.app_id, a.id, l.campaign_id, l.id,
               l.profile_id, 1, $3, s.id, $3 = 0, 'text ' || $3::int, '[[0, 1]]', $4, $5, $6, 1, $2, $2,
               CASE WHEN $4 = 'accepted' THEN $2::timestamptz END, $2, 1
          FROM lead l JOIN account_link a ON a.team_id = l.team_id
          JOIN sequence_step s ON s.team_id = l.team_id AND s.campaign_id = l.campaign_id AND s.rank = $3
         WHERE l.id = $1
        """,
        lead_id,
        at,
        rank,
        state,
        more.get("reason"),
        more.get("detail"),
    )


async def test_assessments_attempts_skipped_steps_and_answers_in_their_order(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    lead_id = await campaigning.put(
        context, campaign, "1", state="replied", account=account, contacted=timedelta(), replied=True, rank=3
    )
    execute = context.pool.execute
    await execute(
        "INSERT INTO verdict SELECT team_id, profile_id, $2, 'open', $3 FROM lead WHERE id = $1",
        lead_id,
        account["id"],
        START + MINUTE,
    )
    await attempt(context, lead_id, 0, "refused", 2 * MINUTE, reason="senderRefused", detail="Too fast")
    await attempt(context, lead_id, 0, "accepted", 3 * MINUTE)
    await attempt(context, lead_id, 2, "accepted", 4 * MINUTE)
    await execute(
        """
        WITH opened AS (
            INSERT INTO thread (team_id, id, account_id, profile_id, created_at)
            SELECT team_id, 't' || repeat('0', 23), $2, profile_id, $3 FROM lead WHERE id = $1 RETURNING team_id, id
        )
        INSERT INTO message (team_id, id, account_id, thread_id, platform_id, direction, content, sent_at)
        SELECT team_id, 'm' || repeat('0', 23), $2, id, '7', 'inbound', 'Yes, please', $3 FROM opened
        """,
        lead_id,
        account["id"],
        START + 5 * MINUTE,
    )
    await execute("UPDATE lead SET replied_at = $1", START + 5 * MINUTE)
    await execute(
        "INSERT INTO person (team_id, profile_id, suppressed_at, suppressed_reason)"
        " SELECT team_id, profile_id, $2, 'stop' FROM lead WHERE id = $1",
        lead_id,
        START + 6 * MINUTE,
    )
    entries = (await timeline(client, campaign, "1"))["data"]
    assert [(entry["type"], entry["result"], entry["reason"], entry["text"]) for entry in entries] == [
        ("joined", None, None, None),
        ("assessed", "open", None, None),
        ("attempt", "refused", "senderRefused", "text 0"),
        ("attempt", "accepted", None, "text 0"),
        ("stepSkipped", "like", "automatedLikesForbidden", None),
        ("attempt", "accepted", None, "text 2"),
        ("received", None, None, "Yes, please"),
        ("replied", None, None, None),
        ("suppressed", None, "stop", None),
    ]
    assert entries[2]["detail"] == "Too fast"
    assert entries[3]["options"] == [{"segment": 0, "option": 1}]
    assert (entries[5]["accountLinkId"], entries[5]["rank"], entries[5]["version"]) == (account["id"], 2, 1)
    assert entries[6]["at"] == "2026-11-23T09:05:00.000Z"


async def test_what_people_decided_and_who(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], clock: SteeredClock
) -> None:
    await campaigning.put(context, campaign, "1", state="held", reason="wroteFirst")
    path = f"/campaigns/{campaign['id']}/leads"
    for call in ("1/release", "restore", "cancel", "1/restore"):
        clock.at += MINUTE
        body: dict[str, Any] = {"1/release": {"action": "stop"}, "1/restore": {}}.get(call, {"filter": {}})
        assert (await client.post(f"{path}/{call}", json=body)).status_code == 200
    clock.at += MINUTE
    await client.request("DELETE", path, json={"platformIds": ["1"]})
    entries = (await timeline(client, campaign, "1"))["data"]
    assert [(entry["type"], entry["result"], entry["detail"], entry["reason"]) for entry in entries] == [
        ("joined", None, None, None),
        ("released", "stop", "held", "wroteFirst"),
        ("canceled", None, None, "stopped"),
        ("restored", None, "canceled", "stopped"),
        ("canceled", None, "assessing", None),
        ("restored", None, "canceled", "stopped"),
        ("removed", None, "assessing", None),
    ]
    assert all(entry["by"] for entry in entries[1:2] + entries[3:])


async def test_it_is_read_page_by_page(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    lead_id = await campaigning.put(
        context, campaign, "1", state="finished", account=account, contacted=timedelta(), rank=3
    )
    await attempt(context, lead_id, 0, "accepted", timedelta())
    await attempt(context, lead_id, 2, "accepted", timedelta())
    whole = (await timeline(client, campaign, "1"))["data"]
    assert [entry["type"] for entry in whole] == ["joined", "stepSkipped", "attempt", "attempt", "finished"]
    cursor, pages = None, []
    while True:
        page = await timeline(client, campaign, "1", limit=1, **({} if cursor is None else {"cursor": cursor}))
        pages += page["data"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert pages == whole


async def test_of_another_lead_nothing_is_told(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "1", state="ready")
    other = await campaigning.put(
        context, campaign, "2", state="finished", account=account, contacted=timedelta(), rank=3
    )
    await attempt(context, other, 0, "accepted", timedelta())
    assert [entry["type"] for entry in (await timeline(client, campaign, "1"))["data"]] == ["joined"]
    response = await client.get(f"/campaigns/{campaign['id']}/leads/3/timeline")
    assert (response.status_code, response.json()["code"]) == (404, "leadNotFound")

"""The audit: who did what, and when."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from tests.api import campaigning
from tests.api.conftest import START, Link, SteeredClock, Tenant

from overture.actions import audit
from overture.actions.context import Context, operator
from overture.core.words import AuditAction, ObjectType
from overture.store.pool import Pool

SEQUENCE = {"steps": [campaigning.message("Hello")]}


async def _acts(client: httpx.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    """The acts, without the making of the token they are done with."""
    response = await client.get("/audit", params=filters)
    assert response.status_code == 200, response.text
    return [act for act in response.json()["data"] if act["action"] != "token.created"]


async def _names(client: httpx.AsyncClient, **filters: Any) -> list[str]:
    return [act["action"] for act in await _acts(client, **filters)]


async def test_an_act_says_who_did_what_to_what_and_when(client: httpx.AsyncClient, link: Link, team: Tenant) -> None:
    account = await link("ana")
    (act,) = await _acts(client)
    assert act.pop("id").startswith("y")
    assert act == {
        "at": "2026-11-23T09:00:00.000Z",
        "actor": {"type": "token", "id": team.actor.token_id, "name": "test"},
        "action": "accountLink.linked",
        "object": {"type": "accountLink", "id": account["id"]},
        "before": None,
        "after": {
            "platform": "twitter",
            "username": "ana",
            "status": "active",
            "pauseReasons": [],
            "hourlyLimit": 25,
            "dailyLimit": 200,
        },
    }


async def test_limits_pauses_and_the_end_of_an_account_are_written_down(client: httpx.AsyncClient, link: Link) -> None:
    path = f"/account-links/{(await link('ana'))['id']}"
    await client.patch(path, json={"hourlyLimit": 10})
    await client.patch(path, json={"hourlyLimit": 10})
    await client.patch(path, json={"status": "paused"})
    await client.patch(path, json={"status": "active"})
    await link("ana")
    await client.delete(path)
    acts = await _acts(client)
    assert [act["action"] for act in acts] == [
        "accountLink.disconnected",
        "accountLink.authorised",
        "accountLink.resumed",
        "accountLink.paused",
        "accountLink.changed",
        "accountLink.linked",
    ]
    changed = acts[4]
    assert (changed["before"], changed["after"]) == ({"hourlyLimit": 25}, {"hourlyLimit": 10})
    paused = acts[3]
    assert (paused["before"], paused["after"]) == (
        {"status": "active", "pauseReasons": []},
        {"status": "paused", "pauseReasons": ["manual"]},
    )
    assert acts[0]["after"] is None


async def test_a_campaigns_whole_life_is_written_down(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    path = f"/campaigns/{campaign['id']}"
    excluded = await campaigning.make_list(client, "Nobody")
    await client.put(f"{path}/sequence", json=SEQUENCE)
    await client.patch(f"{path}/rules", json={"excludedListIds": [excluded["id"]], "excludeMutuals": True})
    await client.patch(path, json={"hourlyMessageRate": 12, "name": "Winter"})
    await campaigning.add(client, campaign, "100")
    await campaigning.enable(client, campaign)
    await campaigning.enable(client, campaign)
    await client.post(f"{path}/disable")
    await client.post(f"{path}/disable")
    assert (await client.delete(path)).status_code == 204
    acts = await _acts(client, objectId=campaign["id"])
    (people,) = [act["after"] for act in acts if act["action"] == "leads.added"]
    assert (people["count"], people["added"], len(people["profileIds"])) == (1, 1, 1)
    assert [(act["action"], act["before"], act["after"]) for act in acts if act["action"] != "leads.added"] == [
        ("campaign.deleted", {"name": "Winter", "status": "paused", "enabled": False}, None),
        (
            "campaign.disabled",
            {"name": "Winter", "status": "active", "enabled": True},
            {"name": "Winter", "status": "paused", "enabled": False},
        ),
        (
            "campaign.enabled",
            {"name": "Winter", "status": "draft", "enabled": False},
            {"name": "Winter", "status": "active", "enabled": True},
        ),
        ("consent.recorded", None, {"basis": "signedUp", "evidence": "form", "peopleCount": 1}),
        ("campaign.changed", {"name": "Autumn", "hourlyMessageRate": 8}, {"name": "Winter", "hourlyMessageRate": 12}),
        (
            "rules.changed",
            {"excludedListIds": [], "excludeMutuals": False},
            {"excludedListIds": [excluded["id"]], "excludeMutuals": True},
        ),
        ("sequence.replaced", {"version": 0}, {"version": 1, "appliesTo": "all"}),
        ("campaign.created", None, {"name": "Autumn", "accountLinkIds": campaign["accountLinkIds"]}),
    ]


async def test_a_release_is_written_down_with_the_decision(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    account = await link("ana")
    campaign = await campaigning.create(client, account, sequence=SEQUENCE)
    await campaigning.put(context, campaign, "100", state="held", reason="wroteFirst", account=account)
    response = await client.post(f"/campaigns/{campaign['id']}/leads/100/release", json={"action": "stop"})
    assert response.status_code == 200, response.text
    (act,) = await _acts(client, action="lead.released")
    assert act["object"] == {"type": "campaign", "id": campaign["id"]}
    profile_id = act["before"]["profileId"]
    assert act["before"] == {"profileId": profile_id, "state": "held", "reason": "wroteFirst"}
    assert act["after"] == {"profileId": profile_id, "action": "stop"}


async def test_what_was_refused_is_not_written_down(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    before = await _names(client)
    assert (await client.post(f"/campaigns/{campaign['id']}/enable")).status_code == 422
    assert (await client.patch(f"/campaigns/{campaign['id']}", json={"accountLinkIds": []})).status_code == 400
    assert await _names(client) == before


async def test_acts_are_found_by_kind_object_and_time(
    client: httpx.AsyncClient, link: Link, clock: SteeredClock
) -> None:
    ana = await link("ana")
    clock.at = START + timedelta(hours=1)
    campaign = await campaigning.create(client, ana)
    clock.at = START + timedelta(hours=2)
    await link("ben")
    assert await _names(client, action=["campaign.created", "lead.released"]) == ["campaign.created"]
    assert await _names(client, objectType="campaign") == ["campaign.created"]
    assert await _names(client, objectId=ana["id"]) == ["accountLink.linked"]
    assert await _names(client, objectId=campaign["id"], objectType="accountLink") == []
    assert await _names(client, **{"from": "2026-11-23T10:00:00Z"}) == ["accountLink.linked", "campaign.created"]
    assert await _names(client, to="2026-11-23T10:00:00Z") == ["accountLink.linked"]
    span = {"from": "2026-11-23T11:00:00+01:00", "to": "2026-11-23T10:00:00.001Z"}
    assert await _names(client, **span) == ["campaign.created"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"action": "campaign.loved"}, ["action", 0]),
        ({"objectType": "planet"}, ["objectType"]),
        ({"from": "yesterday"}, ["from"]),
        ({"from": "2026-11-23T10:00:00"}, ["from"]),
        ({"to": "1763892000"}, ["to"]),
    ],
)
async def test_a_filter_that_cannot_be_is_refused(
    client: httpx.AsyncClient, query: dict[str, str], path: list[str | int]
) -> None:
    assert campaigning.issue_paths(await client.get("/audit", params=query)) == [path]


async def test_pages_go_back_in_time_while_acts_are_added(
    client: httpx.AsyncClient, link: Link, clock: SteeredClock
) -> None:
    path = f"/account-links/{(await link('ana'))['id']}"
    for limit in (1, 2, 3, 4):
        await client.patch(path, json={"hourlyLimit": limit})
    first = (await client.get("/audit", params={"limit": 2, "objectType": "accountLink"})).json()
    clock.at = START + timedelta(hours=1)
    await client.patch(path, json={"hourlyLimit": 5})
    second = (
        await client.get("/audit", params={"limit": 4, "objectType": "accountLink", "cursor": first["nextCursor"]})
    ).json()
    assert [act["after"]["hourlyLimit"] for act in first["data"] + second["data"]] == [4, 3, 2, 1, 25]
    assert second["nextCursor"] is None


async def test_the_operator_is_named_without_a_token(client: httpx.AsyncClient, context: Context, team: Tenant) -> None:
    async with context.pool.acquire() as connection, connection.transaction():
        await audit.record(
            connection,
            operator(team.id),
            action=AuditAction.TEAM_CHANGED,
            object_type=ObjectType.TEAM,
            object_id=team.id,
            now=START,
        )
    (act,) = await _acts(client)
    assert act["actor"] == {"type": "operator", "id": None, "name": "Operator"}


async def test_another_teams_acts_are_not_seen(other_client: httpx.AsyncClient, link: Link) -> None:
    await link("ana")
    assert await _acts(other_client) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET action = 'a.b'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
async def test_history_is_not_rewritten(database: Pool, link: Link, statement: str) -> None:
    await link("ana")
    with pytest.raises(asyncpg.RestrictViolationError):
        await database.execute(statement)

"""Suppressions: whom nobody of the team writes to any more."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from tests.api import campaigning
from tests.api.conftest import Link, SteeredClock, Tenant

from overture.actions.context import Context
from overture.engine import sync
from overture.sandbox.people import Nature
from overture.store.pool import Pool

DAY = timedelta(days=1)


async def suppress(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post("/suppressions", json=body)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def ids_of(client: httpx.AsyncClient, **query: Any) -> list[str]:
    response = await client.get("/suppressions", params=query)
    assert response.status_code == 200, response.text
    return [one["profile"]["platformId"] for one in response.json()["data"]]


async def test_somebody_the_team_never_heard_of_is_suppressed_by_platform_id(client: httpx.AsyncClient) -> None:
    made = await suppress(client, platformId="77", reason="Asked us on the phone")
    assert made["profile"]["platformId"] == "77"
    assert (made["source"], made["reason"], made["by"]) == ("byHand", "Asked us on the phone", "test")
    assert made["createdAt"] == "2026-11-23T09:00:00.000Z"
    assert (await client.get(f"/suppressions/{made['profile']['id']}")).json() == made


async def test_whoever_is_suppressed_already_stays_so_as_they_were(
    client: httpx.AsyncClient, clock: SteeredClock
) -> None:
    first = await suppress(client, platformId="77", reason="First")
    clock.at += DAY
    again = await suppress(client, externalId=first["profile"]["id"], reason="Second")
    assert again == first
    acts = (await client.get("/audit", params={"action": "suppression.added"})).json()["data"]
    assert len(acts) == 1


async def test_an_unknown_username_is_looked_up(client: httpx.AsyncClient, link: Link, sandbox: Starlette) -> None:
    await link("ana")
    population = sandbox.state.platform.population
    everyone = (population.person(index) for index in range(population.count))
    person = next(one for one in everyone if one.nature is Nature.OPEN)
    made = await suppress(client, username=f"@{person.username.upper()}")
    assert made["profile"]["username"] == person.username
    assert made["profile"]["lookedUpAt"] is not None


async def test_a_known_username_needs_nobody_to_be_asked_even_when_the_profile_is_gone(
    client: httpx.AsyncClient, database: Pool
) -> None:
    await suppress(client, platformId="5")
    await database.execute("UPDATE profile SET username = 'Gone', account_status = 'suspended'")
    await database.execute("UPDATE person SET suppressed_at = NULL")
    assert (await suppress(client, username="gone"))["profile"]["platformId"] == "5"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalidRequest"),
        ({"platformId": "1", "username": "ana"}, 400, "invalidRequest"),
        ({"platformId": "x"}, 400, "invalidRequest"),
        ({"username": "no spaces"}, 400, "invalidRequest"),
        ({"platformId": "1", "reason": ""}, 400, "invalidRequest"),
        ({"externalId": "u" + "0" * 23}, 404, "profileNotFound"),
        ({"username": "nobody_here"}, 422, "recipientUnavailable"),
        ({"platformId": "1", "platform": "fax"}, 422, "platformNotSupported"),
    ],
)
async def test_what_names_nobody_is_refused_and_suppresses_nobody(
    client: httpx.AsyncClient, link: Link, body: dict[str, Any], status: int, code: str
) -> None:
    await link("ana")
    response = await client.post("/suppressions", json=body)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert await ids_of(client) == []


async def test_a_username_nobody_can_look_up_is_refused_for_now(client: httpx.AsyncClient) -> None:
    response = await client.post("/suppressions", json={"username": "ana"})
    assert (response.status_code, response.json()["code"]) == (422, "recipientUnavailable")
    assert response.json()["details"] == {"reason": "notLookedUp"}


async def test_every_sequence_with_the_person_stops_as_it_does_after_an_opt_out(
    client: httpx.AsyncClient, context: Context, link: Link
) -> None:
    account = await link("ana")
    expected = {
        "assessing": ("excluded", "suppressed"),
        "ready": ("excluded", "suppressed"),
        "inSequence": ("canceled", "suppressed"),
        "finished": ("finished", None),
        "replied": ("replied", None),
    }
    campaigns = {}
    for state in expected:
        campaigns[state] = await campaigning.create(client, account, sequence={"steps": [campaigning.message("1")]})
        is_contacted = state in ("inSequence", "finished", "replied")
        lead_id = await campaigning.put(
            context,
            campaigns[state],
            "7",
            state=state,
            account=None if state == "assessing" else account,
            contacted=DAY if is_contacted else None,
            replied=state == "replied",
            due=timedelta() if state in ("ready", "inSequence") else None,
        )
        if is_contacted:
            await _accepted(context, lead_id)
    await suppress(client, platformId="7")
    for state, (after, reason) in expected.items():
        lead = await campaigning.lead(client, campaigns[state], "7")
        assert (lead["state"], lead["reason"]) == (after, reason), state
    assert await context.pool.fetchval("SELECT count(*) FROM lead_due") == 0
    assert await context.pool.fetchval("SELECT engaged_lead_id FROM person") is None


async def test_many_are_suppressed_at_once_and_who_cannot_be_is_told(client: httpx.AsyncClient, link: Link) -> None:
    await link("ana")
    await suppress(client, platformId="1")
    body = {
        "suppressions": [
            {"platformId": "1"},
            {"platformId": "2", "reason": "A"},
            {"platformId": "2", "reason": "B"},
            {"platformId": "x"},
            {"username": "nobody_here"},
        ]
    }
    answer = (await client.post("/suppressions/import", json=body)).json()
    assert (answer["added"], answer["skipped"]) == (1, 2)
    assert [(one["identifier"], one["reason"]) for one in answer["failed"]] == [
        ("x", "invalid"),
        ("nobody_here", "notFound"),
    ]
    (acted,) = (await client.get("/audit", params={"action": "suppression.imported"})).json()["data"]
    assert acted["after"] == {"peopleCount": 1}
    assert [one["reason"] for one in (await client.get("/suppressions")).json()["data"]] == ["A", None]


async def test_an_import_takes_2000_and_no_more(client: httpx.AsyncClient) -> None:
    people = [{"platformId": str(number)} for number in range(1, 2002)]
    assert (await client.post("/suppressions/import", json={"suppressions": people})).status_code == 400
    answer = await client.post("/suppressions/import", json={"suppressions": people[:2000]})
    assert answer.json() == {"added": 2000, "skipped": 0, "failed": []}


async def test_the_list_shows_the_latest_first_and_is_searched(
    client: httpx.AsyncClient, clock: SteeredClock, database: Pool
) -> None:
    for number in ("1", "2", "3", "4"):
        if number != "4":
            clock.at += DAY
        await suppress(client, platformId=number)
    await database.execute(
        """
        UPDATE profile SET username = 'Ana' || platform_id, display_name = 'Zoë ' || platform_id
         WHERE platform_id > '1'
        """
    )
    shown, cursor = [], None
    while True:
        query = {"limit": 1} | ({} if cursor is None else {"cursor": cursor})
        page = (await client.get("/suppressions", params=query)).json()
        shown += [one["profile"]["platformId"] for one in page["data"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert shown == ["4", "3", "2", "1"]
    assert await ids_of(client, q="aNa") == ["4", "3", "2"]
    assert await ids_of(client, q="zoë 2") == ["2"]
    assert await ids_of(client, q="1") == ["1"]
    assert await ids_of(client, q="%") == []
    assert await ids_of(client, platform="fax") == []


async def test_the_csv_has_everybody_and_no_formula(client: httpx.AsyncClient, database: Pool) -> None:
    await suppress(client, platformId="1", reason="=1+1")
    await suppress(client, platformId="2")
    await database.execute("UPDATE profile SET username = 'ana' WHERE platform_id = '1'")
    response = await client.get("/suppressions.csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text.startswith("\ufeffplatform,")
    second, first = csv.DictReader(io.StringIO(response.text, newline=""))
    assert (first["platformId"], first["username"], first["reason"], first["by"]) == ("1", "ana", "'=1+1", "test")
    assert (second["platformId"], second["username"], second["source"]) == ("2", "", "byHand")


async def test_an_owner_ends_a_suppression_and_the_audit_keeps_it(client: httpx.AsyncClient) -> None:
    made = await suppress(client, platformId="7", reason="Mistake")
    profile_id = made["profile"]["id"]
    assert (await client.delete(f"/suppressions/{profile_id}")).status_code == 204
    assert await ids_of(client) == []
    for response in (
        await client.delete(f"/suppressions/{profile_id}"),
        await client.get(f"/suppressions/{profile_id}"),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "suppressionNotFound")
    ended, begun = (await client.get("/audit", params={"objectId": profile_id})).json()["data"]
    state = {"source": "byHand", "reason": "Mistake", "by": "test"}
    assert (begun["action"], begun["before"], begun["after"]) == ("suppression.added", None, state)
    assert (ended["action"], ended["before"], ended["after"]) == ("suppression.removed", state, None)


async def test_nobody_but_an_owner_ends_a_suppression(client: httpx.AsyncClient, database: Pool, team: Tenant) -> None:
    made = await suppress(client, platformId="7")
    await database.execute("UPDATE member SET role = 'admin' WHERE team_id = $1", team.id)
    response = await client.delete(f"/suppressions/{made['profile']['id']}")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert await ids_of(client) == ["7"]


async def test_leads_left_out_come_back_as_the_rules_let_them_in(
    client: httpx.AsyncClient, context: Context, link: Link
) -> None:
    account = await link("ana")
    excluded_list = await campaigning.make_list(client, "Never")
    free = await campaigning.create(client, account)
    bound = await campaigning.create(client, account, rules={"excludedListIds": [excluded_list["id"]]})
    for campaign in (free, bound):
        await campaigning.add(client, campaign, "7")
    made = await suppress(client, platformId="7")
    await campaigning.fill(client, excluded_list, "7")
    await client.delete(f"/suppressions/{made['profile']['id']}")
    assert (await campaigning.read(client, free))["isSyncing"] is True
    assert (await campaigning.lead(client, free, "7"))["state"] == "excluded"
    for campaign in (free, bound):
        await _sync(context, campaign)
    assert (await campaigning.lead(client, free, "7"))["state"] == "assessing"
    left_out = await campaigning.lead(client, bound, "7")
    assert (left_out["state"], left_out["reason"]) == ("excluded", "excludedList")


async def test_another_teams_suppressions_are_its_own(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient
) -> None:
    made = await suppress(client, platformId="7")
    assert await ids_of(other_client) == []
    profile_id = made["profile"]["id"]
    assert (await other_client.delete(f"/suppressions/{profile_id}")).status_code == 404
    assert (await other_client.post("/suppressions", json={"externalId": profile_id})).status_code == 404


async def _sync(context: Context, campaign: dict[str, Any]) -> None:
    team_id = await context.pool.fetchval("SELECT team_id FROM campaign WHERE id = $1", campaign["id"])
    await sync.step(context.pool, team_id=team_id, campaign_id=campaign["id"], now=await context.clock.now())


async def _accepted(context: Context, lead_id: str) -> None:
    """Give a contacted lead the attempt it was contacted by."""
    await context.pool.execute(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank,
                             step_id, is_first, text, choices, state, campaign_revision, intent_at, ended_at,
                             lease_until, fence, accepted_at)
        SELECT l.team_id, 'q' || substr(l.id, 2), a.app_id, a.id, l.campaign_id, l.id, l.profile_id, 1, 0,
               's' || substr(l.id, 2), true, 'Hi', '{}', 'accepted', 1, l.contacted_at, l.contacted_at,
               l.contacted_at, 1, l.contacted_at
          FROM lead l JOIN account_link a ON a.id = l.account_id WHERE l.id = $1
        """,
        lead_id,
    )

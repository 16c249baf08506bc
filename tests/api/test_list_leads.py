"""The leads of a list."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from tests.api import campaigning
from tests.api.conftest import START, Link, Tenant, Wakes

from overture.actions import list_leads as list_lead_actions
from overture.sandbox.people import Nature, Person
from overture.store.pool import Pool


@pytest.fixture
async def list_id(client: httpx.AsyncClient) -> str:
    made: str = (await client.post("/lists", json={"name": "Founders"})).json()["id"]
    return made


async def _add(client: httpx.AsyncClient, list_id: str, **body: Any) -> dict[str, Any]:
    response = await client.post(f"/lists/{list_id}/leads", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def _leads(client: httpx.AsyncClient, list_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(f"/lists/{list_id}/leads")).json()["data"]
    return found


def _people(sandbox: Starlette, nature: Nature, count: int) -> list[Person]:
    population = sandbox.state.platform.population
    everyone = (population.person(index) for index in range(population.count))
    return [person for person, _ in zip((p for p in everyone if p.nature is nature), range(count), strict=False)]


async def test_leads_come_by_platform_id_and_are_counted(client: httpx.AsyncClient, list_id: str) -> None:
    first = await _add(client, list_id, platformIds=["1", "2"])
    assert first == {"added": ["1", "2"], "skipped": [], "failed": [], "failures": []}
    second = await _add(client, list_id, platformIds=["2", "3", "3", "not-a-number", "0", "1" * 21])
    assert second["added"] == ["3"]
    assert second["skipped"] == ["2", "3"]
    assert second["failed"] == ["not-a-number", "0", "1" * 21]
    assert {failure["reason"] for failure in second["failures"]} == {"invalid"}
    assert (await client.get(f"/lists/{list_id}")).json()["leadsCount"] == 3


async def test_unknown_usernames_are_looked_up_and_known_ones_are_not(
    client: httpx.AsyncClient, list_id: str, sandbox: Starlette, link: Link
) -> None:
    person = _people(sandbox, Nature.OPEN, 1)[0]
    await link("ana")
    first = await _add(client, list_id, usernames=[f"@{person.username.upper()}"])
    assert first["added"] == [f"@{person.username.upper()}"]
    (lead,) = await _leads(client, list_id)
    assert lead["profile"]["platformId"] == person.id
    assert lead["profile"]["username"] == person.username
    assert lead["profile"]["displayName"] == person.name
    assert lead["profile"]["bio"] == person.description
    assert lead["profile"]["followerCount"] == person.followers
    assert lead["profile"]["lookedUpAt"] == "2026-11-23T09:00:00.000Z"
    account = (await client.get("/account-links")).json()["data"][0]["id"]
    await client.patch(f"/account-links/{account}", json={"status": "paused"})
    again = await _add(client, list_id, usernames=[person.username])
    assert again["skipped"] == [person.username]


async def test_usernames_that_lead_nowhere_fail_with_their_reason(
    client: httpx.AsyncClient, list_id: str, sandbox: Starlette, link: Link
) -> None:
    suspended = _people(sandbox, Nature.SUSPENDED, 1)[0].username
    await link("ana")
    answer = await _add(client, list_id, usernames=[suspended, "nobody_999", "way_too_long_username", "a b"])
    assert [(failure["identifier"], failure["reason"]) for failure in answer["failures"]] == [
        (suspended, "suspended"),
        ("nobody_999", "notFound"),
        ("way_too_long_username", "invalid"),
        ("a b", "invalid"),
    ]


async def test_the_username_of_a_profile_that_was_gone_is_looked_up_anew(
    client: httpx.AsyncClient, list_id: str, sandbox: Starlette, link: Link, database: Pool
) -> None:
    person = _people(sandbox, Nature.OPEN, 1)[0]
    await link("ana")
    await _add(client, list_id, usernames=[person.username])
    await database.execute("UPDATE profile SET account_status = 'suspended', bio = NULL")
    assert (await _add(client, list_id, usernames=[person.username]))["skipped"] == [person.username]
    (lead,) = await _leads(client, list_id)
    assert (lead["profile"]["accountStatus"], lead["profile"]["bio"]) == ("active", person.description)


async def test_without_an_account_usernames_are_on_the_list_and_wait_for_their_look_up(
    client: httpx.AsyncClient, list_id: str
) -> None:
    assert (await _add(client, list_id, usernames=["@Somebody"]))["added"] == ["@Somebody"]
    assert (await _add(client, list_id, usernames=["somebody"]))["skipped"] == ["somebody"]
    (lead,) = await _leads(client, list_id)
    shown = {name: lead["profile"][name] for name in ("platformId", "username", "lookedUpAt", "accountStatus")}
    assert shown == {"platformId": None, "username": "somebody", "lookedUpAt": None, "accountStatus": "active"}
    table = (await client.get(f"/lists/{list_id}/leads.csv")).text
    assert ",somebody," in table
    assert "username somebody" not in table


async def test_an_external_id_is_our_profile_id_and_one_person_is_one_lead(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, list_id: str
) -> None:
    await _add(client, list_id, platformIds=["7"])
    profile_id = (await _leads(client, list_id))[0]["profile"]["id"]
    answer = await _add(client, list_id, externalIds=[profile_id, "u" + "0" * 23])
    assert (answer["skipped"], answer["failed"]) == ([profile_id], ["u" + "0" * 23])
    theirs = (await other_client.post("/lists", json={"name": "Theirs"})).json()["id"]
    assert (await _add(other_client, theirs, externalIds=[profile_id]))["failed"] == [profile_id]


async def test_2000_usernames_are_looked_up_in_one_request(
    client: httpx.AsyncClient, list_id: str, sandbox: Starlette, link: Link
) -> None:
    for username in ("ana", "ben", "chloe"):
        await link(username)
    people = _people(sandbox, Nature.OPEN, 2000)
    answer = await _add(client, list_id, usernames=[person.username for person in people])
    assert (len(answer["added"]), answer["failed"]) == (2000, [])


async def test_values_are_checked_by_the_type_of_their_column(client: httpx.AsyncClient, list_id: str) -> None:
    columns = {}
    for kind in ("text", "number", "date", "boolean", "url"):
        made = await client.post(f"/lists/{list_id}/columns", json={"name": kind, "type": kind})
        columns[kind] = made.json()["id"]
    good = {"text": "A", "number": 2.5, "date": "2026-02-28", "boolean": False, "url": "https://a.example/x"}
    data = {columns[kind]: value for kind, value in good.items()}
    await _add(client, list_id, leads=[{"platformId": "1", "data": data}])
    (lead,) = await _leads(client, list_id)
    assert lead["data"] == data
    for kind, wrong in (
        ("text", 5),
        ("text", ["a"]),
        ("number", "5"),
        ("number", True),
        ("date", "2026-02-30"),
        ("date", "28.2.2026"),
        ("date", 20260228),
        ("boolean", "true"),
        ("boolean", 1),
        ("url", "example.com"),
        ("url", "javascript:alert(1)"),
        ("url", "http://[::1"),
    ):
        body = {"leads": [{"platformId": "2"}, {"platformId": "3", "data": {columns[kind]: wrong}}]}
        response = await client.post(f"/lists/{list_id}/leads", json=body)
        assert response.status_code == 400, (kind, wrong)
        (issue,) = response.json()["details"]["issues"]
        assert issue["path"] == ["leads", 1, "data", columns[kind]]
    assert len(await _leads(client, list_id)) == 1


async def test_values_change_one_by_one_and_null_or_nothing_clears(client: httpx.AsyncClient, list_id: str) -> None:
    names = ("A", "B", "C")
    made = [(await client.post(f"/lists/{list_id}/columns", json={"name": name})).json() for name in names]
    a, b, c = (column["id"] for column in made)
    await _add(client, list_id, leads=[{"platformId": "1", "data": {a: "1", b: "2", c: "3"}}])
    path = f"/lists/{list_id}/leads/1"
    changed = await client.patch(path, json={"data": {a: "one", b: None, c: ""}})
    assert changed.json()["data"] == {a: "one"}
    assert (await client.patch(path, json={"data": {"custom_nope": "x"}})).status_code == 400
    missing = await client.patch(f"/lists/{list_id}/leads/999", json={"data": {a: "x"}})
    assert (missing.status_code, missing.json()["code"]) == (404, "leadNotFound")
    await _add(client, list_id, leads=[{"platformId": "1", "data": {a: "overwritten?"}}])
    assert (await _leads(client, list_id))[0]["data"] == {a: "one"}


async def test_a_lead_is_a_profile_with_its_values(client: httpx.AsyncClient, list_id: str) -> None:
    await _add(client, list_id, platformIds=["1"])
    (lead,) = await _leads(client, list_id)
    assert set(lead) == {"profile", "data", "addedAt", "updatedAt"}
    profile = lead["profile"]
    shown = {name: profile[name] for name in ("platform", "platformId", "username", "accountStatus")}
    assert shown == {"platform": "twitter", "platformId": "1", "username": None, "accountStatus": "active"}
    assert lead["data"] == {}


async def test_leads_with_values_are_named_in_three_ways_and_taken_off_in_all_of_them(
    client: httpx.AsyncClient, list_id: str, link: Link
) -> None:
    ben = await link("ben")
    column = (await client.post(f"/lists/{list_id}/columns", json={"name": "A"})).json()["id"]
    other = (await client.post("/lists", json={"name": "Other"})).json()["id"]
    await _add(client, other, platformIds=["7"])
    external_id = (await _leads(client, other))[0]["profile"]["id"]
    named = [
        {"platformId": "1", "platform": "twitter", "data": {column: "one"}},
        {"username": "@ben", "data": {column: "two"}},
        {"externalId": external_id, "data": {column: "three"}},
    ]
    assert (await _add(client, list_id, leads=named))["added"] == ["1", "@ben", external_id]
    values = {lead["profile"]["platformId"]: lead["data"][column] for lead in await _leads(client, list_id)}
    assert values == {"1": "one", ben["platformId"]: "two", "7": "three"}
    body = {"platformIds": ["1"], "usernames": ["BEN"], "externalIds": [external_id]}
    assert (await client.request("DELETE", f"/lists/{list_id}/leads", json=body)).json() == {"removed": 3}
    assert await _leads(client, list_id) == []


async def test_consent_given_with_leads_is_recorded_for_those_who_are_there_too_and_lets_them_in(
    client: httpx.AsyncClient, list_id: str, link: Link
) -> None:
    await _add(client, list_id, platformIds=["1"])
    campaign = await campaigning.create(client, await link("ana"))
    await client.post(f"/campaigns/{campaign['id']}/leads", json={"platformIds": ["1"]})
    consent = {"basis": "signedUp", "evidence": "The form of the fair"}
    answer = await _add(client, list_id, platformIds=["1", "2", "nonsense"], consent=consent)
    assert (answer["added"], answer["skipped"], answer["failed"]) == (["2"], ["1"], ["nonsense"])
    people = {"platform": "twitter", "platformId": ["1", "2"]}
    contacts = (await client.get("/contacts", params=people)).json()["data"]
    assert [(one["consent"]["basis"], one["consent"]["evidence"]) for one in contacts] == [tuple(consent.values())] * 2
    assert (await campaigning.read(client, campaign))["isSyncing"] is True, "who waited for it comes in"
    acts = (await client.get("/audit", params={"objectId": list_id, "action": "consent.recorded"})).json()["data"]
    assert [act["after"]["peopleCount"] for act in acts] == [2]


async def test_consent_of_a_list_is_recorded_for_those_who_are_there_and_nobody_who_joins_later(
    client: httpx.AsyncClient, list_id: str, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_lead_actions, "CONSENTS_AT_ONCE", 2)
    await _add(client, list_id, platformIds=["1", "2", "3", "4"])
    first = {"basis": "agreedInConversation", "evidence": "Call of 2 November"}
    await _add(client, list_id, platformIds=["4"], consent=first)
    campaign = await campaigning.create(client, await link("ana"))
    await client.post(f"/campaigns/{campaign['id']}/leads", json={"platformIds": ["1"]})
    consent = {"basis": "signedUp", "evidence": "The form of the fair"}
    response = await client.post(f"/lists/{list_id}/consent", json=consent)
    assert (response.status_code, response.json()) == (200, {"recorded": 3})
    await _add(client, list_id, platformIds=["5"])
    people = {"platform": "twitter", "platformId": ["1", "2", "3", "4", "5"]}
    contacts = (await client.get("/contacts", params=people)).json()["data"]
    evidence = {one["profiles"][0]["platformId"]: (one["consent"] or {}).get("evidence") for one in contacts}
    assert evidence == dict.fromkeys("123", consent["evidence"]) | {"4": first["evidence"], "5": None}
    assert (await campaigning.read(client, campaign))["isSyncing"] is True, "who waited for it comes in"
    acts = (await client.get("/audit", params={"objectId": list_id, "action": "consent.recorded"})).json()["data"]
    assert sum(act["after"]["peopleCount"] for act in acts if act["after"]["basis"] == "signedUp") == 3
    again = await client.post(f"/lists/{list_id}/consent", json=consent | {"evidence": "Another"})
    assert again.json() == {"recorded": 1}, "of whom joined meanwhile"


async def test_consent_of_a_list_that_is_not_the_teams_own_is_refused(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, list_id: str
) -> None:
    consent = {"basis": "signedUp", "evidence": "The form of the fair"}
    system = (await client.get("/lists")).json()["data"][0]["id"]
    refused = await client.post(f"/lists/{system}/consent", json=consent)
    assert (refused.status_code, refused.json()["code"]) == (409, "listNotWritable")
    refused = await other_client.post(f"/lists/{list_id}/consent", json=consent)
    assert (refused.status_code, refused.json()["code"]) == (404, "listNotFound")


async def test_as_many_as_2000_are_named_at_once_in_each_way(client: httpx.AsyncClient, list_id: str) -> None:
    keys = [str(number) for number in range(1, 4001)]
    answer = await _add(client, list_id, platformIds=keys[:2000], leads=[{"platformId": key} for key in keys[2000:]])
    assert len(answer["added"]) == 4000
    assert (await client.get(f"/lists/{list_id}")).json()["leadsCount"] == 4000


async def test_removed_leads_are_counted_once(client: httpx.AsyncClient, list_id: str) -> None:
    await _add(client, list_id, platformIds=["1", "2", "3"])
    body = {"platformIds": ["1", "1", "99", "nonsense"], "leads": [{"platformId": "2"}]}
    response = await client.request("DELETE", f"/lists/{list_id}/leads", json=body)
    assert response.json() == {"removed": 2}
    assert [lead["profile"]["platformId"] for lead in await _leads(client, list_id)] == ["3"]
    assert (await client.get(f"/lists/{list_id}")).json()["leadsCount"] == 1


async def test_every_change_of_members_is_logged_and_its_campaigns_are_asked_to_sync(
    client: httpx.AsyncClient, list_id: str, database: Pool, team: Tenant, wakes: Wakes
) -> None:
    campaign_id = "c" + "0" * 23
    await database.execute(
        """
        INSERT INTO campaign (team_id, id, name, schedule_hours, created_at, updated_at)
        VALUES ($1, $2, 'C', '{}', $3, $3)
        """,
        team.id,
        campaign_id,
        START,
    )
    await database.execute(
        """
        INSERT INTO campaign_list (team_id, campaign_id, list_id, role, position)
        VALUES ($1, $2, $3, 'excluded', 0)
        """,
        team.id,
        campaign_id,
        list_id,
    )
    woken = wakes.count
    await _add(client, list_id, platformIds=["1", "2"])
    await _add(client, list_id, platformIds=["1"])
    await client.request("DELETE", f"/lists/{list_id}/leads", json={"platformIds": ["2"]})
    log = await database.fetch(
        """
        SELECT c.revision, p.platform_id FROM list_change c
          JOIN profile p ON p.team_id = c.team_id AND p.id = c.profile_id ORDER BY c.revision, p.platform_id
        """
    )
    assert [tuple(row) for row in log] == [(1, "1"), (1, "2"), (2, "2")]
    assert await database.fetchval("SELECT wanted FROM duty WHERE kind = 'sync' AND key = $1", campaign_id) == 2
    assert wakes.count == woken + 2


async def test_parallel_requests_for_the_same_people_agree_on_the_count(
    client: httpx.AsyncClient, list_id: str
) -> None:
    keys = [str(number) for number in range(1, 60)]
    answers = await asyncio.gather(
        *(_add(client, list_id, platformIds=keys[start:] + keys[:start]) for start in range(0, 56, 7))
    )
    assert sorted(key for answer in answers for key in answer["added"]) == sorted(keys)
    assert (await client.get(f"/lists/{list_id}")).json()["leadsCount"] == len(keys)


async def test_system_lists_show_who_was_contacted_and_who_answered(
    client: httpx.AsyncClient, list_id: str, database: Pool, team: Tenant
) -> None:
    await _add(client, list_id, platformIds=["1", "2", "3"])
    profiles = {lead["profile"]["platformId"]: lead["profile"]["id"] for lead in await _leads(client, list_id)}
    for platform_id, contacted, answered in (("1", START, START), ("2", START, None), ("3", None, START)):
        await database.execute(
            """
            INSERT INTO person (team_id, profile_id, first_contacted_at, last_inbound_at) VALUES ($1, $2, $3, $4)
            """,
            team.id,
            profiles[platform_id],
            contacted,
            answered,
        )
    contacted_list, mutual_list, _ = (await client.get("/lists")).json()["data"]
    assert (contacted_list["leadsCount"], mutual_list["leadsCount"]) == (2, 1)
    on_contacted = await _leads(client, contacted_list["id"])
    assert [lead["profile"]["platformId"] for lead in on_contacted] == ["1", "2"]
    assert [lead["profile"]["platformId"] for lead in await _leads(client, mutual_list["id"])] == ["1"]


async def test_pages_follow_each_other_without_gaps_while_leads_are_added(
    client: httpx.AsyncClient, list_id: str
) -> None:
    await _add(client, list_id, platformIds=[str(number) for number in range(1, 8)])
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        query = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"/lists/{list_id}/leads", params=query)).json()
        seen += [lead["profile"]["platformId"] for lead in page["data"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
        await _add(client, list_id, platformIds=[f"9{len(seen)}"])
    assert seen[:7] == [str(number) for number in range(1, 8)]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, []),
        ({"platformIds": []}, ["platformIds"]),
        ({"platformIds": [1]}, ["platformIds", 0]),
        ({"platformIds": ["1"] * 2001}, ["platformIds"]),
        ({"usernames": [""]}, ["usernames", 0]),
        ({"leads": []}, ["leads"]),
        ({"leads": [{}]}, ["leads", 0]),
        ({"leads": [{"platformId": "1", "username": "a"}]}, ["leads", 0]),
        ({"leads": [{"platformId": "1", "data": []}]}, ["leads", 0, "data"]),
        ({"leads": [{"platformId": "1", "name": "x"}]}, ["leads", 0, "name"]),
        ({"usernames": ["a"] * 2001}, ["usernames"]),
        ({"externalIds": ["a"] * 2001}, ["externalIds"]),
        ({"leads": [{"platformId": "1"}] * 2001}, ["leads"]),
        ({"platformIds": ["1"], "consent": {"basis": "hope", "evidence": "x"}}, ["consent", "basis"]),
        ({"platformIds": ["1"], "consent": {"basis": "signedUp"}}, ["consent", "evidence"]),
    ],
)
async def test_a_body_that_names_no_leads_properly_is_refused_with_the_place(
    client: httpx.AsyncClient, list_id: str, body: dict[str, Any], path: list[str | int]
) -> None:
    response = await client.post(f"/lists/{list_id}/leads", json=body)
    assert response.status_code == 400
    assert [issue["path"] for issue in response.json()["details"]["issues"]] == [path]


async def test_an_unknown_platform_is_named_with_those_supported(client: httpx.AsyncClient, list_id: str) -> None:
    for body in (
        {"platform": "myspace", "platformIds": ["1"]},
        {"leads": [{"platform": "myspace", "username": "a"}]},
    ):
        response = await client.post(f"/lists/{list_id}/leads", json=body)
        assert (response.status_code, response.json()["code"]) == (422, "platformNotSupported")
        assert response.json()["details"] == {"platform": "myspace", "supported": ["twitter"]}

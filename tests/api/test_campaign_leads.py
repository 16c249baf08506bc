"""The leads of a campaign: added by hand, read, given values."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import START, issue_paths, message, variable
from tests.api.conftest import Link, SteeredClock, Tenant

from overture.actions.context import Context
from overture.engine import sync

DAY = timedelta(days=1)
HI = {"steps": [message("Hi")]}


async def add(client: httpx.AsyncClient, campaign: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Add leads who have agreed to nothing."""
    response = await client.post(f"/campaigns/{campaign['id']}/leads", json=body)
    assert response.status_code == 200, response.text
    counts: dict[str, Any] = response.json()
    return counts


async def page(client: httpx.AsyncClient, campaign: dict[str, Any], **parameters: Any) -> list[dict[str, Any]]:
    response = await client.get(f"/campaigns/{campaign['id']}/leads", params=parameters)
    assert response.status_code == 200, response.text
    data: list[dict[str, Any]] = response.json()["data"]
    return data


async def ids_of(client: httpx.AsyncClient, campaign: dict[str, Any], **parameters: Any) -> set[str]:
    return {entry["profile"]["platformId"] for entry in await page(client, campaign, **parameters)}


async def someone(client: httpx.AsyncClient) -> dict[str, Any]:
    """A person of the sandbox platform, with the id that a list found for them."""
    target = await campaigning.make_list(client, "found")
    await campaigning.fill(client, target, "1000000000000000001")
    (found,) = (await client.get(f"/lists/{target['id']}/leads")).json()["data"]
    profile: dict[str, Any] = found["profile"]
    return profile


async def test_every_way_to_name_a_lead_is_taken_and_each_identifier_is_counted_once(
    client: httpx.AsyncClient, link: Link
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    known = await someone(client)
    counts = await add(
        client,
        campaign,
        platformIds=["101", "102", "not an id", "101"],
        usernames=["nobody_of_this_name"],
        externalIds=[known["id"], "u00000000000000000000000"],
        leads=[{"platformId": "103"}, {"platformId": "102"}],
    )
    # Four people; 101 and 102 are named twice; three identifiers lead to nobody.
    assert counts == {"added": 4, "skipped": 2, "failed": 3}
    assert await ids_of(client, campaign) == {"101", "102", "103", known["platformId"]}
    assert await add(client, campaign, platformIds=["101", "104"]) == {"added": 1, "skipped": 1, "failed": 0}


async def test_a_username_is_looked_up_on_the_platform(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    ben = await link("ben")
    assert await add(client, campaign, usernames=["@BEN"]) == {"added": 1, "skipped": 0, "failed": 0}
    (found,) = await page(client, campaign)
    assert found["profile"]["platformId"] == ben["platformId"]
    by_name = await client.get(f"/campaigns/{campaign['id']}/leads/Ben", params={"by": "username"})
    assert by_name.json() == found
    by_id = await client.get(f"/campaigns/{campaign['id']}/leads/{found['profile']['id']}", params={"by": "externalId"})
    assert by_id.json() == found
    assert await campaigning.lead(client, campaign, ben["platformId"]) == found


async def test_who_agreed_is_assessed_and_who_did_not_is_left_out_until_consent_is_recorded(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    waiting = await campaigning.create(client, await link("ana"))
    await add(client, waiting, platformIds=["101"])
    assert await add(client, campaign, platformIds=["101", "102"]) == {"added": 2, "skipped": 0, "failed": 0}
    left_out = await campaigning.lead(client, campaign, "101")
    assert (left_out["state"], left_out["reason"], left_out["step"]) == ("excluded", "consentMissing", None)
    shown = await campaigning.read(client, campaign)
    assert (shown["targetsCount"], shown["consentMissingCount"]) == (0, 2)
    assert await campaigning.add(client, campaign, "103") == {"added": 1, "skipped": 0, "failed": 0}
    agreed = await campaigning.lead(client, campaign, "103")
    assert (agreed["state"], agreed["waitsFor"]["code"]) == ("assessing", "assessing")
    assert await context.pool.fetchval("SELECT count(*) FROM assess_queue") == 1
    row = await context.pool.fetchrow("SELECT consent_basis, consent_evidence, consent_by, consent_at FROM contact")
    assert row is not None
    assert tuple(row) == ("signedUp", "form", "test", START)
    # Consent that comes later is for every campaign that waited for it.
    await campaigning.add(client, campaign, "101")
    assert (await campaigning.read(client, waiting))["isSyncing"] is True
    assert (await campaigning.read(client, campaign))["isSyncing"] is True


async def test_consent_once_recorded_is_not_overwritten(
    client: httpx.AsyncClient, link: Link, context: Context, clock: SteeredClock
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    await campaigning.add(client, campaign, "101")
    clock.at += DAY
    await campaigning.add(client, campaign, "101", "102")
    rows = await context.pool.fetch("SELECT consent_at FROM contact ORDER BY consent_at")
    assert [row["consent_at"] for row in rows] == [START, START + DAY]


async def test_leads_added_by_hand_pass_the_rules_of_the_campaign(
    client: httpx.AsyncClient, link: Link, context: Context, team: Tenant
) -> None:
    blocked = await campaigning.make_list(client, "Customers")
    await campaigning.fill(client, blocked, "101", "102")
    rules = {"excludedListIds": [blocked["id"]], "excludeContacted": True}
    campaign = await campaigning.create(client, await link("ana"), rules=rules)
    await context.pool.execute(
        """
        INSERT INTO person (team_id, profile_id, first_contacted_at)
        SELECT team_id, id, $1 FROM profile WHERE platform_id = '102'
        """,
        START,
    )
    await campaigning.add(client, campaign, "101", "102", "103")
    reasons = {entry["profile"]["platformId"]: entry["reason"] for entry in await page(client, campaign)}
    assert reasons == {"101": "excludedList", "102": "excludedList", "103": None}
    await client.patch(f"/campaigns/{campaign['id']}/rules", json={"excludedListIds": []})
    await sync.step(context.pool, team_id=team.id, campaign_id=campaign["id"], now=START)
    await campaigning.add(client, campaign, "104")
    reasons = {entry["profile"]["platformId"]: entry["reason"] for entry in await page(client, campaign)}
    assert reasons == {"101": None, "102": "contacted", "103": None, "104": None}


async def test_a_lead_that_had_left_comes_back_to_where_it_was(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana, sequence={"steps": [message("1"), message("2")]})
    await campaigning.put(context, campaign, "1", state="removed", reason="deletedByHand")
    await campaigning.put(
        context, campaign, "2", state="removed", reason="leftLists", account=ana, contacted=DAY, rank=1
    )
    await campaigning.put(
        context, campaign, "3", state="removed", reason="leftLists", account=ana, contacted=DAY, replied=True
    )
    await context.pool.execute("UPDATE lead SET is_direct = false, is_deleted_by_hand = reason = 'deletedByHand'")
    assert (await campaigning.add(client, campaign, "1", "2", "3"))["added"] == 3
    assert [entry["state"] for entry in await page(client, campaign)] == ["assessing", "inSequence", "replied"]
    assert await context.pool.fetchval("SELECT count(*) FROM lead_due WHERE NOT is_first") == 1
    assert await context.pool.fetchval("SELECT bool_and(is_direct AND NOT is_deleted_by_hand) FROM lead")


async def test_a_completed_campaign_is_taken_up_again_for_new_leads(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence=HI)
    await campaigning.enable(client, campaign)
    await context.pool.execute("UPDATE campaign SET status = 'completed', completed_at = $1", START)
    await campaigning.add(client, campaign, "101")
    shown = await campaigning.read(client, campaign)
    assert (shown["status"], shown["completedAt"]) == ("active", None)


async def test_values_are_kept_in_their_form_and_those_of_a_lead_that_is_there_are_untouched(
    client: httpx.AsyncClient, link: Link
) -> None:
    columns = [{"name": "City"}, {"name": "Age", "type": "number"}]
    campaign = await campaigning.create(client, await link("ana"), columns=columns)
    city, age = [c["id"] for c in (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]]
    await add(client, campaign, leads=[{"platformId": "101", "data": {city: "Lisbon", age: 40}}])
    assert (await campaigning.lead(client, campaign, "101"))["data"] == {city: "Lisbon", age: 40}
    counts = await add(client, campaign, leads=[{"platformId": "101", "data": {city: "Porto"}}])
    assert counts == {"added": 0, "skipped": 1, "failed": 0}
    assert (await campaigning.lead(client, campaign, "101"))["data"] == {city: "Lisbon", age: 40}
    for data, where in (({"custom_nothing": "x"}, "custom_nothing"), ({age: "forty"}, age)):
        refused = await client.post(
            f"/campaigns/{campaign['id']}/leads",
            json={"leads": [{"platformId": "102"}, {"platformId": "103", "data": data}]},
        )
        assert issue_paths(refused) == [["leads", 1, "data", where]]
    assert await ids_of(client, campaign) == {"101"}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, []),
        ({"platformIds": []}, ["platformIds"]),
        ({"platformIds": ["1"] * 2001}, ["platformIds"]),
        ({"usernames": ["a"] * 2001}, ["usernames"]),
        ({"externalIds": ["a"] * 2001}, ["externalIds"]),
        ({"leads": [{"platformId": "1"}] * 2001}, ["leads"]),
        ({"leads": []}, ["leads"]),
        ({"platformIds": [1]}, ["platformIds", 0]),
        ({"leads": [{"platformId": "1", "username": "a"}]}, ["leads", 0]),
        ({"platformIds": ["1"], "consent": {"basis": "iThinkSo", "evidence": "x"}}, ["consent", "basis"]),
        ({"platformIds": ["1"], "consent": {"basis": "signedUp", "evidence": ""}}, ["consent", "evidence"]),
        ({"platformIds": ["1"], "colour": 1}, ["colour"]),
    ],
)
async def test_leads_that_are_not_well_formed_are_refused_with_their_path(
    client: httpx.AsyncClient, link: Link, body: dict[str, Any], path: list[str | int]
) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    refused = await client.post(f"/campaigns/{campaign['id']}/leads", json=body)
    assert issue_paths(refused) == [path]
    assert await page(client, campaign) == []


async def test_an_unknown_platform_is_named_with_those_there_are(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    refused = await client.post(f"/campaigns/{campaign['id']}/leads", json={"platform": "pigeon", "platformIds": ["1"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "platformNotSupported")


@pytest.mark.parametrize("identifier", ["999", "abc", "%20"])
async def test_a_lead_that_is_not_there_is_not_found(client: httpx.AsyncClient, link: Link, identifier: str) -> None:
    campaign = await campaigning.create(client, await link("ana"))
    missing = await client.get(f"/campaigns/{campaign['id']}/leads/{identifier}")
    assert (missing.status_code, missing.json()["code"]) == (404, "leadNotFound")


async def test_leads_are_filtered_and_paged_without_repeats(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana, ben = await link("ana"), await link("ben")
    campaign = await campaigning.create(client, ana, accountLinkIds=[ana["id"], ben["id"]], sequence=HI)
    for number in range(1, 6):
        await campaigning.put(context, campaign, str(number), state="ready", account=ana, due=timedelta())
    finished = await campaigning.put(context, campaign, "6", state="finished", account=ben, contacted=DAY)
    failed = await campaigning.put(context, campaign, "7", state="failed", account=ben, contacted=DAY, reason="blocked")
    for lead_id in (finished, failed):
        await campaigning.wrote(context, lead_id, account=ben)
    walked: list[str] = []
    parameters: dict[str, Any] = {"limit": 3}
    while True:
        answer = (await client.get(f"/campaigns/{campaign['id']}/leads", params=parameters)).json()
        walked += [entry["profile"]["platformId"] for entry in answer["data"]]
        if answer["nextCursor"] is None:
            break
        parameters["cursor"] = answer["nextCursor"]
    assert sorted(walked) == ["1", "2", "3", "4", "5", "6", "7"]
    assert await ids_of(client, campaign, state=["finished", "failed"]) == {"6", "7"}
    assert await ids_of(client, campaign, accountLinkId=[ben["id"]]) == {"6", "7"}
    assert await ids_of(client, campaign, accountLinkId=[ana["id"]]) == {"1", "2", "3", "4", "5"}
    assert await ids_of(client, campaign, q="@USER3") == {"3"}
    assert await ids_of(client, campaign, q="user ") == {"1", "2", "3", "4", "5", "6", "7"}
    assert await ids_of(client, campaign, q="ser") == set()
    wrong = await client.get(f"/campaigns/{campaign['id']}/leads", params={"state": "asleep"})
    assert wrong.status_code == 400


async def test_only_the_next_lead_of_an_account_is_told_its_instant_and_others_how_many_come_before(
    client: httpx.AsyncClient, link: Link, context: Context, clock: SteeredClock
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(
        client, ana, sequence={"steps": [message("1"), campaigning.delay(), message("2")]}
    )
    for number in range(1, 4):
        await campaigning.put(context, campaign, str(number), state="ready", account=ana, due=timedelta(minutes=number))
    await campaigning.put(
        context, campaign, "8", state="inSequence", account=ana, contacted=DAY, rank=1, due=timedelta(minutes=5)
    )
    await campaigning.put(
        context, campaign, "9", state="inSequence", account=ana, contacted=DAY, rank=1, due=timedelta(days=3)
    )

    async def seen() -> dict[str, tuple[str | None, int | None, str | None]]:
        return {
            entry["profile"]["platformId"]: (
                entry["nextSendAt"],
                entry["aheadCount"],
                entry["waitsFor"]["code"] if entry["waitsFor"] else None,
            )
            for entry in await page(client, campaign)
        }

    assert {told[2] for told in (await seen()).values()} == {"notEnabled"}
    await campaigning.write_to_anyone(context)
    await campaigning.enable(client, campaign)
    clock.at += timedelta(minutes=10)
    await context.pool.execute("UPDATE campaign_account SET next_at = $1", START + timedelta(minutes=12))
    assert await seen() == {
        "8": ("2026-11-23T09:12:00.000Z", None, "pace"),
        "1": (None, 1, "queue"),
        "2": (None, 2, "queue"),
        "3": (None, 3, "queue"),
        "9": (None, 1, "delay"),
    }
    clock.at += timedelta(hours=8)  # 17:10: the hours have closed until tomorrow
    instant, ahead, code = (await seen())["8"]
    assert instant is not None
    assert "2026-11-24T09:00" <= instant < "2026-11-24T09:10"  # up to a gap after the hours open
    assert (ahead, code) == (None, "sendingHours")


async def test_a_lead_shows_its_values_with_those_of_its_lists_in_their_order(
    client: httpx.AsyncClient, link: Link, context: Context, team: Tenant
) -> None:
    first, second = [await campaigning.make_list(client, name, ["City", "Team"]) for name in ("1", "2")]
    for target, city, group in ((first, "Lisbon", ""), (second, "Porto", "blue")):
        data = {target["columns"]["City"]: city, target["columns"]["Team"]: group}
        await client.post(f"/lists/{target['id']}/leads", json={"leads": [{"platformId": "101", "data": data}]})
    campaign = await campaigning.create(client, await link("ana"), rules={"syncedListIds": [first["id"], second["id"]]})
    await sync.step(context.pool, team_id=team.id, campaign_id=campaign["id"], now=START)
    columns = {c["name"]: c["id"] for c in (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]}
    assert (await campaigning.lead(client, campaign, "101"))["data"] == {
        columns["City"]: "Lisbon",
        columns["Team"]: "blue",
    }
    at = f"/campaigns/{campaign['id']}/leads/101"
    set_here = await client.patch(at, json={"data": {columns["Team"]: "red"}})
    assert set_here.json()["data"] == {columns["City"]: "Lisbon", columns["Team"]: "red"}
    cleared = await client.patch(at, json={"data": {columns["Team"]: None}})
    assert cleared.json()["data"][columns["Team"]] == "blue"
    assert issue_paths(await client.patch(at, json={"data": {"custom_x": "1"}})) == [["data", "custom_x"]]
    assert issue_paths(await client.patch(at, json={})) == [["data"]]


LEAD = {
    "profile", "state", "reason", "accountLinkId", "step", "nextSendAt", "aheadCount", "waitsFor", "data",
    "contactedAt", "repliedAt",
}  # fmt: skip


async def test_a_lead_has_every_field_and_is_given_values_under_each_of_its_names(
    client: httpx.AsyncClient, link: Link
) -> None:
    ben = await link("ben")
    campaign = await campaigning.create(client, ben, columns=[{"name": "City"}], sequence=HI)
    (column,) = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    await add(client, campaign, usernames=["ben"], consent={"basis": "signedUp", "evidence": "form"})
    (lead,) = await page(client, campaign)
    assert set(lead) == LEAD
    assert {name: lead[name] for name in LEAD - {"profile", "waitsFor", "step"}} == {
        "state": "assessing",
        "reason": None,
        "accountLinkId": None,
        "nextSendAt": None,
        "aheadCount": None,
        "data": {},
        "contactedAt": None,
        "repliedAt": None,
    }
    step = campaign["sequence"]["steps"][0]
    assert lead["step"] == {"id": step["id"], "rank": 0, "type": "message", "version": 1}
    at = f"/campaigns/{campaign['id']}/leads"
    for by, name in (
        ({}, ben["platformId"]),
        ({"by": "platformId", "platform": "twitter"}, ben["platformId"]),
        ({"by": "username"}, "@BEN"),
        ({"by": "externalId"}, lead["profile"]["id"]),
    ):
        changed = await client.patch(f"{at}/{name}", json={**by, "data": {column["id"]: str(by)}})
        assert changed.json() == {**lead, "data": {column["id"]: str(by)}}, changed.text
    assert issue_paths(await client.patch(f"{at}/ben", json={"by": "name", "data": {}})) == [["by"]]
    elsewhere = await client.patch(f"{at}/{ben['platformId']}", json={"platform": "pigeon", "data": {}})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "platformNotSupported")


async def test_a_lead_held_for_a_value_tries_again_once_it_has_one(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(
        client, ana, columns=[{"name": "City"}], sequence={"steps": [message(variable("City"))]}
    )
    (column,) = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"]
    reason = f"variableMissing:{column['id']}"
    await campaigning.put(context, campaign, "1", state="held", reason=reason, account=ana, contacted=DAY)
    await campaigning.put(context, campaign, "2", state="held", reason=reason)
    held = await campaigning.lead(client, campaign, "1")
    assert held["waitsFor"]["code"] == "held"
    changed = await client.patch(f"/campaigns/{campaign['id']}/leads/1", json={"data": {column["id"]: "Lisbon"}})
    assert (changed.json()["state"], changed.json()["reason"]) == ("inSequence", None)
    assert await context.pool.fetchval("SELECT due_at FROM lead_due") == START
    assert (await campaigning.lead(client, campaign, "2"))["state"] == "held"

"""The contract of a campaign, field by field, through one campaign's whole life: from draft to completed and reopened.

Every answer on the way is held against `contract.FIELDS`: each field is there, of its type and inside its bounds.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from tests.api import campaigning, contract
from tests.api.campaigning import delay, issue_paths, message, variable
from tests.engine.conftest import World

SETTINGS = {
    "name", "description", "hourlyMessageRate", "scheduleTimezone", "scheduleHours", "accountLinkIds",
}  # fmt: skip


async def test_a_campaign_from_draft_to_completed_and_reopened(world: World, world_client: httpx.AsyncClient) -> None:
    client = world_client
    ana, ben = await _link(client, "ana"), await _link(client, "ben")

    # ------------------------------------------------ draft: the least there can be, and every default
    created = contract.checked(await client.post("/campaigns", json={"name": "Autumn", "accountLinkIds": [ana]}))
    path = f"/campaigns/{created['id']}"
    assert created == {
        "id": created["id"],
        "name": "Autumn",
        "description": None,
        "status": "draft",
        "enabled": False,
        "dryRun": False,
        "targetsCount": 0,
        "contactedCount": 0,
        "repliesCount": 0,
        "scopeAssessedCount": 0,
        "completionRate": 0,
        "replyRate": 0,
        "hourlyMessageRate": 8,
        "scheduleTimezone": "UTC",
        "scheduleHours": {day: {"start": 540, "end": 1020} for day in "12345"},
        "isBuildingPlan": False,
        "isSyncing": False,
        "accountLinkIds": [ana],
        "rules": {"syncedLists": [], "excludedLists": [], "excludeContacted": False, "excludeMutuals": False},
        "sequence": {"version": 0, "steps": []},
        "automations": [],
        "createdAt": "2026-03-02T13:00:00.000Z",
        "updatedAt": "2026-03-02T13:00:00.000Z",
        "pausedAt": None,
        "completedAt": None,
        "lastStartedAt": None,
        "pauseReason": None,
        "heldCount": 0,
        "consentMissingCount": 0,
        "contactPolicy": "inboundOrConsent",
        "waitsFor": {"code": "notEnabled", "message": "The campaign has not been enabled yet.", "until": None},
        "nextSendAt": None,
        "finishesAt": None,
    }

    async def read() -> dict[str, Any]:
        return contract.checked(await client.get(path))

    async def run_until(condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async def holds() -> bool:
            return condition(await read())

        await world.run_until(holds)
        return await read()

    # ------------------------------------------------ settings: both ends of every bound, and what lies beyond
    within: list[dict[str, Any]] = [
        {"name": "x"},
        {"name": "x" * 255},
        {"description": "x" * 1000},
        {"description": ""},
        {"description": None},
        {"hourlyMessageRate": 1},
        {"hourlyMessageRate": 25},
        {"scheduleTimezone": "America/Argentina/Buenos_Aires"},
        {"scheduleHours": {}},
        {"scheduleHours": {"0": {"start": 0, "end": 1}, "6": {"start": 1439, "end": 1440}}},
        {"accountLinkIds": [ben, ana]},
    ]
    for change in within:
        changed = contract.checked(await client.patch(path, json=change))
        assert {name: changed[name] for name in change} == change
    beyond: list[dict[str, Any]] = [
        {"name": ""},
        {"name": "x" * 256},
        {"name": None},
        {"description": "x" * 1001},
        {"hourlyMessageRate": 0},
        {"hourlyMessageRate": 26},
        {"hourlyMessageRate": 8.5},
        {"hourlyMessageRate": "8"},
        {"hourlyMessageRate": True},
        {"scheduleTimezone": "Mars/Olympus"},
        {"scheduleTimezone": None},
        {"scheduleHours": None},
        {"scheduleHours": {"1": {"start": 540}}},
        {"scheduleHours": {"1": {"start": 540, "end": 1020, "break": 1}}},
        {"scheduleHours": {"1": {"start": 540.5, "end": 1020}}},
        {"scheduleHours": {"7": {"start": 0, "end": 1}}},
        {"scheduleHours": {"0": {"start": 1, "end": 1}}},
        {"scheduleHours": {"0": {"start": -1, "end": 1}}},
        {"scheduleHours": {"0": {"start": 0, "end": 1441}}},
        {"accountLinkIds": []},
        {"accountLinkIds": [ana, ana]},
    ]
    kept = await read()
    for change in beyond:
        (name,) = change
        assert issue_paths(await client.patch(path, json=change))[0][0] == name, change
    for name in set(contract.FIELDS) - SETTINGS - {"rules", "sequence", "automations"}:
        assert issue_paths(await client.patch(path, json={name: kept[name]})) == [[name]]
        body = {"name": "A", "accountLinkIds": [ana], name: kept[name]}
        assert issue_paths(await client.post("/campaigns", json=body)) == [[name]]
    for name in ("rules", "sequence", "automations"):
        assert issue_paths(await client.patch(path, json={name: kept[name]})) == [[name]], "each has its own call"
    unknown = await client.patch(path, json={"accountLinkIds": ["a" + "0" * 23]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "accountLinkNotFound")
    assert await read() == kept
    hours = {day: {"start": 540, "end": 1020} for day in "12345"}
    settings = {"name": "Autumn", "hourlyMessageRate": 8, "scheduleTimezone": "America/New_York"}
    contract.checked(await client.patch(path, json={**settings, "scheduleHours": hours}))

    # ------------------------------------------------ never started: a copy of the draft, paused where it stands
    copied = contract.checked(await client.post(f"{path}/duplicate"))
    own = {"id", "name", "isBuildingPlan", "isSyncing"}
    draft = await read()
    assert {name: copied[name] for name in copied.keys() - own} == {name: draft[name] for name in draft.keys() - own}
    never = contract.checked(await client.post(f"/campaigns/{copied['id']}/disable"))
    assert (never["status"], never["enabled"], never["lastStartedAt"]) == ("paused", False, None)
    assert never["pausedAt"] == "2026-03-02T13:00:00.000Z"

    # ------------------------------------------------ whom it may write to: an owner's choice, shown on every campaign
    for policy in ("anyoneReachable", "inboundOrConsent"):
        choice = {"contactPolicy": policy, "note": "They gave us their cards"}
        assert (await client.put("/platforms/twitter/policy", json=choice)).status_code == 200
        assert (await read())["contactPolicy"] == policy

    # ------------------------------------------------ rules: lists feed it and exclude, in the background
    people = [*await world.people(nature="open", talk="silent"), *await world.people(nature="open", talk="answers")]
    chosen = [person["id"] for person in (*people[:6], *people[-6:])]
    left_out, late = chosen[0], people[6]["id"]
    leads = await campaigning.make_list(client, "Leads", ["City"])
    customers = await campaigning.make_list(client, "Customers")
    await campaigning.fill(client, leads, *chosen)
    await campaigning.fill(client, customers, left_out)
    rules = {"syncedListIds": [leads["id"]], "excludedListIds": [customers["id"]], "excludeMutuals": True}
    assert (await client.patch(f"{path}/rules", json=rules)).json() == {"success": True}
    syncing = await read()
    assert syncing["isSyncing"] is True
    (column,) = (await client.get(f"{path}/columns")).json()["data"]
    assert syncing["rules"] == {
        "syncedLists": [
            {
                "listId": leads["id"],
                "listName": "Leads",
                "columnMapping": {leads["columns"]["City"]: column["id"]},
            }
        ],
        "excludedLists": [{"listId": customers["id"], "listName": "Customers"}],
        "excludeContacted": False,
        "excludeMutuals": True,
    }
    in_line = await run_until(lambda campaign: not campaign["isSyncing"])
    assert in_line["status"] == "draft"
    # The twelfth is on the excluded list; of the others nobody has agreed to be written to.
    assert (in_line["targetsCount"], in_line["consentMissingCount"]) == (0, 11)

    # ------------------------------------------------ sequence and automations
    refused = await client.post(f"{path}/enable")
    assert (refused.status_code, refused.json()["code"]) == (422, "preflightFailed")
    assert "noSequence" in [issue["code"] for issue in refused.json()["details"]["issues"]]
    steps = [message("Hi ", variable("first-name", "there"), " from ", variable(column["id"])), delay(2), message("?")]
    replaced = (await client.put(f"{path}/sequence", json={"steps": steps})).json()
    assert (replaced["version"], [step["type"] for step in replaced["steps"]]) == (1, ["message", "delay", "message"])
    won = (await client.get("/statuses/won")).json()["id"]
    automation = {"trigger": "replied", "action": "setStatus", "actionData": {"statusId": won}}
    added = (await client.post(f"{path}/automations", json=automation)).json()
    whole = await read()
    assert whole["sequence"] == {"version": 1, "steps": replaced["steps"]}
    assert whole["automations"] == [{"id": added["id"], **automation, "enabled": True}]

    # ------------------------------------------------ consent, and the start
    for person_id in chosen[:-1]:
        data = {"data": {leads["columns"]["City"]: "Lisbon"}}
        assert (await client.patch(f"/lists/{leads['id']}/leads/{person_id}", json=data)).status_code == 200
    agreed = {"platformIds": chosen[1:], "consent": {"basis": "signedUp", "evidence": "Form of the fair"}}
    assert (await client.post(f"{path}/leads", json=agreed)).json() == {"added": 0, "skipped": 11, "failed": 0}
    started = contract.checked(await client.post(f"{path}/enable"))
    assert (started["status"], started["enabled"]) == ("active", True)
    assert started["lastStartedAt"] == "2026-03-02T13:00:00.000Z"
    assert contract.checked(await client.post(f"{path}/enable")) == started
    assessed = await run_until(lambda campaign: campaign["scopeAssessedCount"] == 11)
    assert (assessed["targetsCount"], assessed["consentMissingCount"]) == (11, 0)
    planned = await run_until(lambda campaign: not campaign["isBuildingPlan"] and not campaign["isSyncing"])
    assert planned["contactedCount"] == 0
    assert (planned["waitsFor"]["code"], planned["waitsFor"]["until"]) == ("sendingHours", "2026-03-02T14:00:00.000Z")
    assert "2026-03-02T14:00:00.000Z" <= planned["nextSendAt"] < "2026-03-02T14:15:00.000Z"

    # ------------------------------------------------ under way, paused, resumed
    under_way = await run_until(lambda campaign: campaign["contactedCount"] >= 3)
    assert under_way["status"] == "active"
    assert under_way["completionRate"] < 1
    await _recount(client, path)
    deleted = await client.delete(path)
    assert (deleted.status_code, deleted.json()["code"]) == (409, "campaignActive")
    paused = contract.checked(await client.post(f"{path}/disable"))
    assert (paused["status"], paused["enabled"], paused["waitsFor"]["code"]) == ("paused", False, "disabled")
    assert paused["nextSendAt"] is None
    assert paused["pausedAt"] >= paused["lastStartedAt"]
    assert paused["updatedAt"] == paused["pausedAt"]
    assert contract.checked(await client.post(f"{path}/disable")) == paused
    await _let_pass(world, timedelta(hours=1))
    at_rest = await read()
    assert at_rest["contactedCount"] == paused["contactedCount"]
    assert at_rest["updatedAt"] == paused["updatedAt"]
    alone = contract.checked(await client.patch(path, json={"accountLinkIds": [ana]}))
    assert (alone["isBuildingPlan"], alone["isSyncing"], alone["updatedAt"] > paused["updatedAt"]) == (True, True, True)
    both = contract.checked(await client.patch(path, json={"accountLinkIds": [ben, ana]}))
    assert (both["accountLinkIds"], both["isBuildingPlan"]) == ([ben, ana], True)
    again = (await client.put(f"{path}/sequence", json={"steps": whole["sequence"]["steps"]})).json()
    assert (again["version"], again["steps"]) == (2, whole["sequence"]["steps"])
    assert again["affected"]["inSequence"] + again["affected"]["ended"] == paused["contactedCount"]
    assert (await read())["sequence"]["version"] == 2
    mended = await run_until(lambda campaign: not campaign["isBuildingPlan"] and not campaign["isSyncing"])
    assert (mended["status"], mended["contactedCount"]) == ("paused", paused["contactedCount"])
    resumed = contract.checked(await client.post(f"{path}/enable"))
    assert (resumed["status"], resumed["enabled"], resumed["pausedAt"]) == ("active", True, paused["pausedAt"])
    assert resumed["lastStartedAt"] > paused["pausedAt"]
    assert resumed["updatedAt"] == resumed["lastStartedAt"]

    # ------------------------------------------------ paused by Overture: the accounts are signed out, and linked anew
    for username in ("ana", "ben"):
        await world.fault(kind="authLost", account=username)
    halted = await run_until(lambda campaign: campaign["status"] == "paused")
    assert (halted["enabled"], halted["pauseReason"]["code"]) == (True, "noAccountAvailable")
    assert halted["pausedAt"] == halted["pauseReason"]["since"] >= resumed["lastStartedAt"]
    assert halted["waitsFor"]["code"] == "noAccountAvailable"
    assert (await world.platform.delete("/_sandbox/faults")).is_success
    assert [await _link(client, "ana"), await _link(client, "ben")] == [ana, ben]
    revived = await run_until(lambda campaign: campaign["status"] == "active")
    assert (revived["pauseReason"], revived["pausedAt"]) == (None, halted["pausedAt"])
    assert revived["lastStartedAt"] >= halted["pausedAt"]

    # ------------------------------------------------ held: the last of them has no city, and nothing is over before
    held = await run_until(lambda campaign: campaign["completionRate"] > 0.9)
    assert (held["contactedCount"], held["heldCount"], held["waitsFor"]["code"]) == (10, 1, "held")
    assert (held["status"], held["completionRate"]) == ("active", 10 / 11)
    await _recount(client, path)
    data = {"data": {column["id"]: "Porto"}}
    released = (await client.patch(f"{path}/leads/{chosen[-1]}", json=data)).json()
    assert (released["state"], released["data"]) == ("ready", {column["id"]: "Porto"})

    # ------------------------------------------------ completed: everybody was contacted, nobody gets anything more
    completed = await run_until(lambda campaign: campaign["status"] == "completed")
    assert (completed["enabled"], completed["waitsFor"], completed["heldCount"]) == (True, None, 0)
    assert (completed["targetsCount"], completed["contactedCount"], completed["scopeAssessedCount"]) == (11, 11, 11)
    assert completed["completedAt"] > completed["lastStartedAt"]
    await _recount(client, path)
    sent = [one for one in await world.messages() if one["origin"] == "api"]
    wrote = {one["sender"] for one in await world.messages() if one["origin"] != "api"}
    assert {one["recipient"] for one in sent} == set(chosen[1:])
    assert {one["sender"] for one in sent} == {account["platformId"] for account in await _accounts(client)}
    assert completed["repliesCount"] == len(wrote) > 0
    assert completed["replyRate"] == len(wrote) / 11
    with_status = await world.pool.fetchval("SELECT count(*) FROM contact WHERE status_id = $1", won)
    assert with_status == completed["repliesCount"]
    for one in sent:
        at = _at(one).astimezone(ZoneInfo("America/New_York"))
        assert at.weekday() < 5 and 540 <= at.hour * 60 + at.minute < 1020
        by_the_same = [other for other in sent if other["sender"] == one["sender"]]
        last_hour = [other for other in by_the_same if timedelta() <= at - _at(other) < timedelta(hours=1)]
        assert len(last_hour) <= completed["hourlyMessageRate"]

    # ------------------------------------------------ reopened: somebody new comes onto the list
    latecomer = {"platformIds": [late], "consent": agreed["consent"]}
    await campaigning.fill(client, leads, late)
    data = {"data": {leads["columns"]["City"]: "Faro"}}
    assert (await client.patch(f"/lists/{leads['id']}/leads/{late}", json=data)).status_code == 200
    assert (await client.post(f"{path}/leads", json=latecomer)).status_code == 200
    reopened = await run_until(lambda campaign: campaign["status"] == "active")
    assert (reopened["enabled"], reopened["completedAt"], reopened["targetsCount"]) == (True, None, 12)
    assert reopened["completionRate"] == 11 / 12
    assert reopened["lastStartedAt"] >= completed["completedAt"]
    at_last = await run_until(lambda campaign: campaign["status"] == "completed")
    assert (at_last["targetsCount"], at_last["contactedCount"]) == (12, 12)
    assert at_last["completedAt"] > completed["completedAt"]
    assert at_last["createdAt"] == created["createdAt"]
    await _recount(client, path)

    # ------------------------------------------------ over: disabled after its end, and deleted
    off = contract.checked(await client.post(f"{path}/disable"))
    assert (off["status"], off["enabled"], off["completedAt"]) == ("paused", False, None)
    assert off["lastStartedAt"] == at_last["lastStartedAt"]
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).json()["code"] == "campaignNotFound"


def _at(sent: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(sent["time"])


async def _accounts(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    accounts: list[dict[str, Any]] = (await client.get("/account-links")).json()["data"]
    return accounts


async def _link(client: httpx.AsyncClient, username: str) -> str:
    response = await client.post(
        "/account-links", json={"platform": "twitter", "tokens": {"accessToken": f"sandbox-{username}"}}
    )
    assert response.status_code == 200, response.text
    account_id: str = response.json()["id"]
    return account_id


async def _let_pass(world: World, pause: timedelta) -> None:
    """Let time run on while nothing is to be done: until all inboxes have been read once more."""
    instant = await world.clock.now() + pause
    await world.platform.post("/_sandbox/clock", json={"now": instant.isoformat()})
    await world.clock.move(instant)

    async def are_read() -> bool:
        return bool(await world.pool.fetchval("SELECT min(read_at) >= $1 FROM account_pace", instant))

    await world.run_until(are_read)


async def _recount(client: httpx.AsyncClient, path: str) -> None:
    """Hold the counters of a campaign against its leads."""
    campaign = contract.checked(await client.get(path))
    leads = (await client.get(f"{path}/leads", params={"limit": 100})).json()["data"]
    contacted = [lead for lead in leads if lead["contactedAt"] is not None]
    out = ("excluded", "removed", "canceled", "unreachable")
    over = ("finished", "replied", "failed", "canceled", "removed")
    targets = [lead for lead in leads if lead in contacted or lead["state"] not in out]
    assert campaign["targetsCount"] == len(targets)
    assert campaign["scopeAssessedCount"] == len([lead for lead in targets if lead["state"] != "assessing"])
    assert campaign["contactedCount"] == len(contacted)
    assert campaign["repliesCount"] == len([lead for lead in leads if lead["repliedAt"] is not None])
    assert campaign["heldCount"] == len([lead for lead in leads if lead["state"] == "held"])
    share = len([lead for lead in contacted if lead["state"] in over]) / len(targets)
    assert abs(campaign["completionRate"] - share) < 1e-9

"""A program written against Inbox API v1 runs a whole campaign; only base address, token and stored ids are new.

The bodies are of the vendor's samples, with all their members.
"""

from typing import Any

import httpx
from tests.engine.conftest import World


async def test_a_v1_program_runs_a_whole_campaign(world: World, world_v1: httpx.AsyncClient) -> None:
    await world.link("ana", "ben")
    people = [*await world.people(nature="open", talk="silent"), *await world.people(nature="open", talk="answers")]
    chosen = [*people[:5], *people[-5:]]

    async def call(method: str, path: str, body: Any = None) -> Any:
        response = await world_v1.request(method, path, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    # It looks its ids up.
    team = await call("GET", "/team")
    assert team["allowSupportAccess"] is False
    accounts = await call("GET", "/account-links")
    assert [account["username"] for account in accounts] == ["ana", "ben"]
    interested = next(status for status in await call("GET", "/statuses") if status["name"] == "Interested")

    # It fills a list: some by id, the rest from a file, with a column of its own.
    leads = await call("POST", "/lists", {"name": "Founders", "description": "From the fair"})
    company = await call("POST", f"/lists/{leads['id']}/columns", {"name": "Company", "type": "text"})
    by_id = [person["id"] for person in chosen[:3]]
    added = await call("POST", f"/lists/{leads['id']}/leads", {"platformIds": by_id})
    assert added == {"added": by_id, "skipped": [], "failed": []}
    rows = "".join(f"{person['username']},Acme {number}\n" for number, person in enumerate(chosen))
    job = await call(
        "POST",
        f"/lists/{leads['id']}/import-jobs",
        {
            "data": {
                "type": "csv",
                "content": "username,company\n" + rows,
                "fileName": "founders.csv",
                "columnMapping": [
                    {"csvHeader": "username", "targetColumnId": "username"},
                    {"csvHeader": "company", "targetColumnId": company["id"]},
                ],
                "mergeStrategy": "overwrite",
            }
        },
    )
    assert job["status"] == "queued"

    async def is_imported() -> bool:
        jobs = await call("GET", f"/lists/{leads['id']}/import-jobs?status[]=completed")
        return [one["id"] for one in jobs["data"]] == [job["id"]]

    await world.run_until(is_imported)
    rejects = await world_v1.get(f"/lists/{leads['id']}/import-jobs/{job['id']}/rejects.csv")
    assert (rejects.status_code, rejects.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    page = await call("GET", f"/lists/{leads['id']}/leads?limit=100")
    assert len(page["data"]) == 10
    assert {lead["prospect"]["accountStatus"] for lead in page["data"]} == {"active"}
    assert all(lead["data"][company["id"]].startswith("Acme ") for lead in page["data"])

    # It makes the campaign, as the vendor's page shows it.
    campaign = await call(
        "POST",
        "/campaigns/v2",
        {
            "name": "Q1 outreach",
            "accountLinkIds": [account["id"] for account in accounts],
            "timezone": "America/New_York",
            "rules": {"excludeContacted": True, "excludeMutuals": True},
        },
    )
    path = f"/campaigns/v2/{campaign['id']}"
    assert (campaign["status"], campaign["enabled"], campaign["scheduleTimezone"]) == (
        "draft",
        False,
        "America/New_York",
    )
    column = await call("POST", f"{path}/columns", {"name": "Company", "type": "text"})
    renamed = await call("PATCH", f"{path}/columns/{column['id']}", {"name": "Firm", "description": "Where they work"})
    assert (renamed["name"], renamed["id"]) == ("Firm", column["id"])
    rules = {
        "syncedListIds": [leads["id"]],
        "excludedListIds": [],
        "excludeContacted": False,
        "columnMappings": {leads["id"]: {company["id"]: column["id"]}},
        "detachBehavior": "unlink",
    }
    assert await call("PATCH", f"{path}/rules", rules) == {"success": True}
    steps = [
        {
            "type": "message",
            "data": {
                "segments": [
                    {"type": "variation", "options": ["Hey", "Hi"]},
                    {"type": "static", "text": " "},
                    {"type": "variable", "name": "first-name", "fallback": "there"},
                    {"type": "static", "text": ", how is "},
                    {"type": "variable", "name": column["id"], "fallback": "your company"},
                ]
            },
        },
        {"type": "like-tweet", "data": {}},
        {"type": "delay", "data": {"delaySeconds": 86400, "unit": "days"}},
        {"type": "message", "data": {"segments": [{"type": "static", "text": "Any thoughts?"}]}},
    ]
    sequence = await call("PUT", f"{path}/sequence", {"steps": steps})
    assert sequence["version"] == 1
    assert [step["type"] for step in sequence["steps"]] == ["message", "like", "delay", "message"]
    await call(
        "POST",
        f"{path}/automations",
        {"trigger": "replied", "action": "setStatus", "actionData": {"statusId": interested["id"]}},
    )

    # It adds one more by hand, sets a value, and starts.
    late = people[5]["username"]
    counts = await call("POST", f"{path}/leads", {"platform": "twitter", "usernames": [f"@{late}"]})
    assert counts == {"added": 1, "skipped": 0, "failed": 0}
    lead = await call("PATCH", f"{path}/leads/{late}", {"by": "username", "data": {column["id"]: "Brown & Co"}})
    assert (lead["prospect"]["username"], lead["data"]) == (late, {column["id"]: "Brown & Co"})
    started = await call("POST", f"{path}/enable", {})
    assert (started["status"], started["enabled"]) == ("active", True)
    wrong = {"platformIds": [people[6]["id"], people[7]["id"]]}
    assert (await call("POST", f"{path}/leads", wrong))["added"] == 2
    stopped = await call("POST", f"{path}/leads/{people[6]['id']}/cancel", {"by": "platformId"})
    assert stopped == {"success": True}
    assert await call("DELETE", f"{path}/leads", {"platformIds": [people[7]["id"]]}) == {"removed": 1}

    # It polls until the scope is known, pauses, goes on, and polls until the end.
    async def is_assessed() -> bool:
        shown = await call("GET", path)
        return bool(not shown["isSyncing"] and shown["scopeAssessedCount"] == shown["targetsCount"] == 11)

    await world.run_until(is_assessed)
    paused = await call("POST", f"{path}/disable", {})
    assert (paused["status"], paused["pausedAt"] is not None) == ("paused", True)
    await call("POST", f"{path}/enable", {})

    async def is_completed() -> bool:
        shown = await call("GET", "/campaigns/v2?status[]=completed")
        return [one["id"] for one in shown["data"]] == [campaign["id"]]

    await world.run_until(is_completed)
    ended = await call("GET", path)
    assert (ended["targetsCount"], ended["contactedCount"], ended["completionRate"]) == (11, 11, 1)
    assert ended["repliesCount"] >= 1
    recipients = {message["recipient"] for message in await world.messages() if message["origin"] == "api"}
    assert not recipients & set(wrong["platformIds"])
    texts = {message["text"] for message in await world.messages() if message["origin"] == "api"}
    assert any(text.endswith("how is Brown & Co") for text in texts)
    assert any(text.endswith("how is Acme 0") for text in texts)
    leads_of = (await call("GET", f"{path}/leads?state[0]=finished&state[1]=replied"))["data"]
    assert len(leads_of) == 11
    assert all(lead["prospect"]["externalId"] for lead in leads_of)
    assert await call("DELETE", path) == {"success": True}

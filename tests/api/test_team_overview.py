"""The team at a glance: what needs attention with what to do, and what goes out next."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.conftest import START, Link, Tenant
from tests.engine.conftest import World, message

from overture.actions.context import Context
from overture.store.pool import Pool


async def _overview(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/team/overview")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_where_all_is_well_nothing_needs_attention(client: httpx.AsyncClient, link: Link) -> None:
    await campaigning.create(client, await link("ana"))
    assert await _overview(client) == {"attention": [], "attentionCount": 0, "upcoming": []}


async def test_what_keeps_something_from_sending_comes_first(
    client: httpx.AsyncClient, link: Link, context: Context, database: Pool
) -> None:
    account = await link("ana")
    campaign = await campaigning.create(client, account)
    for identifier in ("1", "2"):
        await campaigning.put(context, campaign, identifier, state="held", reason="wroteFirst")
    await database.execute(
        "UPDATE account_link SET status = 'offline', offline_code = 'accessRevoked', offline_at = $1", START
    )
    await client.post("/team/stop")
    told = await _overview(client)
    assert [one["code"] for one in told["attention"]] == ["teamStopped", "accountOffline", "leadsHeld"]
    stopped, offline, held = told["attention"]
    assert (stopped["severity"], stopped["object"]["type"]) == ("error", "team")
    assert offline["object"] == {"type": "accountLink", "id": account["id"], "name": "@ana"}
    assert (offline["message"], offline["since"]) == ("@ana is offline and sends nothing.", "2026-11-23T09:00:00.000Z")
    assert (held["count"], held["object"]["id"], held["severity"]) == (2, campaign["id"], "warning")
    assert all(one["remedy"] for one in told["attention"])
    assert told["attentionCount"] == 3
    await client.post("/team/resume")
    assert [one["code"] for one in (await _overview(client))["attention"]] == ["accountOffline", "leadsHeld"]


@pytest.mark.parametrize(
    ("change", "code", "kind"),
    [
        (
            "UPDATE account_link SET status = 'paused', pause_reasons = '{senderRefused}'",
            "accountPaused",
            "accountLink",
        ),
        ("UPDATE app_budget SET paused_until = 'infinity', pause_code = 'outOfCredit'", "appPaused", "platformApp"),
        (
            "UPDATE campaign SET status = 'paused', pause_code = 'accountsOffline', pause_message = 'All are offline.',"
            " pause_since = created_at",
            "campaignPaused",
            "campaign",
        ),
        ("UPDATE webhook SET failing_since = created_at", "webhookFailing", "webhook"),
        (
            "UPDATE import_job SET status = 'failed', error = 'No.', completed_at = created_at",
            "importFailed",
            "importJob",
        ),
        (
            "INSERT INTO budget_window SELECT team_id, id, 'send', 'account', 86400, 100, 20, created_at"
            " + interval '1 hour', created_at FROM account_link",
            "budgetLow",
            "accountLink",
        ),
        (
            "INSERT INTO budget_window SELECT team_id, id, 'send', 'app', 86400, 100, 0, created_at"
            " + interval '1 hour', created_at FROM account_link",
            "budgetLow",
            "platformApp",
        ),
    ],
)
async def test_each_thing_is_found(
    client: httpx.AsyncClient, link: Link, database: Pool, change: str, code: str, kind: str
) -> None:
    await campaigning.create(client, await link("ana"))
    list_id = (await client.post("/lists", json={"name": "A"})).json()["id"]
    csv = {"type": "csv", "content": "platformId\n1\n", "fileName": "a.csv"}
    await client.post(f"/lists/{list_id}/import-jobs", json={"data": csv})
    await client.post("/webhooks", json={"url": "https://crm.example/hooks"})
    assert (await _overview(client))["attention"] == []
    await database.execute(change)
    (found,) = (await _overview(client))["attention"]
    assert (found["code"], found["object"]["type"]) == (code, kind)
    assert "None" not in found["message"] and "{" not in found["message"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE account_link SET status = 'paused', pause_reasons = '{manual}'",
        "UPDATE account_link SET deleted_at = created_at, status = 'offline'",
        "INSERT INTO budget_window SELECT team_id, id, 'send', 'account', 86400, 100, 21, created_at"
        " + interval '1 hour', created_at FROM account_link",
        "INSERT INTO budget_window SELECT team_id, id, 'send', 'account', 86400, 100, 0, created_at, created_at"
        " FROM account_link",
        "INSERT INTO budget_window SELECT team_id, id, 'send', 'account', 900, 15, 0, created_at + interval '1 hour',"
        " created_at FROM account_link",
    ],
)
async def test_what_is_meant_so_or_passes_soon_is_not(
    client: httpx.AsyncClient, link: Link, database: Pool, change: str
) -> None:
    await link("ana")
    await database.execute(change)
    assert (await _overview(client))["attention"] == []


async def test_what_is_of_another_team_is_not_told(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, other_team: Tenant
) -> None:
    await other_client.post("/team/stop")
    assert (await _overview(client))["attention"] == []
    (found,) = (await _overview(other_client))["attention"]
    assert found["object"] == {"type": "team", "id": other_team.id, "name": "Second"}


async def test_what_goes_out_next_is_told_as_it_then_happens(world: World, world_client: httpx.AsyncClient) -> None:
    await world.link("ana", "ben")
    campaign_id = await world.campaign(
        [await world.make_list((await world.people(nature="open"))[:6])], steps=[message("Hello ")]
    )

    async def has_sent(count: int) -> bool:
        return len(await world.messages()) >= count

    await world.run_until(lambda: has_sent(2))
    upcoming = (await _overview(world_client))["upcoming"]
    assert {one["username"] for one in upcoming} == {"ana", "ben"}
    assert all(one["campaignId"] == campaign_id and one["campaignName"] == "Spring" for one in upcoming)
    before = len(await world.messages())
    await world.run_until(lambda: has_sent(before + 1))
    sent = (await world.messages())[before]
    first = upcoming[0]
    assert sent["recipient"] == first["profile"]["platformId"]
    # The platform's record rounds up, what Overture answers is cut.
    assert abs(datetime.fromisoformat(sent["time"]) - datetime.fromisoformat(first["at"])) <= timedelta(milliseconds=1)

"""Whom other rules would let in is told before they are saved, and so it comes."""

from typing import Any

import httpx
import pytest
from tests.engine.conftest import World, message

from overture.engine import sync

_OPEN = ("assessing", "ready", "inSequence", "held")


@pytest.fixture
async def campaign(world: World) -> str:
    """A campaign of one account to a list, among people of whom some were written to, suppressed or asked nothing."""
    await world.link("ana")
    people = await world.people()
    lists = [await world.make_list(people[start:end]) for start, end in ((0, 12), (8, 20), (10, 15))]
    for name, list_id in zip("ABX", lists, strict=True):
        await world.pool.execute("UPDATE list SET name = $1 WHERE id = $2", name, list_id)
    campaign_id = await world.campaign([lists[0]], steps=[message("Hello ")], enabled=False)
    await world.pool.execute(
        """
        INSERT INTO person (team_id, profile_id, first_contacted_at, suppressed_at, suppressed_reason)
        SELECT team_id, profile_id, CASE WHEN number % 5 = 0 THEN created_at END,
               CASE WHEN number % 7 = 0 THEN created_at END, CASE WHEN number % 7 = 0 THEN 'manual' END
          FROM (SELECT team_id, id AS profile_id, created_at, row_number() OVER (ORDER BY platform_id) AS number
                  FROM profile) p
            ON CONFLICT (team_id, profile_id) DO UPDATE
           SET first_contacted_at = excluded.first_contacted_at, suppressed_at = excluded.suppressed_at,
               suppressed_reason = excluded.suppressed_reason
        """
    )
    await _sync(world, campaign_id)
    return campaign_id


async def test_what_is_told_of_other_rules_is_what_comes_of_them(
    world: World, world_client: httpx.AsyncClient, campaign: str
) -> None:
    named = {row["name"]: row["id"] for row in await world.pool.fetch("SELECT name, id FROM list")}
    a, b, x = (named[name] for name in "ABX")
    changes: list[dict[str, Any]] = [
        {"syncedListIds": [a, b]},
        {"excludedListIds": [x]},
        {"excludeContacted": True},
        {"syncedListIds": [b]},
        {"syncedListIds": [a], "excludeContacted": False, "detachBehavior": "remove"},
        {"excludedListIds": []},
        {"syncedListIds": []},
    ]
    for change in changes:
        before = await _state(world_client, campaign)
        answer = await world_client.post(f"/campaigns/{campaign}/rules/preview", json=change)
        assert answer.status_code == 200, answer.text
        assert await _state(world_client, campaign) == before, "nothing is changed"
        told = answer.json()
        assert (await world_client.patch(f"/campaigns/{campaign}/rules", json=change)).status_code == 200
        await _sync(world, campaign)
        after = await _state(world_client, campaign)
        assert told["targetsCount"] == after["targets"], change
        assert told["joining"] == len(after["in"] - before["in"]), change
        assert told["leaving"] == len(before["in"] - after["in"]), change
        assert {one["reason"]: one["count"] for one in told["keptOut"]} == after["keptOut"], change
        counts = [one["count"] for one in told["keptOut"]]
        assert counts == sorted(counts, reverse=True)


async def test_whoever_was_written_to_counts_on_and_leaves(
    world: World, world_client: httpx.AsyncClient, campaign: str
) -> None:
    await world.pool.execute(
        """
        UPDATE lead SET state = 'inSequence', account_id = $1, contacted_at = joined_at, first_intent_at = joined_at
         WHERE id = (SELECT min(id) FROM lead WHERE state = 'assessing')
        """,
        world.account_ids["ana"],
    )
    targets = (await _state(world_client, campaign))["targets"]
    change = {"syncedListIds": [], "detachBehavior": "remove"}
    told = (await world_client.post(f"/campaigns/{campaign}/rules/preview", json=change)).json()
    assert (told["targetsCount"], told["joining"], told["leaving"]) == (1, 0, targets)
    await world_client.patch(f"/campaigns/{campaign}/rules", json=change)
    await _sync(world, campaign)
    assert (await _state(world_client, campaign))["targets"] == 1


async def test_lists_that_cannot_be_named_are_refused(world_client: httpx.AsyncClient, campaign: str) -> None:
    address = f"/campaigns/{campaign}/rules/preview"
    unknown = await world_client.post(address, json={"syncedListIds": ["l" + "0" * 23]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "listNotFound")
    listed = (await world_client.get("/lists")).json()["data"][0]["id"]
    twice = await world_client.post(address, json={"excludedListIds": [listed, listed]})
    assert (twice.status_code, twice.json()["details"]["issues"][0]["path"]) == (400, ["excludedListIds", 1])
    gone = await world_client.post("/campaigns/c/rules/preview", json={})
    assert (gone.status_code, gone.json()["code"]) == (404, "campaignNotFound")


async def _sync(world: World, campaign_id: str) -> None:
    now = await world.clock.now()
    await sync.step(world.pool, team_id=world.actor.team_id, campaign_id=campaign_id, now=now)


async def _state(client: httpx.AsyncClient, campaign_id: str) -> dict[str, Any]:
    campaign = (await client.get(f"/campaigns/{campaign_id}")).json()
    leads = (await client.get(f"/campaigns/{campaign_id}/leads", params={"limit": 100})).json()["data"]
    kept_out: dict[str, int] = {}
    for lead in leads:
        if lead["state"] == "excluded":
            kept_out[lead["reason"]] = kept_out.get(lead["reason"], 0) + 1
    return {
        "targets": campaign["targetsCount"],
        "in": {lead["profile"]["id"] for lead in leads if lead["state"] in _OPEN},
        "keptOut": kept_out,
    }

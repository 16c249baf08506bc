"""The team: its settings, and the switch that stops all its sending."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.conftest import START, Link, SteeredClock, Tenant, Wakes

from overture.actions.context import Context


async def test_a_new_team_has_its_defaults(client: httpx.AsyncClient, team: Tenant) -> None:
    assert (await client.get("/team")).json() == {
        "id": team.id,
        "name": "First",
        "slug": "first",
        "imageUrl": None,
        "allowSupportAccess": False,
        "currency": "USD",
        "allowParallelCampaigns": False,
        "recontactAfterDays": 30,
        "stoppedAt": None,
        "createdAt": "2026-11-23T09:00:00.000Z",
    }


async def test_settings_are_changed_and_what_is_left_out_stays(client: httpx.AsyncClient) -> None:
    changes: list[dict[str, Any]] = [
        {"name": "  Ruiz & Partners "},
        {"currency": "EUR"},
        {"allowParallelCampaigns": True, "recontactAfterDays": 0},
    ]
    for body in changes:
        assert (await client.patch("/team", json=body)).status_code == 200, body
    team = (await client.get("/team")).json()
    assert (team["name"], team["currency"]) == ("Ruiz & Partners", "EUR")
    assert (team["allowParallelCampaigns"], team["recontactAfterDays"]) == (True, 0)
    audited = (await client.get("/audit", params={"action": "team.changed"})).json()["data"]
    assert audited[0]["before"] == {"allowParallelCampaigns": False, "recontactAfterDays": 30}
    assert audited[0]["after"] == {"allowParallelCampaigns": True, "recontactAfterDays": 0}
    assert len(audited) == 3


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": " "}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": "a" * 256}, ["name"]),
        ({"currency": "eur"}, ["currency"]),
        ({"currency": "EURO"}, ["currency"]),
        ({"allowParallelCampaigns": 1}, ["allowParallelCampaigns"]),
        ({"recontactAfterDays": -1}, ["recontactAfterDays"]),
        ({"recontactAfterDays": 3651}, ["recontactAfterDays"]),
        ({"recontactAfterDays": "30"}, ["recontactAfterDays"]),
        ({"stoppedAt": None}, ["stoppedAt"]),
    ],
)
async def test_settings_that_cannot_be_are_refused(
    client: httpx.AsyncClient, body: dict[str, Any], path: list[str]
) -> None:
    before = (await client.get("/team")).json()
    assert campaigning.issue_paths(await client.patch("/team", json=body)) == [path]
    assert (await client.get("/team")).json() == before


async def test_stop_and_resume_change_nothing_when_repeated(
    client: httpx.AsyncClient, clock: SteeredClock, wakes: Wakes
) -> None:
    stopped = (await client.post("/team/stop")).json()
    assert stopped["stoppedAt"] == "2026-11-23T09:00:00.000Z"
    clock.at = START + timedelta(minutes=5)
    assert (await client.post("/team/stop", json={})).json() == stopped
    assert wakes.count == 0
    for _ in range(2):
        assert (await client.post("/team/resume")).json()["stoppedAt"] is None
    assert wakes.count == 1
    audited = (await client.get("/audit", params={"objectType": "team"})).json()["data"]
    assert [act["action"] for act in audited] == ["team.resumed", "team.stopped"]
    assert audited[1]["after"] == {"stoppedAt": stopped["stoppedAt"]}


async def test_campaigns_of_a_stopped_team_keep_their_status_and_say_what_they_wait_for(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    account = await link("ana")
    await campaigning.write_to_anyone(context)
    campaign = await campaigning.create(client, account, sequence={"steps": [campaigning.message("Hello")]})
    await campaigning.put(context, campaign, "100", state="ready", account=account, due=timedelta(0))
    await campaigning.enable(client, campaign)
    assert (await campaigning.read(client, campaign))["waitsFor"] is None
    await client.post("/team/stop")
    waiting = await campaigning.read(client, campaign)
    assert (waiting["status"], waiting["enabled"]) == ("active", True)
    assert waiting["waitsFor"]["code"] == "teamStopped"
    assert (await campaigning.lead(client, campaign, "100"))["waitsFor"]["code"] == "teamStopped"
    await client.post("/team/resume")
    assert (await campaigning.read(client, campaign))["waitsFor"] is None


async def test_another_teams_sending_goes_on(client: httpx.AsyncClient, other_client: httpx.AsyncClient) -> None:
    await client.post("/team/stop")
    assert (await other_client.get("/team")).json()["stoppedAt"] is None

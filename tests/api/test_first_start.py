"""The first start with a sandbox: its accounts are linked, and where time is real its app is registered, too."""

import httpx
from tests.api.conftest import SANDBOX_URL, Tenant

from overture import first_start
from overture.actions.context import Context, operator
from overture.sandbox import accounts as sandbox_accounts


async def start(context: Context, team: Tenant, *, tells: bool) -> None:
    await first_start.link_sandbox(
        context, operator(team.id), base_url=SANDBOX_URL, sending=sandbox_accounts.DEFAULT, tells=tells
    )


async def test_the_sandbox_tells_of_answers_from_the_first_start_on(
    client: httpx.AsyncClient, context: Context, team: Tenant
) -> None:
    await start(context, team, tells=True)
    app = (await client.get("/platforms/twitter/app")).json()
    assert (app["clientId"], app["hasBearerToken"]) == ("sandbox-client", True)
    assert [one["username"] for one in (await client.get("/account-links")).json()["data"]] == ["ana", "ben", "chloe"]


async def test_what_the_team_has_done_with_its_app_since_stays(
    client: httpx.AsyncClient, context: Context, team: Tenant
) -> None:
    await start(context, team, tells=True)
    assert (await client.delete("/platforms/twitter/app")).status_code == 204
    await start(context, team, tells=True)
    assert (await client.get("/platforms/twitter/app")).json()["code"] == "appNotFound"


async def test_in_virtual_time_no_app_is_registered(client: httpx.AsyncClient, context: Context, team: Tenant) -> None:
    await start(context, team, tells=False)
    assert (await client.get("/platforms/twitter/app")).json()["code"] == "appNotFound"

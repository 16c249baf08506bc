"""Duplicates: drafts with no past."""

from datetime import timedelta

import httpx
from tests.api import campaigning
from tests.api.campaigning import message
from tests.api.conftest import Link

from overture.actions.context import Context


async def test_a_duplicate_leaves_out_accounts_that_are_gone(client: httpx.AsyncClient, link: Link) -> None:
    ana, ben = await link("ana"), await link("ben")
    source = await campaigning.create(client, ana, accountLinkIds=[ana["id"], ben["id"]])
    assert (await client.delete(f"/account-links/{ana['id']}")).status_code == 204
    copied = await client.post(f"/campaigns/{source['id']}/duplicate")
    assert (copied.status_code, copied.json()["accountLinkIds"]) == (200, [ben["id"]])
    assert (await client.delete(f"/account-links/{ben['id']}")).status_code == 204
    bare = (await client.post(f"/campaigns/{source['id']}/duplicate")).json()
    assert (bare["accountLinkIds"], bare["status"]) == ([], "draft")
    refused = await client.post(f"/campaigns/{bare['id']}/enable")
    assert "noAccount" in [issue["code"] for issue in refused.json()["details"]["issues"]]


async def test_a_running_campaign_is_duplicated_as_a_draft_with_no_past(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    source = await campaigning.create(client, ana, sequence={"steps": [message("Hi")]})
    await campaigning.enable(client, source)
    await campaigning.put(context, source, "1", state="inSequence", account=ana, contacted=timedelta(days=1), rank=1)
    copied = (await client.post(f"/campaigns/{source['id']}/duplicate")).json()
    assert (copied["status"], copied["enabled"]) == ("draft", False)
    assert (copied["lastStartedAt"], copied["pausedAt"], copied["completedAt"]) == (None, None, None)
    assert (copied["contactedCount"], copied["targetsCount"]) == (0, 0)
    assert (await client.get(f"/campaigns/{copied['id']}/leads")).json()["data"] == []

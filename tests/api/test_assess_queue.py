"""Whoever is to be assessed is queued for it, though a plan has just left them there for a further account only."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import message
from tests.api.conftest import Link

from overture.actions.context import Context

Act = Callable[[httpx.AsyncClient, str, dict[str, Any]], Awaitable[httpx.Response]]


async def _restore(client: httpx.AsyncClient, campaign: str, _: dict[str, Any]) -> httpx.Response:
    return await client.post(f"{campaign}/leads/1/restore", json={})


async def _add(client: httpx.AsyncClient, campaign: str, _: dict[str, Any]) -> httpx.Response:
    return await client.post(f"{campaign}/leads", json={"platformIds": ["1"]})


async def _release(client: httpx.AsyncClient, campaign: str, _: dict[str, Any]) -> httpx.Response:
    return await client.post(f"{campaign}/leads/1/release", json={"action": "resend"})


async def _shorten(client: httpx.AsyncClient, campaign: str, _: dict[str, Any]) -> httpx.Response:
    return await client.put(f"{campaign}/sequence", json={"steps": [message("Hi")]})


async def _join(client: httpx.AsyncClient, campaign: str, other: dict[str, Any]) -> httpx.Response:
    joined = [*(await client.get(campaign)).json()["accountLinkIds"], other["id"]]
    return await client.patch(campaign, json={"accountLinkIds": joined})


@pytest.mark.parametrize(
    ("state", "reason", "act"),
    [
        ("canceled", "stopped", _restore),
        ("removed", "leftLists", _add),
        ("held", "wroteFirst", _release),
        ("held", "textTooLong", _shorten),
        ("unreachable", "closed", _join),
    ],
)
async def test_who_comes_back_to_be_assessed_is(
    client: httpx.AsyncClient, context: Context, link: Link, state: str, reason: str, act: Act
) -> None:
    ana, ben = await link("ana"), await link("ben")
    made = await campaigning.create(client, ana, sequence={"steps": [message("Hello")]})
    await campaigning.write_to_anyone(context)
    lead_id = await campaigning.put(context, made, "1", state=state, reason=reason)
    await context.pool.execute(
        """
        INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id, account_id)
        SELECT team_id, campaign_id, id, profile_id, $2 FROM lead WHERE id = $1
        """,
        lead_id,
        ana["id"],
    )
    response = await act(client, f"/campaigns/{made['id']}", ben)
    assert response.status_code == 200, response.text
    row = await context.pool.fetchrow(
        "SELECT l.state, q.account_id FROM lead l JOIN assess_queue q ON q.lead_id = l.id"
    )
    assert row is not None
    assert (row["state"], row["account_id"]) == ("assessing", None)

"""Collections as CSV: all of them, in the order of their pages, with the same filters."""

import csv
import io
from typing import Any

import httpx
import pytest
from tests.api import campaigning, conversing
from tests.api.conftest import Link, Tenant

from overture.actions.context import Context
from overture.api import campaigns, tables


async def download(client: httpx.AsyncClient, name: str, **query: Any) -> list[dict[str, str]]:
    response = await client.get(f"/{name}.csv", params=query)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    assert response.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"), newline="")))


async def test_lists_to_the_last(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "AT_ONCE", 2)
    for name in ("A", "=1+1", "C"):
        await client.post("/lists", json={"name": name})
    rows = await download(client, "lists")
    listed = (await client.get("/lists")).json()["data"]
    assert [row["id"] for row in rows] == [one["id"] for one in listed]
    assert [row["name"] for row in rows] == ["Contacted", "Mutual", "A", "'=1+1", "C"]
    assert {row["leadsCount"] for row in rows} == {"0"}
    assert rows[2]["createdAt"] == listed[2]["createdAt"]


async def test_campaigns_with_their_counters(
    client: httpx.AsyncClient, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "_AT_ONCE", 1)
    account = await link("ana")
    made = [await campaigning.create(client, account, name=name) for name in ("Spring", "Autumn")]
    rows = await download(client, "campaigns")
    assert [row["id"] for row in rows] == [made[1]["id"], made[0]["id"]]
    assert (rows[0]["name"], rows[0]["status"], rows[0]["contactedCount"]) == ("Autumn", "draft", "0")
    assert (rows[0]["replyRate"], rows[0]["completedAt"]) == ("0", "")
    assert [row["name"] for row in await download(client, "campaigns", q="spr")] == ["Spring"]
    assert [row["name"] for row in await download(client, "campaigns", sort="name")] == ["Autumn", "Spring"]
    assert await download(client, "campaigns", status="active") == []


async def test_account_links(client: httpx.AsyncClient, link: Link) -> None:
    account = await link("ana")
    (row,) = await download(client, "account-links")
    assert (row["id"], row["username"], row["status"]) == (account["id"], "ana", "active")
    assert row["hourlyLimit"] == str(account["hourlyLimit"])
    assert await download(client, "account-links", status="offline") == []


async def test_who_did_what(client: httpx.AsyncClient) -> None:
    made = (await client.post("/lists", json={"name": "Fans"})).json()
    rows = await download(client, "audit")
    assert (rows[0]["action"], rows[0]["objectId"], rows[0]["actorName"]) == ("list.created", made["id"], "test")
    assert rows[0]["after"] == '{"name": "Fans", "description": null}'
    assert await download(client, "audit", to=rows[-1]["at"]) == []


async def test_threads_with_their_people(
    client: httpx.AsyncClient, context: Context, team: Tenant, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "AT_ONCE", 1)
    account = await link("ana")
    for number, text in ((1, "=1+1"), (2, "Tell me more")):
        said = conversing.message(number, str(20 + number), text, is_inbound=True)
        await conversing.read(context.pool, team.id, account["id"], said)
    threads = (await client.get("/threads")).json()["data"]
    await client.patch(f"/contacts/{threads[0]['contactId']}", json={"status": "Interested"})
    rows = await download(client, "threads")
    assert [row["id"] for row in rows] == [one["id"] for one in threads]
    assert [(row["account"], row["platformId"], row["lastMessage"]) for row in rows] == [
        ("ana", "22", "Tell me more"),
        ("ana", "21", "'=1+1"),
    ]
    assert [row["status"] for row in rows] == ["Interested", ""]
    assert [row["platformId"] for row in await download(client, "threads", status="Interested")] == ["22"]
    assert await download(client, "threads", folder="archived") == []


async def test_what_is_of_another_team_is_not_in_them(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, link: Link
) -> None:
    await campaigning.create(client, await link("ana"))
    for name in ("campaigns", "account-links"):
        assert await download(other_client, name) == []

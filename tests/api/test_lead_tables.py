"""Leads of campaigns and lists as CSV."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import message
from tests.api.conftest import Link

from overture.actions import campaign_leads, list_leads
from overture.actions.context import Context


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


@pytest.fixture
async def campaign(client: httpx.AsyncClient, context: Context, account: dict[str, Any]) -> dict[str, Any]:
    made = await campaigning.create(client, account, sequence={"steps": [message("1")]}, columns=[{"name": "Company"}])
    await campaigning.write_to_anyone(context)
    return made


async def download(client: httpx.AsyncClient, address: str, **query: Any) -> list[dict[str, str]]:
    response = await client.get(address, params=query)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="leads.csv"'
    assert response.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"), newline="")))


async def test_the_leads_of_a_campaign_with_their_columns_by_name(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    column = (await client.get(f"/campaigns/{campaign['id']}/columns")).json()["data"][0]["id"]
    await campaigning.put(
        context, campaign, "1", state="ready", account=account, due=timedelta(), data={column: '=HYPERLINK("x")'}
    )
    await campaigning.put(context, campaign, "2", state="held", reason="wroteFirst", data={column: "Brown, Son"})
    first, second = await download(client, f"/campaigns/{campaign['id']}/leads.csv")
    assert (first["platform"], first["platformId"], first["username"]) == ("twitter", "1", "user1")
    assert (first["state"], first["step"], first["reason"]) == ("ready", "0", "")
    assert first["Company"] == '\'=HYPERLINK("x")'
    assert (second["state"], second["reason"], second["waitsFor"]) == ("held", "wroteFirst", "held")
    assert second["Company"] == "Brown, Son"


async def test_the_same_filters_as_for_pages(
    client: httpx.AsyncClient, context: Context, campaign: dict[str, Any], account: dict[str, Any]
) -> None:
    await campaigning.put(context, campaign, "10", state="ready", account=account, due=timedelta())
    await campaigning.put(context, campaign, "11", state="assessing")
    await campaigning.put(context, campaign, "2", state="assessing")
    address = f"/campaigns/{campaign['id']}/leads.csv"
    for query, people in (
        ({"state": "assessing"}, ["11", "2"]),
        ({"accountLinkId": account["id"]}, ["10"]),
        ({"q": "@User1", "state": ["assessing", "held"]}, ["11"]),
    ):
        assert [row["platformId"] for row in await download(client, address, **query)] == people


async def test_all_leads_whatever_their_number(
    client: httpx.AsyncClient, campaign: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_leads, "_PIECE", 3)
    monkeypatch.setattr(list_leads, "_PIECE", 3)
    listed = await campaigning.make_list(client, "A")
    people = [str(number) for number in range(1, 8)]
    await campaigning.fill(client, listed, *people)
    await campaigning.add(client, campaign, *people)
    for address in (f"/campaigns/{campaign['id']}/leads.csv", f"/lists/{listed['id']}/leads.csv"):
        assert sorted(row["platformId"] for row in await download(client, address)) == people


async def test_the_leads_of_a_list_with_their_columns_by_name(client: httpx.AsyncClient) -> None:
    listed = await campaigning.make_list(client, "A", columns=["Company"])
    column = listed["columns"]["Company"]
    body = {"leads": [{"platformId": "1", "data": {column: "@Acme"}}]}
    await client.post(f"/lists/{listed['id']}/leads", json=body)
    (row,) = await download(client, f"/lists/{listed['id']}/leads.csv")
    assert (row["platformId"], row["accountStatus"], row["Company"]) == ("1", "active", "'@Acme")
    assert row["addedAt"].endswith("Z")


async def test_what_does_not_exist_is_404_before_anything_is_sent(client: httpx.AsyncClient) -> None:
    for address, code in (("/campaigns/c/leads.csv", "campaignNotFound"), ("/lists/l/leads.csv", "listNotFound")):
        response = await client.get(address)
        assert (response.status_code, response.json()["code"]) == (404, code)

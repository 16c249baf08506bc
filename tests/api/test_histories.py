"""Imports of an account's history: a file of X's archive or a CSV, as a form or as JSON, onto the list Contacted."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.api.conftest import Link, Tenant

from overture.actions.context import Context
from overture.engine import replies
from overture.engine.chores import Chore
from overture.engine.imports import Importer
from overture.store.pool import Pool

UNKNOWN = "a" + "0" * 23
ARCHIVE = """window.YTD.direct_messages.part0 = [
  {
    "dmConversation" : {
      "conversationId" : "7001-%(own)s",
      "messages" : [
        {
          "messageCreate" : {
            "recipientId" : "7001",
            "text" : "Grüße",
            "senderId" : "%(own)s",
            "id" : "11",
            "createdAt" : "2021-03-04T05:06:07.089Z"
          }
        }
      ]
    }
  }
]"""


@pytest.fixture
async def account(link: Link) -> dict[str, Any]:
    return await link("ana")


def at(account: dict[str, Any]) -> str:
    return f"/account-links/{account['id']}/import-jobs"


def archive(account: dict[str, Any]) -> str:
    return ARCHIVE % {"own": account["platformId"]}


def body(content: str, **more: Any) -> dict[str, Any]:
    return {"data": {"type": "history", "content": content, "fileName": "direct-messages.js"}, **more}


async def finish(client: httpx.AsyncClient, context: Context, team: Tenant, job: dict[str, Any]) -> dict[str, Any]:
    """Read the account's inbox, and work on the job to its end."""
    now = await context.clock.now()
    reader = replies.InboxReader(pool=context.pool, channels=context.channels, sealer=context.sealer)
    await reader.read(team_id=team.id, account_id=job["accountLinkId"], now=now)
    importer = Importer(pool=context.pool, clock=context.clock, channels=context.channels, sealer=context.sealer)
    assert await importer.work(Chore(team_id=team.id, key=job["id"]), halt=asyncio.Event())
    done: dict[str, Any] = (await client.get(f"/lists/{job['listId']}/import-jobs/{job['id']}")).json()
    return done


async def test_an_archive_is_uploaded_or_sent_as_json(
    client: httpx.AsyncClient, context: Context, team: Tenant, account: dict[str, Any]
) -> None:
    file = {"file": ("direct-messages.js", archive(account).encode(), "text/javascript")}
    response = await client.post(at(account), files=file, data={"checkOnly": "true"})
    assert response.status_code == 200, response.text
    checked = response.json()
    assert (checked["type"], checked["status"], checked["totalCount"]) == ("history", "queued", 1)
    assert (checked["accountLinkId"], checked["checkOnly"]) == (account["id"], True)
    done = await finish(client, context, team, checked)
    assert (done["status"], done["addedCount"]) == ("completed", 1)
    assert (await client.get("/threads", params={"folder": "all"})).json()["data"] == []

    response = await client.post(at(account), json=body(archive(account)))
    assert response.status_code == 200, response.text
    done = await finish(client, context, team, response.json())
    assert (done["status"], done["addedCount"]) == ("completed", 1)
    contacted = (await client.get(f"/lists/{done['listId']}")).json()
    assert (contacted["kind"], contacted["leadsCount"]) == ("contacted", 1)
    (thread,) = (await client.get("/threads", params={"folder": "all"})).json()["data"]
    (message,) = (await client.get(f"/threads/{thread['id']}/messages")).json()["data"]
    assert (message["content"], message["direction"], message["sentBy"]) == ("Grüße", "outbound", None)
    page = (await client.get(at(account))).json()
    assert [job["id"] for job in page["data"]] == [done["id"], checked["id"]]
    assert (await client.get(at(account), params={"status": "running"})).json()["data"] == []


async def test_a_csv_of_any_encoding_is_taken(
    client: httpx.AsyncClient, context: Context, team: Tenant, account: dict[str, Any]
) -> None:
    content = "sep=;\r\nUser ID;Notiz;Sent at\r\n7001;Größe;2021-03-04\r\n".encode("utf-16")
    response = await client.post(at(account), files={"file": ("contacted.csv", content, "text/csv")})
    assert response.status_code == 200, response.text
    done = await finish(client, context, team, response.json())
    assert (done["status"], done["addedCount"], done["failedCount"]) == ("completed", 1, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("PK\x03\x04 and more", "workbook or an archive"),
        ("name,sentAt\nAna,2021-03-04\n", "No column tells who"),
        ("username,notes\nana,x\n", "No column tells when"),
        ("window.YTD.tweets.part0 = [ ]", "direct-messages.js"),
        ("window.YTD.direct_messages.part0 = [ {", "Line 1"),
        (ARCHIVE % {"own": "1"}, "Line 7: .*another account"),
        (ARCHIVE.replace('"Gr', '"\n"Gr'), "Line 9 cannot be read"),
        ("[" * 100_000, "nested too deep"),
    ],
)
async def test_what_is_no_history_is_refused_with_its_place_and_leaves_nothing(
    client: httpx.AsyncClient, account: dict[str, Any], database: Pool, content: str, said: str
) -> None:
    own = {"own": account["platformId"]}
    content = content % own if "%(own)s" in content else content
    for response, path in (
        (await client.post(at(account), json=body(content)), ["data", "content"]),
        (await client.post(at(account), files={"file": ("a.js", content.encode())}), ["file"]),
    ):
        assert (response.status_code, response.json()["code"]) == (400, "invalidRequest"), response.text
        (issue,) = response.json()["details"]["issues"]
        assert issue["path"] == path
        assert said.split(".*", maxsplit=1)[0] in issue["message"]
    left = "SELECT count(*) FROM (SELECT FROM import_chunk UNION ALL SELECT FROM import_job) AS l"
    assert await database.fetchval(left) == 0


@pytest.mark.parametrize(
    "wrong",
    [{"data": {"type": "csv"}}, {"consent": {"basis": "signedUp", "evidence": "x"}}, {"checkOnly": "yes"}, {"data": 1}],
)
async def test_other_bodies_are_refused(
    client: httpx.AsyncClient, account: dict[str, Any], wrong: dict[str, Any]
) -> None:
    response = await client.post(at(account), json=body("username,sentAt\nana,2021-03-04\n") | wrong)
    assert (response.status_code, response.json()["code"]) == (400, "invalidRequest")


async def test_an_account_of_another_team_is_not_found(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, account: dict[str, Any]
) -> None:
    sent = body("username,sentAt\nana,2021-03-04\n")
    for response in (
        await other_client.post(at(account), json=sent),
        await other_client.post(at(account), files={"file": ("a.csv", b"x")}),
        await other_client.get(at(account)),
        await client.post(f"/account-links/{UNKNOWN}/import-jobs", json=sent),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "accountLinkNotFound"), response.text


async def test_an_import_of_a_history_is_canceled_and_not_undone(
    client: httpx.AsyncClient, account: dict[str, Any]
) -> None:
    job = (await client.post(at(account), json=body(archive(account)))).json()
    path = f"/lists/{job['listId']}/import-jobs/{job['id']}"
    assert (await client.post(f"{path}/cancel")).json()["status"] == "canceled"
    undone = await client.post(f"{path}/undo")
    assert (undone.status_code, undone.json()["code"]) == (409, "listNotWritable")

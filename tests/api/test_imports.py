"""Import jobs on the wire."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api.conftest import Link, SteeredClock, Tenant

from overture.actions.context import Context
from overture.engine.chores import Chore
from overture.engine.imports import Importer
from overture.store.pool import Pool

UNKNOWN = "j" + "0" * 23


@pytest.fixture
async def list_id(client: httpx.AsyncClient) -> str:
    made: str = (await client.post("/lists", json={"name": "Founders"})).json()["id"]
    return made


def _body(content: str, **data: Any) -> dict[str, Any]:
    return {"data": {"type": "csv", "content": content, "fileName": "leads.csv", **data}}


async def _post(client: httpx.AsyncClient, list_id: str, content: str, **data: Any) -> dict[str, Any]:
    response = await client.post(f"/lists/{list_id}/import-jobs", json=_body(content, **data))
    assert response.status_code == 200, response.text
    job: dict[str, Any] = response.json()
    return job


async def _finish(context: Context, team: Tenant, client: httpx.AsyncClient, job: dict[str, Any], list_id: str) -> Any:
    importer = Importer(pool=context.pool, clock=context.clock, channels=context.channels, sealer=context.sealer)
    assert await importer.work(Chore(team_id=team.id, key=job["id"]), halt=asyncio.Event())
    return (await client.get(f"/lists/{list_id}/import-jobs/{job['id']}")).json()


async def _columns(client: httpx.AsyncClient, list_id: str) -> dict[str, str]:
    return {one["name"]: one["id"] for one in (await client.get(f"/lists/{list_id}/columns")).json()["data"]}


async def _leads(client: httpx.AsyncClient, list_id: str) -> dict[str, dict[str, Any]]:
    answer = (await client.get(f"/lists/{list_id}/leads")).json()
    return {lead["profile"]["platformId"]: lead["data"] for lead in answer["data"]}


async def test_a_job_is_answered_at_once_and_is_in_the_queue(
    client: httpx.AsyncClient, list_id: str, database: Pool
) -> None:
    job = await _post(client, list_id, "id,Company\n1000001,Acme\n1000002,Bolt\n")
    assert job == {
        "id": job["id"],
        "type": "csv",
        "listId": list_id,
        "accountLinkId": None,
        "status": "queued",
        "totalCount": 2,
        "processedCount": 0,
        "addedCount": 0,
        "skippedCount": 0,
        "failedCount": 0,
        "error": None,
        "createdAt": "2026-11-23T09:00:00.000Z",
        "updatedAt": "2026-11-23T09:00:00.000Z",
        "completedAt": None,
        "checkOnly": False,
        "undoneAt": None,
    }
    assert (
        await database.fetchval("SELECT status FROM pgqueuer WHERE dedupe_key = 'import:' || $1", job["id"]) == "queued"
    )


async def test_a_file_fills_the_list_and_makes_its_columns(
    client: httpx.AsyncClient, list_id: str, context: Context, team: Tenant
) -> None:
    await client.post(f"/lists/{list_id}/columns", json={"name": "Größe", "type": "number"})
    job = await _post(client, list_id, "\ufeffUser ID;Größe;City\n1000001;12;Bonn\n1000002;;\n")
    done = await _finish(context, team, client, job, list_id)
    assert (done["status"], done["addedCount"], done["totalCount"]) == ("completed", 2, 2)
    assert done["completedAt"] == "2026-11-23T09:00:00.000Z"
    columns = await _columns(client, list_id)
    assert set(columns) == {"Größe", "City"}
    assert await _leads(client, list_id) == {
        "1000001": {columns["Größe"]: 12, columns["City"]: "Bonn"},
        "1000002": {},
    }
    assert (await client.get(f"/lists/{list_id}")).json()["leadsCount"] == 2


async def test_columns_of_the_same_name_are_filled_whatever_case_and_accents(
    client: httpx.AsyncClient, list_id: str
) -> None:
    for name in ("Cafe", "café"):
        await client.post(f"/lists/{list_id}/columns", json={"name": name})
    for header in ("CAFÉ", "café", "Cafe"):
        await _post(client, list_id, f"id,{header}\n1000001,a\n")
    assert set(await _columns(client, list_id)) == {"Cafe", "café"}


async def test_a_mapping_takes_what_it_names(
    client: httpx.AsyncClient, list_id: str, context: Context, team: Tenant, link: Link
) -> None:
    await link()
    column = (await client.post(f"/lists/{list_id}/columns", json={"name": "Company"})).json()["id"]
    mapping = [
        {"csvHeader": "Wer", "targetColumnId": "profileUrl"},
        {"csvHeader": "Firma", "targetColumnId": column},
    ]
    content = "Wer,Firma,Ort\nhttps://x.com/i/user/1000001,Acme,Bonn\n"
    job = await _post(client, list_id, content, columnMapping=mapping)
    await _finish(context, team, client, job, list_id)
    assert await _columns(client, list_id) == {"Company": column}
    assert await _leads(client, list_id) == {"1000001": {column: "Acme"}}


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"content": ""}, ["data", "content"]),
        ({"content": "name,company\nAna,Acme\n"}, ["data", "content"]),
        ({"content": "ana\nben\n"}, ["data", "content"]),
        ({"content": '"username\nana\n'}, ["data", "content"]),
        (
            {"columnMapping": [{"csvHeader": "No", "targetColumnId": "username"}]},
            ["data", "columnMapping", 0, "csvHeader"],
        ),
        (
            {"columnMapping": [{"csvHeader": "a", "targetColumnId": "custom_no"}]},
            ["data", "columnMapping", 0, "targetColumnId"],
        ),
        ({"columnMapping": [{"csvHeader": "a"}]}, ["data", "columnMapping", 0, "targetColumnId"]),
        ({"mergeStrategy": "replace"}, ["data", "mergeStrategy"]),
        ({"type": "likers"}, ["data", "type"]),
        ({"type": "likes"}, ["data", "post"]),
        ({"content": 5}, ["data", "content"]),
        ({"content": "username\na\x00\n"}, ["data", "content"]),
        ({"fileName": ""}, ["data", "fileName"]),
        ({"more": 1}, ["data", "more"]),
    ],
)
async def test_what_is_wrong_from_the_start_is_refused_with_its_place(
    client: httpx.AsyncClient, list_id: str, data: dict[str, Any], path: list[Any]
) -> None:
    body = _body("username,a\nana,1\n")
    body["data"].update(data)
    response = await client.post(f"/lists/{list_id}/import-jobs", json=body)
    assert response.status_code == 400
    assert response.json()["details"]["issues"][0]["path"] == path
    assert (await client.get(f"/lists/{list_id}/import-jobs")).json()["data"] == []
    assert await _columns(client, list_id) == {}


async def test_jobs_are_listed_newest_first_in_pages_and_by_status(client: httpx.AsyncClient, list_id: str) -> None:
    ids = [(await _post(client, list_id, "id\n1000001\n"))["id"] for _ in range(3)]
    await client.post(f"/lists/{list_id}/import-jobs/{ids[0]}/cancel")
    first = (await client.get(f"/lists/{list_id}/import-jobs", params={"limit": 2})).json()
    second = (
        await client.get(f"/lists/{list_id}/import-jobs", params={"limit": 2, "cursor": first["nextCursor"]})
    ).json()
    assert sorted(ids) == sorted(job["id"] for job in first["data"] + second["data"])
    assert second["nextCursor"] is None
    listed = [job["id"] for job in first["data"] + second["data"]]
    assert listed == sorted(ids, reverse=True)
    canceled = (await client.get(f"/lists/{list_id}/import-jobs", params={"status": "canceled"})).json()["data"]
    assert [job["id"] for job in canceled] == [ids[0]]
    waiting = await client.get(f"/lists/{list_id}/import-jobs", params={"status": ["queued", "running"]})
    assert len(waiting.json()["data"]) == 2


async def test_a_canceled_job_stays_canceled_and_a_completed_one_cannot_be(
    client: httpx.AsyncClient, list_id: str, context: Context, team: Tenant
) -> None:
    job = await _post(client, list_id, "id\n1000001\n")
    path = f"/lists/{list_id}/import-jobs/{job['id']}/cancel"
    canceled = await client.post(path)
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    assert (await client.post(path, json={})).json() == canceled.json()
    assert await _finish(context, team, client, job, list_id) == canceled.json()
    assert await _leads(client, list_id) == {}

    done = await _post(client, list_id, "id\n1000001\n")
    await _finish(context, team, client, done, list_id)
    refused = await client.post(f"/lists/{list_id}/import-jobs/{done['id']}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "importJobFinished")
    assert refused.json()["details"] == {"status": "completed"}


async def test_rejected_rows_are_downloaded_mended_and_imported_again(
    client: httpx.AsyncClient, list_id: str, context: Context, team: Tenant
) -> None:
    job = await _post(client, list_id, 'id;Note\n1000001;fine\n1.9E+18;"a ""b"",\nc"\n;x\n7;"open\n')
    done = await _finish(context, team, client, job, list_id)
    assert (done["addedCount"], done["failedCount"]) == (1, 3)
    response = await client.get(f"/lists/{list_id}/import-jobs/{job['id']}/rejects.csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text.split("\r\n") == [
        "\ufeffimportLine,importReason,id,Note",
        '3,platformIdRounded,1.9E+18,"a ""b"",\nc"',
        "5,noIdentifier,,x",
        '6,unclosedQuote,"7;""open"',
        "",
    ]
    mended = response.text.replace("1.9E+18", "1000002").replace("noIdentifier,", "noIdentifier,1000003")
    again = await _finish(context, team, client, await _post(client, list_id, mended), list_id)
    assert (again["addedCount"], again["failedCount"]) == (2, 1)
    rejects = await client.get(f"/lists/{list_id}/import-jobs/{again['id']}/rejects.csv")
    assert rejects.text.splitlines() == ["\ufeffimportLine,importReason,id,Note", '5,platformIdInvalid,"7;""open"']
    columns = await _columns(client, list_id)
    assert set(columns) == {"Note"}
    assert (await _leads(client, list_id))["1000002"] == {columns["Note"]: 'a "b",\nc'}


@pytest.mark.parametrize(
    ("target", "cell"),
    [("platformId", "{id}"), ("username", "@{username}"), ("profileUrl", "https://x.com/{username}")],
)
async def test_who_a_row_is_stands_in_any_of_three_targets(
    client: httpx.AsyncClient, list_id: str, context: Context, team: Tenant, link: Link, target: str, cell: str
) -> None:
    await link("ana")
    ben = await link("ben")
    cell = cell.format(id=ben["platformId"], username=ben["username"])
    mapping = [{"csvHeader": "Wer", "targetColumnId": target}]
    job = await _post(client, list_id, f"Wer\n{cell}\n", columnMapping=mapping)
    await _finish(context, team, client, job, list_id)
    assert await _leads(client, list_id) == {ben["platformId"]: {}}


async def test_jobs_are_filtered_by_every_state_there_is(client: httpx.AsyncClient, list_id: str) -> None:
    job = await _post(client, list_id, "id\n1000001\n")
    for status in ("queued", "starting", "running", "paused", "completed", "failed", "canceled"):
        page = await client.get(f"/lists/{list_id}/import-jobs", params={"status": status})
        assert [one["id"] for one in page.json()["data"]] == [job["id"]] * (status == "queued")
    wrong = await client.get(f"/lists/{list_id}/import-jobs", params={"status": "done"})
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("content_type", "limit"), [("application/json", 64), ("multipart/form-data; boundary=x", 256), (None, 64)]
)
async def test_a_file_has_its_own_limit(
    client: httpx.AsyncClient, list_id: str, content_type: str | None, limit: int
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    path = f"/lists/{list_id}/import-jobs"
    for size, status in ((limit * 1024 * 1024 + 1, 413), (limit * 1024 * 1024, 400)):
        announced = await client.post(path, content=b"{", headers=headers | {"Content-Length": str(size)})
        assert announced.status_code == status, (size, announced.text)
    assert "MiB" in (await client.post(path, content=b"{", headers={"Content-Length": "9" * 12})).json()["message"]


async def test_a_system_list_takes_no_import(client: httpx.AsyncClient) -> None:
    system = (await client.get("/lists")).json()["data"][0]["id"]
    response = await client.post(f"/lists/{system}/import-jobs", json=_body("id\n1000001\n"))
    assert (response.status_code, response.json()["code"]) == (409, "listNotWritable")


async def test_another_teams_jobs_do_not_exist(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, list_id: str
) -> None:
    job = await _post(client, list_id, "id\n1000001\n")
    foreign = (await other_client.post("/lists", json={"name": "Theirs"})).json()["id"]
    for path, code in (
        (f"/lists/{list_id}/import-jobs/{job['id']}", "listNotFound"),
        (f"/lists/{foreign}/import-jobs/{job['id']}", "importJobNotFound"),
    ):
        for method, end in (("GET", ""), ("POST", "/cancel"), ("POST", "/undo"), ("GET", "/rejects.csv")):
            response = await other_client.request(method, path + end)
            assert (response.status_code, response.json()["code"]) == (404, code), (method, path + end)
    posted = await other_client.post(f"/lists/{list_id}/import-jobs", json=_body("id\n1000001\n"))
    assert posted.json()["code"] == "listNotFound"
    assert (await other_client.get(f"/lists/{list_id}/import-jobs")).json()["code"] == "listNotFound"
    assert (await client.get(f"/lists/{list_id}/import-jobs/{job['id']}")).json()["status"] == "queued"


async def test_a_job_of_another_list_or_none_is_not_found(client: httpx.AsyncClient, list_id: str) -> None:
    job = await _post(client, list_id, "id\n1000001\n")
    other = (await client.post("/lists", json={"name": "Other"})).json()["id"]
    for path in (f"/lists/{other}/import-jobs/{job['id']}", f"/lists/{list_id}/import-jobs/{UNKNOWN}"):
        for method, end in (("GET", ""), ("POST", "/cancel"), ("POST", "/undo"), ("GET", "/rejects.csv")):
            response = await client.request(method, path + end)
            assert (response.status_code, response.json()["code"]) == (404, "importJobNotFound")
    assert (await client.get(f"/lists/{list_id}/import-jobs/5")).json()["code"] == "importJobNotFound"


async def test_a_file_larger_than_other_bodies_may_be_is_taken(client: httpx.AsyncClient, list_id: str) -> None:
    content = "id,note\n" + "".join(f"{number},{'x' * 1_000}\n" for number in range(1_000_000, 1_009_000))
    job = await _post(client, list_id, content)
    assert job["totalCount"] == 9_000


async def test_a_check_tells_what_an_import_would_do(
    client: httpx.AsyncClient, list_id: str, context: Context, team: Tenant
) -> None:
    body = _body("user id,Company\n1000001,Acme\nx,\n") | {"checkOnly": True}
    job = (await client.post(f"/lists/{list_id}/import-jobs", json=body)).json()
    done = await _finish(context, team, client, job, list_id)
    assert (done["checkOnly"], done["status"]) == (True, "completed")
    assert (done["addedCount"], done["failedCount"], done["undoneAt"]) == (1, 1, None)
    assert (await client.get(f"/lists/{list_id}/import-jobs/{job['id']}/rejects.csv")).text.splitlines()[1:] == [
        "3,platformIdInvalid,x,"
    ]
    assert await _leads(client, list_id) == {}
    assert await _columns(client, list_id) == {}


async def test_an_import_records_consent_and_is_undone(
    client: httpx.AsyncClient, list_id: str, context: Context, team: Tenant, database: Pool
) -> None:
    consent = {"basis": "signedUp", "evidence": "The form of the fair"}
    body = _body("user id,Company\n1000001,Acme\n") | {"consent": consent}
    job = (await client.post(f"/lists/{list_id}/import-jobs", json=body)).json()
    path = f"/lists/{list_id}/import-jobs/{job['id']}/undo"
    early = await client.post(path)
    assert (early.status_code, early.json()["code"]) == (409, "importJobNotFinished")
    await _finish(context, team, client, job, list_id)
    assert await database.fetchval("SELECT count(*) FROM contact WHERE consent_basis = 'signedUp'") == 1
    undone = await client.post(path)
    assert (undone.status_code, undone.json()["undoneAt"]) == (200, "2026-11-23T09:00:00.000Z")
    assert await _leads(client, list_id) == {}
    assert await database.fetchval("SELECT count(*) FROM contact WHERE consent_at IS NOT NULL") == 0
    assert (await client.post(path)).json() == undone.json()
    acts = (await client.get("/audit", params={"objectType": "importJob"})).json()["data"]
    assert [act["action"] for act in acts] == ["importJob.undone", "consent.recorded", "importJob.created"]


async def test_an_import_that_ended_long_ago_tells_that_it_cannot_be_undone_any_more(
    client: httpx.AsyncClient, list_id: str, context: Context, team: Tenant, clock: SteeredClock
) -> None:
    job = await _post(client, list_id, "user id\n1000001\nnobody\n")
    await _finish(context, team, client, job, list_id)
    at = f"/lists/{list_id}/import-jobs/{job['id']}"
    clock.at += timedelta(days=90)
    assert (await client.get(f"{at}/rejects.csv")).status_code == 200
    clock.at += timedelta(seconds=1)
    for refused in (await client.get(f"{at}/rejects.csv"), await client.post(f"{at}/undo")):
        assert (refused.status_code, refused.json()["code"]) == (409, "importTooOld")
        assert "90 days" in refused.json()["message"]
    assert len(await _leads(client, list_id)) == 1


@pytest.mark.parametrize(
    ("data", "of"),
    [
        ({"type": "followers", "username": "@Ana"}, "ana"),
        ({"type": "following", "platformId": "1000000000000000001", "most": 100_000}, "1000000000000000001"),
        ({"type": "likes", "post": "https://x.com/ana/status/1900000000000000042"}, "1900000000000000042"),
    ],
)
async def test_people_the_platform_lists_are_imported_by_a_job(
    client: httpx.AsyncClient, v1: httpx.AsyncClient, list_id: str, data: dict[str, Any], of: str
) -> None:
    for face in (client, v1):
        response = await face.post(f"/lists/{list_id}/import-jobs", json={"data": data})
        job = response.json()
        assert (response.status_code, job["type"], job["status"]) == (200, data["type"], "queued"), response.text
        assert (job["totalCount"], job["processedCount"], job["completedAt"]) == (None, 0, None)
        assert (await face.get(f"/lists/{list_id}/import-jobs/{job['id']}")).json() == job
        rejects = await face.get(f"/lists/{list_id}/import-jobs/{job['id']}/rejects.csv")
        assert rejects.text.splitlines() == ["\ufeffimportLine,importReason"]
        canceled = await face.post(f"/lists/{list_id}/import-jobs/{job['id']}/cancel")
        assert canceled.json()["status"] == "canceled"
    (act, *_) = (await client.get("/audit", params={"action": "importJob.created"})).json()["data"]
    assert (act["after"]["audience"], act["after"]["of"]) == (data["type"], of)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"type": "followers"}, ["data"]),
        ({"type": "followers", "username": "ana", "platformId": "1"}, ["data"]),
        ({"type": "following", "username": "a b"}, ["data", "username"]),
        ({"type": "following", "platformId": "ana"}, ["data", "platformId"]),
        ({"type": "followers", "username": "ana", "post": "1"}, ["data", "post"]),
        ({"type": "followers", "username": "ana", "most": 0}, ["data", "most"]),
        ({"type": "followers", "username": "ana", "most": 100_001}, ["data", "most"]),
        ({"type": "likes", "post": "https://x.com/ana"}, ["data", "post"]),
        ({"type": "likes", "username": "ana", "post": "1"}, ["data", "username"]),
    ],
)
async def test_what_names_no_people_is_refused_with_its_place(
    client: httpx.AsyncClient, list_id: str, data: dict[str, Any], path: list[str]
) -> None:
    response = await client.post(f"/lists/{list_id}/import-jobs", json={"data": data})
    assert response.status_code == 400, response.text
    assert response.json()["details"]["issues"][0]["path"] == path
    assert (await client.get(f"/lists/{list_id}/import-jobs")).json()["data"] == []


async def test_a_platform_nobody_serves_and_a_system_list_take_none(client: httpx.AsyncClient, list_id: str) -> None:
    data = {"type": "followers", "username": "ana"}
    elsewhere = {"data": {**data, "platform": "fax"}}
    refused = await client.post(f"/lists/{list_id}/import-jobs", json=elsewhere)
    assert (refused.status_code, refused.json()["code"]) == (422, "platformNotSupported")
    system = (await client.get("/lists")).json()["data"][0]["id"]
    refused = await client.post(f"/lists/{system}/import-jobs", json={"data": data})
    assert (refused.status_code, refused.json()["code"]) == (409, "listNotWritable")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"checkOnly": "yes"}, ["checkOnly"]),
        ({"consent": {"basis": "hope", "evidence": "none"}}, ["consent", "basis"]),
        ({"consent": {"basis": "signedUp"}}, ["consent", "evidence"]),
    ],
)
async def test_wrong_options_are_refused_with_their_place(
    client: httpx.AsyncClient, list_id: str, body: dict[str, Any], path: list[str]
) -> None:
    response = await client.post(f"/lists/{list_id}/import-jobs", json=_body("id\n1000001\n") | body)
    assert response.status_code == 400
    assert response.json()["details"]["issues"][0]["path"] == path

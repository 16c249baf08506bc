"""Import jobs from uploaded files: a form, read as it arrives."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message
from tests.api.conftest import Tenant

from overture.actions.context import Context
from overture.api import reading
from overture.engine.chores import Chore
from overture.engine.imports import Importer
from overture.store.imports import CHUNK_BYTES
from overture.store.pool import Pool

BOUNDARY = "frontier"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
CLOSING = f"--{BOUNDARY}--\r\n".encode()


@pytest.fixture
async def path(client: httpx.AsyncClient) -> str:
    made = (await client.post("/lists", json={"name": "Founders"})).json()["id"]
    return f"/lists/{made}/import-jobs"


def _part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def _file(content: bytes) -> bytes:
    return _part("file", content, '; filename="leads.csv"')


async def _nothing_is_left(database: Pool) -> bool:
    return not await database.fetchval(
        "SELECT count(*) FROM (SELECT FROM import_chunk UNION ALL SELECT FROM import_job"
        " UNION ALL SELECT FROM list_column) AS l"
    )


async def _finish(
    client: httpx.AsyncClient, path: str, context: Context, team: Tenant, job: dict[str, Any]
) -> dict[str, Any]:
    importer = Importer(pool=context.pool, clock=context.clock, channels=context.channels, sealer=context.sealer)
    assert await importer.work(Chore(team_id=team.id, key=job["id"]), halt=asyncio.Event())
    done: dict[str, Any] = (await client.get(f"{path}/{job['id']}")).json()
    return done


async def _data(client: httpx.AsyncClient, path: str) -> dict[str, dict[str, Any]]:
    list_path = path.removesuffix("/import-jobs")
    names = {one["id"]: one["name"] for one in (await client.get(f"{list_path}/columns")).json()["data"]}
    leads = (await client.get(f"{list_path}/leads")).json()["data"]
    return {
        lead["profile"]["platformId"]: {names[column]: value for column, value in lead["data"].items()}
        for lead in leads
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
async def test_a_file_in_any_encoding_fills_the_list(
    client: httpx.AsyncClient, path: str, context: Context, team: Tenant, encoding: str
) -> None:
    content = "User ID;Größe\r\n1000001;über 12\r\n".encode(encoding)
    response = await client.post(path, files={"file": ("C:\\exports\\Ärzte.csv", content, "text/csv")})
    assert response.status_code == 200, response.text
    job = response.json()
    assert (job["status"], job["totalCount"]) == ("queued", 1)
    done = await _finish(client, path, context, team, job)
    assert (done["status"], done["addedCount"], done["failedCount"]) == ("completed", 1, 0)
    assert await _data(client, path) == {"1000001": {"Größe": "über 12"}}


async def test_fields_stand_before_or_behind_the_file(
    client: httpx.AsyncClient, path: str, context: Context, team: Tenant, database: Pool
) -> None:
    column = (await client.post(path.removesuffix("import-jobs") + "columns", json={"name": "Firm"})).json()["id"]
    mapping = json.dumps(
        [{"csvHeader": "Wer", "targetColumnId": "platformId"}, {"csvHeader": "Firma", "targetColumnId": column}]
    ).encode()
    fields = _part("columnMapping", mapping) + _part("mergeStrategy", b"keep") + _part("fileName", b"mine.csv")
    fields += _part("checkOnly", b"false") + _part("consent", b'{"basis": "signedUp", "evidence": "Form"}')
    for body in (_file(b"Wer,Firma\n1000001,Acme\n") + fields, fields + _file(b"Wer,Firma\n1000002,Bolt\n")):
        response = await client.post(path, content=body + CLOSING, headers=FORM)
        assert response.status_code == 200, response.text
        await _finish(client, path, context, team, response.json())
    assert await _data(client, path) == {"1000001": {"Firm": "Acme"}, "1000002": {"Firm": "Bolt"}}
    rows = await database.fetch("SELECT DISTINCT file_name, merge_strategy FROM import_job")
    assert [tuple(row) for row in rows] == [("mine.csv", "keep")]
    assert await database.fetchval("SELECT count(*) FROM contact WHERE consent_evidence = 'Form'") == 2


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", []),
        (b"nonsense", []),
        (CLOSING, ["file"]),
        (_file(b"id\n1\n"), []),
        (_file(b"id\n1\n")[:-3], []),
        (_part("other", b"1") + _file(b"id\n1\n") + CLOSING, ["other"]),
        (_file(b"id\n1\n") + _file(b"id\n1\n") + CLOSING, ["file"]),
        (_file(b"") + CLOSING, ["file"]),
        (_file(b"\xef\xbb\xbf") + CLOSING, ["file"]),
        (_file(b"name,company\nAna,Acme\n") + CLOSING, ["file"]),
        (_file(b'"username\nana\n') + CLOSING, ["file"]),
        (_file(b"x" * 10_000_000) + CLOSING, ["file"]),
        (_file(b"id," + b",".join(b"c%d" % n for n in range(100_000)) + b"\n1\n") + CLOSING, ["file"]),
        (_file(b"id,a,A\n1,2,3\n") + CLOSING, ["file"]),
        (_file(b"id\n1\n") + _part("mergeStrategy", b"replace") + CLOSING, ["mergeStrategy"]),
        (_file(b"id\n1\n") + _part("mergeStrategy", b"\xff") + CLOSING, ["mergeStrategy"]),
        (_file(b"id\n1\n") + _part("fileName", b"a\x00") + CLOSING, ["fileName"]),
        (_file(b"id\n1\n") + _part("fileName", b"") + CLOSING, ["fileName"]),
        (_file(b"id\n1\n") + _part("columnMapping", b"[") + CLOSING, ["columnMapping"]),
        (_file(b"id\n1\n") + _part("checkOnly", b"maybe") + CLOSING, ["checkOnly"]),
        (_file(b"id\n1\n") + _part("consent", b'{"basis": "hope", "evidence": "x"}') + CLOSING, ["consent", "basis"]),
        (_file(b"id\n1\n") + _part("columnMapping", b'1, "x": 2') + CLOSING, ["columnMapping"]),
        (_file(b"id\n1\n") + _part("columnMapping", b'[{"csvHeader": "id"}]') + CLOSING, ["columnMapping", 0]),
        (
            _file(b"id\n1\n")
            + _part("columnMapping", b'[{"csvHeader": "no", "targetColumnId": "username"}]')
            + CLOSING,
            ["columnMapping", 0, "csvHeader"],
        ),
        (_part("columnMapping", b"[" + b" " * 5_000_000) + _file(b"id\n1\n") + CLOSING, ["columnMapping"]),
    ],
)
async def test_what_is_wrong_is_refused_with_its_place_and_leaves_nothing(
    client: httpx.AsyncClient, path: str, database: Pool, body: bytes, place: list[str]
) -> None:
    response = await client.post(path, content=body, headers=FORM)
    assert (response.status_code, response.json()["code"]) == (400, "invalidRequest"), response.text
    issue = response.json()["details"]["issues"][0]
    assert issue["path"][: len(place)] == place
    assert bool(place) == bool(issue["path"])
    assert issue["message"]
    assert await _nothing_is_left(database)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        (f"multipart/form-data; boundary={'x' * 5_000}", 400),
        ("multipart/mixed; boundary=frontier", 415),
    ],
)
async def test_a_form_says_what_it_is(client: httpx.AsyncClient, path: str, kind: str, status: int) -> None:
    response = await client.post(path, content=_file(b"id\n1\n") + CLOSING, headers={"Content-Type": kind})
    assert response.status_code == status, response.text


async def test_another_type_is_refused_by_naming_those_that_are_taken(client: httpx.AsyncClient, path: str) -> None:
    response = await client.post(path, content=b"id\n1\n", headers={"Content-Type": "text/csv"})
    assert (response.status_code, response.json()["code"]) == (415, "unsupportedMediaType")
    assert "application/json" in response.json()["message"]
    assert "multipart/form-data" in response.json()["message"]


@pytest.mark.parametrize("start", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
async def test_a_workbook_is_refused_by_name(client: httpx.AsyncClient, path: str, start: bytes) -> None:
    response = await client.post(path, content=_file(start + bytes(range(256)) * 8) + CLOSING, headers=FORM)
    assert response.status_code == 400
    assert "save the sheet as CSV" in response.json()["message"]


async def test_rows_that_cannot_be_read_cost_themselves_only(
    client: httpx.AsyncClient, path: str, context: Context, team: Tenant
) -> None:
    lines = (b"id;note", b"1000001;" + b"x" * 10_000_000, b"1000002;a\x00b", b"1000003;fine", b'1000004;"open')
    body = _file(b"\n".join(lines)) + CLOSING
    job = (await client.post(path, content=body, headers=FORM)).json()
    done = await _finish(client, path, context, team, job)
    assert (done["addedCount"], done["failedCount"]) == (1, 3)
    rejects = (await client.get(f"{path}/{job['id']}/rejects.csv")).text
    assert [line.split(",")[1] for line in rejects.splitlines()[1:]] == ["rowTooLong", "nulCharacter", "unclosedQuote"]


async def test_a_file_of_several_pieces_is_kept_whole(client: httpx.AsyncClient, path: str, database: Pool) -> None:
    content = b"id\n" + b"".join(b"%d\n" % number for number in range(1_000_000, 1_500_000))
    job = (await client.post(path, files={"file": ("leads.csv", content)})).json()
    assert job["totalCount"] == 500_000
    pieces = await database.fetch("SELECT content FROM import_chunk WHERE job_id = $1 ORDER BY number", job["id"])
    assert [len(piece["content"]) for piece in pieces[:-1]] == [CHUNK_BYTES] * (len(pieces) - 1)
    assert b"".join(piece["content"] for piece in pieces) == content


async def test_more_than_the_limit_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient, path: str, database: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "UPLOAD_LIMIT", 3 * CHUNK_BYTES)

    async def endless() -> AsyncIterator[bytes]:
        yield _file(b"id\n")[:-2]
        for _ in range(100):
            yield b"1000001\n" * 10_000

    response = await client.post(path, content=endless(), headers=FORM)
    assert (response.status_code, response.json()["code"]) == (413, "bodyTooLarge")
    announced = await client.post(path, content=b"x" * (3 * CHUNK_BYTES + 1), headers=FORM)
    assert announced.status_code == 413
    assert await _nothing_is_left(database)


async def test_an_upload_sent_twice_with_one_key_is_one_job(client: httpx.AsyncClient, path: str) -> None:
    answers = [
        await client.post(path, files={"file": ("leads.csv", b"id\n1\n")}, headers={"Idempotency-Key": "upload"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len((await client.get(path)).json()["data"]) == 1


async def test_a_list_that_cannot_be_written_takes_no_upload(
    client: httpx.AsyncClient, other_client: httpx.AsyncClient, path: str
) -> None:
    system = (await client.get("/lists")).json()["data"][0]["id"]
    files = {"file": ("leads.csv", b"id\n1\n")}
    refused = await client.post(f"/lists/{system}/import-jobs", files=files)
    assert (refused.status_code, refused.json()["code"]) == (409, "listNotWritable")
    foreign = await other_client.post(path, files=files)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "listNotFound")
    nobody = await client.post(path, files=files, headers={"Authorization": "Bearer no"})
    assert nobody.status_code == 401


async def test_an_aborted_upload_leaves_nothing(application: FastAPI, team: Tenant, path: str, database: Pool) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": _file(b"id\n" + b"1000001\n" * 300_000), "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        assert message.get("status", 400) == 400

    headers = {**FORM, "Authorization": f"Bearer {team.token}"}
    await application(
        {
            "type": "http",
            "method": "POST",
            "path": "/api/v2" + path,
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        },
        receive,
        send,
    )
    assert messages == []
    assert await _nothing_is_left(database)

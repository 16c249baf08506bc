"""Health, readiness, and the documents of the API."""

import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from overture.actions.context import Context
from overture.api import app
from overture.store.pool import Pool

SNAPSHOTS = Path(__file__).parents[2] / "docs" / "reference"


@pytest.fixture
async def root(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://overture") as opened:
        yield opened


async def test_health_readiness_and_documents_need_no_token(root: httpx.AsyncClient) -> None:
    assert (await root.get("/")).json()["docs"] == "/docs"
    assert (await root.get("/healthz")).json() == {"status": "ok"}
    assert (await root.get("/readyz")).json() == {"status": "ready"}
    document = (await root.get("/api/v2/openapi.json")).json()
    assert "/api/v2/lists/{list_id}" in document["paths"]
    assert document["components"]["securitySchemes"]


async def test_readiness_needs_the_whole_schema(root: httpx.AsyncClient, context: Context) -> None:
    await context.pool.execute("DELETE FROM schema_migration")
    response = await root.get("/readyz")
    assert response.status_code == 503
    assert "overture migrate" in response.json()["reason"]
    assert (await root.get("/healthz")).status_code == 200


async def test_readiness_needs_the_database(root: httpx.AsyncClient, database: Pool) -> None:
    database.terminate()
    response = await root.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")


async def test_every_operation_and_field_is_described(root: httpx.AsyncClient) -> None:
    document = (await root.get("/api/v2/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            assert operation.get("description"), (method, path)
            for parameter in operation.get("parameters", ()):
                assert parameter.get("description"), (method, path, parameter["name"])
    for name, schema in document["components"]["schemas"].items():
        for field, definition in schema.get("properties", {}).items():
            assert definition.get("description"), (name, field)


async def test_every_operation_tells_how_it_may_be_refused(root: httpx.AsyncClient) -> None:
    document = (await root.get("/api/v2/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "x-refusals" not in operation
            answers = operation["responses"]
            assert {"400", "401", "429", "500"} <= set(answers) and "default" not in answers, (method, path)
            for status in set(answers) - {"200", "201", "202", "204"}:
                refused = _resolved(document, answers[status])
                general, narrower = refused["content"]["application/json"]["schema"]["allOf"]
                assert general["$ref"].endswith("/ErrorAnswer"), (method, path)
                codes = narrower["properties"]["code"]["enum"]
                assert re.findall(r"^- `(\w+)`: ", refused["description"], re.MULTILINE) == codes, (method, path)
    deleting = document["paths"]["/api/v2/lists/{list_id}"]["delete"]["responses"]
    assert "`listInUse`" in deleting["409"]["description"] and "`listNotFound`" in deleting["404"]["description"]


def _resolved(document: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in answer:
        return answer
    shared: dict[str, Any] = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    return shared


@pytest.mark.parametrize(
    ("name", "document"), [("openapi.json", app.document), ("openapi-v1.json", app.document_of_v1)]
)
def test_a_document_changes_only_when_somebody_means_it(name: str, document: Callable[[], dict[str, Any]]) -> None:
    """The file shows in every change what becomes of the contract."""
    kept = json.loads((SNAPSHOTS / name).read_text())
    if kept != document():
        pytest.fail("The OpenAPI document has changed. If that is meant, renew its file: make openapi", pytrace=False)


async def test_the_page_of_the_documents_asks_nothing_of_other_hosts(root: httpx.AsyncClient) -> None:
    page = await root.get("/docs")
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "://" not in page.text, "everything it loads is here"
    assert not re.search(r"<script(?![^>]*src=)", page.text), "the policy forbids scripts in the page"
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 4
    for name in loaded:
        file = await root.get(f"/{name}")
        assert file.status_code == 200 and file.content, name
    assert '"api/v2/openapi.json"' in (await root.get("/docs/start.js")).text
    for absent in ("redoc.standalone.js", "nothing", "%2e%2e%2fcore.py", ""):
        assert (await root.get(f"/docs/{absent}")).status_code == 404

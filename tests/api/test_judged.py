"""The judge of answers sees what no document declares."""

from typing import Any

import httpx
import pytest
from tests.api.judged import Judged

LIST_ID = "l0mdbz3k91yq0c8f4w2n7xhs"


async def _judged(method: str, path: str, status: int, **content: Any) -> httpx.Response:
    """Call something that answers like this, whatever it is asked."""
    inner = httpx.MockTransport(lambda _: httpx.Response(status, **content))
    async with httpx.AsyncClient(transport=Judged(inner), base_url="http://overture") as client:
        return await client.request(method, path)


def _error(code: str) -> dict[str, Any]:
    return {"code": code, "message": "No.", "details": None, "requestId": "r1"}


async def test_what_is_declared_passes() -> None:
    assert (await _judged("DELETE", f"/api/v2/lists/{LIST_ID}", 409, json=_error("listInUse"))).json()["code"]
    assert (await _judged("DELETE", f"/api/v2/lists/{LIST_ID}", 204)).content == b""
    whole = {"error": {**_error("LIST_IN_USE"), "status": 409}}
    assert (await _judged("DELETE", f"/api/v1/lists/{LIST_ID}", 409, json=whole)).json() == whole
    assert (await _judged("GET", "/elsewhere", 200, json={})).json() == {}


@pytest.mark.parametrize(
    ("method", "path", "status", "content"),
    [
        ("DELETE", f"/api/v2/lists/{LIST_ID}", 409, {"json": _error("campaignActive")}),
        ("DELETE", f"/api/v2/lists/{LIST_ID}", 422, {"json": _error("listInUse")}),
        ("DELETE", f"/api/v1/lists/{LIST_ID}", 409, {"json": _error("listInUse")}),
        ("GET", f"/api/v2/lists/{LIST_ID}", 404, {"json": {"code": "listNotFound"}}),
        ("GET", "/api/v2/lists", 200, {"json": {"data": []}}),
        ("GET", "/api/v2/lists", 200, {"text": "data"}),
    ],
    ids=["code", "status", "form of v1", "fields of an error", "fields", "type"],
)
async def test_what_is_not_declared_fails(method: str, path: str, status: int, content: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="its document"):
        await _judged(method, path, status, **content)

"""Holds every answer that a test gets to the OpenAPI document of its face: the status, the type, the form, the code."""

import functools
import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs

from overture.api import app

_DOCUMENTS = {"/api/v2": app.document, "/api/v1": app.document_of_v1}


class Judged(httpx.AsyncBaseTransport):
    """Sends calls on and judges what comes back."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one call."""
        answer = await self._inner.handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        raw = b"".join([piece async for piece in answer.stream])
        judge(request, httpx.Response(answer.status_code, headers=answer.headers, content=raw))
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(raw))


def judge(request: httpx.Request, answer: httpx.Response) -> None:
    """Fail where an answer is not among those its operation declares. What is no operation is not judged."""
    method = "get" if request.method == "HEAD" else request.method.lower()
    for face, path, pattern in _addresses():
        if pattern.fullmatch(request.url.path) and method in _document(face)["paths"][path]:
            _compare(face, path, method, answer, is_whole=request.method != "HEAD")
            return


def _compare(face: str, path: str, method: str, answer: httpx.Response, *, is_whole: bool) -> None:
    told = _told(face, path, method, answer.status_code)
    name = f"{method.upper()} {path} of {face} answered {answer.status_code}"
    assert told is not None, f"{name}, which its document does not declare: {answer.text[:500]}"
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    content = told.get("content", {})
    assert not kind or kind in content, f"{name} as {kind}, which its document does not declare"
    if is_whole and kind == "application/json":
        validator = _validator(face, path, method, answer.status_code)
        faults = [f"{list(fault.instance_path)}: {fault.message}" for fault in validator.iter_errors(answer.json())]
        assert not faults, f"{name} otherwise than its document says: {faults}"


@functools.cache
def _document(face: str) -> dict[str, Any]:
    return _DOCUMENTS[face]()


@functools.cache
def _addresses() -> list[tuple[str, str, re.Pattern[str]]]:
    """Return the addresses of both faces, those without parameters first, as the more exact ones."""
    found = sorted(_paths(), key=lambda one: one[1].count("{"))
    return [
        (face, path, re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(base + path)))) for face, path, base in found
    ]


def _paths() -> Iterator[tuple[str, str, str]]:
    for face in _DOCUMENTS:
        document = _document(face)
        base = document.get("servers", [{"url": ""}])[0]["url"]
        yield from ((face, path, base) for path in document["paths"])


def _told(face: str, path: str, method: str, status: int) -> dict[str, Any] | None:
    told: dict[str, Any] | None = _document(face)["paths"][path][method]["responses"].get(str(status))
    if told is not None and "$ref" in told:
        shared: dict[str, Any] = _document(face)["components"]["responses"][told["$ref"].rsplit("/", 1)[1]]
        return shared
    return told


@functools.cache
def _validator(face: str, path: str, method: str, status: int) -> jsonschema_rs.Draft202012Validator:
    told = _told(face, path, method, status)
    assert told is not None
    schema = told["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator(
        {"allOf": [schema], "components": _document(face)["components"]}, validate_formats=True
    )

"""The page of Overture: what `make dashboard` builds, served from the package; where it was not built, a word on that.

Every address that is none of the API's is the page's own: it finds out by itself what to show there.
"""

import hashlib
import mimetypes
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath

from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(str(resources.files("overture"))) / "dashboard"
"""Where the build puts it."""

_START = "index.html"
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_FOREVER = "public, max-age=31536000, immutable"
_ASK = "no-cache"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_NOT_BUILT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Overture</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto 0; padding: 0 1rem; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #e7e9ea; } a { color: #8ab4f8; } }
</style>
</head>
<body>
<h1>Overture runs</h1>
<p>Its page has not been built here. Where the folder <code>dashboard</code> and Node 20 are,
<code>make dashboard</code> builds it; start Overture anew then.</p>
<p>The API needs no page: <a href="docs">read and try it</a>.</p>
</body>
</html>
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file of the page: as it is, and as it was compressed when it was built."""

    content: bytes
    media_type: str
    tag: str
    encoded: Mapping[str, bytes]


def is_built(folder: Path = FOLDER) -> bool:
    """Tell whether there is a page to serve."""
    return (folder / _START).is_file()


class Page:
    """The layer that serves the page to browsers, and lets everything else through."""

    def __init__(self, app: ASGIApp, *, folder: Path, reserved: Collection[str]) -> None:
        """Read the page into memory.

        Args:
            app: what serves everything else.
            folder: where the page is.
            reserved: how the addresses begin that are not the page's, up to their second slash.
        """
        self._app = app
        self._files = _read(folder) if is_built(folder) else {}
        self._reserved = frozenset(reserved)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        answer = self._answer(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (answer or self._app)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        headers = Headers(scope=scope)
        name = path.removeprefix("/")
        if name.split("/")[0] in self._reserved:
            return None
        if name and name in self._files:
            return _serve(self._files[name], headers, is_for_ever=_is_hashed(name))
        if "text/html" not in headers.get("accept", "") or "." in name.rsplit("/", 1)[-1]:
            return None
        if self._files:
            return _serve(self._files[_START], headers, is_for_ever=False)
        return None if name else Response(_NOT_BUILT, media_type="text/html", headers=_HEADERS)


def _serve(file: File, asked: Headers, *, is_for_ever: bool) -> Response:
    headers = {"Cache-Control": _FOREVER if is_for_ever else _ASK, "ETag": file.tag, "Vary": "Accept, Accept-Encoding"}
    if file.media_type == "text/html":
        headers |= _HEADERS
    if file.tag in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    for encoding, content in file.encoded.items():
        if _takes(asked.get("accept-encoding", ""), encoding):
            return Response(content, media_type=file.media_type, headers={**headers, "Content-Encoding": encoding})
    return Response(file.content, media_type=file.media_type, headers=headers)


def _takes(accepted: str, encoding: str) -> bool:
    found = re.search(rf"(?:^|,)\s*{encoding}\s*(?:;\s*q=([0-9.]+)\s*)?(?:,|$)", accepted, re.IGNORECASE)
    return found is not None and found[1] not in {"0", "0.", "0.0", "0.00", "0.000"}


def _is_hashed(name: str) -> bool:
    """Tell whether a file's name changes with what is in it: the build names so what it puts into `assets`."""
    return PurePosixPath(name).parts[0] == "assets"


def _read(folder: Path) -> dict[str, File]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    compressed = {name + ending for name in found for ending in _ENCODINGS.values()} & found.keys()
    return {name: _file(path, found, name) for name, path in found.items() if name not in compressed}


def _file(path: Path, found: Mapping[str, Path], name: str) -> File:
    content = path.read_bytes()
    return File(
        content=content,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        tag=f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
        encoded={
            encoding: found[name + ending].read_bytes()
            for encoding, ending in _ENCODINGS.items()
            if name + ending in found
        },
    )

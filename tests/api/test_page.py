"""The page comes from the package: every address that is none of the API's shows it, under a strict policy."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from overture.actions.context import Context
from overture.api import app as api_app
from overture.api import page

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = b"console.log('overture')" * 100


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dashboard"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>The page</title>")
    (folder / "mark.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "assets" / "app-1a2b.js").write_bytes(SCRIPT)
    (folder / "assets" / "app-1a2b.js.br").write_bytes(b"as brotli")
    return folder


@pytest.fixture
async def browser(context: Context, built: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with _opened(context, built) as opened:
        yield opened


def _opened(context: Context, folder: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=api_app.create_app(context, page_folder=folder))
    return httpx.AsyncClient(transport=transport, base_url="http://overture")


@pytest.mark.parametrize(
    "path", ["/", "/campaigns", "/campaigns/c0mdbz3k91yq0c8f4w2n7xhs/leads", "/welcome", "/apiary"]
)
async def test_the_page_finds_out_by_itself_what_to_show(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers=HTML)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "The page" in answer.text
    assert answer.headers["Cache-Control"] == "no-cache"
    head = await browser.head(path, headers=HTML)
    assert (head.status_code, head.content) == (200, b"")


async def test_it_lets_in_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    headers = (await browser.get("/", headers=HTML)).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"


async def test_what_has_a_name_of_its_own_is_kept_for_ever(browser: httpx.AsyncClient) -> None:
    script = await browser.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert (script.content, script.headers["Content-Type"]) == (SCRIPT, "text/javascript; charset=utf-8")
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (await browser.get("/mark.svg")).headers["Cache-Control"] == "no-cache"


async def test_it_travels_compressed(browser: httpx.AsyncClient) -> None:
    async with browser.stream("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip, br;q=0.9"}) as answer:
        assert answer.headers["Content-Encoding"] == "br"
        assert b"".join([part async for part in answer.aiter_raw()]) == b"as brotli"
    for accepted in ("gzip", "gzip, br;q=0", "gzip, brotli"):
        answer = await browser.get("/assets/app-1a2b.js", headers={"Accept-Encoding": accepted})
        assert (answer.headers["Content-Encoding"], answer.content) == ("gzip", SCRIPT)


async def test_what_the_browser_has_is_not_sent_again(
    browser: httpx.AsyncClient, built: Path, context: Context
) -> None:
    tag = (await browser.get("/", headers=HTML)).headers["ETag"]
    again = await browser.get("/", headers=HTML | {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    (built / "index.html").write_text("<!doctype html><title>The next page</title>")
    async with _opened(context, built) as newer:
        assert (await newer.get("/", headers=HTML | {"If-None-Match": tag})).status_code == 200


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/../app.py", "/%2e%2e/app.py", "/assets/", "/assets/app-1a2b.js.br", "//etc/passwd"]
)
async def test_there_are_no_other_files(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers={"Accept": "*/*"})
    assert (answer.status_code, answer.json()["code"]) == (404, "notFound")


async def test_the_api_keeps_its_addresses(browser: httpx.AsyncClient) -> None:
    for path in ("/api/v2/nowhere", "/api", "/docs/nowhere"):
        answer = await browser.get(path, headers=HTML)
        assert (answer.status_code, answer.json()["code"]) == (404, "notFound"), path
    assert (await browser.get("/api/v1/nowhere", headers=HTML)).status_code == 404
    assert (await browser.get("/api/v2/lists", headers=HTML)).status_code == 401
    assert "Not linked" in (await browser.get("/oauth/twitter/callback", headers=HTML)).text
    assert "swagger" in (await browser.get("/docs", headers=HTML)).text
    assert (await browser.get("/healthz", headers=HTML)).json() == {"status": "ok"}
    assert (await browser.get("/")).json()["docs"] == "/docs", "programs are told what this is"
    posted = await browser.post("/campaigns", headers=HTML)
    assert (posted.status_code, posted.json()["code"]) == (404, "notFound")


async def test_without_a_page_browsers_are_told_how_to_build_it(context: Context, tmp_path: Path) -> None:
    assert not page.is_built(tmp_path)
    async with _opened(context, tmp_path) as browser:
        answer = await browser.get("/", headers=HTML)
        assert (answer.status_code, "make dashboard" in answer.text) == (200, True)
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert (await browser.get("/campaigns", headers=HTML)).json()["code"] == "notFound"

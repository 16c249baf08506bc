"""A real browser for tests: Debian's chromium, without a window, and what goes wrong in its pages."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import ConsoleMessage, Error, Page, Request, async_playwright, expect

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FAULTS = frozenset({"error", "warning"})

expect.set_options(timeout=30_000)


@dataclass(kw_only=True)
class Watched:
    """A page with what it asked for and complained of."""

    page: Page
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def assert_sound(self, *, home: str, beside: str | None = None) -> None:
        """Hold the page to asking nothing of other hosts than `home` and `beside`, and to complaining of nothing."""
        known = (f"{home}/", f"{beside or home}/", "data:", "blob:")
        elsewhere = [url for url in self.asked if not url.startswith(known)]
        assert elsewhere == [], elsewhere
        assert self.faults == [], self.faults


@asynccontextmanager
async def opened(*, width: int = 1280, height: int = 900) -> AsyncIterator[Watched]:
    """Open an empty page; skips the test where there is no browser."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("no chromium here: apt-get install chromium")
    async with async_playwright() as playwright:
        # Its sandbox does not work for root nor in most containers; the pages are our own.
        browser = await playwright.chromium.launch(executable_path=path, chromium_sandbox=False)
        try:
            page = await browser.new_page(viewport={"width": width, "height": height})
            yield _watch(page)
        finally:
            await browser.close()


def _watch(page: Page) -> Watched:
    watched = Watched(page=page)

    def hear(message: ConsoleMessage) -> None:
        if message.type in _FAULTS:
            watched.faults.append(f"{message.text} ({message.location.get('url')})")

    def note(request: Request) -> None:
        watched.asked.append(request.url)

    def catch(error: Error) -> None:
        watched.faults.append(str(error))

    page.on("console", hear)
    page.on("request", note)
    page.on("pageerror", catch)
    return watched

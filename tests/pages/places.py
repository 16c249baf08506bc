"""A place to click in: a real Overture with its sandbox, in virtual or real time, and its dashboard."""

import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect
from tests import browsing, running
from tests.browsing import Watched

from overture.api import page

START = "2026-11-23T09:00:00Z"
"""A Monday."""
EMAIL = "owner@example.com"
PASSWORD = "a sentence of the owner's own"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a running Overture answers; `welcome` is the address at which its owner chooses a password, once."""

    home: str
    sandbox: str
    welcome: str
    token: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API as a program would: for what a test only needs to be there."""
        answer = httpx.request(
            method,
            f"{self.home}/api/v2{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30.0,
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def steer(self, method: str, path: str, body: Any = None) -> Any:
        """Steer the sandbox platform."""
        answer = httpx.request(method, f"{self.sandbox}/_sandbox{path}", json=body, timeout=30.0)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@contextmanager
def opened(*, speed: str | None, people: int = 400, **settings: str) -> Iterator[Place]:
    """Start Overture for the first time.

    Args:
        speed: how many times as fast as the machine's its clock goes, or `max`; None: the present, in real time.
        people: how many live on the sandbox platform.
        settings: what the operator has set otherwise, as `x_answers="webhook"`.
    """
    if not page.is_built():
        pytest.skip("the dashboard is not built: make dashboard")
    # A directory that the database's own user can reach when we are root.
    directory = Path(tempfile.mkdtemp(prefix="overture-pages-"))
    directory.chmod(0o711)
    clock = () if speed is None else ("--start", START, "--speed", speed)
    arguments = ("--sandbox", "--port", "0", "--data", str(directory / "data"), "--people", str(people), *clock)
    try:
        # Nobody clicks as fast as the tests.
        with running.serving("up", *arguments, rate_limits="off", **settings) as up:
            welcome = re.search(r"http://\S+/welcome#\S+", up.told)
            assert welcome is not None, up.told
            yield Place(
                home=up.address("Page"),
                sandbox=up.address("Sandbox"),
                welcome=welcome[0],
                token=(directory / "data" / "token").read_text().strip(),
            )
            assert up.stop() < running.READY_SECONDS
    finally:
        shutil.rmtree(directory)


@asynccontextmanager
async def entered(
    place: Place, *, width: int = 1440, height: int = 900, beside: str | None = None
) -> AsyncIterator[Watched]:
    """Open the place as its owner, who has a password already; at the end nothing may have gone wrong in the page.

    Args:
        place: where.
        width: of the window, in CSS pixels.
        height: of the window, in CSS pixels.
        beside: another address the browser is led to, as the platform's own page where accounts are linked.
    """
    async with browsing.opened(width=width, height=height) as watched:
        page = watched.page
        await page.goto(f"{place.home}/sign-in")
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_role("textbox", name="Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()
        yield watched
        watched.assert_sound(home=place.home, beside=beside)


def choose_password(place: Place) -> None:
    """Let the owner choose a password, where a test is not about that."""
    invitation = place.welcome.partition("#")[2]
    body = {"invitation": invitation, "email": EMAIL, "password": PASSWORD}
    answer = httpx.post(f"{place.home}/api/v2/session/invitation", json=body, timeout=30.0)
    assert answer.is_success, answer.text

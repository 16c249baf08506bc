"""The page at `/docs` in a real browser."""

from collections.abc import AsyncIterator

import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import Page, expect
from tests import browsing
from tests.api.conftest import Tenant

from overture import serving


@pytest_asyncio.fixture
async def home(application: FastAPI) -> AsyncIterator[str]:
    """The address of a live server."""
    with serving.listen("127.0.0.1", 0) as listening:
        async with serving.served(application, listening):
            yield serving.url(listening)


async def _enter(page: Page, token: str) -> None:
    """Enter a token, as the page asks for it."""
    await page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".modal-ux")
    await dialog.get_by_role("textbox").fill(token)
    await dialog.get_by_role("button", name="Apply credentials").click()
    await dialog.get_by_role("button", name="Close", exact=True).click()


async def _call(page: Page, tag: str, operation: str) -> str:
    """Open an operation, try it as it stands, and return what is answered."""
    block = page.locator(f"#operations-{tag}-{operation}")
    await block.locator(".opblock-summary-control").click()
    await block.get_by_role("button", name="Try it out").click()
    await block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table .response")
    await expect(answer).to_be_visible()
    return await answer.inner_text()


async def test_every_tag_and_operation_is_shown(home: str, application: FastAPI) -> None:
    told = [one for operations in application.openapi()["paths"].values() for one in operations.values()]
    async with browsing.opened() as watched:
        page = watched.page
        await page.goto(f"{home}/docs")
        await expect(page.locator(".opblock")).to_have_count(len(told))
        tags = await page.locator(".opblock-tag").all_inner_texts()
        summaries = await page.locator(".opblock-summary-description").all_inner_texts()
        assert set(tags) == {one["tags"][0] for one in told}
        assert sorted(summaries) == sorted(one["summary"] for one in told)
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, "it fits on a phone"
        watched.assert_sound(home=home)


async def test_calls_are_tried_and_their_answers_shown(home: str, team: Tenant) -> None:
    async with browsing.opened() as watched:
        page = watched.page
        await page.goto(f"{home}/docs")
        assert '"unauthorized"' in await _call(page, "Members", "listMembers"), "without a token"
        assert len(watched.faults) == 1 and "401" in watched.faults.pop()
        await _enter(page, team.token)
        assert '"First"' in await _call(page, "Team", "getTeam")
        assert '"kind": "user"' in await _call(page, "Lists", "createList"), "with the body of the example"
        assert '"leadsCount"' in await _call(page, "Lists", "listLists"), "no parameter is filled in that refuses"
        watched.assert_sound(home=home)

"""Each number of a campaign's results opens the leads it counts, and these are narrowed down further."""

import asyncio
import re
import time
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect
from tests.pages import doing, places
from tests.pages.places import Place


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with places.opened(speed="max") as place:
        places.choose_password(place)
        yield place


async def test_each_number_opens_the_leads_it_counts(place: Place) -> None:
    listed = doing.fill_list(place, name="Autumn fair", people=50)
    campaign = doing.begin_by_calls(place, name="After the fair", on=listed, is_started=True)
    deadline = time.monotonic() + 60
    while place.call("GET", f"/campaigns/{campaign}")["status"] != "completed":
        assert time.monotonic() < deadline, "the campaign did not end"
        await asyncio.sleep(0.5)
    home = f"{place.home}/campaigns/{campaign}"
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(home)
        await expect(page.get_by_role("heading", name="By account")).to_be_visible()
        numbers = page.locator(f"main a[href^='/campaigns/{campaign}/leads?']").filter(has_text=re.compile(r"^\d+$"))
        count = await numbers.count()
        assert count > 15
        for at in range(count):
            number = numbers.nth(at)
            shown, where = int(await number.inner_text()), await number.get_attribute("href")
            await number.click()
            await _expect_leads(page, shown, where)
            await page.goto(home)
            await expect(page.get_by_role("heading", name="By account")).to_be_visible()
        async with page.expect_download() as download:
            section = page.locator("section").filter(has=page.get_by_role("heading", name="By message"))
            await section.get_by_role("link", name="Download CSV").click()
        assert (await download.value).suggested_filename == "steps.csv"


async def test_leads_are_narrowed_down_by_reason_and_by_what_a_number_meant(place: Place) -> None:
    campaign = place.call("GET", "/campaigns")["data"][0]["id"]
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/campaigns/{campaign}/leads?stage=followedUp")
        await expect(page.get_by_text("Followed up", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Show leads whatever how far they have come").press("Enter")
        await expect(page).to_have_url(f"{place.home}/campaigns/{campaign}/leads")
        everybody = place.call("GET", f"/campaigns/{campaign}/leads?limit=100")["data"]
        await _expect_leads(page, len(everybody), None)
        closed = place.call("GET", f"/campaigns/{campaign}/leads?reason=closed&limit=100")["data"]
        await page.get_by_role("combobox", name="Only leads for these reasons").click()
        await page.get_by_role("option", name="does not take messages from this account").click()
        await page.keyboard.press("Escape")
        assert len(closed) > 0
        await _expect_leads(page, len(closed), None)


async def _expect_leads(page: Page, count: int, where: str | None) -> None:
    if count == 0:
        await expect(page.get_by_text("No lead matches"), where).to_be_visible()
    else:
        rows = page.get_by_role("table", name="Leads of this campaign").get_by_role("row")
        await expect(rows, where).to_have_count(count + 1)


async def test_whom_other_rules_would_let_in_is_told_before_they_are_saved(place: Place) -> None:
    listed = doing.fill_list(place, name="Regulars", people=5)
    campaign = place.call("GET", "/campaigns")["data"][0]["id"]
    told = place.call("POST", f"/campaigns/{campaign}/rules/preview", {"excludedListIds": [listed]})
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/campaigns/{campaign}/audience")
        await expect(page.get_by_role("heading", name="Who is in now")).to_be_visible()
        await page.get_by_role("combobox", name="is in one of these lists").click()
        await page.get_by_role("option", name="Regulars").click()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("heading", name="Who would be in")).to_be_visible()
        await expect(page.get_by_text(f"{told['targetsCount']} leads in scope: 0 of them new")).to_be_visible()
        await expect(page.get_by_text("is in an excluded list")).to_be_visible()


async def test_a_search_that_finds_nothing_is_taken_back_with_its_words(place: Place) -> None:
    async with places.entered(place) as watched:
        page = watched.page
        await doing.go(page, "Campaigns")
        box = page.get_by_role("textbox", name="Search campaigns by name")
        await box.fill("nothing of the kind")
        await page.get_by_role("button", name="Show all").click()
        await expect(box).to_have_value("")
        await expect(page.get_by_role("link", name="After the fair")).to_be_visible()

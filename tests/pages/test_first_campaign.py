"""From a CSV to a campaign that has ended, through the pages alone."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect
from tests.pages import doing, places
from tests.pages.places import Place


@pytest.fixture
def place() -> Iterator[Place]:
    with places.opened(speed="max") as place:
        places.choose_password(place)
        yield place


async def test_from_a_csv_to_the_end_of_a_campaign(place: Place) -> None:
    async with places.entered(place) as watched:
        page = watched.page
        await doing.make_list(page, "Autumn fair")
        await doing.choose_file(page, doing.people_as_csv(place, 12))
        await expect(page.get_by_role("button", name="Import", exact=True)).to_be_disabled()
        await doing.say_they_signed_up(page)
        await page.get_by_role("button", name="Only check it").click()
        await expect(page.get_by_text("12 would be added")).to_be_visible()
        await page.get_by_role("button", name="Import", exact=True).click()
        await expect(page.get_by_role("table", name="People of this list")).to_contain_text("Firm 0")

        await doing.begin_campaign(page, "After the fair", "Autumn fair")
        await page.get_by_role("button", name="Write the first message").click()
        await page.get_by_role("textbox", name="Text of the message").click()
        await page.keyboard.type("Hi ")
        await page.get_by_role("button", name="+ Variable").click()
        await page.get_by_role("menuitem", name="First name").click()
        await page.keyboard.type(", how did you like the fair?")
        await page.get_by_placeholder("If unknown").fill("there")
        await page.get_by_role("button", name="+ Follow-up").click()
        await page.get_by_role("textbox", name="Text of the message").nth(1).click()
        await page.keyboard.type("A short answer is fine, too.")
        await page.get_by_role("button", name="Continue").click()
        await doing.reach_check(page)
        await page.get_by_role("button", name="Start the campaign").click()

        await expect(page.get_by_role("heading", name="After the fair")).to_be_visible()
        await expect(page.get_by_text("Completed").first).to_be_visible()
        found = place.call("GET", "/campaigns")["data"][0]
        assert found["status"] == "completed"
        assert found["contactedCount"] > 0
        shown = page.get_by_role("listitem").filter(has_text="Contacted")
        await expect(shown.get_by_role("link", name=str(found["contactedCount"]), exact=True)).to_be_visible()

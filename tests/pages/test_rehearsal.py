"""What other hours, another pace and other accounts would come to is told in numbers before they are saved."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Page, expect
from tests.pages import doing, places
from tests.pages.places import Place

PEOPLE = 150


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with places.opened(speed="60") as place:
        places.choose_password(place)
        doing.begin_by_calls(
            place, name="After the fair", on=doing.fill_list(place, name="Autumn fair", people=PEOPLE), is_started=False
        )
        yield place


@pytest.fixture
def campaign(place: Place) -> dict[str, Any]:
    """A draft whose leads are assessed, with the accounts that it sends from."""
    deadline = time.monotonic() + 60
    while True:
        found: dict[str, Any] = place.call("GET", "/campaigns")["data"][0]
        if found["targetsCount"] and found["scopeAssessedCount"] == found["targetsCount"]:
            return found
        assert time.monotonic() < deadline, "the leads were not assessed"
        time.sleep(0.2)


def rehearse(place: Place, campaign: dict[str, Any], **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = place.call("POST", f"/campaigns/{campaign['id']}/rehearsal", body)
    return found


def told(page: Page, words: str) -> Any:
    """The line that says what a campaign comes to."""
    return expect(page.get_by_role("status").filter(has_text=re.compile(words)))


async def test_a_draft_is_rehearsed_before_it_starts(place: Place, campaign: dict[str, Any]) -> None:
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/campaigns/{campaign['id']}/check")
        await expect(page.get_by_role("heading", name="Rehearsal")).to_be_visible()
        everybody = rehearse(place, campaign)["messages"]
        await told(page, f"{everybody} messages, the last about .*, at most .* on one day").to_be_visible()
        await page.get_by_role("combobox", name="How many answer").click()
        await page.get_by_role("option", name="50% answer").click()
        await told(page, "on one day, with .* answers").to_be_visible()
        rehearsed = rehearse(place, campaign, replyRate=0.5)
        assert rehearsed["messages"] < everybody
        await told(page, f"{rehearsed['messages']} messages").to_be_visible()
        await page.get_by_role("button", name="Show as a table").click()
        days = page.get_by_role("row").filter(has=page.get_by_role("cell"))
        await expect(days).to_have_count(len(rehearsed["days"]))
    assert place.call("GET", f"/campaigns/{campaign['id']}")["status"] == "draft"


async def test_another_pace_and_other_hours_are_told_in_numbers(place: Place, campaign: dict[str, Any]) -> None:
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/campaigns/{campaign['id']}/schedule")
        everybody = rehearse(place, campaign)["messages"]
        await told(page, f"Rehearsed: {everybody} messages").to_be_visible()
        rate = page.get_by_label("Messages an hour, from each account")
        await rate.fill("25")
        await told(page, f"With these settings: {everybody} messages, .* hours? sooner").to_be_visible()
        await rate.fill("1")
        await told(page, "With these settings: .* later than as it is saved").to_be_visible()
        await page.get_by_role("button", name="Workdays, 9 to 17").click()
        await told(page, "With these settings: .* days later than as it is saved").to_be_visible()
    assert place.call("GET", f"/campaigns/{campaign['id']}")["hourlyMessageRate"] == campaign["hourlyMessageRate"]


async def test_other_accounts_are_told_in_numbers(place: Place, campaign: dict[str, Any]) -> None:
    assert len(campaign["accountLinkIds"]) > 1
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/campaigns/{campaign['id']}/settings")
        choice = page.get_by_role("group", name="Send from").get_by_role("checkbox")
        await choice.first.uncheck()
        await told(page, "With these settings: .* hours later than as it is saved").to_be_visible()
        await choice.first.check()
        await told(page, "With these settings").to_have_count(0)

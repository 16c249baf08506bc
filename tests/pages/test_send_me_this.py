"""A message of a draft, sent to an account of our own, to be read as a lead would."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect
from tests.pages import doing, places
from tests.pages.places import Place


@pytest.fixture
def place() -> Iterator[Place]:
    with places.opened(speed=None) as place:
        places.choose_password(place)
        yield place


async def test_a_message_is_sent_to_an_account_of_our_own_to_be_read(place: Place) -> None:
    listed = doing.fill_list(place, name="Some people", people=1)
    campaign_id = doing.begin_by_calls(place, name="Draft", on=listed, is_started=False)
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/campaigns/{campaign_id}/sequence")
        await page.get_by_role("button", name="Send me this").first.click()
        for label, account in (("From", "@ana"), ("To our own account", "@ben")):
            await page.get_by_role("combobox", name=label).click()
            await page.get_by_role("option", name=account).click()
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_text("Look at it in the inbox of that account.")).to_be_visible()
    accounts = {one["username"]: one["id"] for one in place.steer("GET", "/accounts")}
    found = [(one["sender"], one["recipient"]) for one in place.steer("GET", "/messages?limit=1000")]
    assert (accounts["ana"], accounts["ben"]) in found

"""What was said before an account was linked comes from a file, on the page of the accounts."""

from collections.abc import Iterator

import pytest
from playwright.async_api import FilePayload, expect
from tests.pages import doing, places
from tests.pages.places import Place


@pytest.fixture
def place() -> Iterator[Place]:
    """A place where people live whom nobody has written to."""
    with places.opened(speed=None, people=20) as place:
        places.choose_password(place)
        yield place


def contacted(place: Place) -> int:
    """How many people the list of those who were ever written to has."""
    (found,) = [one["leadsCount"] for one in place.call("GET", "/lists")["data"] if one["kind"] == "contacted"]
    return int(found)


async def test_a_history_is_checked_first_and_then_taken(place: Place) -> None:
    ana, ben = (one["username"] for one in place.steer("GET", "/people?limit=2"))
    text = f"username,sentAt,receivedAt\n{ana},2025-03-01T09:30:00Z,2025-03-02\n{ben},2025-03-01 10:00,\n{ben},,\n"
    async with places.entered(place) as watched:
        page = watched.page
        await doing.go(page, "Accounts")
        await page.get_by_role("button", name="History").first.click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Import", exact=True)).to_be_disabled()
        history: FilePayload = {"name": "told.csv", "mimeType": "text/csv", "buffer": text.encode()}
        await dialog.locator("input[type=file]").set_input_files([history])
        await dialog.get_by_role("button", name="Check only").click()
        await expect(dialog.get_by_text("2 would be added")).to_be_visible(timeout=30_000)
        assert contacted(place) == 0
        await dialog.get_by_role("button", name="Import", exact=True).click()
        await expect(dialog.get_by_text("2 added")).to_be_visible(timeout=30_000)
        await expect(dialog.get_by_role("link", name="Download 1 row to mend").first).to_be_visible()
        await expect(dialog.get_by_role("button", name="Undo")).to_have_count(0)
    assert contacted(place) == 2

"""What people do on the pages, step by step, by what they read there."""

import csv
import io

from playwright.async_api import Page, expect
from tests.pages.places import Place


def people_as_csv(place: Place, count: int) -> bytes:
    """A file as people export it: a handle, and a value of their own that every fifth lacks."""
    found = place.steer("GET", f"/people?limit={count}")
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["Handle", "Company"])
    rows.writerows([f"@{one['username']}", "" if at % 5 == 4 else f"Firm {at}"] for at, one in enumerate(found))
    return text.getvalue().encode()


async def go(page: Page, place: str) -> None:
    """Go to one of the places in the menu."""
    await page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()
    await expect(page.get_by_role("heading", name=place, level=1)).to_be_visible()


async def make_list(page: Page, name: str) -> None:
    """Make a list, which is then open."""
    await go(page, "Lists")
    await page.get_by_role("button", name="New list").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("button", name="Make the list").click()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


async def choose_file(page: Page, content: bytes) -> None:
    """Choose a CSV for the open list."""
    await page.get_by_role("link", name="Import a CSV").first.click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Choose a file").click()
    await (await chooser.value).set_files({"name": "people.csv", "mimeType": "text/csv", "buffer": content})
    await expect(page.get_by_role("heading", name="people.csv")).to_be_visible()


async def say_they_signed_up(page: Page) -> None:
    """Answer how these people know us."""
    await page.get_by_role("radio", name="They signed up to hear from us").check()
    await page.get_by_label("What shows it?").fill("The form on our site, autumn 2026")


async def begin_campaign(page: Page, name: str, list_name: str) -> None:
    """Make a campaign of all accounts and one list; its sequence is then open."""
    await go(page, "Campaigns")
    await page.get_by_role("link", name="New campaign").first.click()
    # The page before has a box to search by name.
    await expect(page.get_by_role("heading", name="New campaign", level=1)).to_be_visible()
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    await page.get_by_role("combobox", name="Lists that bring people in").click()
    await page.get_by_role("option", name=list_name).click()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Continue").click()


async def reach_check(page: Page) -> None:
    """From the schedule on: always, and without automations; the check is then open."""
    await page.get_by_role("button", name="All day, every day").click()
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("link", name="Automations")).to_have_attribute("aria-current", "page")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("button", name="Start the campaign")).to_be_visible()


def fill_list(place: Place, *, name: str, people: int) -> str:
    """Make a list of people, as a program would; return its id."""
    found = place.steer("GET", f"/people?limit={people}")
    made: str = place.call("POST", "/lists", {"name": name, "description": "Whoever left a card."})["id"]
    place.call("POST", f"/lists/{made}/leads", {"usernames": [one["username"] for one in found]})
    return made


def begin_by_calls(place: Place, *, name: str, on: str, is_started: bool) -> str:
    """Make a campaign of two messages to a list, from all accounts at any hour, as a program would; return its id."""
    words = [{"type": "static", "text": "Hi "}, {"type": "variable", "name": "first-name", "fallback": "there"}]
    more = {"type": "variation", "options": [", how did you like the fair?", ", what brought you to the fair?"]}
    made: str = place.call(
        "POST",
        "/campaigns",
        {
            "name": name,
            "accountLinkIds": [one["id"] for one in place.call("GET", "/account-links")["data"]],
            "rules": {"syncedListIds": [on]},
            "scheduleHours": {str(day): {"start": 0, "end": 1440} for day in range(7)},
            "sequence": {
                "steps": [
                    {"type": "message", "data": {"segments": [*words, more]}},
                    {"type": "delay", "data": {"delaySeconds": 172_800, "unit": "days"}},
                    {
                        "type": "message",
                        "data": {"segments": [{"type": "static", "text": "A short answer is fine, too."}]},
                    },
                ]
            },
        },
    )["id"]
    if is_started:
        place.call("POST", f"/campaigns/{made}/enable")
    return made

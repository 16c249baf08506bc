"""Whom nobody writes to any more: people are brought with a CSV and found again, and owners have a way back."""

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


def chosen(text: str) -> FilePayload:
    """A file as a browser hands it over."""
    return {"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}


async def test_people_are_brought_with_a_csv_and_each_with_a_reason(place: Place) -> None:
    doing.fill_list(place, name="Autumn fair", people=2)
    ana, ben = (one["username"] for one in place.steer("GET", "/people?limit=2"))
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/settings/never")
        files = page.locator("input[type=file]")
        await files.set_input_files([chosen("Name,Company\nAna,Acme\n")])
        await expect(page.get_by_role("alert").filter(has_text="No column tells who they are")).to_be_visible()
        await files.set_input_files([chosen(f"Handle;Reason\n@{ana};On the phone\n{ben};\nnobody_at_all;\n")])
        await expect(page.get_by_text("2 people added")).to_be_visible()
        await expect(
            page.get_by_role("alert").filter(has_text="Not taken from the file: nobody_at_all")
        ).to_be_visible()
        await page.get_by_label("Search the people who are never written to").fill(ana)
        table = page.get_by_role("table", name="People who are never written to")
        await expect(table.get_by_text("On the phone")).to_be_visible()
        await expect(table.get_by_text(ben)).to_have_count(0)
    kept = {one["profile"]["username"]: one["reason"] for one in place.call("GET", "/suppressions")["data"]}
    assert kept == {ana: "On the phone", ben: None}


async def test_an_owner_ends_it_where_it_began_and_others_are_told_who_may(place: Place) -> None:
    listed = doing.fill_list(place, name="Autumn fair", people=1)
    (lead,) = place.call("GET", f"/lists/{listed}/leads")["data"]
    named = f"platform=twitter&platformId={lead['profile']['platformId']}"
    (person,) = place.call("GET", f"/contacts?{named}")["data"]
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/people/{person['id']}")
        await page.get_by_role("button", name="Never write to them").click()
        await expect(page.get_by_text("Nobody of the team writes to this person any more.")).to_be_visible()
        assert len(place.call("GET", "/suppressions")["data"]) == 1
        await page.get_by_role("button", name="Let them be written to again").click()
        await expect(page.get_by_text("They may be written to again.")).to_be_visible()
        assert place.call("GET", "/suppressions")["data"] == []
        await page.get_by_role("button", name="Never write to them").click()
        await expect(page.get_by_role("button", name="Let them be written to again")).to_be_visible()
        # Who is no owner any more is not offered what would be refused.
        owner = next(one for one in place.call("GET", "/members")["data"] if one["role"] == "owner")
        place.call("POST", "/members", {"name": "Ben", "role": "owner"})
        place.call("PATCH", f"/members/{owner['id']}", {"role": "user"})
        await page.reload()
        await expect(page.get_by_role("button", name="Never written to")).to_be_disabled()
        await expect(page.get_by_role("button", name="Let them be written to again")).to_have_count(0)

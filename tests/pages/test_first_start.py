"""The first start: a password is chosen once, and opens the door from then on."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect
from tests import browsing
from tests.pages import places
from tests.pages.places import Place


@pytest.fixture
def place() -> Iterator[Place]:
    with places.opened(speed="1") as place:
        yield place


async def test_the_owner_chooses_a_password_and_signs_in_with_it(place: Place) -> None:
    async with browsing.opened() as watched:
        page = watched.page
        await page.goto(place.welcome)
        await expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
        password = page.get_by_role("textbox", name="Password")
        await password.fill("short")
        await expect(page.get_by_text("7 more to go")).to_be_visible()
        await expect(page.get_by_role("button", name="Go in")).to_be_disabled()
        await page.get_by_label("E-mail address").fill(places.EMAIL)
        await password.fill(places.PASSWORD)
        await page.get_by_role("button", name="Go in").click()
        await expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()
        await expect(page.get_by_text("Three steps to a first campaign")).to_be_visible()

        cookie = next(iter(await page.context.cookies()))
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert await page.context.cookies() == []
        watched.assert_sound(home=place.home)

        await page.goto(f"{place.home}/lists")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await page.get_by_label("E-mail address").fill(places.EMAIL)
        await page.get_by_role("textbox", name="Password").fill("not the one that was chosen")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_text("The address or the password is wrong.")).to_be_visible()
        await page.get_by_role("textbox", name="Password").fill(places.PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Lists", level=1)).to_be_visible()


async def test_the_address_serves_once(place: Place) -> None:
    places.choose_password(place)
    async with browsing.opened() as watched:
        page = watched.page
        await page.goto(place.welcome)
        await page.get_by_label("E-mail address").fill("somebody@example.com")
        await page.get_by_role("textbox", name="Password").fill("a sentence of somebody else")
        await page.get_by_role("button", name="Go in").click()
        await expect(page.get_by_role("alert")).to_contain_text("overture password")
        assert await page.context.cookies() == []

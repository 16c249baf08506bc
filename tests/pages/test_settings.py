"""The team's settings on the pages: its members, and the order of its statuses and tags."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect
from tests.pages import places
from tests.pages.places import Place


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A place where nothing has been sent yet."""
    with places.opened(speed=None, people=20) as place:
        places.choose_password(place)
        yield place


async def _give_role(page: Page, name: str, role: str) -> None:
    await page.get_by_role("combobox", name=f"Role of {name}").click()
    await page.get_by_role("option", name=role, exact=True).click()
    await expect(page.get_by_text(f"{name} is ")).to_be_visible()


async def _statuses(page: Page) -> list[str]:
    fields = page.get_by_role("textbox", name="Name of the status")
    return [await one.input_value() for one in await fields.all()]


async def test_statuses_are_put_in_order_by_keys_and_by_drag_and_so_is_the_board(place: Place) -> None:
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/settings/labels")
        down = page.get_by_role("button", name="Move down: the status New", exact=True)
        await expect(page.get_by_role("button", name="Move up: the status New")).to_be_disabled()
        await down.focus()
        for at in (2, 3):
            async with page.expect_response("**/statuses/order") as saved:
                await page.keyboard.press("Enter")
            assert (await saved.value).ok
            await expect(page.get_by_text(f"New is {at} of 5 now.")).to_have_count(1)
            await expect(down).to_be_focused()
        assert await _statuses(page) == ["Interested", "Not interested", "New", "Won", "Lost"]

        rows = page.get_by_role("listitem").filter(has=page.get_by_role("textbox", name="Name of the status"))
        async with page.expect_response("**/statuses/order"):
            await rows.last.locator("span").first.drag_to(rows.first)
        wanted = ["Lost", "Interested", "Not interested", "New", "Won"]
        assert await _statuses(page) == wanted
        assert [one["name"] for one in place.call("GET", "/statuses")["data"]] == wanted
        await page.goto(f"{place.home}/people?view=board")
        await expect(page.get_by_role("region", name="People by status").get_by_role("heading")).to_have_text(wanted)


async def test_the_theme_is_chosen_and_stays_chosen(place: Place) -> None:
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/settings")
        root = page.locator("html")
        before = await root.get_attribute("data-mantine-color-scheme")
        other = "dark" if before == "light" else "light"
        colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.get_by_role("button", name=f"Use the {other} theme").press("Enter")
        await expect(root).to_have_attribute("data-mantine-color-scheme", other)
        await expect(page.get_by_role("button", name=f"Use the {before} theme")).to_be_focused()
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != colour
        await page.reload()
        await expect(root).to_have_attribute("data-mantine-color-scheme", other)


async def test_owners_give_roles_and_remove_and_others_see_the_roles(place: Place) -> None:
    for name in ("Ben", "Eve"):
        place.call("POST", "/members", {"name": name})
    async with places.entered(place) as watched:
        page = watched.page
        await page.goto(f"{place.home}/settings")
        await expect(page.get_by_role("combobox", name="Role of Ben")).to_have_value("user")
        await expect(page.get_by_role("button", name="Remove Owner")).to_have_count(0)
        await _give_role(page, "Ben", "owner")
        await expect(page.get_by_role("button", name="Remove Owner")).to_be_visible()

        await page.get_by_role("button", name="Remove Eve").click()
        dialog = page.get_by_role("dialog", name="Remove Eve from the team?")
        await dialog.get_by_role("button", name="Keep them").click()
        await expect(dialog).to_have_count(0)
        assert [one["name"] for one in place.call("GET", "/members")["data"]] == ["Owner", "Ben", "Eve"]
        await page.get_by_role("button", name="Remove Eve").click()
        await dialog.get_by_role("button", name="Remove from the team").click()
        await expect(page.get_by_text("Eve is no longer in the team.")).to_be_visible()
        members = page.get_by_role("table", name="Members")
        await expect(members.get_by_text("Eve")).to_have_count(0)

        await _give_role(page, "Owner", "user")
        await expect(members.get_by_role("button", name="Remove")).to_have_count(0)
        await expect(members.get_by_role("combobox")).to_have_count(0)
        await expect(members.get_by_role("cell", name="user", exact=True)).to_be_visible()
    roles = {one["name"]: one["role"] for one in place.call("GET", "/members")["data"]}
    assert roles == {"Owner": "user", "Ben": "owner"}

"""X as a team links it: its own app, accounts by OAuth, people from the platform, consent, answers, costs."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect
from tests.pages import doing, places
from tests.pages.places import Place


@pytest.fixture
def place() -> Iterator[Place]:
    """A place in real time, to which X pushes, whose team has neither an app nor an account, and the default policy."""
    with places.opened(speed=None, x_answers="webhook") as place:
        places.choose_password(place)
        for account in place.call("GET", "/account-links")["data"]:
            place.call("DELETE", f"/account-links/{account['id']}")
        place.call("DELETE", "/platforms/twitter/app")
        place.call("PUT", "/platforms/twitter/policy", {"contactPolicy": "inboundOrConsent"})
        yield place


async def test_a_team_links_x_and_hears_an_answer(place: Place) -> None:
    async with places.entered(place, beside=place.sandbox) as watched:
        page = watched.page
        await _register_the_app(page, place)
        for name in ("ana", "ben"):
            await _link(page, name)
        await doing.make_list(page, "Those who follow us")
        await page.get_by_role("button", name="More about this list").click()
        await page.get_by_role("menuitem", name="Add followers or likers").click()
        await page.get_by_label("Username of the account").fill("ana")
        await page.get_by_label("At most").fill("12")
        await doing.say_they_signed_up(page)
        await page.get_by_role("button", name="Add them").click()
        await expect(page.get_by_text("12 added")).to_be_visible()

        await doing.begin_campaign(page, "To our followers", "Those who follow us")
        await page.get_by_role("button", name="Write the first message").click()
        await page.get_by_role("textbox", name="Text of the message").fill("Thank you for following us!")
        await page.get_by_role("button", name="Continue").click()
        await doing.reach_check(page)
        await expect(page.get_by_text("Only people who wrote to you or agreed to be written to")).to_be_visible()
        await expect(page.get_by_text("billed by the platform to your app")).to_be_visible()
        await page.get_by_role("button", name="Start the campaign").click()

        written = await _first_message(place)
        answer = {"sender": written["recipient"], "recipient": written["sender"], "text": "Tell me more!"}
        place.steer("POST", "/messages", answer)
        await doing.go(page, "Replies")
        await expect(page.get_by_text("Tell me more!").first).to_be_visible()
        await doing.go(page, "Accounts")
        spent = page.get_by_role("listitem").filter(has_text="Messages, 24 h")
        await expect(spent.filter(has_text="1 of 200").first).to_be_visible()
        await expect(page.get_by_text("told at once, pushed to this server").first).to_be_visible()
        await page.goto(f"{place.home}/settings/platform")
        costs = page.get_by_role("table", name="Costs by kind")
        await expect(costs.get_by_role("row").filter(has_text="Messages sent")).not_to_contain_text("US$0.00")


async def _register_the_app(page: Page, place: Place) -> None:
    await doing.go(page, "Settings")
    await page.get_by_role("link", name="Platform").click()
    await expect(page.get_by_text(f"{place.home}/oauth/twitter/callback")).to_be_visible()
    await page.get_by_label("Client id").fill("sandbox-client")
    await page.get_by_role("textbox", name="Client secret").fill("sandbox-secret")
    await page.get_by_role("textbox", name="Bearer token").fill("sandbox-bearer")
    await page.get_by_role("textbox", name="API key secret").fill("sandbox-consumer-secret")
    await page.get_by_role("button", name="Register").click()
    await expect(page.get_by_text("Your app on X is registered.")).to_be_visible()
    await expect(page.get_by_text("kept, sealed").first).to_be_visible()


async def _link(page: Page, name: str) -> None:
    await doing.go(page, "Accounts")
    await page.get_by_role("button", name="Link an account on X").first.click()
    await page.get_by_role("button", name=f"Authorize as @{name}").click()
    await page.get_by_role("link", name="Go on to the accounts").click()
    await expect(page.get_by_text(f"@{name}", exact=True)).to_be_visible()


async def _first_message(place: Place) -> dict[str, str]:
    for _ in range(60):
        found: list[dict[str, str]] = place.steer("GET", "/messages?limit=1000")
        for one in found:
            if one["text"] == "Thank you for following us!":
                return one
        await asyncio.sleep(0.5)
    raise AssertionError("nothing was sent")

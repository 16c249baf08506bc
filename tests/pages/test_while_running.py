"""A campaign that runs: it is edited, held leads are released, an account goes offline and comes back."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.async_api import expect
from tests.pages import doing, places
from tests.pages.places import Place

ANY_HOUR = {"start": 0, "end": 1440}


@pytest.fixture
def place() -> Iterator[Place]:
    """A campaign that has just started, at a message from each account every few minutes, ten minutes a second."""
    with places.opened(speed="600") as place:
        places.choose_password(place)
        yield place


def run_campaign(place: Place, *, text: list[dict[str, str]], on: str, then: Sequence[dict[str, Any]] = ()) -> str:
    """Start a campaign of one message to a list, and of what comes `then`, by the API."""
    accounts = [one["id"] for one in place.call("GET", "/account-links")["data"]]
    campaign = {
        "name": "Running",
        "accountLinkIds": accounts,
        "rules": {"syncedListIds": [on]},
        "scheduleHours": {str(day): ANY_HOUR for day in range(7)},
    }
    campaign_id: str = place.call("POST", "/campaigns", campaign)["id"]
    columns = {one["name"]: one["id"] for one in place.call("GET", f"/campaigns/{campaign_id}/columns")["data"]}
    segments = [one | {"name": columns[one["name"]]} if one["type"] == "variable" else one for one in text]
    steps = [{"type": "message", "data": {"segments": segments}}, *then]
    place.call("PUT", f"/campaigns/{campaign_id}/sequence", {"steps": steps})
    place.call("POST", f"/campaigns/{campaign_id}/enable")
    return campaign_id


def written(place: Place) -> list[str]:
    """What the team's accounts have written, as the platform has it, in its order."""
    accounts = {one["id"] for one in place.steer("GET", "/accounts")}
    return [one["text"] for one in place.steer("GET", "/messages?limit=1000") if one["sender"] in accounts]


async def test_the_text_and_the_pace_are_changed_and_what_leaves_next_follows(place: Place) -> None:
    campaign_id = run_campaign(
        place,
        text=[{"type": "static", "text": "The old words."}],
        on=doing.fill_list(place, name="Some people", people=200),
    )
    async with places.entered(place) as watched:
        page = watched.page
        await doing.go(page, "Campaigns")
        await page.get_by_role("link", name="Running").click()
        await page.get_by_role("link", name="Sequence").click()
        await page.get_by_role("textbox", name="Text of the message").fill("The new words.")
        await expect(page.get_by_text("As it would read once it is saved.")).to_be_visible()
        await expect(page.get_by_text("The new words.").nth(1)).to_be_visible()
        await expect(page.get_by_role("radio", name="go on with the new sequence")).to_be_checked()
        await expect(page.get_by_role("status").filter(has_text="still to begin would take it")).to_be_visible()
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_text("Saved as version")).to_be_visible()
        before = len(written(place))
        # The pace at last: at the new one the list is soon at its end.
        await page.get_by_role("link", name="Schedule").click()
        await page.get_by_label("Messages an hour, from each account").fill("20")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_text("It holds from the next message on.")).to_be_visible()
        await page.get_by_role("link", name="Overview").click()
        await expect(page.get_by_text("Completed").first).to_be_visible(timeout=90_000)
    assert place.call("GET", f"/campaigns/{campaign_id}")["hourlyMessageRate"] == 20
    texts = written(place)
    assert "The old words." in texts[:before]
    # What was under way while it was saved may have left with the old words.
    assert set(texts[before + 3 :]) == {"The new words."}


async def test_a_lead_is_held_for_a_missing_value_and_goes_on_once_it_is_given(place: Place) -> None:
    list_id = doing.fill_list(place, name="Some people", people=8)
    place.call("POST", f"/lists/{list_id}/columns", {"name": "City"})
    run_campaign(place, text=[{"type": "static", "text": "Hello "}, {"type": "variable", "name": "City"}], on=list_id)
    async with places.entered(place) as watched:
        page = watched.page
        await expect(page.get_by_text("leads are held")).to_be_visible()
        await page.get_by_role("link", name="Decide").click()
        await expect(page.get_by_text("has no value for “City”").first).to_be_visible()
        held = page.get_by_role("row").filter(has_text="Held")
        await expect(held.first).to_be_visible()
        count = await held.count()

        await held.first.get_by_role("checkbox").check()
        await page.get_by_role("button", name="Act on 1").click()
        await page.get_by_role("menuitem", name="Go on with the next step").click()
        await expect(page.get_by_text("1 lead released with the next step")).to_be_visible()
        await expect(held).to_have_count(count - 1)

        name = await held.first.get_by_role("link").inner_text()
        await doing.go(page, "Lists")
        await page.get_by_role("link", name="Some people").click()
        cell = page.get_by_role("row").filter(has_text=name).get_by_label("City of")
        await cell.click()
        await page.keyboard.type("Lisbon")
        await page.keyboard.press("Enter")
        await doing.go(page, "Campaigns")
        await page.get_by_role("link", name="Running").click()
        await page.get_by_role("link", name="Leads", exact=True).click()
        await expect(page.get_by_role("row").filter(has_text="Held")).to_have_count(count - 2)
        for _ in range(60):
            if texts := written(place):
                break
            await asyncio.sleep(0.5)
    assert texts == ["Hello Lisbon"]


async def test_an_account_that_lost_its_access_is_linked_again_from_home(place: Place) -> None:
    place.call("PUT", "/platforms/twitter/app", {"clientId": "sandbox-client", "clientSecret": "sandbox-secret"})
    place.steer("POST", "/faults", {"kind": "authLost", "account": "ben"})
    run_campaign(
        place, text=[{"type": "static", "text": "Good day."}], on=doing.fill_list(place, name="Some people", people=12)
    )
    async with places.entered(place, beside=place.sandbox) as watched:
        page = watched.page
        await expect(page.get_by_text("@ben is offline")).to_be_visible()
        place.steer("DELETE", "/faults")
        await page.get_by_role("link", name="Link it again").click()
        await page.get_by_role("button", name="Link again").click()
        await page.get_by_role("button", name="Authorize as @ben").click()
        await expect(page.get_by_text("Overture may now send from @ben.")).to_be_visible()
        await page.get_by_role("link", name="Go on to the accounts").click()
        await expect(page.get_by_role("heading", name="Accounts", level=1)).to_be_visible()
        await expect(page.get_by_role("button", name="Link again")).to_have_count(0)


async def test_an_absence_note_is_judged_no_answer_and_the_campaign_goes_on(place: Place) -> None:
    (silent,) = [one for one in place.steer("GET", "/people?limit=400") if _never_answers(one)][:1]
    list_id: str = place.call("POST", "/lists", {"name": "One person"})["id"]
    place.call("POST", f"/lists/{list_id}/leads", {"usernames": [silent["username"]]})
    later = {"type": "delay", "data": {"delaySeconds": 3 * 3600, "unit": "hours"}}
    again = {"type": "message", "data": {"segments": [{"type": "static", "text": "Once more."}]}}
    campaign_id = run_campaign(place, text=[{"type": "static", "text": "Hello."}], then=[later, again], on=list_id)
    async with places.entered(place) as watched:
        page = watched.page
        await doing.go(page, "Campaigns")
        await expect(page.get_by_role("row", name="Running").get_by_role("cell").nth(4)).to_have_text(
            "1", timeout=30_000
        )
        sent = [one for one in place.steer("GET", "/messages?limit=9") if one["text"] == "Hello."]
        note = {"sender": silent["id"], "recipient": sent[0]["sender"], "text": "I am away until Monday."}
        place.steer("POST", "/messages", note)
        await doing.go(page, "Replies")
        await page.get_by_text("I am away until Monday.").first.click()
        await page.get_by_role("button", name="Not an answer: go on").click()
        await expect(page.get_by_text("The campaign goes on with this person where it stood.")).to_be_visible()
        await expect(page.get_by_role("log").get_by_text("Once more.")).to_be_visible(timeout=60_000)
        await expect(page.get_by_role("button", name="Not an answer: go on")).to_have_count(0)
    assert written(place) == ["Hello.", "Once more."]
    assert place.call("GET", f"/campaigns/{campaign_id}")["repliesCount"] == 0


def _never_answers(person: dict[str, Any]) -> bool:
    return bool(person["talk"] == "silent" and person["nature"] == "open")

"""True pictures of the dashboard, for the README: `python -m tests.pages.screenshots FOLDER`."""

import asyncio
import sys
import time
from pathlib import Path

from playwright.async_api import Page, expect
from tests.pages import doing, places
from tests.pages.places import Place

WIDTH, HEIGHT = 1280, 800


def main() -> None:
    """Run a campaign on the sandbox, and take the pictures once people have answered."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with places.opened(speed="3600") as place:
        places.choose_password(place)
        listed = doing.fill_list(place, name="Autumn fair", people=300)
        campaign = doing.begin_by_calls(place, name="After the fair", on=listed, is_started=True)
        while place.call("GET", f"/campaigns/{campaign}")["repliesCount"] < 12:
            time.sleep(0.5)
        asyncio.run(_take(place, campaign, folder))


async def _take(place: Place, campaign: str, folder: Path) -> None:
    at = f"{place.home}/campaigns/{campaign}"
    lead = place.call("GET", f"/campaigns/{campaign}/leads?state=replied&limit=1")["data"][0]["profile"]["platformId"]
    async with places.entered(place, width=WIDTH, height=HEIGHT) as watched:
        page = watched.page
        await _picture(page, at, "Over time", folder / "campaign.png")
        await _picture(page, f"{at}/sequence", "How it reads", folder / "sequence.png")
        await _picture(page, f"{at}/leads/{lead}", "What happened", folder / "lead.png")


async def _picture(page: Page, address: str, heading: str, path: Path) -> None:
    await page.goto(address)
    await expect(page.get_by_role("heading", name=heading)).to_be_visible()
    # The page is never idle, as it hears of what happens: a moment for what the first answers lead to.
    await page.wait_for_timeout(1_500)
    await page.screenshot(path=path, animations="disabled", caret="hide")


if __name__ == "__main__":
    main()

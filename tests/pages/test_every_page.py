"""Every page, in both themes, on a phone and on a wide screen: accessible, within the window, and sound."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from tests import browsing
from tests.pages import doing, places
from tests.pages.places import Place

AXE = Path(__file__).parents[2] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Looked:
    """A page of the place, and its heading."""

    path: str
    heading: str


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A place where something of everything is there, whose campaign goes on."""
    with places.opened(speed="600") as place:
        places.choose_password(place)
        yield place


@pytest_asyncio.fixture
async def pages(place: Place) -> AsyncIterator[list[Looked]]:
    """Every page there is, with the objects that are there."""
    campaign = place.call("GET", "/campaigns?status=active&limit=1")["data"]
    if not campaign:
        await _fill(place)
        campaign = place.call("GET", "/campaigns?status=active&limit=1")["data"]
    at = f"/campaigns/{campaign[0]['id']}"
    name, step = campaign[0]["name"], campaign[0]["sequence"]["steps"][0]["id"]
    draft = place.call("GET", "/campaigns?status=draft&limit=1")["data"][0]
    found = next(one for one in place.call("GET", "/lists")["data"] if one["kind"] == "user")
    answered = place.call("GET", f"{at}/leads?state=replied&limit=1")["data"][0]["profile"]
    contact = place.call("GET", f"/contacts?platform=twitter&platformId={answered['platformId']}")["data"][0]
    thread = place.call("GET", "/threads?limit=1")["data"][0]
    lead = f"/leads/{answered['platformId']}"
    yield [
        Looked("/", "Home"),
        Looked("/campaigns", "Campaigns"),
        Looked("/campaigns/new", "New campaign"),
        *(Looked(f"{at}{part}", name) for part in ("", "/leads", lead, "/audience", "/sequence")),
        *(Looked(f"{at}{part}", name) for part in ("/schedule", "/automations", "/check", "/settings")),
        Looked(f"{at}/leads?stage=contacted&reason=closed&sentStepId={step}", name),
        Looked(f"/campaigns/{draft['id']}/check", draft["name"]),
        Looked("/replies", "Replies"),
        Looked(f"/replies/{thread['id']}", "Replies"),
        Looked("/people", "People"),
        Looked("/people?view=board", "People"),
        Looked(f"/people/{contact['id']}", answered["displayName"]),
        Looked("/lists", "Lists"),
        Looked(f"/lists/{found['id']}", found["name"]),
        Looked(f"/lists/{found['id']}/import", "Import a CSV"),
        Looked("/accounts", "Accounts"),
        *(Looked(f"/settings{part}", "Settings") for part in ("", "/labels", "/platform", "/never", "/tokens")),
        *(Looked(f"/settings{part}", "Settings") for part in ("/webhooks", "/audit")),
    ]


async def _fill(place: Place) -> None:
    """Let a campaign run until people have answered; another stays a draft."""
    listed = doing.fill_list(place, name="Autumn fair", people=300)
    place.call("POST", f"/lists/{listed}/columns", {"name": "Company"})
    place.call("POST", "/tags", {"name": "Fair", "color": "blue"})
    doing.begin_by_calls(place, name="After the fair", on=listed, is_started=True)
    doing.begin_by_calls(place, name="In spring", on=listed, is_started=False)
    for _ in range(120):
        if place.call("GET", "/campaigns?status=active")["data"][0]["repliesCount"]:
            return
        await asyncio.sleep(0.5)
    pytest.fail("nobody has answered")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_every_page_is_accessible_and_fits(place: Place, pages: list[Looked], width: int, scheme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make dashboard")
    wrong: list[str] = []
    async with places.entered(place, width=width) as watched:
        page = watched.page
        await page.evaluate("scheme => localStorage.setItem('mantine-color-scheme-value', scheme)", scheme)
        for looked in pages:
            await page.goto(f"{place.home}{looked.path}")
            await expect(page.get_by_role("heading", name=looked.heading, level=1)).to_be_visible()
            await expect(page.get_by_text("Loading").first).to_have_count(0)
            wrong += [f"{looked.path}: {fault}" for fault in await _faults(page, width)]
        assert await page.evaluate("document.documentElement.dataset.mantineColorScheme") == scheme
        assert wrong == [], "\n".join(wrong)


async def test_the_doors_are_accessible_and_fit(place: Place) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make dashboard")
    async with browsing.opened(width=390) as watched:
        page = watched.page
        for path in ("/sign-in", "/welcome#ovt_unknown", "/welcome"):
            await page.goto(f"{place.home}{path}")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert await _faults(page, 390) == []


async def _faults(page: Page, width: int) -> list[str]:
    """What axe finds, and whether anything stands out of the window."""
    # Evaluated from without: the page's own policy lets no foreign script in.
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        "standard => axe.run(document, {runOnly: {type: 'tag', values: standard}}).then(({violations}) =>"
        " violations.map(({id, nodes}) => `${id}: ${nodes.map(({target}) => target).join(', ').slice(0, 300)}`))",
        STANDARD,
    )
    wide = await page.evaluate("document.documentElement.scrollWidth")
    return [*found, *([f"{wide} pixels wide"] if wide > width else [])]

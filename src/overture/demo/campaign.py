"""The driver: sets a campaign up and starts it, over HTTP only, as any client of the API would."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from overture.demo import leads

REPLY_STATUS = "Interested"
HOURLY_RATE = 8
ZONE = "America/New_York"
HOURS = {str(day): {"start": 540, "end": 1020} for day in range(1, 6)}
DAY_SECONDS = 86_400
_PAGE = 1_000
_PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.1
_OVER = frozenset({"completed", "failed", "canceled"})


class CampaignFailed(Exception):
    """The campaign could not be set up; the text says which call was refused and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A campaign that is ready to be enabled.

    `people` are the leads as the sandbox knows them; `accounts` the account links by id; `job` the import.
    """

    campaign: dict[str, Any]
    people: list[dict[str, Any]]
    accounts: dict[str, dict[str, Any]]
    job: dict[str, Any]
    preflight: dict[str, Any]


class Api:
    """Calls of the API and of the sandbox's controls; a refused call is an error that tells what was said."""

    def __init__(self, *, base_url: str, sandbox_url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._api = httpx.AsyncClient(base_url=f"{base_url}/api/v2", headers=headers, timeout=30)
        self._sandbox = httpx.AsyncClient(base_url=f"{sandbox_url}/_sandbox", timeout=30)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.aclose()
        await self._sandbox.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        """Read from the API."""
        return _answer(await self._api.get(path, params=query))

    async def post(self, path: str, body: Any = None) -> Any:
        """Post to the API."""
        return _answer(await self._api.post(path, json=body if body is not None else {}))

    async def put(self, path: str, body: Any) -> Any:
        """Put to the API."""
        return _answer(await self._api.put(path, json=body))

    async def patch(self, path: str, body: Any) -> Any:
        """Patch over the API."""
        return _answer(await self._api.patch(path, json=body))

    async def pages(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Read all pages of a collection of the API."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self.get(path, limit=100, **query, **({"cursor": cursor} if cursor else {}))
            found += page["data"]
            cursor = page["nextCursor"]
            if cursor is None:
                return found

    async def sandbox(self, path: str, **query: Any) -> Any:
        """Read one of the sandbox's controls."""
        return _answer(await self._sandbox.get(path, params=query))

    async def sandbox_all(self, path: str, *, count: int | None = None) -> list[dict[str, Any]]:
        """Read all of a collection of the sandbox, or its first `count`."""
        found: list[dict[str, Any]] = []
        while count is None or len(found) < count:
            wanted = _PAGE if count is None else min(_PAGE, count - len(found))
            page = await self.sandbox(path, limit=wanted, offset=len(found))
            found += page
            if len(page) < wanted:
                break
        return found


async def prepare(api: Api, *, lead_count: int, seed: int, say: Callable[[str], None]) -> Prepared:
    """Import leads and make the campaign, everything short of starting it; `say` is told what happens.

    Raises:
        CampaignFailed: a call was refused, or the import did not take every lead.
    """
    people = await api.sandbox_all("/people", count=lead_count)
    accounts = await _accounts(api)
    created = await api.post("/lists", {"name": "Spring leads", "description": "People from the sandbox platform"})
    column = await api.post(f"/lists/{created['id']}/columns", {"name": leads.COMPANY_HEADER})
    job = await _import(api, created["id"], column["id"], leads.write_csv(people, seed=seed))
    say(f"imported {job['addedCount']} of {job['totalCount']} leads")
    status_id = await _status(api)
    campaign = await api.post("/campaigns", _campaign(list(accounts), created["id"], status_id))
    campaign = await _until_synced(api, campaign["id"])
    preflight = await api.get(f"/campaigns/{campaign['id']}/preflight")
    if not preflight["ready"]:
        raise CampaignFailed(f"Pre-flight refuses the campaign: {preflight['issues']}")
    return Prepared(campaign=campaign, people=people, accounts=accounts, job=job, preflight=preflight)


async def _accounts(api: Api) -> dict[str, dict[str, Any]]:
    """Return the account links, after linking those of the sandbox that are not linked yet."""
    linked = await api.pages("/account-links")
    known = {account["platformId"] for account in linked}
    for account in await api.sandbox("/accounts"):
        if account["id"] not in known:
            body = {"platform": "twitter", "tokens": {"accessToken": account["token"]}}
            linked.append(await api.post("/account-links", body))
    return {account["id"]: account for account in linked}


async def _import(api: Api, list_id: str, column_id: str, content: str) -> dict[str, Any]:
    mapping = [
        {"csvHeader": leads.ID_HEADER, "targetColumnId": "platformId"},
        {"csvHeader": leads.USERNAME_HEADER, "targetColumnId": "username"},
        {"csvHeader": leads.COMPANY_HEADER, "targetColumnId": column_id},
    ]
    data = {"type": "csv", "fileName": "spring-leads.csv", "content": content, "columnMapping": mapping}
    path = f"/lists/{list_id}/import-jobs"
    job: dict[str, Any] = await api.post(path, {"data": data})
    job_id = job["id"]

    async def is_over() -> bool:
        nonlocal job
        job = await api.get(f"{path}/{job_id}")
        return job["status"] in _OVER

    await _wait(is_over, "The import has not ended")
    if job["status"] != "completed" or job["failedCount"]:
        raise CampaignFailed(f"The import did not take every lead: {job}")
    return job


async def _status(api: Api) -> str:
    """Return the id of the status that answers set, made if there is none."""
    for status in await api.pages("/statuses"):
        if status["name"] == REPLY_STATUS:
            return str(status["id"])
    return str((await api.post("/statuses", {"name": REPLY_STATUS}))["id"])


def _campaign(account_ids: list[str], list_id: str, status_id: str) -> dict[str, Any]:
    return {
        "name": "Spring introduction",
        "accountLinkIds": account_ids,
        "scheduleTimezone": ZONE,
        "scheduleHours": HOURS,
        "hourlyMessageRate": HOURLY_RATE,
        "rules": {"syncedListIds": [list_id], "excludeContacted": True},
        "sequence": {"steps": _steps()},
        "automations": [
            {"trigger": "replied", "action": "setStatus", "actionData": {"statusId": status_id}},
        ],
    }


def _steps() -> list[dict[str, Any]]:
    name = {"type": "variable", "name": "first-name", "fallback": "there"}
    company = {"type": "variable", "name": leads.COMPANY_HEADER, "fallback": "your team"}
    return [
        _message(
            {"type": "variation", "options": ["Hi ", "Hello ", "Hey "]},
            name,
            {"type": "static", "text": "! We met at the spring fair. How do things go at "},
            company,
            {"type": "static", "text": "?"},
        ),
        _delay(2),
        _message(
            {"type": "static", "text": "Just in case this got lost, "},
            name,
            {"type": "static", "text": ": shall I send you what we talked about, for "},
            company,
            {"type": "static", "text": "?"},
        ),
        _delay(3),
        _message(
            {"type": "variation", "options": ["Last note from me, ", "I leave it at this, "]},
            name,
            {"type": "static", "text": ". Write whenever it suits you."},
        ),
    ]


def _message(*segments: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "data": {"segments": list(segments)}}


def _delay(days: int) -> dict[str, Any]:
    return {"type": "delay", "data": {"delaySeconds": days * DAY_SECONDS, "unit": "days"}}


async def _until_synced(api: Api, campaign_id: str) -> dict[str, Any]:
    campaign: dict[str, Any] = {}

    async def is_synced() -> bool:
        nonlocal campaign
        campaign = await api.get(f"/campaigns/{campaign_id}")
        return not campaign["isSyncing"]

    await _wait(is_synced, "The campaign has not taken in its list")
    return campaign


async def _wait(is_done: Callable[[], Awaitable[bool]], problem: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not await is_done():
        if time.monotonic() > deadline:
            raise CampaignFailed(f"{problem} after {_PATIENCE_SECONDS:.0f} s.")
        await asyncio.sleep(_POLL_SECONDS)


def _answer(response: httpx.Response) -> Any:
    if response.is_error:
        asked = f"{response.request.method} {response.request.url.path}"
        raise CampaignFailed(f"{asked} was answered {response.status_code}: {response.text[:1000]}")
    return response.json()

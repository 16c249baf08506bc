"""How X takes a team, as the doctor sees it: each thing that can be wrong is named with what to do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.applications import Starlette
from tests.api.conftest import Link, Tenant

from overture.actions.context import Context
from overture.api import callbacks, hooks
from overture.channels.x.checkup import Checkup
from overture.channels.x.client import Client
from overture.doctor import x
from overture.doctor.finding import Finding
from overture.store.pool import Pool

APP = {
    "clientId": "sandbox-client",
    "clientSecret": "sandbox-secret",
    "bearerToken": "sandbox-bearer",
    "consumerSecret": "sandbox-consumer-secret",
}
PUBLIC = "https://overture.example"


@dataclass(kw_only=True)
class Doctor:
    """Looks at the team as often as a test wants; `asked` are its questions, which it gets `answer` to."""

    context: Context
    team: Tenant
    sandbox: Starlette
    application: FastAPI
    answer: bool = False
    public_url: str | None = PUBLIC
    is_dry: bool = False
    asked: list[str] = field(default_factory=list)

    async def look(self) -> list[Finding]:
        """Return what is found."""
        client = Client(timeout=5, transport=httpx.ASGITransport(app=self.sandbox))
        around = x.Around(
            public_url=self.public_url,
            hook=hooks.PATH,
            callback=f"{PUBLIC}{callbacks.PATH}",
            is_dry=self.is_dry,
            transport=httpx.ASGITransport(app=self.application),
        )
        examination = x.Examination(
            self.context, self.team.actor, checkup=Checkup(client), around=around, ask=self._ask
        )
        try:
            return [finding async for finding in examination.findings()]
        finally:
            await client.close()

    async def problem(self) -> tuple[str, str]:
        """Return place and text of the only problem there is."""
        (one,) = [finding for finding in await self.look() if finding.is_problem]
        return one.place, one.text

    async def told(self, place: str) -> str:
        """Return what is found in a place, which is no problem."""
        found = [finding for finding in await self.look() if finding.place == place]
        assert not any(finding.is_problem for finding in found), found
        return " ".join(finding.text for finding in found)

    def _ask(self, question: str) -> bool:
        self.asked.append(question)
        return self.answer


@pytest.fixture
def doctor(context: Context, team: Tenant, sandbox: Starlette, application: FastAPI) -> Doctor:
    return Doctor(context=context, team=team, sandbox=sandbox, application=application)


@pytest_asyncio.fixture
async def platform(sandbox: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """The platform, to make something go wrong on."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox), base_url="http://x.sandbox") as opened:
        yield opened


async def register(client: httpx.AsyncClient, **other: Any) -> None:
    answer = await client.put("/platforms/twitter/app", json={**APP, **other})
    assert answer.status_code == 200, answer.text


async def break_with(platform: httpx.AsyncClient, kind: str, **more: Any) -> None:
    answer = await platform.post("/_sandbox/faults", json={"kind": kind, **more})
    assert answer.status_code == 201, answer.text


async def written(platform: httpx.AsyncClient) -> list[str]:
    return [message["text"] for message in (await platform.get("/_sandbox/messages")).json()]


async def test_a_team_without_anything_is_told_where_to_begin(doctor: Doctor) -> None:
    place, text = await doctor.problem()
    assert place == "x app"
    assert "PUT /platforms/twitter/app" in text


async def test_where_all_is_well_every_part_is_told(doctor: Doctor, client: httpx.AsyncClient, link: Link) -> None:
    await register(client)
    await link("ana")
    await link("ben")
    found = await doctor.look()
    assert not [finding for finding in found if finding.is_problem]
    told = {finding.place for finding in found}
    assert told == {"x app", "x @ana", "x @ben", "x credit", "x limits", "x webhook", "x message"}
    app = await doctor.told("x app")
    assert "client id and secret" in app
    assert "bearer token" in app
    assert f"{PUBLIC}/oauth/twitter/callback" in app
    limits = await doctor.told("x limits")
    assert "@ana may send 15 of 15 more in 15 minutes, as published; 1440 of 1440 more in 24 hours" in limits
    assert "over all accounts of the app" in limits


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"clientId": "another"}, "client id or secret"),
        ({"clientSecret": "another"}, "client id or secret"),
        ({"clientSecret": None}, "client id or secret"),
        ({"bearerToken": "another"}, "bearer token"),
    ],
)
async def test_what_x_does_not_take_of_the_app_is_named(
    doctor: Doctor, client: httpx.AsyncClient, wrong: dict[str, Any], words: str
) -> None:
    await register(client, **wrong)
    place, text = await doctor.problem()
    assert place == "x app"
    assert words in text
    assert "PUT /platforms/twitter/app" in text


async def test_a_public_app_has_no_secret_and_is_taken(doctor: Doctor, client: httpx.AsyncClient) -> None:
    await register(client, clientId="sandbox-public", clientSecret=None)
    assert "X takes its client id" in await doctor.told("x app")


async def test_scopes_are_told_with_what_is_lacking(
    doctor: Doctor, client: httpx.AsyncClient, link: Link, database: Pool
) -> None:
    await register(client)
    await link("ana")
    assert "handed over" in await doctor.told("x @ana")
    scopes = ["dm.read", "dm.write", "tweet.read", "users.read", "offline.access", "like.read"]
    await database.execute("UPDATE account_link SET scopes = $1", scopes)
    assert "without follows.read" in await doctor.told("x @ana")
    await database.execute("UPDATE account_link SET scopes = $1", scopes[1:])
    place, text = await doctor.problem()
    assert place == "x @ana"
    assert "without dm.read answers cannot be read" in text


@pytest.mark.parametrize(
    ("fault", "place", "words"),
    [
        ({"kind": "authLost", "account": "ana"}, "x @ana", "Link it again"),
        ({"kind": "outOfCredit", "endpoint": "lookup", "account": "ana"}, "x credit", "no credit"),
        ({"kind": "serverError", "endpoint": "lookup", "account": "ana"}, "x @ana", "Try again in a minute"),
        (
            {"kind": "refused", "refusal": "scopesMissing", "endpoint": "lookup", "account": "ana"},
            "x @ana",
            "has not granted",
        ),
        (
            {"kind": "refused", "refusal": "clientNotEnrolled", "endpoint": "lookup", "account": "ana"},
            "x credit",
            "plan",
        ),
    ],
)
async def test_what_keeps_an_account_from_x_is_named_with_what_to_do(
    doctor: Doctor, link: Link, platform: httpx.AsyncClient, fault: dict[str, Any], place: str, words: str
) -> None:
    await link("ana")
    await link("ben")
    await break_with(platform, **fault)
    found, text = await doctor.problem()
    assert found == place
    assert words in text


async def test_a_limit_that_is_used_up_is_no_problem_and_tells_when(
    doctor: Doctor, link: Link, platform: httpx.AsyncClient
) -> None:
    await link("ana")
    await break_with(platform, "rateLimited", endpoint="lookup")
    assert "ask again after 09:15 UTC" in await doctor.told("x @ana")


async def test_an_account_that_is_offline_is_not_asked_about(
    doctor: Doctor, link: Link, platform: httpx.AsyncClient, database: Pool
) -> None:
    await link("ana")
    await database.execute(
        "UPDATE account_link SET status = 'offline', offline_code = 'revoked', offline_at = $1",
        await doctor.context.clock.now(),
    )
    await break_with(platform, "serverError", endpoint="any")
    place, text = await doctor.problem()
    assert place == "x @ana"
    assert "took the access back" in text
    assert "POST /account-links" in text


async def test_the_hook_is_called_by_its_public_address(doctor: Doctor, client: httpx.AsyncClient) -> None:
    await register(client)
    assert "answers as the app's hook" in await doctor.told("x webhook")


@pytest.mark.parametrize("address", [None, "http://overture.example", "https://overture.example:8443"])
async def test_an_address_x_does_not_call_is_told(
    doctor: Doctor, client: httpx.AsyncClient, address: str | None
) -> None:
    await register(client)
    doctor.public_url = address
    assert "inboxes are read" in await doctor.told("x webhook")


async def test_a_hook_that_leads_elsewhere_is_a_problem(
    doctor: Doctor, client: httpx.AsyncClient, sandbox: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(client)
    right = doctor.application
    doctor.application = sandbox  # type: ignore[assignment]  # another program answers there
    place, text = await doctor.problem()
    assert (place, "answers 404" in text) == ("x webhook", True)
    doctor.application = right
    monkeypatch.setattr(httpx.ASGITransport, "handle_async_request", _refuse_the_hook)
    place, text = await doctor.problem()
    assert (place, "does not answer from here" in text) == ("x webhook", True)


_real = httpx.ASGITransport.handle_async_request


async def _refuse_the_hook(self: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
    if "/hooks/" in request.url.path:
        raise httpx.ConnectError("nobody is there")
    return await _real(self, request)


async def test_nothing_is_sent_without_a_yes(doctor: Doctor, link: Link, platform: httpx.AsyncClient) -> None:
    await link("ana")
    await link("ben")
    assert "None was sent" in await doctor.told("x message")
    (question,) = doctor.asked
    assert "from @ana to @ben" in question
    assert x.MESSAGE in question
    assert "0.025 USD" in question
    assert await written(platform) == []


async def test_a_message_between_two_own_accounts_is_sent_once_and_found_on_the_other_side(
    doctor: Doctor, link: Link, platform: httpx.AsyncClient, database: Pool
) -> None:
    await link("ana")
    await link("ben")
    doctor.answer = True
    assert "stands in the inbox of @ben" in await doctor.told("x message")
    assert await written(platform) == [x.MESSAGE]
    left = await database.fetchval("SELECT remaining FROM budget_window WHERE endpoint = 'send' AND seconds = 900")
    assert left == 14


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("automatedBlock", "X refused it: senderRefused (automationSuspected)"),
        ("serverErrorAfterAccept", "Nobody knows whether it left"),
    ],
)
async def test_a_message_that_does_not_leave_surely_is_not_tried_again(
    doctor: Doctor, link: Link, platform: httpx.AsyncClient, fault: str, words: str
) -> None:
    await link("ana")
    await link("ben")
    await break_with(platform, fault)
    doctor.answer = True
    place, text = await doctor.problem()
    assert place == "x message"
    assert words in text
    assert len(await written(platform)) == (fault == "serverErrorAfterAccept")


@pytest.mark.parametrize("why", ["one account", "paused", "stopped", "suppressed", "dry"])
async def test_no_message_is_offered_where_none_may_leave(
    doctor: Doctor, client: httpx.AsyncClient, link: Link, platform: httpx.AsyncClient, why: str
) -> None:
    accounts = [await link("ana")] if why == "one account" else [await link("ana"), await link("ben")]
    if why == "paused":
        for account in accounts:
            await client.patch(f"/account-links/{account['id']}", json={"status": "paused"})
    if why == "stopped":
        await client.post("/team/stop")
    if why == "suppressed":
        for account in accounts:
            body = {"platform": "twitter", "platformId": account["platformId"]}
            assert (await client.post("/suppressions", json=body)).status_code == 201
    doctor.is_dry = why == "dry"
    doctor.answer = True
    await doctor.told("x message")
    assert doctor.asked == []
    assert await written(platform) == []

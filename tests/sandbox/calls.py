"""Calls of the platform that the tests make again and again, and the people they are made to."""

from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from tests import x_document

from overture.sandbox import accounts, talk
from overture.sandbox.people import Nature, Person
from overture.sandbox.platform import Platform

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANA, BEN, CHLOE = accounts.DEFAULT

Client = httpx.AsyncClient


class Judged(httpx.ASGITransport):
    """Holds every answer that a test gets to X's own document, where it is on this machine."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one call."""
        answer = await super().handle_async_request(request)
        if x_document.PLACE.is_file():
            await answer.aread()
            found = x_document.faults(request, answer)
            assert not found, f"{request.method} {request.url} answered {answer.status_code}: {found}"
        return answer


def client_of(app: Starlette, account: accounts.Account = ANA) -> Client:
    """Call the platform as an account."""
    return Client(
        transport=Judged(app=app),
        base_url="http://sandbox",
        headers={"authorization": f"Bearer {account.token}"},
    )


def everybody(platform: Platform) -> list[Person]:
    return [platform.population.person(index) for index in range(platform.population.count)]


def one(platform: Platform, nature: Nature, *, with_talk: talk.Talk | None = None, **wanted: Any) -> Person:
    """Return the first person of a nature whose other traits are as wanted."""
    return next(
        person
        for person in everybody(platform)
        if person.nature is nature
        and with_talk in (None, person.habit.talk)
        and all(getattr(person, name) == value for name, value in wanted.items())
    )


def talker(platform: Platform, kind: talk.Talk, after: int = 1) -> Person:
    """Return an open person who talks in this way after their message number `after`."""
    return one(platform, Nature.OPEN, habit=talk.Habit(talk=kind, after=after))


async def send(client: Client, recipient: str, text: str = "Hello there") -> httpx.Response:
    return await client.post(f"/2/dm_conversations/with/{recipient}/messages", json={"text": text})


async def move_clock(client: Client, to: str) -> str:
    answer = await client.post("/_sandbox/clock", json={"now": to})
    now: str = answer.json()["now"]
    return now


async def written(client: Client) -> list[dict[str, Any]]:
    """Return every message the platform says it has accepted."""
    answer = await client.get("/_sandbox/messages", params={"limit": 10_000})
    messages: list[dict[str, Any]] = answer.json()
    return messages


async def break_with(client: Client, kind: str, **more: Any) -> dict[str, Any]:
    """Put a fault in force."""
    answer = await client.post("/_sandbox/faults", json={"kind": kind, **more})
    assert answer.status_code == 201, answer.text
    fault: dict[str, Any] = answer.json()
    return fault

"""Faults on demand, as far as no real connection is needed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.sandbox import calls
from tests.sandbox.calls import Client

from overture.sandbox import refusals
from overture.sandbox.faults import Faults, Kind, Plan, Where
from overture.sandbox.limits import Endpoint
from overture.sandbox.platform import Platform
from overture.sandbox.talk import Talk


@pytest.mark.parametrize(
    ("kind", "status", "refusal"),
    [
        ("serverError", 503, "unavailable"),
        ("rateLimited", 429, "rateLimitedNumbered"),
        ("accountDayLimited", 429, "rateLimited"),
        ("appDayLimited", 429, "rateLimited"),
        ("outOfCredit", 402, "creditsDepleted"),
        ("automatedBlock", 403, "automated"),
        ("notPermitted", 403, "notPermitted"),
        ("authLost", 401, "unauthorized"),
    ],
)
async def test_refusing_faults_accept_nothing(
    client: Client, platform: Platform, kind: str, status: int, refusal: str
) -> None:
    await calls.break_with(client, kind)
    answer = await calls.send(client, calls.talker(platform, Talk.SILENT).id)
    assert answer.status_code == status
    assert answer.json() == refusals.TABLE[refusal].body
    assert await calls.written(client) == []


async def test_a_claimed_rate_limit_says_when_it_ends(client: Client, platform: Platform) -> None:
    await calls.break_with(client, "rateLimited")
    answer = await calls.send(client, calls.talker(platform, Talk.SILENT).id)
    assert answer.headers["x-rate-limit-remaining"] == "0"
    assert int(answer.headers["x-rate-limit-reset"]) == int(calls.START.timestamp()) + 900


@pytest.mark.parametrize(
    ("kind", "headers"), [("accountDayLimited", "x-user-limit-24hour"), ("appDayLimited", "x-app-limit-24hour")]
)
async def test_a_claimed_limit_of_a_day_leaves_the_quarter_of_an_hour_its_room(
    client: Client, platform: Platform, kind: str, headers: str
) -> None:
    await calls.break_with(client, kind)
    answer = await calls.send(client, calls.talker(platform, Talk.SILENT).id)
    assert answer.headers[f"{headers}-remaining"] == "0"
    assert int(answer.headers[f"{headers}-reset"]) == int(calls.START.timestamp()) + 86_400
    assert answer.headers["x-rate-limit-remaining"] == "14"


async def test_an_error_after_acceptance_hides_an_accepted_message(client: Client, platform: Platform) -> None:
    await calls.break_with(client, "serverErrorAfterAccept")
    answer = await calls.send(client, calls.talker(platform, Talk.SILENT).id, "arrived")
    assert answer.status_code == 500
    assert [message["text"] for message in await calls.written(client)] == ["arrived"]


async def test_every_entry_of_the_table_of_refusals_can_be_ordered(
    make_app: Callable[..., Starlette],
) -> None:
    client = calls.client_of(make_app(limits=None))
    for name, refusal in refusals.TABLE.items():
        await calls.break_with(client, "refused", refusal=name, next=1)
        answer = await calls.send(client, "42")
        assert answer.status_code == refusal.status, name
        assert answer.json() == refusal.body


async def test_a_fault_lasts_for_the_calls_it_was_ordered_for(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.SILENT)
    await calls.break_with(client, "notPermitted", next=2)
    statuses = [(await calls.send(client, person.id)).status_code for _ in range(3)]
    assert statuses == [403, 403, 201]
    assert (await client.get("/_sandbox/faults")).json() == []


async def test_a_fault_meets_only_the_account_and_endpoint_it_was_ordered_for(
    app: Starlette, client: Client, platform: Platform
) -> None:
    person = calls.talker(platform, Talk.SILENT)
    await calls.break_with(client, "serverError", account="ben", endpoint="lookup")
    ben = calls.client_of(app, calls.BEN)
    assert (await client.get("/2/users", params={"ids": person.id})).status_code == 200
    assert (await ben.get("/2/users", params={"ids": person.id})).status_code == 503
    assert (await ben.get("/2/users/me")).status_code == 503
    assert (await calls.send(ben, person.id)).status_code == 201
    assert (await ben.get("/2/dm_events")).status_code == 200


async def test_a_lost_token_is_lost_everywhere_until_the_faults_are_cleared(app: Starlette, client: Client) -> None:
    await calls.break_with(client, "authLost", account=calls.ANA.id)
    for path in ("/2/users/me", "/2/dm_events"):
        assert (await client.get(path)).status_code == 401
        assert (await calls.client_of(app, calls.BEN).get(path)).status_code == 200
    assert (await client.delete("/_sandbox/faults")).json() == {"cleared": 1}
    assert (await client.get("/2/users/me")).status_code == 200


def test_a_share_of_calls_fails_and_the_same_seed_fails_the_same_ones() -> None:
    def failures(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Plan(kind=Kind.SERVER_ERROR, where=Where.ANY, rate=0.2))
        return [faults.strike("1", Endpoint.SEND).plan is not None for _ in range(1_000)]

    assert failures(1) == failures(1) != failures(2)
    assert 150 < sum(failures(1)) < 250


async def test_latency_delays_and_lets_other_faults_through(client: Client) -> None:
    await calls.break_with(client, "latency", seconds=0.2, endpoint="events")
    await calls.break_with(client, "serverError", endpoint="events")
    begun = asyncio.get_running_loop().time()
    assert (await client.get("/2/dm_events")).status_code == 503
    assert asyncio.get_running_loop().time() - begun >= 0.2


async def test_orders_that_make_no_sense_are_refused_in_words(client: Client) -> None:
    orders: tuple[Any, ...] = (
        {},
        {"kind": "earthquake"},
        {"kind": "serverError", "rate": 1.5},
        {"kind": "serverError", "rate": "often"},
        {"kind": "serverError", "next": 0},
        {"kind": "serverError", "account": "nobody"},
        {"kind": "serverError", "endpoint": "moon"},
        {"kind": "serverError", "seconds": 1},
        {"kind": "latency"},
        {"kind": "latency", "seconds": -1},
        {"kind": "refused"},
        {"kind": "refused", "refusal": "unheard"},
        {"kind": "serverError", "colour": "red"},
        [],
    )
    for order in orders:
        answer = await client.post("/_sandbox/faults", json=order)
        assert answer.status_code == 400, order
        assert answer.json()["error"]
    assert (await client.get("/_sandbox/faults")).json() == []

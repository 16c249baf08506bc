"""Budgets: what accounts and apps may do now, and when more of it comes back."""

from datetime import timedelta
from typing import Any

import httpx
from tests.api import conversing
from tests.api.conftest import START, Link, SteeredClock, Tenant
from tests.engine.conftest import World

from overture.store.pool import Pool

FIELDS = {"endpoint", "scope", "windowSeconds", "limit", "used", "left", "freesAt", "source", "toldAt"}


def by_key(budgets: list[dict[str, Any]]) -> dict[tuple[str, str, int, str], dict[str, Any]]:
    found = {(one["endpoint"], one["scope"], one["windowSeconds"], one["source"]): one for one in budgets}
    assert len(found) == len(budgets)
    return found


async def test_a_new_account_shows_every_budget_whole(client: httpx.AsyncClient, link: Link) -> None:
    account = await link("ana")
    assert (await client.get(f"/account-links/{account['id']}")).json()["budgets"] == account["budgets"]
    assert all(one.keys() == FIELDS for one in account["budgets"])
    assert {one["used"] for one in account["budgets"]} == {0}
    assert {key: one["limit"] for key, one in by_key(account["budgets"]).items()} == {
        ("send", "account", 3_600, "limit"): 25,
        ("send", "account", 86_400, "limit"): 200,
        ("send", "account", 86_400, "ceiling"): 500,
        ("send", "account", 900, "published"): 15,
        ("send", "account", 86_400, "published"): 1_440,
        ("conversation", "account", 900, "published"): 15,
        ("followers", "account", 900, "published"): 300,
        ("following", "account", 900, "published"): 300,
        ("inbox", "account", 900, "published"): 15,
        ("likes", "account", 900, "published"): 75,
        ("profiles", "account", 900, "published"): 900,
        ("usernames", "account", 900, "published"): 900,
        ("send", "app", 86_400, "published"): 1_440,
    }


async def test_a_message_by_hand_is_in_every_budget_it_counts_against(
    world: World, world_client: httpx.AsyncClient
) -> None:
    (account_id,) = await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:2]
    for person in people:
        target = {"type": "profile", "accountLinkId": account_id, "platform": "twitter", "platformId": person["id"]}
        sent = await world_client.post("/messages", json={"target": target, "content": "Hello"})
        assert sent.status_code == 201, sent.text
    found = by_key((await world_client.get(f"/account-links/{account_id}")).json()["budgets"])
    for source, seconds in (("limit", 3_600), ("limit", 86_400), ("ceiling", 86_400)):
        one = found["send", "account", seconds, source]
        assert (one["used"], one["left"]) == (2, one["limit"] - 2)
        assert one["freesAt"] is not None
    for scope in ("account", "app"):
        assert found["send", scope, 86_400, "published"]["used"] == 2


async def test_what_the_platform_told_is_shown_until_its_window_is_over(
    client: httpx.AsyncClient, link: Link, database: Pool, team: Tenant, clock: SteeredClock
) -> None:
    account, other = await link("ana"), await link("ben")
    for account_id, endpoint, scope, seconds, allowed, remaining in (
        (account["id"], "inbox", "account", 900, 99, 90),
        (account["id"], "send", "app", 86_400, 2_000, 1_500),
        (other["id"], "send", "app", 86_400, 2_000, 1_400),
    ):
        await database.execute(
            "INSERT INTO budget_window VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            team.id,
            account_id,
            endpoint,
            scope,
            seconds,
            allowed,
            remaining,
            START + timedelta(minutes=10),
            START,
        )

    async def shown() -> dict[tuple[str, str, int, str], dict[str, Any]]:
        listed = (await client.get("/account-links")).json()["data"]
        return by_key(listed[0]["budgets"])

    inbox = (await shown())["inbox", "account", 900, "told"]
    assert (inbox["limit"], inbox["used"], inbox["left"]) == (99, 9, 90)
    assert (inbox["freesAt"], inbox["toldAt"]) == ("2026-11-23T09:10:00.000Z", "2026-11-23T09:00:00.000Z")
    of_app = (await shown())["send", "app", 86_400, "told"]
    assert (of_app["limit"], of_app["used"]) == (2_000, 600), "what any account of the app was told last"

    clock.at = START + timedelta(minutes=10)

    inbox = (await shown())["inbox", "account", 900, "told"]
    assert (inbox["limit"], inbox["used"], inbox["freesAt"]) == (99, 0, None)


async def test_the_ceiling_counts_what_was_sent_elsewhere_as_well(
    client: httpx.AsyncClient, link: Link, database: Pool, team: Tenant
) -> None:
    account = await link("ana")
    await conversing.read(
        database,
        team.id,
        account["id"],
        conversing.message(1, "7001", "long ago", is_inbound=False, at=START - timedelta(hours=25)),
        conversing.message(2, "7001", "from the phone", is_inbound=False, at=START - timedelta(hours=3)),
        conversing.message(3, "7001", "an answer", is_inbound=True, at=START - timedelta(hours=2)),
        conversing.message(4, "7002", "from the phone", is_inbound=False, at=START - timedelta(hours=1)),
    )
    found = by_key((await client.get(f"/account-links/{account['id']}")).json()["budgets"])
    ceiling = found["send", "account", 86_400, "ceiling"]
    assert (ceiling["used"], ceiling["left"]) == (2, 498)
    assert ceiling["freesAt"] == "2026-11-24T06:00:00.000Z"
    assert found["send", "account", 86_400, "limit"]["used"] == 0, "the team's own limit counts its own messages"


async def test_the_team_s_app_shows_what_its_accounts_share(client: httpx.AsyncClient, link: Link) -> None:
    await link("ana")
    app = (await client.put("/platforms/twitter/app", json={"clientId": "sandbox-client"})).json()
    (budget,) = app["budgets"]
    assert (budget["endpoint"], budget["scope"], budget["limit"], budget["used"]) == ("send", "app", 1_440, 0)
    assert (await client.get("/platforms/twitter/app")).json() == app


async def test_an_account_that_comes_with_something_else_has_no_budgets(
    client: httpx.AsyncClient, link: Link, database: Pool, team: Tenant
) -> None:
    account = await link("ana")
    await conversing.read(database, team.id, account["id"], conversing.message(1, "7001", "Hello", is_inbound=True))
    (thread,) = (await client.get("/threads", params={"expand": "accountLink"})).json()["data"]
    assert thread["accountLink"]["budgets"] is None

"""The plan is mended when the accounts change: the largest load as small as it can be, and nobody contacted moves."""

import asyncio
from typing import Any
from unittest.mock import AsyncMock

import pytest
from tests.engine.conftest import World

from overture.actions import accounts, campaigns, lead_choice, lead_exits, team_settings
from overture.core.words import AccountStatus
from overture.engine import assess, plan, sync
from overture.store import duties, lead_filters, plans


async def planned(world: World) -> dict[str, int]:
    """How many first messages each account has to send."""
    rows = await world.pool.fetch("SELECT account_id, count(*) AS count FROM lead_due WHERE is_first GROUP BY 1")
    return {row["account_id"]: row["count"] for row in rows}


async def contacted(world: World) -> dict[str, str]:
    rows = await world.pool.fetch("SELECT id, account_id FROM lead WHERE contacted_at IS NOT NULL")
    return {row["id"]: row["account_id"] for row in rows}


async def open_people(world: World, count: int) -> list[dict[str, Any]]:
    return (await world.people(nature="open", talk="silent"))[:count]


async def questions(world: World, account_id: str) -> int:
    """About how many people the platform was asked through an account."""
    found: int = await world.pool.fetchval("SELECT count(*) FROM verdict WHERE account_id = $1", account_id)
    return found


async def begun(world: World, count: int, *account_ids: str) -> str:
    """A campaign whose first three messages are out."""
    campaign_id = await world.campaign(
        [await world.make_list(await open_people(world, count))], account_ids=account_ids
    )

    async def are_contacted() -> bool:
        return len(await contacted(world)) >= 3

    await world.run_until(are_contacted)
    return campaign_id


async def join(world: World, campaign_id: str, *account_ids: str) -> None:
    await campaigns.change(
        world.context, world.actor, campaign_id=campaign_id, changes={"account_link_ids": account_ids}
    )


async def is_quiet(world: World) -> bool:
    return not await world.pool.fetchval(
        "SELECT count(*) FROM duty WHERE kind IN ('sync', 'assess', 'plan') AND wanted > done"
    )


async def test_an_account_that_joins_takes_its_part_and_only_about_that_part_is_asked(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    campaign_id = await begun(world, 33, ana)
    before, left = await contacted(world), await planned(world)
    assert left == {ana: 30}

    await join(world, campaign_id, ana, ben)
    await world.run_until(lambda: is_quiet(world))

    shares = await planned(world)
    assert shares[ana] in {14, 15}  # one may be on its way
    assert shares[ben] in {14, 15}
    assert await questions(world, ben) == 15
    after = await contacted(world)
    assert {lead_id: after[lead_id] for lead_id in before} == before
    await world.run_until_completed(campaign_id)
    after = await contacted(world)
    assert {lead_id: after[lead_id] for lead_id in before} == before
    assert len(await world.messages()) == 3 * 33


async def test_nobody_is_asked_about_whom_the_account_may_not_write_to(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    campaign_id = await begun(world, 33, ana)
    await world.pool.execute("UPDATE platform_app SET contact_policy = 'inboundOrConsent'")
    await world.pool.execute(
        "INSERT INTO thread (team_id, id, account_id, profile_id, created_at, last_inbound_at)"
        " SELECT team_id, 't' || substr(id, 2), $1, profile_id, joined_at, joined_at - interval '1 day' FROM lead"
        " WHERE contacted_at IS NULL",
        ana,
    )

    await join(world, campaign_id, ana, ben)
    await world.run_until(lambda: is_quiet(world))

    assert ben not in await planned(world)
    assert await questions(world, ben) == 0


async def test_who_is_refused_is_asked_about_once_and_others_instead(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    campaign_id = await begun(world, 33, ana)
    # Of some it is known already that this account does not reach them: those that would be moved first.
    await world.pool.execute(
        "INSERT INTO verdict (team_id, profile_id, account_id, verdict, at)"
        " SELECT l.team_id, l.profile_id, $1, 'closed', l.joined_at FROM lead_due d JOIN lead l ON l.id = d.lead_id"
        " ORDER BY d.due_at DESC, d.lead_id DESC LIMIT 10",
        ben,
    )

    await join(world, campaign_id, ana, ben)
    await world.run_until(lambda: is_quiet(world))

    shares = await planned(world)
    assert shares[ana] in {14, 15}  # one may be on its way
    assert shares[ben] in {14, 15}
    assert await questions(world, ben) == 10 + 15


async def test_a_small_gain_is_not_worth_a_question(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    campaign_id = await begun(world, 33, ana)
    await world.pool.execute("UPDATE account_link SET hourly_limit = 1, daily_limit = 1 WHERE id = $1", ben)
    await world.pool.execute("UPDATE account_link SET hourly_limit = 25, daily_limit = 200 WHERE id = $1", ana)

    await join(world, campaign_id, ana, ben)
    await world.run_until(lambda: is_quiet(world))

    assert ben not in await planned(world)
    assert await questions(world, ben) == 0


async def test_what_an_account_has_not_begun_goes_to_others_when_it_stops_and_what_it_has_waits(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    campaign_id = await begun(world, 20, ana, ben)
    before = await contacted(world)
    assert ana in before.values()

    await accounts.change(world.context, world.actor, account_id=ana, status=AccountStatus.PAUSED)
    await world.run_until(lambda: is_quiet(world))

    assert ana not in await planned(world)
    assert await contacted(world) == before
    waiting = await world.pool.fetchval("SELECT count(*) FROM lead_due WHERE account_id = $1 AND NOT is_first", ana)
    assert waiting == list(before.values()).count(ana)
    await accounts.change(world.context, world.actor, account_id=ana, status=AccountStatus.ACTIVE)
    await world.run_until_completed(campaign_id)
    after = await contacted(world)
    assert {lead_id: after[lead_id] for lead_id in before} == before


async def parked(world: World) -> str:
    """A campaign whose only lead waits for the person's sequence in another, and whose account was exchanged since."""
    ana, ben, chloe = await world.link("ana", "ben", "chloe")
    list_id = await world.make_list(await open_people(world, 1))
    await world.campaign([list_id], account_ids=[ana])

    async def is_contacted() -> bool:
        return len(await contacted(world)) == 1

    await world.run_until(is_contacted)
    campaign_id = await world.campaign([list_id], account_ids=[ben])

    async def is_parked() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_parked") == 1)

    await world.run_until(is_parked)
    await join(world, campaign_id, chloe)
    await world.run_until(lambda: is_quiet(world))
    return campaign_id


async def senders(world: World, campaign_id: str) -> set[str]:
    rows = await world.pool.fetch("SELECT account_id FROM attempt WHERE campaign_id = $1", campaign_id)
    return {row["account_id"] for row in rows}


async def test_a_lead_that_waited_for_its_person_goes_to_an_account_that_has_joined_since(world: World) -> None:
    campaign_id = await parked(world)
    await world.run_until_completed(campaign_id)
    assert await senders(world, campaign_id) == {world.account_ids["chloe"]}


async def test_so_does_one_that_new_rules_of_the_team_let_go_on(world: World) -> None:
    campaign_id = await parked(world)
    await team_settings.change(world.context, world.actor, changes={"allow_parallel_campaigns": True})
    await world.run_until_completed(campaign_id)
    assert await senders(world, campaign_id) == {world.account_ids["chloe"]}


async def test_a_lead_that_loses_its_accounts_while_another_is_asked_about_it_is_assessed_anew(world: World) -> None:
    ana, ben, chloe = await world.link("ana", "ben", "chloe")
    campaign_id = await begun(world, 33, ana)
    await join(world, campaign_id, ana, ben)
    await sync.step(world.pool, team_id=world.actor.team_id, campaign_id=campaign_id, now=await world.clock.now())
    await plan.step(world.pool, team_id=world.actor.team_id, campaign_id=campaign_id, now=await world.clock.now())
    asked = await world.pool.fetchval("SELECT count(*) FROM assess_queue WHERE account_id = $1", ben)
    assert asked >= 14

    await join(world, campaign_id, chloe)
    # Before the answers come: these leads stand in the queue for the other account still.
    await plan.step(world.pool, team_id=world.actor.team_id, campaign_id=campaign_id, now=await world.clock.now())
    await world.run_until(lambda: is_quiet(world))

    assert set(await planned(world)) == {chloe}
    await world.run_until_completed(campaign_id)
    assert await world.lead_states(campaign_id) == {"finished": 33}


async def test_leads_that_lost_their_accounts_are_assessed_also_if_the_run_that_found_them_ends_right_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = await world.link("ana", "ben")
    campaign_id = await begun(world, 8, ana)
    keys: dict[str, Any] = {
        "team_id": world.actor.team_id,
        "campaign_id": campaign_id,
        "now": await world.clock.now(),
    }
    await join(world, campaign_id, ben)
    await sync.step(world.pool, **keys)
    # The account that left is seen, its leads are to be assessed with the one that joined, and the worker is killed.
    with monkeypatch.context() as killed:
        killed.setattr(duties, "want", AsyncMock(side_effect=asyncio.CancelledError))
        with pytest.raises(asyncio.CancelledError):
            await plan.step(world.pool, **keys)
    # An assessment that was asked for before has looked already, and found nobody.
    await world.pool.execute("UPDATE duty SET due_at = 'infinity', done = wanted WHERE kind = 'assess'")
    assert await world.pool.fetchval("SELECT count(*) FROM assess_queue") > 0

    await plan.step(world.pool, **keys)
    await world.run_until(lambda: is_quiet(world))
    assert set(await planned(world)) == {ben}
    await world.run_until_completed(campaign_id)


async def test_a_lead_canceled_while_the_plan_gives_it_an_account_is_in_no_plan(world: World) -> None:
    (ana,) = await world.link("ana")
    campaign_id = await world.campaign([await world.make_list(await open_people(world, 1))], enabled=False)

    async def is_planned() -> bool:
        return await planned(world) == {ana: 1}

    await world.run_until(is_planned)
    await world.pool.execute(
        """
        WITH again AS (DELETE FROM lead_due RETURNING *)
        INSERT INTO plan_queue (team_id, campaign_id, lead_id, reach_id)
        SELECT a.team_id, a.campaign_id, l.id, l.reach_id FROM again a JOIN lead l ON l.id = a.lead_id
        """
    )
    reach_id = await world.pool.fetchval("SELECT reach_id FROM plan_queue")
    keys = {"team_id": world.actor.team_id, "campaign_id": campaign_id}
    share = plans.Slice(reach_id=reach_id, source=None, account_id=ana, count=1)
    async with world.pool.acquire() as planning:
        async with planning.transaction(isolation="repeatable_read"):
            await plans.place(planning, **keys, now=await world.clock.now(), slices=[share])
            everybody = lead_choice.Choice(named=None, filters=lead_filters.Filters())
            canceling = asyncio.create_task(
                lead_exits.cancel_all(world.context, world.actor, campaign_id=campaign_id, choice=everybody)
            )
            await asyncio.wait({canceling}, timeout=0.3)
            assert not canceling.done()
        assert await canceling == 1
    assert await planned(world) == {}


async def test_a_lead_that_turns_out_to_be_closed_lets_others_have_the_person_it_held(world: World) -> None:
    """It may have been about to be written to from an account that then could not send, and was asked about again."""
    (ana,) = await world.link("ana")
    person = (await world.people(nature="closed"))[:1]
    campaigns_of_one = [await world.campaign([await world.make_list(person)], enabled=False) for _ in range(2)]
    team_id, now = world.actor.team_id, await world.clock.now()
    for campaign_id in campaigns_of_one:
        await sync.step(world.pool, team_id=team_id, campaign_id=campaign_id, now=now)
    holding, waiting = [
        await world.pool.fetchval("SELECT id FROM lead WHERE campaign_id = $1", one) for one in campaigns_of_one
    ]
    await world.pool.execute(
        """
        INSERT INTO person (team_id, profile_id, engaged_lead_id)
        SELECT team_id, profile_id, id FROM lead WHERE id = $1
        """,
        holding,
    )
    await world.pool.execute("UPDATE lead SET state = 'ready' WHERE id = $1", waiting)
    await world.pool.execute("DELETE FROM assess_queue WHERE lead_id = $1", waiting)
    await world.pool.execute(
        """
        INSERT INTO lead_parked (team_id, profile_id, lead_id, account_id, campaign_id)
        SELECT team_id, profile_id, id, $2, campaign_id FROM lead WHERE id = $1
        """,
        waiting,
        ana,
    )
    await world.pool.execute("DELETE FROM wake_up")
    assessor = assess.Assessor(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    await assessor.step(team_id=team_id, campaign_id=campaigns_of_one[0], now=now)
    assert await world.pool.fetchval("SELECT state FROM lead WHERE id = $1", holding) == "unreachable"
    assert await world.pool.fetchval("SELECT engaged_lead_id FROM person") is None
    assert await world.pool.fetchval("SELECT lead_id FROM lead_due") == waiting
    assert await world.pool.fetchval("SELECT account_id FROM wake_up") == ana

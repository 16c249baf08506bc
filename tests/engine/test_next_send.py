"""The instant at which a lead or a campaign is told to send next is the instant at which it sends."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from unittest import mock

import pytest
from tests.engine.conftest import World, delay, message

from overture.actions import (
    account_waits,
    accounts,
    campaign_leads,
    campaign_life,
    campaign_waits,
    campaigns,
    forecasts,
)
from overture.engine import dispatch
from overture.store import heads
from overture.store.lead_filters import Filters

STEPS = [message("Hello "), delay(1), message("Again ")]
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
# In New York clocks change within the first week; hours that open and close at odd minutes, one over a short day.
HOURS = (
    {str(day): {"start": 0, "end": 1440} for day in range(7)},
    {str(day): {"start": 91, "end": 467} for day in (0, 1, 3, 6)},
    {str(day): {"start": 600, "end": 630} for day in range(7)},
)
# Virtual time moves in whole milliseconds.
EXACT = timedelta(milliseconds=1)


@dataclass(kw_only=True)
class Told:
    """What was told of leads and campaigns while time stood still, by id: (when, until)."""

    world: World
    campaign_ids: Sequence[str]
    watcher: asyncio.Task[object] | None = field(default_factory=asyncio.current_task)
    leads: dict[str, list[tuple[datetime, datetime | None]]] = field(default_factory=dict)
    campaigns: dict[str, list[tuple[datetime, str, datetime | None]]] = field(default_factory=dict)
    next_sends: dict[str, list[tuple[datetime, datetime | None]]] = field(default_factory=dict)
    finishes: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    async def look(self) -> bool:
        """Note what is told where time stands still; tell whether all campaigns are completed."""
        if asyncio.current_task() is self.watcher:
            # It looks at any moment, also between two statements of the engine.
            return all([await self.world.status(one) == "completed" for one in self.campaign_ids])
        context, actor, now = self.world.context, self.world.actor, await self.world.clock.now()
        found = [await campaigns.get(context, actor, campaign_id=one) for one in self.campaign_ids]
        prospects = await campaign_waits.told(context, actor, campaigns=found)
        with mock.patch.object(campaign_waits, "LOOKS", (1, None)):
            # However few accounts are looked at first, the same is told.
            assert await campaign_waits.told(context, actor, campaigns=found) == prospects
        for campaign_id, at in (await forecasts.told(context, actor, campaigns=found)).items():
            self.finishes.setdefault(campaign_id, []).append((now, at))
        for campaign in found:
            wait = prospects[campaign.id].wait
            self.next_sends.setdefault(campaign.id, []).append((now, prospects[campaign.id].next_send_at))
            told = ("", None) if wait is None else (wait.code, wait.until)
            self.campaigns.setdefault(campaign.id, []).append((now, *told))
            for view in await campaign_leads.page(
                context, actor, campaign_id=campaign.id, filters=Filters(), after=None, limit=100
            ):
                self.leads.setdefault(view.lead.id, []).append((now, view.next_send_at))
        return all(campaign.status == "completed" for campaign in found)

    async def check(self) -> tuple[int, int, int]:
        """Hold every send to what was told last before it.

        Returns how many leads, waits of campaigns and next sends of campaigns had named an instant.
        """
        leads = whole = next_sends = 0
        for row in await self.world.pool.fetch(
            "SELECT lead_id, campaign_id, is_first, intent_at FROM attempt ORDER BY id"
        ):
            at = row["intent_at"]
            # Before a follow-up the inbox is read; nobody can say how long that takes.
            late = EXACT if row["is_first"] else EXACT + dispatch.INBOX_WAIT
            of_lead = [until for now, until in self.leads.get(row["lead_id"], []) if now < at]
            if of_lead and of_lead[-1] is not None:
                assert timedelta() <= at - of_lead[-1] < late, (row["campaign_id"], at, of_lead[-1])
                leads += 1
            of_campaign = [told for told in self.campaigns[row["campaign_id"]] if told[0] < at]
            if of_campaign and of_campaign[-1][2] is not None:
                _, code, until = of_campaign[-1]
                if code == "sendingHours":
                    assert until <= at, (row["campaign_id"], at, of_campaign[-1])
                else:
                    assert timedelta() <= at - until < late, (row["campaign_id"], at, of_campaign[-1])
                whole += 1
            of_next = [until for now, until in self.next_sends[row["campaign_id"]] if now < at]
            if of_next and of_next[-1] is not None:
                assert timedelta() <= at - of_next[-1] < late, (row["campaign_id"], at, of_next[-1])
                next_sends += 1
        return leads, whole, next_sends


async def begin(world: World, draws: Random, people: Sequence[dict[str, object]], number: int) -> str:
    campaign_id = await world.campaign(
        [await world.make_list(people, f"Leads {number}")],
        steps=STEPS[: draws.choice((1, 3))],
        rate=draws.randint(2, 24),
        enabled=False,
    )
    await world.pool.execute(
        "UPDATE campaign SET schedule_timezone = $2, schedule_hours = $3 WHERE id = $1",
        campaign_id,
        draws.choice(ZONES),
        draws.choice(HOURS),
    )
    await campaign_life.enable(world.context, world.actor, campaign_id=campaign_id)
    return campaign_id


@pytest.mark.parametrize("seed", range(4))
async def test_in_an_undisturbed_run_messages_leave_when_they_were_said_to(world: World, seed: int) -> None:
    draws = Random(seed)
    await world.link("ana", "ben")
    for account_id in world.account_ids.values():
        await accounts.change(
            world.context,
            world.actor,
            account_id=account_id,
            hourly_limit=draws.randint(2, 12),
            daily_limit=draws.randint(3, 9),
        )
    if seed % 2:
        await world.pool.execute("UPDATE app_budget SET daily_cap = $1, room = $1", draws.randint(4, 7))
    people = (await world.people("open", "silent"))[:10]
    campaign_ids = [await begin(world, draws, people[:7], 0)]
    if seed > 1:
        campaign_ids.append(await begin(world, draws, people[3:], 1))
        await world.pool.execute("UPDATE team SET recontact_after_days = 2")
    told = Told(world=world, campaign_ids=campaign_ids)

    await world.run_until(told.look, seconds=200)

    leads, whole, next_sends = await told.check()
    assert leads >= 7
    assert whole >= 7
    assert next_sends >= 7
    if seed == 0:
        # One campaign on accounts of its own, whose people do not answer: it ends about when it was said to.
        finished_at = await world.pool.fetchval("SELECT max(intent_at) FROM attempt")
        finishes = told.finishes[campaign_ids[0]]
        assert len(finishes) >= 7
        for now, at in finishes:
            # In an hour that is open for a few messages one more or less makes a day.
            assert abs(at - finished_at) <= max(timedelta(days=1), 0.4 * (finished_at - now)), (now, at)


async def test_who_could_send_soonest_by_the_pace_alone_is_not_told_where_another_sends_before(world: World) -> None:
    await world.link("ana", "ben")
    ana, ben = world.account_ids["ana"], world.account_ids["ben"]
    people = (await world.people("open", "silent"))[:10]
    campaign_id = await world.campaign([await world.make_list(people)], steps=STEPS[:1], rate=4)

    async def has_ana_sent() -> bool:
        sent = await world.pool.fetchval(
            "SELECT count(*) FROM attempt WHERE account_id = $1 AND state = 'accepted'", ana
        )
        return bool(sent)

    await world.run_until(has_ana_sent)
    # A limit she has reached is found by counting; the pace of the campaign would let her go on at once.
    await world.pool.execute("UPDATE account_link SET daily_limit = 1 WHERE id = $1", ana)
    await world.pool.execute("UPDATE account_pace SET daily_room = 0, wake_at = '-infinity' WHERE account_id = $1", ana)
    await world.pool.execute("UPDATE campaign_account SET next_at = '-infinity' WHERE account_id = $1", ana)
    now = await world.clock.now()
    campaign = await campaigns.get(world.context, world.actor, campaign_id=campaign_id)
    async with world.pool.acquire() as connection:
        found = await heads.read(connection, team_id=world.actor.team_id, campaign_ids=[campaign_id], now=now)
        counted = await account_waits.count(connection, team_id=world.actor.team_id, found=found, now=now)
    assert [head.account_id for head in found] == [ana, ben]
    of_ana, of_ben = (account_waits.next_send(campaign, head, counted, now) for head in found)
    assert of_ana is not None
    assert of_ben is not None
    assert of_ana > of_ben > now
    prospect = (await campaign_waits.told(world.context, world.actor, campaigns=[campaign]))[campaign_id]
    assert prospect.wait is not None
    assert prospect.wait.until == prospect.next_send_at == of_ben

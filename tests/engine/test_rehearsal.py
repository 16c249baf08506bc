"""A rehearsal tells what the engine then does: message by message where chance falls the same."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random
from unittest import mock

import pytest
from tests.engine.conftest import World, delay, message

from overture.actions import accounts, campaign_life, campaigns, rehearsals
from overture.actions.rehearsals import Changes, Rehearsal
from overture.core import rehearsal
from overture.core.words import AccountStatus

SEED = 5
RUN = rehearsal.run
THREE = [message("Hello "), delay(2), message("Again "), delay(1), message("Last ")]
# Virtual time moves in whole milliseconds, and so do the gaps that begin there.
NEAR = timedelta(milliseconds=200)
# Before a follow-up the inbox is read.
READ = timedelta(minutes=3)


async def rehearse(world: World, campaign_id: str, changes: Changes | None = None) -> tuple[Rehearsal, list[datetime]]:
    """Return a rehearsal with these draws, and the instants of all it sends."""
    sends: list[datetime] = []

    def run(
        senders: Sequence[rehearsal.Sender],
        apps: Sequence[rehearsal.App],
        *,
        now: datetime,
        reply_rate: float,
        draws: rehearsal.Draws,
    ) -> Iterator[rehearsal.Send]:
        del draws
        for send in RUN(senders, apps, now=now, reply_rate=reply_rate, draws=Random(SEED)):
            if send.campaign_id == campaign_id:
                sends.append(send.at)
            yield send

    with mock.patch.object(rehearsal, "run", run):
        found = await rehearsals.rehearse(
            world.context,
            world.actor,
            campaign_id=campaign_id,
            changes=changes or {},
            reply_rate=0,
        )
    return found, sends


async def instants(world: World, campaign_id: str) -> list[datetime]:
    rows = await world.pool.fetch(
        "SELECT intent_at FROM attempt WHERE campaign_id = $1 ORDER BY intent_at, id", campaign_id
    )
    return [row["intent_at"] for row in rows]


async def planned(world: World, campaign_id: str) -> None:
    """Let the engine look everybody up, and stop before the first message."""

    async def is_planned() -> bool:
        states = await world.lead_states(campaign_id)
        due = await world.pool.fetchval("SELECT count(*) FROM lead_due WHERE campaign_id = $1", campaign_id)
        return "assessing" not in states and due == states.get("ready", 0) > 0

    await world.run_until(is_planned)


def same(told: Sequence[datetime], sent: Sequence[datetime], near: timedelta) -> None:
    assert len(told) == len(sent)
    for expected, at in zip(told, sent, strict=True):
        assert abs(at - expected) < near, (expected, at)


@pytest.mark.parametrize(
    ("usernames", "limits", "cap"),
    [
        (("ana",), (25, 200), None),
        (("ana",), (3, 5), None),
        (("ana", "ben"), (25, 200), 5),
    ],
)
async def test_first_messages_leave_as_rehearsed(
    world: World, usernames: Sequence[str], limits: tuple[int, int], cap: int | None
) -> None:
    for account_id in await world.link(*usernames):
        await accounts.change(
            world.context, world.actor, account_id=account_id, hourly_limit=limits[0], daily_limit=limits[1]
        )
    if cap is not None:
        await world.pool.execute("UPDATE app_budget SET daily_cap = $1, room = $1", cap)
    people = (await world.people("open", "silent"))[:16]
    campaign_id = await world.campaign([await world.make_list(people)], steps=[message("Hello ")], rate=6)
    await planned(world, campaign_id)
    told, sends = await rehearse(world, campaign_id)
    assert told.messages == told.contacted == 16
    assert told.is_whole

    async def is_done() -> bool:
        return await world.status(campaign_id) == "completed"

    await world.run_until(is_done, seed=SEED)
    sent = await instants(world, campaign_id)
    same(sends, sent, NEAR)
    assert told.finishes_at is not None
    assert abs(told.finishes_at - sent[-1]) < NEAR
    days = await world.pool.fetch(
        """
        SELECT (intent_at AT TIME ZONE 'America/New_York')::date AS day, account_id, count(*) AS count
          FROM attempt GROUP BY 1, 2 ORDER BY 1
        """
    )
    assert {(day.date, one): count for day in told.days for one, count in day.by_account.items()} == {
        (row["day"], row["account_id"]): row["count"] for row in days
    }


@pytest.mark.parametrize("is_under_way", [False, True])
async def test_follow_ups_leave_as_rehearsed_before_the_start_and_on_the_way(
    world: World, *, is_under_way: bool
) -> None:
    await world.link("ana")
    people = (await world.people("open", "silent"))[:9]
    campaign_id = await world.campaign([await world.make_list(people)], steps=THREE, rate=4)

    async def has_begun() -> bool:
        counts = await world.pool.fetchrow("SELECT count(*) AS sent, count(DISTINCT lead_id) AS leads FROM attempt")
        assert counts is not None
        return bool(counts["sent"] > counts["leads"] + 3)

    await (world.run_until(has_begun) if is_under_way else planned(world, campaign_id))
    before = await instants(world, campaign_id)
    told, sends = await rehearse(world, campaign_id)
    assert told.messages == 27 - len(before)

    async def is_done() -> bool:
        return await world.status(campaign_id) == "completed"

    await world.run_until(is_done, seed=SEED)
    sent = (await instants(world, campaign_id))[len(before) :]
    same(sends, sent, READ)


async def test_campaigns_that_share_an_account_are_rehearsed_together(world: World) -> None:
    await world.link("ana")
    people = (await world.people("open", "silent"))[:16]
    campaign_ids = [
        await world.campaign([await world.make_list(some, name)], steps=[message(f"{name} ")], rate=8)
        for name, some in (("A", people[:8]), ("B", people[8:]))
    ]
    for campaign_id in campaign_ids:
        await planned(world, campaign_id)
    alone = await rehearse(world, campaign_ids[0])
    both = [await rehearse(world, campaign_id) for campaign_id in campaign_ids]
    assert alone[0].messages == both[1][0].messages == 8

    async def is_done() -> bool:
        return all([await world.status(one) == "completed" for one in campaign_ids])

    await world.run_until(is_done, seed=SEED)
    for campaign_id, (_, sends) in zip(campaign_ids, both, strict=True):
        same(sends, await instants(world, campaign_id), NEAR)


async def test_what_is_rehearsed_with_other_settings_is_what_comes_of_them(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    people = (await world.people("open", "silent"))[:20]
    campaign_id = await world.campaign([await world.make_list(people)], account_ids=[ana], steps=THREE[:1], rate=4)
    await planned(world, campaign_id)
    as_it_is, _ = await rehearse(world, campaign_id)
    afternoons = {str(day): {"start": 900, "end": 960} for day in range(7)}
    changes: Changes = {
        "account_link_ids": [ana, ben],
        "hourly_message_rate": 6,
        "schedule_timezone": "Europe/Berlin",
        "schedule_hours": afternoons,
    }
    told, _ = await rehearse(world, campaign_id, changes)
    assert [sum(day.by_account.get(one, 0) for day in told.days) for one in (ana, ben)] == [10, 10]
    unchanged = await campaigns.get(world.context, world.actor, campaign_id=campaign_id)
    assert unchanged.settings.hourly_message_rate == 4
    again, _ = await rehearse(world, campaign_id)
    assert asdict(again) == asdict(as_it_is)

    await campaigns.change(
        world.context,
        world.actor,
        campaign_id=campaign_id,
        changes={
            "account_link_ids": [ana, ben],
            "hourly_message_rate": 6,
            "schedule_timezone": "Europe/Berlin",
            "schedule_hours": afternoons,
        },
    )

    async def is_done() -> bool:
        return await world.status(campaign_id) == "completed"

    await world.run_until(is_done, seed=SEED)
    sent = await instants(world, campaign_id)
    assert len(sent) == told.messages == 20
    assert told.finishes_at is not None
    # The draws of ben's first gap are thrown when he joins.
    assert abs(told.finishes_at - sent[-1]) <= timedelta(days=1)


async def test_a_campaign_that_has_not_begun_is_rehearsed_as_if_it_were_started(world: World) -> None:
    await world.link("ana")
    people = (await world.people("open", "silent"))[:6]
    campaign_id = await world.campaign([await world.make_list(people)], steps=THREE, enabled=False)

    async def is_synced() -> bool:
        return bool(await world.lead_states(campaign_id))

    await world.run_until(is_synced)
    draft, _ = await rehearse(world, campaign_id)
    assert (draft.messages, draft.contacted) == (18, 6)
    assert draft.is_whole
    await campaign_life.enable(world.context, world.actor, campaign_id=campaign_id)
    begun, _ = await rehearse(world, campaign_id)
    assert asdict(begun) == asdict(draft)


async def test_who_is_not_reached_is_told_with_the_reason(world: World) -> None:
    ana, ben = await world.link("ana", "ben")
    people = [*(await world.people("open", "silent"))[:6], *(await world.people("closed"))[:2]]
    campaign_id = await world.campaign([await world.make_list(people)], account_ids=[ana], steps=THREE, rate=4)
    await planned(world, campaign_id)
    told, _ = await rehearse(world, campaign_id)
    assert told.contacted == 6
    assert [(one.state, one.count) for one in told.unreached] == [("unreachable", 2)]

    nobody, _ = await rehearse(world, campaign_id, {"schedule_hours": {}})
    assert (nobody.messages, nobody.finishes_at, nobody.is_whole) == (0, None, True)
    assert ("ready", "noSendingHours", 6) in [(one.state, one.reason, one.count) for one in nobody.unreached]

    async def is_under_way() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM attempt WHERE state = 'accepted'") == 2)

    await world.run_until(is_under_way)
    await accounts.change(world.context, world.actor, account_id=ana, status=AccountStatus.PAUSED)
    paused, _ = await rehearse(world, campaign_id)
    assert (paused.messages, paused.stalled) == (0, 2)
    assert ("ready", "noAccount", 4) in [(one.state, one.reason, one.count) for one in paused.unreached]

    # Another account takes over who was not contacted; who was stays where they are.
    instead, _ = await rehearse(world, campaign_id, {"account_link_ids": [ben]})
    assert (instead.contacted, instead.stalled) == (4, 2)


async def test_a_rehearsal_leaves_off_where_it_gets_too_long(world: World) -> None:
    await world.link("ana")
    people = (await world.people("open", "silent"))[:6]
    campaign_id = await world.campaign([await world.make_list(people)], steps=THREE)
    await planned(world, campaign_id)
    with mock.patch.object(rehearsals, "MOST_SENDS", 4):
        short, _ = await rehearse(world, campaign_id)
    assert (short.messages, short.contacted, short.finishes_at, short.is_whole) == (4, 4, None, False)
    assert ("ready", "later", 2) in [(one.state, one.reason, one.count) for one in short.unreached]
    with mock.patch.object(rehearsals, "LONGEST", timedelta(hours=2)):
        soon, _ = await rehearse(world, campaign_id)
    assert not soon.is_whole
    assert soon.messages < 18

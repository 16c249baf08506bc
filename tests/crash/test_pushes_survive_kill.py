"""An answer the platform tells of by itself, its process killed anywhere: told again, it counts once."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from tests.crash import processes, sweep, teller
from tests.crash.teller import News
from tests.engine.conftest import World, opened, platform_without_limits

from overture.channels.port import InboxMessage, Pushed
from overture.core.words import PushedKind
from overture.store.pool import Pool

STRIKES = 8
DAY_SECONDS = 86_400


async def hear(news: News) -> dict[str, int] | None:
    """Be told in a process of its own; None if it died."""
    counts: dict[str, int] | None = await processes.answer(teller.run, news)
    return counts


async def contacted(world: World, people: Sequence[dict[str, Any]]) -> str:
    """Write to all of them, and let a minute pass; return the campaign."""
    campaign_id = await world.campaign([await world.make_list(people)], rate=25)

    async def are_contacted() -> bool:
        return await world.lead_states(campaign_id) == {"inSequence": len(people)}

    await world.run_until(are_contacted)
    await world.clock.move(await world.clock.now() + timedelta(minutes=1))
    return campaign_id


def pushed(own_id: str, person: dict[str, Any], number: int, at: Any) -> Pushed:
    """Tell that a person has answered."""
    message = InboxMessage(
        platform_id=str(number),
        conversation_id=None,
        sender_id=person["id"],
        other_id=person["id"],
        is_inbound=True,
        text="Tell me more",
        sent_at=at,
    )
    return Pushed(event_id=f"message:{number}", kind=PushedKind.MESSAGE, own_id=own_id, message=message)


@pytest.mark.timeout(300)
async def test_an_answer_counts_once_wherever_the_process_dies_that_was_told(database: Pool, database_url: str) -> None:
    async with opened(database, platform_without_limits()) as world:
        await world.link("ana")
        people = (await world.people(nature="open", talk="silent"))[: STRIKES + 1]
        campaign_id = await contacted(world, people)
        own_id = await database.fetchval("SELECT platform_id FROM account_link")
        now = await world.clock.now()
        news = News(
            dsn=database_url,
            team_id=world.actor.team_id,
            app_id=await database.fetchval("SELECT id FROM platform_app"),
            account_id=world.account_ids["ana"],
            pushed=pushed(own_id, people[0], 1, now),
            point=None,
        )
        counts = await hear(news)
        assert counts is not None

        seed = int(time.time()) // DAY_SECONDS
        every = sweep.points(counts, Random(seed))
        # After both commits always; of the rest a share, which changes from day to day.
        chosen = [point for point in every if point.is_after and "commits" in point.label][:2]
        assert len(chosen) == 2
        chosen += Random(seed).sample([point for point in every if point not in chosen], STRIKES - 2)
        for number, (point, person) in enumerate(zip(chosen, people[1:], strict=True), start=2):
            struck = replace(news, pushed=pushed(own_id, person, number, now), point=point)
            assert await hear(struck) is None, f"not struck {point}"
            # Nobody said 200, or nobody took it: the platform tells it again, or the duty is run again.
            assert await hear(replace(struck, point=None)) is not None
        assert await world.lead_states(campaign_id) == {"replied": len(people)}, f"seed {seed}"
        assert await database.fetchval("SELECT count(*) FROM message WHERE direction = 'inbound'") == len(people)
        told = await database.fetch("SELECT type, count(*) AS count FROM event GROUP BY type")
        times = {row["type"]: row["count"] for row in told}
        assert times["target.replied"] == times["message.received"] == len(people)
        assert await database.fetchval("SELECT count(*) FROM pushed_event WHERE taken_at IS NULL") == 0
        units = await database.fetchval("SELECT units FROM app_cost WHERE kind = 'messageRead'")
        assert units == len(people)

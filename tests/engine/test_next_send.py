"""The instant at which a lead is told to be written to is the instant at which it is written to."""

from datetime import datetime, timedelta

from tests.engine.conftest import World

from overture.actions import campaign_leads
from overture.store.selections import Filters


async def test_in_an_undisturbed_run_messages_leave_when_they_were_said_to(world: World) -> None:
    await world.link("ana", "ben")
    people = (await world.people("open", "silent"))[:14]
    campaign_id = await world.campaign([await world.make_list(people)])
    named: dict[str, list[tuple[datetime, datetime]]] = {}

    async def is_completed() -> bool:
        now = await world.clock.now()
        views = await campaign_leads.page(
            world.context, world.actor, campaign_id=campaign_id, filters=Filters(), after=None, limit=100
        )
        for view in views:
            if view.next_send_at is not None and view.next_send_at > now:
                named.setdefault(view.lead.id, []).append((now, view.next_send_at))
        return await world.status(campaign_id) == "completed"

    await world.run_until(is_completed, seconds=200)
    kept = 0
    for row in await world.pool.fetch("SELECT lead_id, intent_at FROM attempt ORDER BY intent_at"):
        told = [instant for at, instant in named.get(row["lead_id"], []) if at < row["intent_at"]]
        if told:
            # Virtual time moves in whole milliseconds.
            assert timedelta() <= row["intent_at"] - told[-1] < timedelta(milliseconds=1), (row, told[-1])
            kept += 1
    assert kept >= len(people)

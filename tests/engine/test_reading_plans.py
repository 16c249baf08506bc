"""The plans of what people read and of small syncs: however large a campaign is, they find their rows by keys."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from tests.engine.conftest import World, message
from tests.engine.test_hot_statements import LARGE, fill, recorded, scanned

from overture import ids
from overture.actions import (
    accounts,
    budgets,
    campaign_leads,
    campaign_waits,
    campaigns,
    lead_exits,
    lead_release,
    lead_restore,
    statuses,
    tags,
)
from overture.actions.lead_choice import Choice
from overture.actions.lead_release import Decision
from overture.core.words import LeadStage
from overture.engine import sync
from overture.store import campaigns as stored
from overture.store import lead_filters
from overture.store.campaign_order import Order
from overture.store.pool import Connection

RARE = "a0000000000000000000rare"
"""An account that few leads of the large campaign have to do with."""


@pytest.fixture
async def large(world: World) -> tuple[World, str, str]:
    """A campaign of twenty thousand leads, and the list it follows."""
    await world.link("ana")
    list_id = await world.make_list((await world.people())[:3])
    campaign_id = await world.campaign([list_id], steps=[message("Hello ")], enabled=False)
    await sync.step(world.pool, team_id=world.actor.team_id, campaign_id=campaign_id, now=await world.clock.now())
    await fill(world, campaign_id)
    return world, campaign_id, list_id


async def test_a_campaign_is_read_without_looking_at_its_leads(large: tuple[World, str, str]) -> None:
    world, campaign_id, _ = large
    with recorded() as statements:
        found = await campaigns.get(world.context, world.actor, campaign_id=campaign_id)
    assert found.counts.targets > 20_000
    assert len(statements) == 1
    rows = await world.pool.fetch(f"EXPLAIN {stored._WHOLE} AND c.id = $2", world.actor.team_id, campaign_id)
    plan = "\n".join(row[0] for row in rows)
    for table in ("lead", "lead_due"):
        assert f"Seq Scan on {table} " not in plan, plan
    assert " on lead " not in plan, plan
    assert "campaign_counter" in plan


async def test_what_a_campaign_waits_for_is_told_from_one_lead_of_each_account(large: tuple[World, str, str]) -> None:
    world, campaign_id, _ = large
    await world.pool.execute("UPDATE campaign SET status = 'active', enabled = true, last_started_at = created_at")
    found = await campaigns.get(world.context, world.actor, campaign_id=campaign_id)
    with recorded() as statements:
        await campaign_waits.told(world.context, world.actor, campaigns=[found])
    async with world.pool.acquire() as connection:
        for query, arguments in statements:
            assert await scanned(connection, query, arguments) == set(), query
    query, arguments = next(one for one in statements if "lead_due" in one[0])
    rows = await world.pool.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) {query}", *arguments)
    plan = "\n".join(row[0] for row in rows)
    read = re.findall(r"Index (?:Only )?Scan using \w+ on lead_due .*actual rows=([\d.]+)", plan)
    assert read, plan
    assert max(float(rows) for rows in read) == 1, plan


async def test_campaigns_are_read_in_the_order_of_their_names_without_sorting_them_all(world: World) -> None:
    await world.pool.execute(
        """
        INSERT INTO campaign (team_id, id, name, schedule_hours, created_at, updated_at)
        SELECT $1, id, 'Campaign ' || id, '{}', $3, $3 FROM unnest($2::text[]) AS v (id)
        """,
        world.actor.team_id,
        ids.many("c", 5_000),
        await world.clock.now(),
    )
    await world.pool.execute("ANALYZE campaign")
    last = await world.pool.fetch("SELECT name, id FROM campaign ORDER BY name DESC OFFSET 60 LIMIT 1")
    for is_descending, after in ((True, None), (False, (last[0]["name"], last[0]["id"]))):
        with recorded() as statements:
            shown = await campaigns.page(
                world.context,
                world.actor,
                statuses=[],
                text=None,
                order=Order(sort="name", is_descending=is_descending),
                after=after,
                limit=50,
            )
        assert len(shown) == 50
        ((query, arguments),) = statements
        plan = "\n".join(row[0] for row in await world.pool.fetch(f"EXPLAIN {query}", *arguments))
        assert re.search(r"Index (?:Only )?Scan (?:Backward )?using campaign_name on campaign c", plan), plan
        assert "Seq Scan on campaign " not in plan, plan


async def test_budgets_are_told_from_what_was_sent_lately(large: tuple[World, str, str]) -> None:
    world, _, _ = large
    await world.pool.execute("UPDATE thread SET created_at = created_at - interval '9 days'")
    await world.pool.execute("UPDATE message SET sent_at = sent_at - interval '9 days'")
    await world.pool.execute("VACUUM ANALYZE thread, message, attempt")
    found = await accounts.read_page(world.context, world.actor, platforms=[], statuses=[], after=None, count=50)
    with recorded() as statements:
        await budgets.of_accounts(world.context, world.actor, accounts=found)
    async with world.pool.acquire() as connection:
        for query, arguments in statements:
            assert await scanned(connection, query, arguments) == set(), query
            assert await _passed_over(connection, query, arguments) < 100, query


async def test_a_page_of_leads_is_found_by_its_key_at_any_depth(large: tuple[World, str, str]) -> None:
    world, campaign_id, _ = large
    deep = await world.pool.fetchval(
        "SELECT profile_id FROM lead WHERE campaign_id = $1 ORDER BY profile_id OFFSET 15000 LIMIT 1", campaign_id
    )
    for after in (None, deep):
        with recorded() as statements:
            shown = await campaign_leads.page(
                world.context,
                world.actor,
                campaign_id=campaign_id,
                filters=lead_filters.Filters(),
                after=after,
                limit=50,
            )
        assert len(shown) == 50
        async with world.pool.acquire() as connection:
            for query, arguments in statements:
                assert await scanned(connection, query, arguments) == set(), query


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (lead_filters.Filters(states=("held",)), 5),
        (lead_filters.Filters(states=("held", "ready")), 50),
        (lead_filters.Filters(states=("failed",)), 0),
        (lead_filters.Filters(reasons=("x",)), 5),
        (lead_filters.Filters(reasons=("x", "y"), states=("held",)), 5),
        (lead_filters.Filters(reasons=("y",)), 0),
        (lead_filters.Filters(stage=LeadStage.REPLIED), 0),
        (lead_filters.Filters(stage=LeadStage.CONTACTED), 2),
        (lead_filters.Filters(stage=LeadStage.CONTACTED, states=("ready",)), 0),
        (lead_filters.Filters(sent=lead_filters.Sent(step_id="s", is_answered=True)), 0),
        (lead_filters.Filters(sent=lead_filters.Sent(step_id="s")), 0),
        (lead_filters.Filters(status_ids=("w00000000000000000000000",)), 0),
        (lead_filters.Filters(prefix="Rare"), 6),
        (lead_filters.Filters(prefix="rare_u", states=("held",)), 2),
        (lead_filters.Filters(prefix="nobody"), 0),
        (lead_filters.Filters(prefix="common"), 50),
        (lead_filters.Filters(account_ids=(RARE,)), 6),
        (lead_filters.Filters(account_ids=(RARE,), states=("ready", "held")), 4),
        (lead_filters.Filters(account_ids=(RARE,), prefix="common"), 5),
        (lead_filters.Filters(account_ids=("a00000000000000000000000",)), 0),
    ],
)
async def test_a_page_of_few_among_many_leads_passes_over_few_others(
    large: tuple[World, str, str], filters: lead_filters.Filters, count: int
) -> None:
    world, campaign_id, _ = large
    await world.pool.execute("UPDATE profile SET display_name = 'Common ' || id, username = 'common_' || right(id, 6)")
    ordered = "SELECT profile_id FROM lead WHERE campaign_id = $1 ORDER BY profile_id DESC LIMIT $2"
    last = [row[0] for row in await world.pool.fetch(ordered, campaign_id, 9)]
    await world.pool.execute("UPDATE lead SET state = 'held', reason = 'x' WHERE profile_id = ANY($1)", last[:5])
    await world.pool.execute("UPDATE profile SET username = 'RARE_u' || id WHERE id = ANY($1)", last[3:6])
    await world.pool.execute("UPDATE profile SET display_name = 'rare d' WHERE id = ANY($1)", last[5:])
    await _serve_from_rare(world, campaign_id, last)
    for table in ("lead", "profile", "lead_due", "lead_parked", "attempt"):
        await world.pool.execute(f"VACUUM ANALYZE {table}")
    with recorded() as statements:
        shown = await campaign_leads.page(
            world.context, world.actor, campaign_id=campaign_id, filters=filters, after=None, limit=50
        )
    assert len(shown) == count
    async with world.pool.acquire() as connection:
        for query, arguments in statements:
            assert await _passed_over(connection, query, arguments) < 100, query


async def test_a_state_is_read_from_where_it_begins_in_its_index_however_common_it_looks(
    large: tuple[World, str, str],
) -> None:
    world, campaign_id, _ = large
    with recorded() as statements:
        await campaign_leads.page(
            world.context,
            world.actor,
            campaign_id=campaign_id,
            filters=lead_filters.Filters(states=("ready",)),
            after=None,
            limit=50,
        )
    query, arguments = next(one for one in statements if "unnest($5" in one[0])
    plan = "\n".join(row[0] for row in await world.pool.fetch(f"EXPLAIN {query}", *arguments))
    assert re.search(r"Index Scan using lead_state .*\n.*Index Cond:.*ROW\(state, ", plan), plan


async def _passed_over(connection: Connection, query: str, arguments: Sequence[Any]) -> int:
    """Run a statement, take it back, and return how many rows it has looked at for nothing."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        rows = await connection.fetch(f"EXPLAIN (ANALYZE) {query}", *arguments)
    finally:
        await transaction.rollback()
    plan = "\n".join(row[0] for row in rows)
    return sum(int(count) for count in re.findall(r"Rows Removed by (?:Filter|Join Filter): (\d+)", plan))


async def test_acts_on_a_few_of_many_leads_read_no_more_than_those(large: tuple[World, str, str]) -> None:
    world, campaign_id, _ = large
    some = f"SELECT id FROM lead WHERE campaign_id = '{campaign_id}' ORDER BY profile_id DESC LIMIT 5"
    hold = f"UPDATE lead SET state = 'held', reason = 'x' WHERE id IN ({some})"

    def those(state: str) -> dict[str, Any]:
        return {"campaign_id": campaign_id, "choice": Choice(named=None, filters=lead_filters.Filters(states=(state,)))}

    context, actor = world.context, world.actor
    await world.pool.execute(hold)
    for table in LARGE:
        await world.pool.execute(f"ANALYZE {table}")
    with recorded() as stopped_and_restored:
        assert await lead_release.release_all(context, actor, **those("held"), decision=Decision.STOP) == 5
        assert await lead_restore.restore_all(context, actor, **those("canceled")) == 5
    await world.pool.execute(hold)
    with recorded() as resent_and_canceled:
        assert await lead_release.release_all(context, actor, **those("held"), decision=Decision.RESEND) == 5
        assert await lead_exits.cancel_all(context, actor, **those("assessing")) == 8
    async with world.pool.acquire() as connection:
        for query, arguments in (*stopped_and_restored, *resent_and_canceled):
            assert await scanned(connection, query, arguments) <= {"list_lead"}, query  # three rows
            if not query.lstrip().startswith("INSERT"):
                assert await _passed_over(connection, query, arguments) < 100, query


async def _serve_from_rare(world: World, campaign_id: str, profile_ids: Sequence[str]) -> None:
    """Plan some leads on the rare account, let one wait for it, and have two written to from it."""
    found = {
        row["profile_id"]: row["id"]
        for row in await world.pool.fetch("SELECT id, profile_id FROM lead WHERE profile_id = ANY($1)", profile_ids)
    }
    leads = [found[profile_id] for profile_id in profile_ids]
    await world.pool.execute("UPDATE lead_due SET account_id = $1 WHERE lead_id = ANY($2)", RARE, leads[3:6])
    await world.pool.execute("DELETE FROM lead_due WHERE lead_id = ANY($1)", leads[6:])
    await world.pool.execute(
        "INSERT INTO lead_parked (team_id, profile_id, lead_id, account_id, campaign_id) VALUES ($1, $2, $3, $4, $5)",
        world.actor.team_id,
        profile_ids[6],
        leads[6],
        RARE,
        campaign_id,
    )
    await world.pool.execute("UPDATE attempt SET account_id = $1 WHERE lead_id = ANY($2)", RARE, leads[7:])
    await world.pool.execute(
        "UPDATE lead SET state = 'inSequence', contacted_at = joined_at, account_id = $1 WHERE id = ANY($2)",
        RARE,
        leads[7:],
    )


async def test_a_sync_of_a_few_changes_reads_no_more_than_those(large: tuple[World, str, str]) -> None:
    world, campaign_id, list_id = large
    await world.add_to_list(list_id, (await world.people())[3:5])
    with recorded() as statements:
        await sync.step(world.pool, team_id=world.actor.team_id, campaign_id=campaign_id, now=await world.clock.now())
    async with world.pool.acquire() as connection:
        for query, arguments in statements:
            assert await scanned(connection, query, arguments) <= {"list_lead"}, query  # five rows
    assert await world.pool.fetchval("SELECT count(*) FROM lead WHERE NOT is_direct AND state = 'assessing'") == 5


async def test_a_tag_and_a_status_are_deleted_by_way_of_those_who_have_them(world: World) -> None:
    tag = await tags.create(world.context, world.actor, name="Rare", color=None)
    status = await statuses.create(world.context, world.actor, name="Rare", color=None)
    await world.pool.execute(
        """
        INSERT INTO contact (team_id, id, tag_ids, status_id, created_at, updated_at)
        SELECT $1, v.id, CASE WHEN v.number <= 3 THEN ARRAY[$3::text, 'other'] WHEN v.number % 2 = 0 THEN '{other}'
                              ELSE '{}' END,
               CASE WHEN v.number <= 3 THEN $4::text WHEN v.number % 2 = 0 THEN $5::text END, $6, $6
          FROM unnest($2::text[]) WITH ORDINALITY AS v (id, number)
        """,
        world.actor.team_id,
        ids.many("o", 20_000),
        tag.id,
        status.id,
        ids.new("s"),
        await world.clock.now(),
    )
    await world.pool.execute("ANALYZE contact")
    plans: list[set[str]] = []
    with recorded() as statements:
        await tags.delete(world.context, world.actor, reference=tag.id)
        await statuses.delete(world.context, world.actor, reference=status.id)
    async with world.pool.acquire() as connection:
        for query, arguments in statements:
            plans.append(await scanned(connection, query, arguments, large=("contact",)))
    assert plans
    assert set().union(*plans) == set()
    left = "SELECT count(*) FROM contact WHERE $1 = ANY (tag_ids) OR status_id = $2"
    assert await world.pool.fetchval(left, tag.id, status.id) == 0
    assert await world.pool.fetchval("SELECT count(*) FROM contact WHERE 'other' = ANY (tag_ids)") == 10_002

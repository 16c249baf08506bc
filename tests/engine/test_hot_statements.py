"""The plans of hot statements: nothing that a send does may read a table from end to end."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest
from tests.engine import claiming
from tests.engine.conftest import World, delay, message

from overture import clock as clocks
from overture import ids
from overture.channels import port
from overture.core.outcome import Outcome
from overture.core.words import OutcomeKind, PushedKind
from overture.engine import complete, dispatch, pushes, replies, settle
from overture.store import quiet, retention, wakeups
from overture.store.pool import Connection

LARGE = (
    "lead",
    "lead_due",
    "person",
    "profile",
    "attempt",
    "message",
    "thread",
    "event",
    "list_lead",
    "verdict",
    "pushed_event",
)
CROWD = 20_000


async def fill(world: World, campaign_id: str) -> None:
    """Give the campaign a crowd of planned leads with a history, and let the planner know."""
    profiles, leads = ids.many("u", CROWD), ids.many("d", CROWD)
    await world.pool.execute(
        """
        WITH crowd AS (
            SELECT *, row_number() OVER () AS number FROM unnest($3::text[], $4::text[]) AS v (profile_id, lead_id)
        ), made AS (
            INSERT INTO profile (team_id, id, platform, platform_id, created_at)
            SELECT $1, profile_id, 'twitter', (7000000000000 + number)::text, $5 FROM crowd
        ), known AS (
            INSERT INTO person (team_id, profile_id) SELECT $1, profile_id FROM crowd
        ), joined AS (
            INSERT INTO lead (team_id, id, campaign_id, profile_id, state, is_direct, joined_at)
            SELECT $1, lead_id, $2, profile_id, 'ready', false, $5 FROM crowd
        ), talked AS (
            INSERT INTO thread (team_id, id, account_id, profile_id, created_at)
            SELECT $1, 'r' || substr(lead_id, 2), $6, profile_id, $5 FROM crowd
        ), said AS (
            INSERT INTO message (team_id, id, account_id, thread_id, platform_id, direction, content, sent_at)
            SELECT $1, 'g' || substr(lead_id, 2), $6, 'r' || substr(lead_id, 2), (8000000000000 + number)::text,
                   'outbound', 'x', $5 FROM crowd
        ), tried AS (
            INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version,
                                 rank, step_id, is_first, text, state, outcome, campaign_revision, intent_at, ended_at,
                                 lease_until, fence)
            SELECT $1, 'q' || substr(lead_id, 2), $6, $6, $2, lead_id, profile_id, 1, 0, lead_id, true, 'x', 'refused',
                   'rateLimited', 1, $5, $5::timestamptz - interval '9 days', $5, 0 FROM crowd
        ), told AS (
            INSERT INTO pushed_event (team_id, account_id, event_id, kind, received_at, taken_at)
            SELECT $1, $6, 'message:' || number, 'message', $5, $5 FROM crowd
        )
        INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
        SELECT $1, $6, $2, true, $5, lead_id FROM crowd
        """,
        world.actor.team_id,
        campaign_id,
        profiles,
        leads,
        await world.clock.now(),
        world.account_ids["ana"],
    )
    await world.pool.execute("ANALYZE")


@contextmanager
def recorded() -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Record every statement that is run with arguments meanwhile."""
    statements: list[tuple[str, tuple[Any, ...]]] = []
    fetched = {name: getattr(asyncpg.Connection, name) for name in ("execute", "fetch", "fetchrow", "fetchval")}

    def recording(name: str) -> Any:
        async def run(self: Any, query: str, *arguments: Any, **options: Any) -> Any:
            if arguments:
                statements.append((query, arguments))
            return await fetched[name](self, query, *arguments, **options)

        return run

    patch = pytest.MonkeyPatch()
    for name in fetched:
        patch.setattr(asyncpg.Connection, name, recording(name))
    try:
        yield statements
    finally:
        patch.undo()


async def scanned(
    connection: Connection, query: str, arguments: tuple[Any, ...], large: Collection[str] = LARGE
) -> set[str]:
    """The large tables a statement would read from end to end."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        rows = await connection.fetch("EXPLAIN " + query, *arguments)
    finally:
        await transaction.rollback()
    plan = "\n".join(row[0] for row in rows)
    return {name for name in re.findall(r"Seq Scan on (\w+)", plan) if name in large}


async def _be_told(world: World, sender_id: str) -> None:
    """Keep and take a message that the platform tells of by itself, and forget those of before."""
    now, own_id = await world.clock.now(), await world.pool.fetchval("SELECT platform_id FROM account_link")
    message = port.InboxMessage(
        platform_id="1973169044472471000",
        conversation_id=None,
        sender_id=sender_id,
        other_id=sender_id,
        is_inbound=True,
        text="Hello",
        sent_at=now,
    )
    told = port.Pushed(event_id="message:0", kind=PushedKind.MESSAGE, own_id=own_id, message=message)
    app_id = await world.pool.fetchval("SELECT id FROM platform_app")
    assert await pushes.receive(world.pool, team_id=world.actor.team_id, app_id=app_id, pushed=[told], now=now)
    taker = pushes.Taker(pool=world.pool)
    await taker.step(team_id=world.actor.team_id, account_id=world.account_ids["ana"], now=now)
    async with world.pool.acquire() as connection:
        await retention.prune_pushed(connection, before=now - timedelta(days=2), count=100)


async def test_a_send_and_a_reply_read_no_large_table_from_end_to_end(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:3]
    campaign_id = await world.campaign(
        [await world.make_list(people)], steps=[message("Hello "), delay(1), message("Again ")]
    )

    async def are_planned() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_due") == len(people))

    await world.run_until(are_planned)
    await fill(world, campaign_id)
    noon = (await world.clock.now()).replace(hour=16)
    await world.clock.move(noon)
    await world.platform.post("/_sandbox/clock", json={"now": noon.isoformat()})
    await claiming.take_up(world)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    team_id, account_id = world.actor.team_id, world.account_ids["ana"]

    with recorded() as statements:
        claimed = await dispatcher.claim(team_id, now=noon, wall_now=clocks.wall_now())
        (ready,) = claimed.ready
        result = settle.Result(
            attempt_id=ready.intent.id,
            account_id=account_id,
            lead_id=ready.intent.lead_id,
            profile_id=ready.intent.profile_id,
            outcome=Outcome(kind=OutcomeKind.ACCEPTED, platform_message_id="1973169044472470999"),
            ended_at=noon,
        )
        await settle.settle(world.pool, team_id=team_id, now=noon, results=[result])
        await complete.check(world.pool, team_id=team_id, campaign_ids=[campaign_id], now=noon)
        await world.say(people[0]["id"], "ana", "Hello back")
        reader = replies.InboxReader(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
        await reader.read(team_id=team_id, account_id=account_id, now=noon)
        await _be_told(world, people[1]["id"])
        async with world.pool.acquire() as connection:
            await quiet.look(connection, now=noon, wall_now=clocks.wall_now())
            await wakeups.give(connection, team_id=team_id, account_ids=[account_id], at=noon)
            await wakeups.take_up(connection)

    assert len(statements) > 30
    async with world.pool.acquire() as connection:
        found = {
            " ".join(query.split())[:120]: tables
            for query, arguments in statements
            if (tables := await scanned(connection, query, arguments))
        }
    assert found == {}


async def test_the_judge_of_plans_is_not_blind(world: World) -> None:
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list([])], enabled=False)
    await fill(world, campaign_id)
    async with world.pool.acquire() as connection:
        assert await scanned(connection, "SELECT count(*) FROM lead WHERE sender_refusals = $1", (7,)) == {"lead"}

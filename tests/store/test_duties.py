from datetime import UTC, datetime, timedelta

from overture.store import duties
from overture.store.duties import Wanted
from overture.store.pool import Connection, Pool

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEAM = "t" + 23 * "0"
OTHER = "t" + 23 * "1"
NONE = Wanted(count=0)
A, B, C, D = ("c" + 22 * "0" + letter for letter in "abcd")


async def lease(connection: Connection, *, working: Wanted, calling: Wanted = NONE) -> list[duties.Duty]:
    return await duties.lease(
        connection,
        now=NOW,
        wall_now=NOW,
        lease_until=NOW + timedelta(minutes=1),
        calling_kinds=["replies"],
        calling=calling,
        working=working,
    )


async def test_duties_that_call_a_platform_are_counted_apart_and_teams_can_be_passed_over(database: Pool) -> None:
    async with database.acquire() as connection, connection.transaction():
        for team_id in (TEAM, OTHER):
            await connection.execute(
                "INSERT INTO team (team_id, name, created_at) VALUES ($1, 'Team', $2)", team_id, NOW
            )
            for kind, key in (("replies", A), ("replies", B), ("sync", C)):
                await duties.want(connection, team_id=team_id, kind=kind, key=key, due_at=NOW)
        taken = await lease(connection, calling=Wanted(count=1), working=Wanted(count=5, but_not=[TEAM]))
        rest = await lease(connection, calling=Wanted(count=9, but_not=[OTHER]), working=NONE)
    assert [(duty.team_id, duty.kind, duty.key) for duty in taken] == [(TEAM, "replies", A), (OTHER, "sync", C)]
    assert [(duty.team_id, duty.kind, duty.key) for duty in rest] == [(TEAM, "replies", B)]


async def test_duties_due_at_once_are_taken_in_one_order_oldest_first(database: Pool) -> None:
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("INSERT INTO team (team_id, name, created_at) VALUES ($1, 'Team', $2)", TEAM, NOW)
        for kind, key, late in (("sync", B, 0), ("plan", C, 0), ("sync", A, 0), ("plan", D, 1)):
            due_at = NOW - timedelta(seconds=late)
            await duties.want(connection, team_id=TEAM, kind=kind, key=key, due_at=due_at)
        first = await lease(connection, working=Wanted(count=3))
        second = await lease(connection, working=Wanted(count=3))
    assert [(duty.kind, duty.key) for duty in first] == [("plan", C), ("plan", D), ("sync", A)]
    assert [(duty.kind, duty.key) for duty in second] == [("sync", B)]


async def test_taking_duties_sorts_none_of_the_many_that_are_due_at_once(database: Pool) -> None:
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("INSERT INTO team (team_id, name, created_at) VALUES ($1, 'Team', $2)", TEAM, NOW)
        await connection.execute(
            """
            INSERT INTO duty (team_id, kind, key, due_at)
            SELECT $1, 'sync', 'c' || lpad(n::text, 23, '0'), $2 FROM generate_series(1, 20000) n
            """,
            TEAM,
            NOW,
        )
        await connection.execute("ANALYZE duty")
        plan = await connection.fetch(
            f"EXPLAIN SELECT 1 FROM duty WHERE due_at <= '{NOW}' ORDER BY due_at, team_id, kind, key LIMIT 8"
        )
    text = "\n".join(row[0] for row in plan)
    assert "duty_order" in text
    assert "Sort" not in text

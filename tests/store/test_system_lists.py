"""The lists Contacted and Mutual: views of who was contacted and who answered; their sizes are kept, not counted."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from overture import ids
from overture.store import list_leads, lists, persons, suppressions
from overture.store.lists import LeadList
from overture.store.pool import Connection, Pool

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CROWD = 20_000


async def make_team(connection: Connection) -> str:
    team_id = ids.new("t")
    await connection.execute("INSERT INTO team (team_id, name, created_at) VALUES ($1, 'Team', $2)", team_id, NOW)
    for kind in ("contacted", "mutual"):
        made = LeadList(
            id=ids.new("l"), kind=kind, name=kind, description=None, leads_count=0, created_at=NOW, updated_at=NOW
        )
        await lists.insert(connection, team_id=team_id, made=made)
    return team_id


async def sizes(connection: Connection, team_id: str) -> dict[str, int]:
    found = await lists.read_page(connection, team_id=team_id, after=None, count=10)
    return {one.kind: one.leads_count for one in found}


async def recount(connection: Connection, team_id: str) -> dict[str, int]:
    return {
        kind: await connection.fetchval(f"SELECT count(*) FROM person WHERE team_id = $1 AND {condition}", team_id)
        for kind, condition in lists.SYSTEM_MEMBERS.items()
    }


@pytest.mark.parametrize("seed", range(4))
async def test_sizes_equal_a_recount_whatever_happens_to_persons(database: Pool, seed: int) -> None:
    draws = Random(seed)
    async with database.acquire() as connection:
        team_id, other_id = await make_team(connection), await make_team(connection)
        people = ids.many("u", 12)
        await persons.contacted(connection, team_id=other_id, contacts=[(people[0], NOW)])
        for step in range(40):
            some, at = draws.sample(people, draws.randint(1, 5)), NOW + timedelta(minutes=step)
            match draws.choice(["contacted", "wrote", "engaged", "suppressed", "released"]):
                case "contacted":
                    await persons.contacted(connection, team_id=team_id, contacts=[(one, at) for one in some])
                case "wrote":
                    await persons.wrote(connection, team_id=team_id, inbound=[(one, at) for one in some])
                case "engaged":
                    wanted = [
                        persons.Engagement(
                            profile_id=one, lead_id=ids.new("d"), is_first=True, excludes_contacted=False
                        )
                        for one in some
                    ]
                    await persons.engage(
                        connection, team_id=team_id, wanted=wanted, allow_parallel=True, recontact_before=at
                    )
                case "suppressed":
                    new = [suppressions.New(profile_id=one, note=None) for one in some]
                    await suppressions.add(connection, team_id=team_id, new=new, source="optOut", by=None, at=at)
                case _:
                    await connection.execute(
                        "DELETE FROM person WHERE team_id = $1 AND profile_id = ANY($2::text[])", team_id, some
                    )
            assert await sizes(connection, team_id) == await recount(connection, team_id), f"seed {seed}"
        assert await sizes(connection, other_id) == {"contacted": 1, "mutual": 0}


async def test_what_changes_no_size_writes_no_counter(database: Pool) -> None:
    async with database.acquire() as connection:
        team_id, people = await make_team(connection), ids.many("u", 5)
        await persons.contacted(connection, team_id=team_id, contacts=[(one, NOW) for one in people])
        before = await connection.fetch("SELECT xmin FROM person_counter")
        wanted = [
            persons.Engagement(profile_id=one, lead_id=ids.new("d"), is_first=False, excludes_contacted=False)
            for one in people
        ]
        await persons.engage(connection, team_id=team_id, wanted=wanted, allow_parallel=False, recontact_before=NOW)
        await persons.contacted(connection, team_id=team_id, contacts=[(one, NOW) for one in people])
        assert await connection.fetch("SELECT xmin FROM person_counter") == before


async def test_pages_and_sizes_read_no_more_than_they_show(database: Pool) -> None:
    async with database.acquire() as connection:
        team_id = await make_team(connection)
        await connection.execute(
            """
            INSERT INTO person (team_id, profile_id, first_contacted_at, last_inbound_at)
            SELECT $1, id, CASE WHEN number % 2 = 0 THEN $3::timestamptz END,
                   CASE WHEN number % 400 = 0 THEN $3::timestamptz END
              FROM unnest($2::text[]) WITH ORDINALITY AS v (id, number)
            """,
            team_id,
            ids.many("u", CROWD),
            NOW,
        )
        await connection.execute("ANALYZE person")
        assert await sizes(connection, team_id) == {"contacted": CROWD // 2, "mutual": CROWD // 400}
        for kind in lists.SYSTEM_MEMBERS:
            rows = await connection.fetch(
                f"""
                EXPLAIN (ANALYZE, TIMING OFF) SELECT m.profile_id FROM person m
                 WHERE m.team_id = $1 AND m.profile_id > $2 AND {lists.SYSTEM_MEMBERS[kind]}
                 ORDER BY m.profile_id LIMIT 50
                """,
                team_id,
                "u",
            )
            plan = "\n".join(row[0] for row in rows)
            assert f"person_{kind}" in plan, plan
            assert "Rows Removed" not in plan, plan
        assert (
            len(await list_leads.read_system_page(connection, team_id=team_id, kind="mutual", after=None, count=9)) == 0
        )

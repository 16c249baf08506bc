"""The plans of lists of threads: however many there are, a page is found by keys and in the order of an index."""

from typing import Any

import pytest
from tests.engine.conftest import World, message
from tests.engine.test_hot_statements import fill, recorded, scanned

from overture.core.words import Folder
from overture.store import conversations, folders, messages
from overture.store.folders import Filters, Place

STATUS, TAG, MEMBER = ("w" + "1" * 23, "h" + "1" * 23, "m" + "1" * 23)


@pytest.fixture
async def large(world: World) -> World:
    """A team of twenty thousand threads, with one person who is marked in every way and has written."""
    await world.link("ana")
    campaign_id = await world.campaign([await world.make_list([])], steps=[message("Hello ")], enabled=False)
    await fill(world, campaign_id)
    await world.pool.execute(
        """
        WITH one AS (SELECT team_id, id FROM profile ORDER BY id LIMIT 1), noted AS (
            INSERT INTO contact (team_id, id, status_id, tag_ids, assignee_id, created_at, updated_at)
            SELECT team_id, 'o' || substr(id, 2), $1, ARRAY[$2], $3, $4, $4 FROM one
        ), wrote AS (
            INSERT INTO message (team_id, id, account_id, thread_id, platform_id, direction, content, sent_at)
            SELECT t.team_id, 'g' || substr(t.id, 2), t.account_id, t.id, '1', 'inbound', 'Do you sell espresso?', $4
              FROM one JOIN thread t ON t.team_id = one.team_id AND t.profile_id = one.id
            ON CONFLICT (team_id, id) DO UPDATE SET content = excluded.content, direction = 'inbound'
        )
        UPDATE profile p SET contact_id = 'o' || substr(p.id, 2), username = 'rare' FROM one WHERE p.id = one.id
        """,
        STATUS,
        TAG,
        MEMBER,
        await world.clock.now(),
    )
    # Spread over as many accounts as a team may have.
    await world.pool.execute(
        """
        UPDATE thread SET account_id = 'a' || lpad((hashtext(id) & 63)::text, 23, '0') WHERE hashtext(id) & 63 > 0
        """
    )
    await world.pool.execute("ANALYZE")
    return world


async def listed(world: World, filters: Filters, after: Place | None = None) -> tuple[list[Place], set[str], list[str]]:
    """The page, the large tables it would read from end to end, and the plan of its last statement."""
    with recorded() as statements:
        async with world.pool.acquire() as connection:
            found = await folders.page(
                connection, team_id=world.actor.team_id, filters=filters, descending=True, after=after, limit=51
            )
            await conversations.read(connection, team_id=world.actor.team_id, thread_ids=[place.id for place in found])
    async with world.pool.acquire() as connection:
        read: set[str] = set()
        for query, arguments in statements:
            read |= await scanned(connection, query, arguments)
        query, arguments = statements[-2]
        plan = [row[0] for row in await connection.fetch("EXPLAIN " + query, *arguments)]
    return found, read, plan


@pytest.mark.parametrize("folder", [Folder.INBOX, Folder.ARCHIVED, Folder.ALL, Folder.NO_REPLY])
async def test_a_folder_is_read_in_the_order_of_its_index_at_any_depth(large: World, folder: Folder) -> None:
    first, read, _ = await listed(large, Filters(folder=folder))
    assert read == set()
    after = first[-1] if first else Place(at=await large.clock.now(), id="r" + "z" * 23)
    _, read, plan = await listed(large, Filters(folder=folder), after)
    assert read == set()
    assert any("thread_folder" in line for line in plan), plan


async def test_an_accounts_threads_are_read_in_the_order_of_its_index(large: World) -> None:
    found, read, plan = await listed(large, Filters(account_ids=[large.account_ids["ana"]]))
    assert (len(found), read) == (51, set())
    assert any("thread_account_folder" in line for line in plan), plan


@pytest.mark.parametrize(
    "filters",
    [
        {"status_ids": [STATUS]},
        {"tag_ids": [TAG]},
        {"assignee_ids": [MEMBER]},
        {"words": "rar"},
        {"words": "sell espr"},
    ],
)
async def test_what_few_have_is_found_by_keys(large: World, filters: dict[str, Any]) -> None:
    found, read, _ = await listed(large, Filters(folder=Folder.ALL, **filters))
    assert (len(found), read) == (1, set())


@pytest.mark.parametrize("folder", [Folder.INBOX, Folder.ALL])
async def test_what_many_have_is_found_among_the_first_threads_in_the_order_of_their_index(
    large: World, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_SOME", 1)
    await large.pool.execute(
        "UPDATE thread SET archived = false WHERE profile_id IN (SELECT id FROM profile LIMIT 100)"
    )
    await large.pool.execute("UPDATE profile SET contact_id = (SELECT id FROM contact LIMIT 1)")
    await large.pool.execute("VACUUM ANALYZE thread, profile")
    by_keys, _, _ = await listed(
        large,
        Filters(
            folder=folder,
            account_ids=[
                "a" * 24,
                *[row["id"] for row in await large.pool.fetch("SELECT DISTINCT account_id AS id FROM thread")],
            ],
            status_ids=[STATUS],
        ),
    )
    found, read, plan = await listed(large, Filters(folder=folder, status_ids=[STATUS]))
    assert (found, len(found), read) == (by_keys, 51, set())
    assert any("thread_folder" in line for line in plan), plan


async def test_a_name_that_many_share_is_looked_for_by_its_index(large: World) -> None:
    await large.pool.execute("UPDATE profile SET username = 'person' || id")
    await large.pool.execute("VACUUM ANALYZE profile")
    _, read, _ = await listed(large, Filters(folder=Folder.ALL, words="person"))
    assert read == set()


async def test_the_messages_of_a_thread_are_read_by_its_index(large: World) -> None:
    with recorded() as statements:
        async with large.pool.acquire() as connection:
            await messages.page(
                connection,
                team_id=large.actor.team_id,
                thread_id=await connection.fetchval("SELECT id FROM thread LIMIT 1"),
                descending=True,
                after=None,
                limit=51,
            )
    async with large.pool.acquire() as connection:
        assert await scanned(connection, *statements[-1]) == set()

"""The queue's own tables: what our migrations make is what the installed release of PgQueuer works with."""

import asyncpg
from pgqueuer.adapters.persistence import schema_inspect

from overture.engine import chores
from overture.store.pool import Pool


async def test_the_library_finds_nothing_to_change(database: Pool) -> None:
    async with database.acquire() as connection:
        planned = await chores.queries(connection).plan_upgrade()
    assert not planned.statements
    assert not planned.notes


async def test_it_is_what_the_library_itself_would_make(database: Pool, empty_database_url: str) -> None:
    async with database.acquire() as connection:
        ours = await schema_inspect.inspect(chores.queries(connection).driver, chores.SETTINGS)
    made = await asyncpg.connect(empty_database_url)
    try:
        library = chores.queries(made)
        await library.install()
        theirs = await schema_inspect.inspect(library.driver, chores.SETTINGS)
    finally:
        await made.close()
    assert ours == theirs


async def test_a_difference_would_be_seen(database: Pool) -> None:
    async with database.acquire() as connection:
        await connection.execute("DROP INDEX pgqueuer_picked_heartbeat_idx")
        planned = await chores.queries(connection).plan_upgrade()
    assert len(planned.statements) == 1
